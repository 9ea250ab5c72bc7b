"""What people's networks, tokens and names do to every command that uses a Hub: one line each."""

import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import pytest

from builder_tests.hub.local_hub import LocalHub, Repo, Request, Response
from builder_tests.source.test_hub import upload
from builder_tests.support.clients import push
from builder_tests.support.commands import SHORT
from builder_tests.support.forks import run_forked

REPO = "org/music"
# Commands in one process: a client takes seconds to start.
_COMMANDS = """
import json, sys
from sport_music_dataset.cli import main
for line in json.loads(sys.argv[1]):
    print("\\0", file=sys.stderr, flush=True)
    print(main(line), flush=True)
"""


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as hub:
        yield hub


def commands(folder: Path, music: Path, out: Path, repo: str = REPO) -> dict[str, list[str]]:
    """A call of each command that uses the Hub."""
    source, release = f"hf://datasets/{repo}", f"{repo}@v1.0.0"
    return {
        "push": ["push", str(folder), repo, "--version", "2.0.0", "--allow-nano"],
        "withdraw": ["withdraw", repo, "0" * 16],
        "scan": ["scan", source],
        "build": ["build", source, str(out / "a"), *SHORT],
        "build --since": ["build", str(music), str(out / "b"), *SHORT, "--since", release],
        "verify": ["verify", release],
        "stats": ["stats", release],
    }


def run(
    hub: LocalHub, home: Path, lines: list[list[str]], environment: Mapping[str, str] = {}
) -> tuple[list[int], list[list[str]]]:
    """The exit codes of `sportgen` for each line, and what each said on stderr."""
    settings = {**hub.environment(home), **environment}
    done = run_forked(["-c", _COMMANDS, json.dumps(lines)], settings, timeout=250)
    assert done.returncode == 0, done.stderr
    said = [part.splitlines() for part in done.stderr.split("\0\n")[1:]]
    codes = [int(line) for line in done.stdout.splitlines() if line.isdigit()]
    return codes, said


@pytest.fixture
def closed() -> Iterator[str]:
    """The address of a port at which nobody listens, while it is nobody else's."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{place.getsockname()[1]}"


def page(request: Request) -> Response:
    """What the network of a hotel answers to everything."""
    return Response(200, b"<!doctype html><h1>Welcome</h1>", {"Content-Type": "text/html"})


def status(code: int, **headers: str) -> Callable[[Request], Response]:
    """An answer without a body to every request."""
    return lambda request: Response(code, b"", headers)


@dataclass(frozen=True)
class Edge:
    """What is wrong, and the words that name it; `{closed}` is a port at which nobody listens."""

    said: str
    environment: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[Request], Response] | None = None


NO_PROXY = "is no address of a proxy; write http://HOST:PORT or socks5://HOST:PORT"
NO_HUB = "is no address of a Hub; write it with https:// or http://"
EDGES = {
    "socks5": Edge("ALL_PROXY=socks5://x:1: a SOCKS proxy needs", {"ALL_PROXY": "socks5://x:1"}),
    "socks5h": Edge("pip install socksio, or unset", {"http_proxy": "socks5h://x:1"}),
    "socks4": Edge(f"ALL_PROXY=socks4://x:1: {NO_PROXY}", {"ALL_PROXY": "socks4://x:1"}),
    "a proxy's port": Edge(f"HTTP_PROXY=http://x:y: {NO_PROXY}", {"HTTP_PROXY": "http://x:y"}),
    "a proxy that does not answer": Edge(
        "cannot be reached ([Errno 111] Connection refused), and HTTP_PROXY={closed} is set",
        {"HTTP_PROXY": "{closed}"},
    ),
    "a proxy with a lock": Edge("the proxy wants a user and a password", before=status(407)),
    "an endpoint without scheme": Edge(
        f"HF_ENDPOINT 'hub.example.com': {NO_HUB}", {"HF_ENDPOINT": "hub.example.com"}
    ),
    "an endpoint without host": Edge(NO_HUB, {"HF_ENDPOINT": "http://"}),
    "a Hub that does not answer": Edge(
        "http://{closed}: cannot be reached", {"HF_ENDPOINT": "http://{closed}"}
    ),
    "a login page": Edge("a web page answers, no Hub; log in to the network", before=page),
    "offline": Edge(f"{REPO}: HF_HUB_OFFLINE is set; unset it", {"HF_HUB_OFFLINE": "1"}),
    "a token that has ended": Edge("does not know this token", {"HF_TOKEN": "hf_ended"}),
    "an odd token": Edge(
        "the token has letters that none has; run `hf auth login`", {"HF_TOKEN": "hf_é"}
    ),
}


@pytest.mark.parametrize("name", EDGES)
def test_every_command_names_what_is_wrong_in_one_line(
    hub: LocalHub, closed: str, music: Path, encoded: Path, tmp_path: Path, name: str
) -> None:
    edge = EDGES[name]
    hub.before = edge.before
    settings = {key: value.format(closed=closed) for key, value in edge.environment.items()}
    calls = commands(encoded, music, tmp_path)
    codes, said = run(hub, tmp_path / "home", list(calls.values()), settings)
    for command, code, lines in zip(calls, codes, said, strict=True):
        assert code == 1 and len(lines) == 1, (command, code, lines)
        assert lines[0].startswith("error: "), (command, lines)
        assert edge.said.format(closed=closed) in lines[0], (command, lines)


def test_odd_settings_that_can_be_meant_work(hub: LocalHub, encoded: Path, tmp_path: Path) -> None:
    push(hub, tmp_path, encoded, "1.0.0", REPO)
    stats = ["stats", f"{REPO}@v1.0.0"]
    lines = [stats, [*stats, "--endpoint", f" {hub.endpoint}/ "]]
    for settings in (
        {"HF_ENDPOINT": f" {hub.endpoint}/\n", "HF_TOKEN": "hf_owner\n"},
        {"HTTP_PROXY": "http://x:1", "NO_PROXY": "[::1/64,*.[,;, <local>,http://,127.0.0.1"},
    ):
        assert run(hub, tmp_path / "home", lines, settings)[0] == [0, 0]
    # What `env` lines of schedulers leave behind.
    codes, [said] = run(
        hub, tmp_path / "home", [stats], {"HF_ENDPOINT": " ", "HF_HUB_OFFLINE": "1"}
    )
    assert codes == [1] and said[0].endswith("HF_HUB_OFFLINE is set; unset it")


def test_a_name_in_other_letters_is_told(
    hub: LocalHub, music: Path, encoded: Path, tmp_path: Path
) -> None:
    push(hub, tmp_path, encoded, "1.0.0", REPO)
    for repo in ("Org/Music", "org/MUSIC"):
        calls = commands(encoded, music, tmp_path, repo)
        codes, said = run(hub, tmp_path / "home", list(calls.values()))
        assert codes == [1] * len(calls)
        wanted = f"error: {repo}: the Hub has it as {REPO}; write the name so"
        assert said == [[wanted]] * len(calls)
    codes, [[told]] = run(
        hub, tmp_path / "home", [commands(encoded, music, tmp_path, "ORG/new")["push"]]
    )
    assert codes == [1] and told == "error: ORG/new: the Hub has ORG as org; write org/new"


def test_without_a_tag_the_latest_release_is_meant_and_a_wrong_one_lists_all(
    hub: LocalHub, built: tuple[Path, object], encoded: Path, music: Path, tmp_path: Path
) -> None:
    none = ["stats", REPO]
    push(hub, tmp_path / "home", built[0], "1.9.0")
    push(hub, tmp_path / "home", encoded, "1.10.0")
    latest = [
        ["stats", REPO],
        ["verify", REPO],
        ["diff", f"{REPO}@v1.10.0", REPO],
        ["export", REPO, str(tmp_path / "tars"), "--to", "webdataset", "--dry-run"],
        ["preview", REPO, "--chunks", "1", "--no-decode", "-o", str(tmp_path / "preview.html")],
        ["build", str(music), str(tmp_path / "out"), *SHORT, "--since", REPO, "--dry-run"],
    ]
    wrong = [*none[:1], f"{REPO}@1.10"]
    codes, said = run(hub, tmp_path / "home", [*latest, wrong, ["stats", "org/other"]])
    assert codes == [*[0] * len(latest), 1, 1], said
    assert said[-2] == [f"error: {REPO}@1.10: there is no such tag; its tags are v1.10.0, v1.9.0"]
    assert said[-1][0].startswith("error: org/other: is no folder here, and on the Hub: not found")
    hub.repos[REPO].tags.clear()
    codes, said = run(hub, tmp_path / "home", [none])
    wanted = f"error: {REPO}: has no release, which is a tag like v1.0.0; it has no tags"
    assert (codes, said) == ([1], [[wanted]])


def test_a_repository_that_the_token_may_not_see_is_told_at_once(
    hub: LocalHub, music: Path, encoded: Path, tmp_path: Path
) -> None:
    hub.repos["org/hidden"] = Repo("org/hidden", True, "org")
    calls = commands(encoded, music, tmp_path, "org/hidden")
    narrow = {"HF_TOKEN": "hf_narrow"}
    codes, said = run(hub, tmp_path / "home", list(calls.values()), narrow)
    assert (
        codes == [1] * len(calls) and [line for [line] in said[1:] if "not found" not in line] == []
    )
    assert said[0][-1] == (
        "error: org/hidden: exists already, and the token may not see it; take a token that may, "
        "ask its owner for access, or push under another name"
    )
    assert not any("trying again" in line for line in said[0])
    assert [entry.path for entry in hub.requests].count("/api/repos/create") == 1
    none = {"HF_TOKEN": ""}
    [code], [[told]] = run(hub, tmp_path / "home", [calls["stats"]], none)
    assert code == 1 and told.startswith("error: org/hidden: not found, or private; look at")


def test_the_data_of_others_is_not_mixed_with_a_release(
    hub: LocalHub, encoded: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    (theirs / "data").mkdir(parents=True)
    (theirs / "README.md").write_text("---\nlicense: mit\n---\n# Theirs\n")
    (theirs / "data/train.parquet").write_bytes(b"PAR1")
    (theirs / "raw").mkdir()
    shutil.copy(theirs / "data/train.parquet", theirs / "raw/x.parquet")
    upload(hub, theirs, REPO)
    before = hub.files(REPO)
    line = ["push", str(encoded), REPO, "--version", "1.0.0", "--allow-nano", "--no-verify"]
    ways = [line, [*line, "--dry-run"], [*line, "--create-pr"], [*line, "--revision", "next"]]
    codes, said = run(hub, tmp_path / "home", ways)
    assert codes == [1] * len(ways)
    assert said == [
        [
            f"error: {REPO}: holds 2 files of another dataset (data/train.parquet, "
            "raw/x.parquet) and no sportgen.json; push under another name, or delete those on the "
            "Hub first"
        ]
    ] * len(ways)
    assert hub.files(REPO) == before and not hub.repos[REPO].tags
    # A card alone is no data: that is how the Hub's page makes a repository.
    (theirs / "data/train.parquet").unlink()
    shutil.rmtree(theirs / "raw")
    del hub.repos[REPO]
    upload(hub, theirs, REPO)
    codes, _ = run(hub, tmp_path / "home", [line])
    assert codes == [0] and "# Theirs" in hub.files(REPO)["README.md"].decode()


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl makes the certificate")
def test_a_certificate_of_a_network_of_its_own_is_told(hub: LocalHub, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem "
        "-out certificate.pem".split(),
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as server:
        secured = {"HF_ENDPOINT": f"https://127.0.0.1:{server.getsockname()[1]}"}
        greeter = Thread(target=greet, args=(server, context))
        greeter.start()
        [code], [[told]] = run(hub, tmp_path, [["stats", f"{REPO}@v1.0.0"]], secured)
        server.shutdown(socket.SHUT_RDWR)
    greeter.join()
    assert code == 1 and "its certificate is not trusted here" in told and "SSL_CERT_FILE" in told


def greet(server: socket.socket, context: ssl.SSLContext) -> None:
    """Show everybody who comes the certificate, until the server is shut down."""
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                context.wrap_socket(connection, server_side=True).close()
