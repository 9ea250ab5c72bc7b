"""A parsed request in, an answer out: dispatch to the routes, tokens and rights."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import Any
from urllib.parse import unquote, urlencode

from builder_tests.hub.store import HubError, Repo, User

ANONYMOUS = User("", {}, "read")


@dataclass(frozen=True, slots=True)
class Request:
    """`path` as sent, still quoted and without the query; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        return json.loads(self.body)

    def flag(self, name: str) -> bool:
        return self.query.get(name, [""])[0].lower() in ("1", "true")


@dataclass(frozen=True, slots=True)
class Response:
    """`missing` bytes of the body are announced and never sent: the connection ends before."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    missing: int = 0

    @classmethod
    def json(cls, value: Any, status: int = 200) -> "Response":
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    @classmethod
    def of(cls, error: HubError) -> "Response":
        message = str(error).encode("ascii", "replace").decode().replace("\n", " ")
        headers = {"Content-Type": "application/json", "X-Error-Message": message, **error.headers}
        if error.code:
            headers["X-Error-Code"] = error.code
        return cls(error.status, json.dumps(error.body).encode(), headers)


Handler = Callable[..., Response]
_ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []
_FIELDS = {"{repo}": "(?P<repo>[^/]+/[^/]+)", "{path}": "(?P<path>.+)"}


def route(method: str, template: str) -> Callable[[Handler], Handler]:
    """Register a handler. `{repo}` is two segments, `{path}` the rest, any other field one."""
    fields = re.compile(r"\{\w+\}")
    pattern = fields.sub(
        lambda m: _FIELDS.get(m[0], f"(?P<{m[0][1:-1]}>[^/]+)"), template.replace(".", r"\.")
    )

    def register(handler: Handler) -> Handler:
        _ROUTES.append((method, re.compile(pattern), handler))
        return handler

    return register


class HubApi:
    """All state of a Hub. `handle` may be called from any thread.

    `xorbs` are the packs of chunks that came by Xet, for all repositories: name -> chunks.
    """

    def __init__(self, users: Mapping[str, User]) -> None:
        self.users = dict(users)
        self.repos: dict[str, Repo] = {}
        self.xorbs: dict[str, list[bytes]] = {}
        self.endpoint = ""
        self.lock = RLock()
        self._secret = "\n".join(sorted(users)).encode()

    def handle(self, request: Request) -> Response:
        """The answer to `request`, errors included."""
        method = "GET" if request.method == "HEAD" else request.method
        try:
            for verb, pattern, handler in _ROUTES:
                if verb == method and (found := pattern.fullmatch(request.path)):
                    fields = {name: unquote(value) for name, value in found.groupdict().items()}
                    with self.lock:
                        if moved := self._canonical(request, fields.get("repo", "")):
                            return moved
                        return handler(self, request, self._user(request), **fields)
            known = re.match(r"/api/(models|datasets|spaces)/|/.+/resolve/", request.path)
            raise HubError(
                404,
                "Repository not found" if known else "Not found",
                "RepoNotFound" if known else "",
            )
        except HubError as error:
            return Response.of(error)
        except (ValueError, KeyError, TypeError) as error:
            return Response.of(HubError(400, f"Malformed request: {error!r}"))

    def _user(self, request: Request) -> User:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token and token not in self.users:
            raise HubError(401, "Invalid credentials in Authorization header")
        return self.users[token] if token else ANONYMOUS

    def named(self, name: str) -> str:
        """The name of a repository, whatever letters of `name` are small or capital."""
        alike = (known for known in self.repos if known.lower() == name.lower())
        return name if name in self.repos else next(alike, name)

    def _canonical(self, request: Request, name: str) -> Response | None:
        """Send a request for a name in other letters on, as the Hub does: by 307, with a Location
        without host (huggingface_hub pull request 1376, apache/opendal issue 8107). Addresses of
        git are not sent on, and not found (explosion/spacy-huggingface-hub issue 9)."""
        known = self.named(name)
        if known == name or f"{name}.git/" in request.path or not self._sees(request, known):
            return None
        place = request.path.replace(f"/{name}", f"/{known}", 1)
        query = f"?{urlencode(request.query, doseq=True)}" if request.query else ""
        return Response(307, b"Temporary Redirect", {"Location": place + query})

    def _sees(self, request: Request, name: str) -> bool:
        try:
            return bool(self.visible(self._user(request), name))
        except HubError:
            return False

    def visible(self, user: User, name: str) -> Repo:
        """The repository, or 404 (401 without a token) as if it were not there."""
        repo = self.repos.get(name)
        hidden = repo and (not user.belongs_to(repo.namespace) or name in user.blind_to)
        if repo is None or (repo.private and hidden):
            status = 401 if user is ANONYMOUS else 404
            raise HubError(status, "Repository not found", "RepoNotFound")
        return repo

    def writable(self, user: User, name: str) -> Repo:
        repo = self.visible(user, name)
        check_write(user, repo.namespace, "write to this repository")
        return repo

    def open_to(self, user: User, name: str) -> Repo:
        """The repository, for a pull request: who sees it may open one, with a token to write."""
        repo = self.visible(user, name)
        check_token(user, "open a pull request")
        return repo

    def signature(self, *parts: object) -> str:
        """What makes an upload URL private: only this Hub can compute it."""
        return hmac.new(self._secret, repr(parts).encode(), hashlib.sha256).hexdigest()


def check_token(user: User, action: str) -> None:
    if user is ANONYMOUS:
        raise HubError(401, "Invalid username or password.")
    if user.role != "write":
        raise HubError(403, f"Forbidden: you must use a write token to {action}")


def check_write(user: User, namespace: str, action: str) -> None:
    check_token(user, action)
    if not user.may_write(namespace):
        raise HubError(403, f'You don\'t have the rights to {action} under "{namespace}"')
