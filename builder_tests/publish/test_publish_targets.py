"""Where a release may go, and what it may hold: branches, pull requests, other Hubs, configs."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder_tests.hub.local_hub import LocalHub, Request, Response
from builder_tests.support.clients import Client, push
from builder_tests.support.releases import is_release
from sport_music_dataset.cli import main
from sport_music_dataset.release.folder import build_command
from sport_music_dataset.release.manifest import read_manifest

REPO = "org/sport-music"


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub() as hub:
        yield hub


@pytest.fixture
def client(hub: LocalHub, tmp_path: Path) -> Client:
    return Client(hub, tmp_path / "home")


def test_a_pull_request_is_opened_once_and_tagged_after_its_merge(
    hub: LocalHub, client: Client, built: tuple[Path, object], encoded: Path
) -> None:
    propose = (encoded, REPO, "--version", "1.1.0", "--create-pr")
    nothing = client.push(*propose)
    assert nothing.returncode == 1 and "nothing to propose it to" in nothing.stderr
    push(hub, client.home, built[0], "1.0.0", REPO)
    hub.repos[REPO].private = False
    main = hub.repos[REPO].branches["main"]
    for _ in range(2):
        # Of somebody who may only read: that is what pull requests are for.
        done = client.push(*propose, token="hf_stranger")
        assert done.returncode == 0, done.stderr
        assert f"proposed  {hub.endpoint}/datasets/{REPO}/discussions/1" in done.stdout.splitlines()
        assert "no tag yet" in done.stderr
    repo = hub.repos[REPO]
    assert repo.proposals.keys() == {"refs/pr/1"} and is_release(hub, REPO, "refs/pr/1", encoded)
    assert repo.branches == {"main": main} and repo.tags.keys() == {"v1.0.0"}
    merge = f"/api/datasets/{REPO}/discussions/1/merge"
    assert hub.handle(Request("POST", merge, headers=OWNER)).status == 200
    hub.requests.clear()
    push(hub, client.home, encoded, "1.1.0", REPO)
    assert repo.tags["v1.1.0"] == repo.branches["main"] and is_release(hub, REPO, "v1.1.0", encoded)
    assert not [entry for entry in hub.requests if entry.method == "PUT"]


OWNER = {"authorization": "Bearer hf_owner"}


def test_a_branch_is_made_and_main_stays(
    hub: LocalHub, client: Client, built: tuple[Path, object], encoded: Path
) -> None:
    push(hub, client.home, built[0], "1.0.0", REPO)
    arguments = (encoded, REPO, "--version", "2.0.0", "--revision", "next", "--no-verify")
    assert client.push(*arguments).returncode == 0
    repo = hub.repos[REPO]
    assert repo.tags["v2.0.0"] == repo.branches["next"] != repo.branches["main"]
    assert is_release(hub, REPO, "main", built[0]) and is_release(hub, REPO, "next", encoded)
    assert "has this release already" in client.push(*arguments).stdout


def test_another_hub_is_named_by_option(hub: LocalHub, client: Client, encoded: Path) -> None:
    elsewhere = {"HF_ENDPOINT": "http://127.0.0.1:9"}
    arguments = (encoded, REPO, "--version", "1.0.0", "--endpoint", hub.endpoint)
    done = client.push(*arguments, **elsewhere)
    assert done.returncode == 0, done.stderr
    assert f"url       {hub.endpoint}/datasets/{REPO}/tree/v1.0.0" in done.stdout.splitlines()
    assert is_release(hub, REPO, "v1.0.0", encoded)


def test_configs_leave_the_audio_out(hub: LocalHub, client: Client, encoded: Path) -> None:
    push(hub, client.home, encoded, "1.0.0", REPO)
    arguments = (encoded, REPO, "--version", "2.0.0", "--configs", "encoded,tracks")
    assert client.push(*arguments).returncode == 0
    files = hub.files(REPO, "v2.0.0")
    listed = json.loads(files["sportgen.json"])["files"]
    assert {path.split("/")[0] for path in listed} == {"assets", "encoded", "tracks"}
    assert {path for path in files if path.endswith((".parquet", ".png"))} == listed.keys()
    assert "raw/" not in files["README.md"].decode()
    rows = client.run("builder_tests.publish.test_publish_targets", REPO, "v2.0.0")
    assert rows.returncode == 0, rows.stderr
    assert rows.stdout.splitlines() == [
        "['encoded', 'tracks']",
        str(read_manifest(encoded).splits("encoded")),
    ]


def print_configs(repo_id: str, revision: str) -> None:
    """What the default config and its splits are, for a client."""
    from datasets import get_dataset_config_names, load_dataset

    print(get_dataset_config_names(repo_id, revision=revision))
    print({split: len(rows) for split, rows in load_dataset(repo_id, revision=revision).items()})


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--configs", "encoded"), 2, "write raw,tracks or encoded,tracks"),
        (("--configs", "raw,sound,tracks"), 2, "raw,sound,tracks"),
        (("--version", "1.0"), 2, "write it as X.Y.Z"),
        (("--revision", "next", "--create-pr"), 2, "leave one out"),
    ],
)
def test_settings_that_cannot_work(
    capsys: pytest.CaptureFixture[str],
    encoded: Path,
    arguments: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    assert main(["push", str(encoded), REPO, "--version", "1.0.0", *arguments]) == code
    assert said in capsys.readouterr().err


def test_codes_for_trying_out_stay_at_home(
    hub: LocalHub, client: Client, encoded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("push", str(encoded), REPO, "--version", "1.0.0")
    assert main([*arguments]) == 1
    real = f"`sportgen encode {encoded} --model facebook/musicgen-medium`"
    assert f"run {real}, or push with --allow-nano" in capsys.readouterr().err
    audio_only = client.run(
        "sport_music_dataset", *arguments, "--configs", "raw,tracks", "--no-verify"
    )
    assert audio_only.returncode == 0, audio_only.stderr
    assert not any(path.startswith("encoded/") for path in hub.files(REPO))


def test_a_dry_run_without_a_token_or_a_network_tells_what_is_here(
    encoded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(encoded, tmp_path / "out")
    arguments = ["push", str(out), REPO, "--allow-nano"]
    assert main([*arguments, "--dry-run"]) == 0
    captured = capsys.readouterr()
    sent = {line.split()[1] for line in captured.out.splitlines() if line.startswith("  send ")}
    assert sent == {*read_manifest(out).files, "README.md", "sportgen.json"}
    assert "the Hub was not asked" in captured.err and "not checked: the version" in captured.err
    assert main(arguments) == 1
    assert "no token; run `hf auth login`" in capsys.readouterr().err
    # What is wrong here comes before what is wrong elsewhere.
    shard = out / "raw/test-00000-of-00001.parquet"
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    assert main([*arguments, "--dry-run"]) == 1
    assert f"{shard}: is not what the manifest says" in capsys.readouterr().err
    (out / "encoded/test-00000-of-00001.parquet").unlink()
    shard.unlink()
    for remedy in (f"sportgen encode {out} --model nano", build_command(out)):
        assert main(arguments) == 1
        assert f"is missing; `{remedy}` makes it again" in capsys.readouterr().err
        shutil.copy(encoded / "encoded/test-00000-of-00001.parquet", out / "encoded")


REFUSALS = {
    "read token": ("hf_reader", REPO, None, "the token of reader may only read"),
    "reader of the organisation": ("hf_guest", REPO, None, "guest, who may only read in org"),
    "no member": ("hf_stranger", REPO, None, "who is not org nor a member"),
    "fine-grained token": (
        "hf_owner",
        REPO,
        Response(403, headers={"X-Error-Message": "Forbidden: scope missing"}),
        "as owner: the token may not do this; take one with write access to the namespace "
        "(HTTP 403: Forbidden: scope missing)",
    ),
    "quota": (
        "hf_owner",
        REPO,
        Response(403, headers={"X-Error-Message": "Private repository storage limit reached"}),
        "as owner: no room left in the namespace",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_says_who_one_is_and_what_is_missing(
    hub: LocalHub, client: Client, encoded: Path, case: str
) -> None:
    token, repo, answer, said = REFUSALS[case]

    def refuse(request: Request) -> Response | None:
        return answer if request.method == "POST" else None

    hub.before = refuse
    done = client.push(encoded, repo, "--version", "1.0.0", token=token)
    assert done.returncode == 1 and said in done.stderr, done.stderr
    assert hub.repos == {}


if __name__ == "__main__":
    import sys

    print_configs(*sys.argv[1:])
