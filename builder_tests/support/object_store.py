"""An object store of this machine for tests: moto's S3 behind a server that can refuse requests."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from urllib.parse import unquote

import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.server import DomainDispatcherApplication, create_backend_app
from pyarrow import fs
from werkzeug.serving import make_server

BUCKET = "music"
_REFUSAL = b"<Error><Code>%s</Code><Message>refused</Message></Error>"


class ObjectStore:
    """A server with one bucket, on a port of its own.

    `requests` has the method and the path of every request that changed or read an object, in
    order; `before` may answer one with a status instead.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        # One process has one: what an earlier store held is forgotten.
        self._backend: Any = get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"]
        self._backend.reset()
        self.before: Callable[[str, str], int] = lambda method, path: 0
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        method = environ["REQUEST_METHOD"]
        # WSGI gives the bytes of a path as Latin-1.
        path = unquote(environ["PATH_INFO"].encode("latin-1").decode())
        self.requests.append((method, path.removeprefix(f"/{BUCKET}/")))
        if status := self.before(*self.requests[-1]):
            code = b"AccessDenied" if status == 403 else b"InternalError"
            start(f"{status} refused", [("Content-Type", "application/xml")])
            return [b"" if method == "HEAD" else _REFUSAL % code]
        return self._app(environ, start)

    def asked(self, method: str) -> list[str]:
        """The paths of the objects that requests of a method named, each once, in order."""
        return list(dict.fromkeys(path for asked, path in self.requests if asked == method))

    @property
    def files(self) -> fs.FileSystem:
        """The store's files, as a client of its own sees them."""
        return fs.S3FileSystem(endpoint_override=self.endpoint, allow_bucket_creation=True)

    def put(self, path: str, data: bytes) -> None:
        """Write an object into the bucket."""
        with self.files.open_output_stream(f"{BUCKET}/{path}") as stream:
            stream.write(data)

    def put_strange(self, path: str, data: bytes) -> None:
        """As `put`, of a path that clients make another one of."""
        self._backend.put_object(BUCKET, path, data)

    def paths(self, prefix: str = "") -> set[str]:
        """The paths of the objects under a prefix, relative to it."""
        root = f"{BUCKET}/{prefix}".rstrip("/")
        found = self.files.get_file_info(fs.FileSelector(root, recursive=True))
        return {info.path[len(root) + 1 :] for info in found if info.type == fs.FileType.File}


@contextmanager
def object_store(patch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """Run an empty object store, at which the environment points."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    store = ObjectStore()
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        patch.delenv(name, raising=False)
    patch.setenv("AWS_ACCESS_KEY_ID", "tests")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    patch.setenv("AWS_REGION", "us-east-1")
    patch.setenv("AWS_ENDPOINT_URL", store.endpoint)
    thread = Thread(target=store._server.serve_forever, daemon=True)
    thread.start()
    try:
        store.files.create_dir(BUCKET)
        yield store
    finally:
        store._server.shutdown()
        store._server.server_close()
        thread.join()
