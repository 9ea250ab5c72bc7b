"""Whatever happens, a command ends with one line, and no traceback unless it is asked for."""

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2
import pyarrow as pa
import pytest
import yaml

from builder_tests.support.commands import SHORT, fails
from builder_tests.support.forks import run_forked
from sport_music_dataset.cli import main
from sport_music_dataset.cli.faults import line, report
from sport_music_dataset.digests import file_digest


def raised(call: Callable[[], object]) -> Exception:
    """What `call` raises."""
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def nested(depth: int) -> object:
    return [nested(depth - 1)] if depth else []


@pytest.mark.parametrize(
    ("call", "place", "remedy"),
    [
        (lambda: Path("/nowhere/at/all").read_bytes(), "/nowhere/at/all: No such file", "the path"),
        (lambda: Path("/").read_bytes(), "/: Is a directory", "name a file"),
        (lambda: Path(sys.executable, "x").read_bytes(), "python", "a part of this path is a file"),
        (lambda: Path("x" * 300).read_bytes(), "xxx: File name too long", "a shorter name"),
        (lambda: pa.ipc.open_file(b"none"), "ArrowInvalid", "a Parquet file is damaged"),
        (lambda: yaml.safe_load("a: ["), "ParserError", "no valid YAML"),
        (lambda: json.loads("{"), "JSONDecodeError", "JSON is damaged"),
        (b"\xff".decode, "UnicodeDecodeError", "not UTF-8"),
        (lambda: nested(100_000), "RecursionError", "nested too deeply"),
        (lambda: bytearray(1 << 60), "MemoryError", "--num-proc 1"),
        (lambda: httpx2.get("http://127.0.0.1:1"), "ConnectError", "whether the network works"),
        (lambda: httpx2.get("http://x:port"), "InvalidURL", "HF_ENDPOINT"),
        (lambda: httpx2.Client(proxy="none://x"), "ValueError", "ALL_PROXY"),
        (lambda: __import__("none.of_it"), "No module named 'none'", "sportgen doctor"),
        (lambda: file_digest(None), "fault of sportgen: ", "(sport_music_dataset.outside.files:"),  # type: ignore[arg-type]
    ],
)
def test_what_is_raised_is_said_with_its_remedy(
    call: Callable[[], object], place: str, remedy: str
) -> None:
    said = line(raised(call))
    assert place in said and remedy in said and "\n" not in said and len(said) < 600


def test_errors_of_the_system_name_the_file() -> None:
    for number in (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.ELOOP, errno.EMFILE, errno.EIO):
        said = line(OSError(number, os.strerror(number), "dataset/raw"))
        assert said.startswith(f"dataset/raw: {os.strerror(number)}; ") and "see to it" not in said


def test_a_library_that_is_missing_is_named_with_its_requirement() -> None:
    said = line(ModuleNotFoundError("No module named 'yaml'", name="yaml"))
    assert "pip install --upgrade --force-reinstall 'pyyaml>=" in said


@pytest.mark.parametrize("option", [True, False])
def test_the_traceback_comes_on_demand_and_without_the_token(
    option: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("SPORTGEN_DEBUG", "0" if option else "1")
    assert main([*(["--debug"] if option else []), "stats", "hf_secret\x1b"]) == 1
    first, *_, last = capsys.readouterr().err.splitlines()
    assert first == "Traceback (most recent call last):"
    assert last.startswith("error: <token>\\x1b: no such folder")
    monkeypatch.setenv("SPORTGEN_DEBUG", "0")
    assert "<token>" in fails(capsys, 1, "stats", "hf_secret")


def test_a_proxy_that_cannot_be_is_one_line() -> None:
    done = run_forked(
        ("-m", "sport_music_dataset", "stats", "org/music@v1.0.0"),
        {**os.environ, "ALL_PROXY": "none://localhost:1", "HF_HUB_OFFLINE": "0"},
    )
    assert (done.returncode, done.stdout) == (1, "")
    [said] = done.stderr.splitlines()
    assert said.startswith("error: ") and "ALL_PROXY" in said


SCRIPT = """
import json, os, sys
from sport_music_dataset.cli import main

if __name__ == "__main__":
    codes, place, *commands = sys.argv[1:]
    for command in map(json.loads, commands):
        if place:
            stream = os.open(place, os.O_WRONLY)
            os.dup2(stream, 1)
            os.close(stream)
        code = main(command)
        with open(codes, "a") as file:
            file.write(f"{code} ")
"""


@pytest.fixture
def commands(music: Path, built: tuple[Path, object], encoded: Path) -> list[str]:
    """A call of each command that is quick, as JSON; they print more than ASCII."""
    release, query = str(encoded), "SELECT session, description FROM raw"
    return [
        json.dumps(command)
        for command in (
            *(["--help"], ["build", "--help"], ["--version"]),
            ["build", str(music), str(built[0]), *SHORT, "--layout", "sport"],
            *(["stats", release], ["stats", release, "--json"]),
            *(["stats", release, "--sql", query, *kind] for kind in ([], ["--csv"])),
            ["diff", release, release],
            ["tokens", "été, yoga", "--model", "nano"],
        )
    ]


def run(
    tmp_path: Path, commands: list[str], place: str = "", shell: str = "", **environment: str
) -> tuple[list[str], bytes, bytes]:
    """The exit codes of commands, one after the other in a process, its stdout and its stderr."""
    codes = tmp_path / "codes"
    script = f'exec "$@" {shell}'
    arguments = ["-c", SCRIPT, str(codes), place, *commands]
    done = subprocess.run(
        ["/bin/sh", "-c", script, "sh", sys.executable, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr, done.stderr
    return codes.read_text().split(), done.stdout, done.stderr


def test_a_full_stdout_is_an_error_of_one_line(tmp_path: Path, commands: list[str]) -> None:
    codes, _, errors = run(tmp_path, commands, "/dev/full")
    assert codes == ["1"] * len(commands)
    said = [text for text in errors.decode().splitlines() if text.startswith("error: ")]
    assert len(said) == len(commands)
    assert all(text.startswith("error: standard output: No space left") for text in said)


def test_what_a_stream_cannot_encode_is_escaped(tmp_path: Path, commands: list[str]) -> None:
    codes, out, _ = run(tmp_path, commands, PYTHONIOENCODING="ascii", TERMINAL_WIDTH="wide")
    assert codes == ["0"] * len(commands)
    assert rb"Course_\xe0_pied" in out


@pytest.mark.parametrize("closed", [">&-", "<&- 2>&-"])
def test_streams_may_be_closed(tmp_path: Path, commands: list[str], closed: str) -> None:
    codes, out, _ = run(tmp_path, commands, shell=closed, LC_ALL="C", TERM="dumb")
    assert codes == ["0"] * len(commands)
    assert bool(out) == (closed != ">&-")


@pytest.mark.parametrize("size", ["99999999", "0", "-1", "abc", "²", "1"])
def test_no_size_of_the_terminal_is_too_odd(
    size: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("COLUMNS", "LINES"):
        monkeypatch.setenv(name, size)
    assert main(["build", "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 10 < max(map(len, lines)) <= 1_000 and len(lines) > 10


def test_an_interrupt_that_a_library_made_its_own_error_is_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    handler = signal.getsignal(signal.SIGINT)
    try:
        raise RuntimeError("Error calling __set_name__") from KeyboardInterrupt()
    except RuntimeError as error:
        code = report(error, [], trace=False)
    finally:
        signal.signal(signal.SIGINT, handler)
    assert code == 130 and "error: interrupted" in capsys.readouterr().err


def test_a_path_without_its_quotes_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "My Music").mkdir()
    assert main(["scan", *f"{tmp_path}/My Music".split()]) == 2
    assert f"a path with blanks needs quotes: '{tmp_path}/My Music'" in capsys.readouterr().err
