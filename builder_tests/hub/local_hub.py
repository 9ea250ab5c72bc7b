"""A small Hugging Face Hub over HTTP on loopback, for the real huggingface_hub and datasets.

Dataset repositories with rights, LFS and Xet uploads, immutable history, branches, tags and pull
requests, kept in memory. A new repository has one commit already, which holds .gitattributes, as on
the Hub.

    python -m builder_tests.hub.local_hub -- COMMAND [ARG...]

runs COMMAND against a fresh Hub, with the owner's token and an empty cache.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import SHUT_RDWR, socket
from tempfile import TemporaryDirectory
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from builder_tests.hub import files, repos, xet  # noqa: F401 (importing them registers their routes)
from builder_tests.hub.core import HubApi, Request, Response
from builder_tests.hub.store import Repo, User

__all__ = ["LocalHub", "Logged", "Repo", "Request", "Response", "User"]

USERS = {
    "hf_owner": User("owner", {"org": "admin"}),
    "hf_reader": User("reader", {"org": "read"}, role="read"),
    "hf_guest": User("guest", {"org": "read"}),
    "hf_stranger": User("stranger"),
    "hf_narrow": User("narrow", {"org": "write"}, blind_to=frozenset({"org/hidden"})),
}


@dataclass(frozen=True, slots=True)
class Logged:
    """One request: `status` is 0 where no answer was sent, sizes are bytes of the bodies."""

    method: str
    path: str
    status: int
    received: int
    sent: int


class LocalHub:
    """A Hub on an ephemeral port of 127.0.0.1 for the time of a `with` block.

    `requests` logs every request in the order of their answers. `before` sees each request first
    and may answer in the Hub's place; it may let the Hub act (`hub.handle(request)`) and then
    answer something else, or raise ConnectionError to drop the connection.
    """

    def __init__(self, users: Mapping[str, User] = USERS) -> None:
        self._api = HubApi(users)
        self._server = _Server(self)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._api.endpoint = f"http://127.0.0.1:{self._server.server_port}"
        self.requests: list[Logged] = []
        self.before: Callable[[Request], Response | None] | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    @property
    def endpoint(self) -> str:
        return self._api.endpoint

    @property
    def repos(self) -> dict[str, Repo]:
        """Repositories by their full name."""
        return self._api.repos

    def files(self, repo: str, revision: str = "main") -> dict[str, bytes]:
        """Path -> content at a branch, tag or commit."""
        with self._api.lock:
            commit = self._api.repos[repo].resolve(revision)
        return {path: blob.data for path, blob in commit.files.items()}

    def handle(self, request: Request) -> Response:
        """The Hub's own answer to `request`, with whatever it changes."""
        return self._api.handle(request)

    def environment(
        self, home: Path, token: str | None = "hf_owner", over_xet: bool = False
    ) -> dict[str, str]:
        """os.environ for a client of this Hub that keeps its cache and settings in `home`.

        It uploads over LFS, or `over_xet`.
        """
        foreign = ("HF_", "HUGGINGFACE", "HUGGING_FACE", "TRANSFORMERS_OFFLINE")
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(foreign) and not name.lower().endswith("_proxy")
        }
        own = {
            "HF_ENDPOINT": self.endpoint,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_XET": str(int(not over_xet)),
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_UPDATE_CHECK": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        }
        return kept | own | ({"HF_TOKEN": token} if token else {})


class _Server(ThreadingHTTPServer):
    # Joined at the end, so that no socket outlives the Hub.
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, hub: LocalHub) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub
        self._connections: set[socket] = set()

    def get_request(self) -> tuple[socket, Any]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep alive: their threads wait for a next request."""
        for connection in tuple(self._connections):
            try:
                connection.shutdown(SHUT_RDWR)
            except OSError:  # its own thread was quicker
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that went away, or a connection dropped on purpose, is no fault of the Hub.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # Head and body leave in one piece: split, Nagle and delayed ACK cost 40 ms an answer.
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: `hub.requests` is the log."""

    def _serve(self) -> None:
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self._body()
        request = Request(self.command, url.path, parse_qs(url.query), headers, body)
        hub = self.server.hub
        status = sent = 0
        try:
            answer = (hub.before(request) if hub.before else None) or hub.handle(request)
            whole = 0 if self.command == "HEAD" else len(answer.body)
            status, sent = answer.status, max(0, whole - answer.missing)
        finally:
            hub.requests.append(Logged(self.command, url.path, status, len(body), sent))
        self.send_response(status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body[:sent])
        self.close_connection |= answer.missing > 0

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 (http.server's names)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(iter(self._chunk, b""))
        size = int(self.headers.get("Content-Length", 0))
        return self._exactly(size)

    def _chunk(self) -> bytes:
        data = self._exactly(int(self.rfile.readline().split(b";")[0], 16))
        self.rfile.readline()
        return data

    def _exactly(self, size: int) -> bytes:
        data = self.rfile.read(size)
        if len(data) != size:
            raise ConnectionAbortedError("the client left in the middle of a request")
        return data


def main(argv: list[str]) -> int:
    """Run the command after `--` against a fresh Hub; its exit code, or 2 without a command."""
    command = argv[1:] if argv[:1] == ["--"] else argv
    if not command:
        print("usage: python -m builder_tests.hub.local_hub -- COMMAND [ARG...]", file=sys.stderr)
        return 2
    with LocalHub() as hub, TemporaryDirectory(prefix="local-hub-") as home:
        code = subprocess.run(command, env=hub.environment(Path(home)), check=False).returncode
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
