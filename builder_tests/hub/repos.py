"""Routes of accounts, repositories, branches, tags and pull requests.

Paths, fields, status codes and error headers are those that huggingface_hub 2.4 sends and reads.
"""

from collections.abc import Mapping
from typing import Any

from builder_tests.hub.core import ANONYMOUS, HubApi, Request, Response, check_write, route
from builder_tests.hub.history import Blob, Commit
from builder_tests.hub.store import HubError, Repo, User, card_metadata


@route("GET", "/api/whoami-v2")
def whoami(hub: HubApi, request: Request, user: User) -> Response:
    if user is ANONYMOUS:
        raise HubError(401, "Invalid username or password.")
    orgs = [
        {"type": "org", "name": name, "fullname": name, "roleInOrg": role}
        for name, role in user.organisations.items()
    ]
    auth = {
        "type": "access_token",
        "accessToken": {"displayName": user.name, "role": user.role},
    }
    return Response.json(
        {"type": "user", "name": user.name, "fullname": user.name, "orgs": orgs, "auth": auth}
    )


@route("POST", "/api/validate-yaml")
def validate_yaml(hub: HubApi, request: Request, user: User) -> Response:
    try:
        metadata = card_metadata(request.json()["content"])
    except HubError as error:
        return Response.json({"errors": [{"message": str(error)}], "warnings": []}, 400)
    empty = [] if metadata else [{"message": "empty or missing yaml metadata in repo card"}]
    return Response.json({"errors": [], "warnings": empty})


@route("POST", "/api/repos/create")
def create(hub: HubApi, request: Request, user: User) -> Response:
    wanted = request.json()
    namespace = wanted.get("organization") or user.name
    # Names that differ in capitals alone are one (huggingface_hub issues 1371 and 1453), and taken
    # too where the token may not see what has them.
    name = hub.named(f"{namespace}/{wanted['name']}")
    check_write(user, namespace, "create a dataset")
    if wanted.get("type") != "dataset":
        raise HubError(400, "This Hub holds datasets only")
    answer = {"url": f"{hub.endpoint}/datasets/{name}", "name": name}
    if name in hub.repos:
        raise HubError(409, "You already created this dataset repo", body=answer)
    private = wanted.get("private", False) or wanted.get("visibility") == "private"
    hub.repos[name] = Repo(name, private, user.name)
    return Response.json(answer)


@route("DELETE", "/api/repos/delete")
def delete(hub: HubApi, request: Request, user: User) -> Response:
    gone = request.json()
    repo = hub.writable(user, f"{gone.get('organization') or user.name}/{gone['name']}")
    del hub.repos[repo.name]
    return Response.json({})


@route("PUT", "/api/datasets/{repo}/settings")
def settings(hub: HubApi, request: Request, user: User, repo: str) -> Response:
    hub.writable(user, repo).private = request.json()["visibility"] == "private"
    return Response.json({})


@route("GET", "/api/datasets/{repo}/refs")
def refs(hub: HubApi, request: Request, user: User, repo: str) -> Response:
    found = hub.visible(user, repo)

    def listed(kind: str, names: Mapping[str, str]) -> list[dict[str, str]]:
        return [
            {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": sha}
            for name, sha in names.items()
        ]

    proposals = [
        {"name": ref, "ref": ref, "targetCommit": proposal.head}
        for ref, proposal in found.proposals.items()
    ]
    return Response.json(
        {
            "branches": listed("heads", found.branches),
            "tags": listed("tags", found.tags),
            "converts": [],
            "pullRequests": proposals,
        }
    )


def _sibling(path: str, blob: Blob, blobs: bool) -> dict[str, Any]:
    if not blobs:
        return {"rfilename": path}
    lfs = {"sha256": blob.sha256, "size": len(blob.data), "pointerSize": blob.pointer_size}
    return {
        "rfilename": path,
        "size": len(blob.data),
        "blobId": blob.oid,
        **({"lfs": lfs} if blob.lfs else {}),
    }


def _info(repo: Repo, commit: Commit, blobs: bool) -> Response:
    readme = commit.files.get("README.md")
    card = card_metadata(readme.data.decode(errors="replace")) if readme else {}
    first = list(commit.history())[-1]
    return Response.json(
        {
            "id": repo.name,
            "author": repo.namespace,
            "sha": commit.sha,
            "createdAt": first.date,
            "lastModified": commit.date,
            "private": repo.private,
            "gated": False,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "tags": card.get("tags") or [],
            "cardData": card,
            "siblings": [_sibling(path, b, blobs) for path, b in sorted(commit.files.items())],
        }
    )


@route("GET", "/api/datasets/{repo}")
def info(hub: HubApi, request: Request, user: User, repo: str) -> Response:
    found = hub.visible(user, repo)
    return _info(found, found.resolve("main"), request.flag("blobs"))


@route("GET", "/api/datasets/{repo}/revision/{revision}")
def revision_info(hub: HubApi, request: Request, user: User, repo: str, revision: str) -> Response:
    found = hub.visible(user, repo)
    return _info(found, found.resolve(revision), request.flag("blobs"))


@route("GET", "/api/datasets/{repo}/discussions")
def discussions(hub: HubApi, request: Request, user: User, repo: str) -> Response:
    found = hub.visible(user, repo)
    wanted = request.query.get("status", ["all"])[0]
    listed = [
        {
            "num": proposal.number,
            "title": proposal.title,
            "author": {"name": proposal.author},
            "status": proposal.status,
            "isPullRequest": True,
            "createdAt": found.commits[proposal.head].date,
            "repo": {"name": repo, "type": "dataset"},
        }
        for proposal in found.proposals.values()
        if wanted in ("all", proposal.status)
    ]
    return Response.json({"discussions": listed, "count": len(listed), "start": 0})


@route("POST", "/api/datasets/{repo}/discussions/{number}/merge")
def merge(hub: HubApi, request: Request, user: User, repo: str, number: str) -> Response:
    hub.writable(user, repo).merge(int(number))
    return Response.json({})


@route("POST", "/api/datasets/{repo}/tag/{revision}")
def create_tag(hub: HubApi, request: Request, user: User, repo: str, revision: str) -> Response:
    found = hub.writable(user, repo)
    tag = request.json()["tag"]
    target = found.resolve(revision)
    if tag in found.tags:
        raise HubError(409, f"Tag reference exists already: refs/tags/{tag}")
    found.tags[tag] = target.sha
    return Response.json({}, 201)


@route("DELETE", "/api/datasets/{repo}/tag/{tag}")
def delete_tag(hub: HubApi, request: Request, user: User, repo: str, tag: str) -> Response:
    if hub.writable(user, repo).tags.pop(tag, None) is None:
        raise HubError(404, f"Tag not found: {tag}", "RevisionNotFound")
    return Response.json({})


@route("POST", "/api/datasets/{repo}/branch/{branch}")
def create_branch(hub: HubApi, request: Request, user: User, repo: str, branch: str) -> Response:
    found = hub.writable(user, repo)
    start = found.resolve(request.json().get("startingPoint", "main"))
    if branch in found.branches:
        raise HubError(409, f"Reference already exists: refs/heads/{branch}")
    found.branches[branch] = start.sha
    return Response.json({}, 201)


@route("DELETE", "/api/datasets/{repo}/branch/{branch}")
def delete_branch(hub: HubApi, request: Request, user: User, repo: str, branch: str) -> Response:
    found = hub.writable(user, repo)
    if branch == "main":
        raise HubError(403, "The default branch cannot be deleted")
    if found.branches.pop(branch, None) is None:
        raise HubError(404, f"Branch not found: {branch}", "RevisionNotFound")
    return Response.json({})
