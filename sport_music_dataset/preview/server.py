"""A server for the page of a whole release that only this machine can reach.

What it writes is the review alone, for pages that it made itself: they have its token, and the
browser says that they come from here.
"""

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..errors import SettingError, SportgenError
from ..records import CHUNK_ID, Row
from ..release.review.file import ConflictError
from .media import AUDIO_TYPE, PICTURE_TYPE
from .page import TAIL, content_policy, head
from .query import Finder, Query
from .sound import Sound
from .view import View

HOST = "127.0.0.1"
# Sounds that stay in memory: those of a few pages of the list.
_KEPT_SOUNDS = 64
_TOKEN = "X-Sportgen-Token"
_MOST_BYTES = 65_536
_SOUND = re.compile(rf"/sound/({CHUNK_ID})(\.codes)?\.(webm|png|json)")
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_HEADERS = {
    "Content-Security-Policy": content_policy("server") + "; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Other sites cannot embed responses of this server.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class PreviewServer(ThreadingHTTPServer):
    """Serves one release, only on loopback; `port` 0 takes a free port.

    Raises:
        SettingError: the port is taken.
    """

    daemon_threads = True

    def __init__(self, view: View, port: int = 0) -> None:
        self.view, self.finder = view, Finder(view.catalogue)
        self._lock = threading.Lock()
        self._cached = lru_cache(_KEPT_SOUNDS)(view.sounds.of)
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise SettingError(f"port {port}: {error.strerror}; give another --port") from error

    @property
    def url(self) -> str:
        """The URL of the page."""
        return f"http://{HOST}:{self.server_port}/"

    @property
    def hosts(self) -> tuple[str, str]:
        """The values of the Host header that are allowed."""
        return f"{HOST}:{self.server_port}", f"localhost:{self.server_port}"

    def page(self) -> bytes:
        """The page without rows, which it requests."""
        return head("server", self.view.mark, self.view.data()) + self.view.pictures() + TAIL

    def rows(self, parameters: dict[str, str]) -> Row:
        """The rows that match a query, or one chunk by its id, with their tracks."""
        if "chunk" in parameters:
            index = self.view.catalogue.index_of(parameters["chunk"])
            total, indices = (1, [index]) if index >= 0 else (0, [])
        else:
            reviewing = self.view.reviewing
            query = Query.of(parameters)
            found = self.finder.find(query, reviewing.marks) if reviewing else None
            total, indices = found or self.finder.find(query)
        rows = self.view.rows(indices)
        return {"total": total, "rows": rows, "tracks": self.view.tracks(rows)}

    def sound(self, chunk_id: str) -> Sound | None:
        """The sound of a chunk; None if there is no such chunk."""
        index = self.view.catalogue.index_of(chunk_id)
        # One at a time: several requests for one chunk come together and share one sound.
        with self._lock:
            return self._cached(index) if index >= 0 else None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print errors, except that a browser closed its connection."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: PreviewServer
    server_version, sys_version = "sportgen", ""
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        # After DNS rebinding, a page of another site sends the name of that site as Host.
        if self.headers.get("Host", "") not in self.server.hosts:
            self.send_error(HTTPStatus.FORBIDDEN, "not by this name")
            return
        address = urlsplit(self.path)
        with self._told():
            if address.path == "/":
                self._send(self.server.page(), "text/html; charset=utf-8")
            elif address.path == "/rows":
                parameters = dict(parse_qsl(address.query, keep_blank_values=True))
                self._send_json(self.server.rows(parameters))
            elif address.path == "/review" and self.server.view.reviewing:
                self._send_json(self.server.view.reviewing.state())
            elif found := _SOUND.fullmatch(address.path):
                self._send_sound(*found.groups())
            else:
                self.send_error(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        # What is not read would be taken for the next request.
        self.close_connection = True
        reviewing = self.server.view.reviewing
        writers = reviewing and {"/decide": reviewing.decide, "/undo": reviewing.take_back}
        if not reviewing or not writers or self.path not in writers:
            self.send_error(HTTPStatus.NOT_FOUND)
        elif not self._is_from_here() or not reviewing.is_known(self.headers.get(_TOKEN, "")):
            self.send_error(HTTPStatus.FORBIDDEN, "not from a page of this server")
        elif (body := self._body()) is None:
            self.send_error(HTTPStatus.BAD_REQUEST)
        else:
            with self._told():
                self._send_json(writers[self.path](body))

    def _is_from_here(self) -> bool:
        """Whether a page of this server sends the request, as far as a browser tells.

        Pages of other sites have another Origin, which their scripts cannot change.
        """
        host = self.headers.get("Host", "")
        return host in self.server.hosts and self.headers.get("Origin", "") == f"http://{host}"

    def _body(self) -> bytes | None:
        """The body of a request; None if it is no JSON of a bounded length."""
        length = self.headers.get("Content-Length", "")
        kind = self.headers.get("Content-Type", "")
        if not re.fullmatch("[0-9]{1,5}", length) or int(length) > _MOST_BYTES:
            return None
        return self.rfile.read(int(length)) if kind == "application/json" else None

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Send what goes wrong as JSON; of a conflict also how it is now."""
        try:
            yield
        except ConflictError as error:
            reviewing = self.server.view.reviewing
            state = reviewing.state(error.review) if reviewing else None
            self._send_json({"error": str(error), "review": state}, HTTPStatus.CONFLICT)
        except SettingError as error:
            self._send_json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        except SportgenError as error:
            self._send_json({"error": str(error)}, HTTPStatus.INTERNAL_SERVER_ERROR)

    def end_headers(self) -> None:
        """Add the security headers to every response, also to errors."""
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Do not log requests."""

    def _send_sound(self, chunk_id: str, codes: str | None, kind: str) -> None:
        sound = self.server.sound(chunk_id)
        media = sound and (sound.decoded if codes else sound.chunk)
        if kind == "json" and sound and not codes:
            self._send_json({"distance_db": sound.distance_db})
        elif media and kind == "webm":
            self._send(media.audio, AUDIO_TYPE)
        elif media and kind == "png":
            self._send(media.picture, PICTURE_TYPE)
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _send_json(self, data: Row, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(json.dumps(data).encode(), "application/json", status)

    def _send(self, data: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        """Send `data`, or the requested range of it, which players need for seeking."""
        start, end, place = 0, len(data), ""
        wanted = _RANGE.fullmatch(self.headers.get("Range", ""))
        if wanted and status == HTTPStatus.OK and any(wanted.groups()):
            first, last = wanted.groups()
            start = int(first) if first else max(0, len(data) - int(last))
            end = min(len(data), int(last) + 1) if first and last else len(data)
            status, place = HTTPStatus.PARTIAL_CONTENT, f"{start}-{end - 1}"
            if start >= end:
                status, place = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "*"
                end = start
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(end - start))
        self.send_header("Accept-Ranges", "bytes")
        if place:
            self.send_header("Content-Range", f"bytes {place}/{len(data)}")
        self.end_headers()
        self.wfile.write(data[start:end])


def serve(view: View, port: int, ready: Callable[[str], None]) -> None:
    """Serve until interrupted; calls `ready` with the URL."""
    with PreviewServer(view, port) as server:
        ready(server.url)
        server.serve_forever()
