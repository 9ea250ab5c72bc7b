"""The token is in no output, no log, no file and no command line, whatever goes wrong."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from builder_tests.hub.local_hub import LocalHub, Request, Response, User
from builder_tests.support.forks import run_forked
from sport_music_dataset.outside.redact import redact

TOKEN = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz01234567"
REPO = "org/sport-music"


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub({TOKEN: User("owner", {"org": "admin"})}) as hub:
        yield hub


def push(hub: LocalHub, folder: Path, home: Path, token: str, *options: str) -> tuple[int, str]:
    """(exit code, all that was printed); the token must not be among the arguments of any process
    that runs meanwhile."""
    command = ("-m", "sport_music_dataset", "push", folder, REPO, "--version", "1.0.0")
    done = run_forked((*command, "--allow-nano", *options), hub.environment(home, token))
    return done.returncode, done.stdout + done.stderr


def leave(request: Request) -> Response | None:
    return None


def deny(request: Request) -> Response | None:
    """Tell the token to whoever reads the error."""
    if request.method == "GET":
        return None
    said = f"Forbidden for {request.headers.get('authorization', TOKEN)}"
    return Response(403, headers={"X-Error-Message": said})


def fail(request: Request) -> Response | None:
    return Response(400, TOKEN.encode()) if "/commit/" in request.path else None


@pytest.mark.parametrize("happens", [leave, deny, fail])
@pytest.mark.parametrize("options", [(), ("--debug",)])
def test_nothing_that_is_printed_or_written_has_the_token(
    hub: LocalHub, encoded: Path, tmp_path: Path, options: tuple[str, ...], happens: object
) -> None:
    commands: list[str] = []

    def watch(request: Request) -> Response | None:
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):  # it has ended
                commands.append(process.read_text(errors="replace"))
        return happens(request)  # type: ignore[operator]

    hub.before = watch if Path("/proc/self").exists() else happens  # type: ignore[assignment]
    code, printed = push(hub, encoded, tmp_path, TOKEN, *options)
    assert code == (0 if happens is leave else 1), printed
    assert TOKEN not in printed and not any(TOKEN in command for command in commands)
    written = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert not [file for file in written if TOKEN.encode() in file.read_bytes()]
    assert ("Request " in printed) == bool(options)
    if options:
        assert "/lfs/" in printed or happens is deny
        assert "key=" not in printed.replace("key=<secret>", "")


@pytest.mark.parametrize("token", ["hf_with\x01control", "hf_accentué"])
def test_a_token_that_is_none_is_not_repeated(
    hub: LocalHub, encoded: Path, tmp_path: Path, token: str
) -> None:
    code, printed = push(hub, encoded, tmp_path, token)
    assert code == 1 and "Traceback" not in printed
    assert "hf_with" not in printed and "hf_accent" not in printed


def test_what_is_hidden() -> None:
    assert redact(f"a {TOKEN} b") == "a hf_<secret> b"
    signed = "https://s3/x?X-Amz-Signature=abc&X-Amz-Date=1&part=2"
    assert redact(signed) == "https://s3/x?X-Amz-Signature=<secret>&X-Amz-Date=<secret>&part=2"
    assert redact("https://me:pass@hub/x") == "https://<secret>@hub/x"
    assert redact("b'Bearer anything'") == "b'Bearer <secret>'"
    assert redact(os.fspath("/usr/lib/hf_xet/hf_api.py")) == "/usr/lib/hf_xet/hf_api.py"
