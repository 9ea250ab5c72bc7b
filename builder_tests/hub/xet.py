"""Routes of Xet, as far as hf_xet needs them to upload: tokens, xorbs and shards.

A file is cut into chunks, chunks are packed into xorbs, and a shard says which chunks of which
xorbs make which file (https://huggingface.co/docs/xet). Whether a chunk is known already is never
said, and newer routes are left out: the client falls back to these. Downloads go without Xet.
"""

import struct
from collections.abc import Iterator

import pyarrow as pa

from builder_tests.hub.core import HubApi, Request, Response, route
from builder_tests.hub.store import HubError, User

_ENTRY = 48
_HEADER = struct.Struct("<32sII8x")
_SEGMENT = struct.Struct("<32sIIII")
_VERIFIED, _WITH_SHA256 = 1 << 31, 1 << 30
_END = b"\xff" * 32


@route("GET", "/api/datasets/{repo}/xet-write-token/{revision}")
def write_token(hub: HubApi, request: Request, user: User, repo: str, revision: str) -> Response:
    (hub.open_to if request.flag("create_pr") else hub.writable)(user, repo)
    token = request.headers["authorization"].removeprefix("Bearer ")
    url = f"{hub.endpoint}/cas/{repo}"
    return Response.json({"casUrl": url, "accessToken": token, "exp": 4_000_000_000})


@route("POST", "/cas/{repo}/v1/xorbs/default/{name}")
def put_xorb(hub: HubApi, request: Request, user: User, repo: str, name: str) -> Response:
    hub.open_to(user, repo)
    new = name not in hub.xorbs
    hub.xorbs[name] = list(_chunks(request.body))
    return Response.json({"was_inserted": new})


@route("POST", "/cas/{repo}/v1/shards")
def put_shard(hub: HubApi, request: Request, user: User, repo: str) -> Response:
    found = hub.open_to(user, repo)
    for sha256, segments in _files(request.body):
        try:
            parts = [hub.xorbs[name][start:stop] for name, start, stop in segments]
        except KeyError as error:
            raise HubError(400, f"Xorb {error} was never uploaded") from error
        found.put(sha256, b"".join(chunk for part in parts for chunk in part))
    return Response.json({"result": 1})


def _hex(raw: bytes) -> str:
    """How Xet writes hashes: four numbers of 64 bits, each little-endian in memory."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", raw))


def _files(shard: bytes) -> Iterator[tuple[str, list[tuple[str, int, int]]]]:
    """(sha256, (xorb, first chunk, chunk after the last) of each segment) of the files."""
    at = _ENTRY
    while shard[at : at + 32] != _END:
        _, flags, count = _HEADER.unpack_from(shard, at)
        at += _ENTRY
        segments = []
        for number in range(count):
            name, _, _, start, stop = _SEGMENT.unpack_from(shard, at + number * _ENTRY)
            segments.append((_hex(name), start, stop))
        at += count * _ENTRY * (2 if flags & _VERIFIED else 1)
        if not flags & _WITH_SHA256:
            raise HubError(400, "A file without its sha256")
        yield _hex(shard[at : at + 32]), segments
        at += _ENTRY


def _chunks(xorb: bytes) -> Iterator[bytes]:
    """The chunks of a xorb: a header of 8 bytes each, then plain, LZ4, or LZ4 of grouped bytes."""
    at = 0
    while at < len(xorb) and xorb[at : at + 7] != b"XETBLOB":
        packed, scheme = int.from_bytes(xorb[at + 1 : at + 4], "little"), xorb[at + 4]
        size = int.from_bytes(xorb[at + 5 : at + 8], "little")
        data = xorb[at + 8 : at + 8 + packed]
        at += 8 + packed
        if scheme:
            data = pa.decompress(data, size, codec="lz4", asbytes=True)
        yield _ungrouped(data) if scheme == 2 else data


def _ungrouped(data: bytes) -> bytes:
    """Bytes that were sorted by their position modulo 4, in their order again."""
    whole = bytearray(len(data))
    at = 0
    for position in range(4):
        length = len(whole[position::4])
        whole[position::4] = data[at : at + length]
        at += length
    return bytes(whole)
