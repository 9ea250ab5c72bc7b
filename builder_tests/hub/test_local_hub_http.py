"""The local Hub below and around its clients: raw HTTP, its hook, its command."""

import hashlib
import http.client
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from builder_tests.hub.local_hub import LocalHub, Request, Response, main


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as running:
        yield running


def send(
    hub: LocalHub,
    method: str,
    path: str,
    body: bytes | Iterator[bytes] | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(hub.endpoint.removeprefix("http://"), timeout=10)
    try:
        allowed = {"Authorization": "Bearer hf_owner", **(headers or {})}
        connection.request(method, path, body, allowed)
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read()
    finally:
        connection.close()


def commit_digits(hub: LocalHub) -> str:
    """A repository whose file digits.txt holds 0123456789; the path of that file."""
    send(hub, "POST", "/api/repos/create", b'{"name": "d", "type": "dataset"}')
    lines = [
        {"key": "header", "value": {"summary": "digits"}},
        {"key": "file", "value": {"path": "digits.txt", "content": "MDEyMzQ1Njc4OQ=="}},
    ]
    body = "\n".join(map(json.dumps, lines)).encode()
    send(hub, "POST", "/api/datasets/owner/d/commit/main", body)
    return "/datasets/owner/d/resolve/main/digits.txt"


@pytest.mark.parametrize(
    ("wanted", "status", "content", "described"),
    [
        ("", 200, b"0123456789", None),
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
    ],
)
def test_a_download_honours_its_range(
    hub: LocalHub, wanted: str, status: int, content: bytes | None, described: str | None
) -> None:
    path = commit_digits(hub)
    got, headers, body = send(hub, "GET", path, headers={"Range": wanted})
    assert (got, headers.get("Content-Range")) == (status, described)
    assert content is None or body == content
    head, same, nothing = send(hub, "HEAD", path, headers={"Range": wanted})
    assert (head, same["Content-Length"], nothing) == (status, headers["Content-Length"], b"")


def test_a_hook_can_lose_an_answer_after_the_fact_or_drop_the_connection(hub: LocalHub) -> None:
    def lose(request: Request) -> Response | None:
        if "/commit/" not in request.path:
            return None
        hub.handle(request)
        return Response(504)

    def drop(request: Request) -> Response | None:
        raise ConnectionResetError

    hub.before = lose
    path = commit_digits(hub)
    assert hub.files("owner/d")["digits.txt"] == b"0123456789"
    assert [r.status for r in hub.requests] == [200, 504]
    hub.before = drop
    with pytest.raises(http.client.RemoteDisconnected):
        send(hub, "GET", path)
    assert hub.requests[-1].status == 0


def test_of_commits_on_one_parent_only_one_lands(hub: LocalHub) -> None:
    commit_digits(hub)
    head = hub.repos["owner/d"].resolve("main").sha

    def commit(writer: int) -> int:
        header = {"summary": f"writer {writer}", "parentCommit": head}
        body = json.dumps({"key": "header", "value": header}).encode()
        return send(hub, "POST", "/api/datasets/owner/d/commit/main", body)[0]

    with ThreadPoolExecutor(8) as writers:
        assert sorted(writers.map(commit, range(16))) == [200] + [412] * 15
    assert hub.repos["owner/d"].resolve("main").parent is hub.repos["owner/d"].commits[head]


def test_an_upload_must_be_what_was_announced(hub: LocalHub) -> None:
    commit_digits(hub)
    oid = hashlib.sha256(b"content").hexdigest()
    batch = {"operation": "upload", "objects": [{"oid": oid, "size": 7}]}
    route = "/datasets/owner/d.git/info/lfs/objects/batch"
    answer = json.loads(send(hub, "POST", route, json.dumps(batch).encode())[2])
    href = answer["objects"][0]["actions"]["upload"]["href"].removeprefix(hub.endpoint)
    assert send(hub, "PUT", href + "0", b"content")[0] == 403
    assert send(hub, "PUT", href, b"another")[0] == 400
    assert send(hub, "PUT", href, iter([b"con", b"tent"]))[0] == 200
    answer = json.loads(send(hub, "POST", route, json.dumps(batch).encode())[2])
    assert answer["objects"] == [{"oid": oid, "size": 7}]


@pytest.mark.timeout(20)
def test_it_ends_while_a_client_keeps_its_connection() -> None:
    with LocalHub() as hub:
        connection = http.client.HTTPConnection(hub.endpoint.removeprefix("http://"))
        connection.request("GET", "/api/datasets/no/body")
        assert connection.getresponse().read() == b'{"error": "Repository not found"}'
    connection.close()


def test_as_a_command_it_lends_a_hub_to_another(capfd: pytest.CaptureFixture[str]) -> None:
    asked = "from huggingface_hub import whoami; raise SystemExit(len(whoami()['name']))"
    assert main(["--", sys.executable, "-c", asked]) == len("owner")
    assert main([]) == main(["--"]) == 2
    assert "usage:" in capfd.readouterr().err
