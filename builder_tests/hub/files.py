"""Routes of content: upload, commit, listing and download.

Paths, fields, status codes and error headers are those that huggingface_hub 2.4 sends and reads.
"""

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qs

from builder_tests.hub.core import HubApi, Request, Response, route
from builder_tests.hub.history import Blob, Commit
from builder_tests.hub.store import HubError, User, upload_mode


@route("POST", "/api/datasets/{repo}/preupload/{revision}")
def preupload(hub: HubApi, request: Request, user: User, repo: str, revision: str) -> Response:
    found = (hub.open_to if request.flag("create_pr") else hub.writable)(user, repo)
    present = found.resolve(revision).files

    def answer(file: dict[str, Any]) -> dict[str, Any]:
        path = file["path"]
        mode = upload_mode(path, file["size"], base64.b64decode(file["sample"]))
        # The client leaves a file out of the commit when this is the oid it computes itself.
        oid = present[path].etag if path in present else None
        return {"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid}

    return Response.json({"files": [answer(file) for file in request.json()["files"]]})


@route("POST", "/datasets/{repo}.git/info/lfs/objects/batch")
def lfs_batch(hub: HubApi, request: Request, user: User, repo: str) -> Response:
    wanted = request.json()
    # Without a branch the upload is for a pull request.
    held = (hub.writable if "ref" in wanted else hub.open_to)(user, repo).objects
    if wanted["operation"] != "upload":
        raise HubError(400, f"Unsupported LFS operation: {wanted['operation']}")

    def answer(oid: str, size: int) -> dict[str, Any]:
        if oid in held:
            return {"oid": oid, "size": size}
        key = hub.signature(repo, oid, size)
        upload = {"href": f"{hub.endpoint}/lfs/{repo}/{oid}?size={size}&key={key}"}
        verify = {"href": f"{hub.endpoint}/datasets/{repo}.git/info/lfs/objects/verify"}
        return {"oid": oid, "size": size, "actions": {"upload": upload, "verify": verify}}

    objects = [answer(o["oid"], o["size"]) for o in wanted["objects"]]
    return Response.json({"transfer": "basic", "hash_algo": "sha256", "objects": objects})


@route("PUT", "/lfs/{repo}/{oid}")
def lfs_put(hub: HubApi, request: Request, user: User, repo: str, oid: str) -> Response:
    """Store an LFS object. The URL is its own authorisation, as with any presigned upload."""
    size = int(request.query["size"][0])
    if repo not in hub.repos or request.query["key"][0] != hub.signature(repo, oid, size):
        raise HubError(403, "Signature does not match")
    if len(request.body) != size:
        raise HubError(400, "Content does not match the size that was announced")
    hub.repos[repo].put(oid, request.body)
    return Response()


@route("POST", "/datasets/{repo}.git/info/lfs/objects/verify")
def lfs_verify(hub: HubApi, request: Request, user: User, repo: str) -> Response:
    named = request.json()
    held = hub.open_to(user, repo).objects.get(named["oid"])
    if held is None or len(held) != named["size"]:
        raise HubError(404, f"LFS object not found: {named['oid']}")
    return Response.json({})


@route("POST", "/api/datasets/{repo}/commit/{revision}")
def commit(hub: HubApi, request: Request, user: User, repo: str, revision: str) -> Response:
    header, *operations = [json.loads(line) for line in request.body.splitlines() if line]
    url, answer = f"{hub.endpoint}/datasets/{repo}", dict[str, Any](success=True)
    if request.flag("create_pr"):
        opened = hub.open_to(user, repo).propose(revision, header["value"], operations, user.name)
        sha, answer["pullRequestUrl"] = opened.head, f"{url}/discussions/{opened.number}"
    else:
        sha = hub.writable(user, repo).commit(revision, header["value"], operations, user.name).sha
    return Response.json({**answer, "commitOid": sha, "commitUrl": f"{url}/commit/{sha}"})


@route("GET", "/api/datasets/{repo}/commits/{revision}")
def commits(hub: HubApi, request: Request, user: User, repo: str, revision: str) -> Response:
    history = hub.visible(user, repo).resolve(revision).history()
    return Response.json(
        [
            {
                "id": past.sha,
                "title": past.title,
                "message": past.message,
                "authors": [{"user": past.author}],
                "date": past.date,
            }
            for past in history
        ]
    )


def _entry(commit: Commit, path: str, content: Blob | str, expand: bool) -> dict[str, Any]:
    """What tree and paths-info say of a file (its blob) or a folder (its object id)."""
    entry: dict[str, Any] = {"type": "directory", "oid": content, "size": 0, "path": path}
    if isinstance(content, Blob):
        size = len(content.data)
        entry |= {"type": "file", "oid": content.oid, "size": size}
        if content.lfs:
            lfs = {"oid": content.sha256, "size": size, "pointerSize": content.pointer_size}
            entry["lfs"] = lfs
    if expand:
        last = commit.last_change(path)
        entry["lastCommit"] = {"id": last.sha, "title": last.title, "date": last.date}
    return entry


@route("GET", "/api/datasets/{repo}/tree/{revision}")
def tree(
    hub: HubApi, request: Request, user: User, repo: str, revision: str, path: str = ""
) -> Response:
    at = hub.visible(user, repo).resolve(revision)
    if path and (path in at.files or not at.under(path)):
        raise HubError(404, f"{path} does not exist on {revision}", "EntryNotFound")
    listed = at.tree(path, request.flag("recursive"))
    return Response.json([_entry(at, *item, request.flag("expand")) for item in listed])


route("GET", "/api/datasets/{repo}/tree/{revision}/{path}")(tree)


@route("POST", "/api/datasets/{repo}/paths-info/{revision}")
def paths_info(hub: HubApi, request: Request, user: User, repo: str, revision: str) -> Response:
    at = hub.visible(user, repo).resolve(revision)
    form = parse_qs(request.body.decode())
    expand = form.get("expand", [""])[0].lower() in ("1", "true")
    everything = dict(at.tree("", recursive=True))
    return Response.json(
        [_entry(at, p, everything[p], expand) for p in form.get("paths", []) if p in everything]
    )


@route("GET", "/datasets/{repo}/resolve/{revision}/{path}")
def resolve(
    hub: HubApi, request: Request, user: User, repo: str, revision: str, path: str
) -> Response:
    at = hub.visible(user, repo).resolve(revision)
    headers = {"X-Repo-Commit": at.sha, "Accept-Ranges": "bytes"}
    if path not in at.files:
        raise HubError(404, f"{path} does not exist on {revision}", "EntryNotFound", {}, headers)
    blob = at.files[path]
    headers |= {"ETag": f'"{blob.etag}"', "Content-Type": "application/octet-stream"}
    if blob.lfs:
        headers |= {"X-Linked-Etag": f'"{blob.etag}"', "X-Linked-Size": str(len(blob.data))}
    return _slice(blob.data, request.headers.get("range", ""), headers)


def _slice(data: bytes, wanted: str, headers: dict[str, str]) -> Response:
    """All of `data`, or the one byte range asked for (RFC 9110, section 14)."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted)
    if not found or found[0] == "bytes=-":
        return Response(200, data, headers)
    size = len(data)
    start = int(found[1]) if found[1] else max(size - int(found[2]), 0)
    stop = min(int(found[2]) + 1, size) if found[1] and found[2] else size
    if start >= stop:
        raise HubError(416, "Range not satisfiable", headers={"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return Response(206, data[start:stop], headers)
