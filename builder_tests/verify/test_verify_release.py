"""Verifying whole releases: in a folder and on a local Hub, by the command and by its functions."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from builder_tests.hub.local_hub import LocalHub, Request, Response
from builder_tests.support.clients import push, run_python, sportgen
from builder_tests.support.making import verify_folder
from builder_tests.support.models import save_codec
from builder_tests.support.rewriting import Rows, rewrite
from sport_music_dataset.card.card import write_card
from sport_music_dataset.cli import main
from sport_music_dataset.release.manifest import FileEntry, read_manifest
from sport_music_dataset.release.release import Release
from sport_music_dataset.verify.findings import Check, State


@pytest.fixture
def release(encoded: Path, tmp_path: Path) -> Path:
    """A copy of an encoded release, to write to."""
    return shutil.copytree(encoded, tmp_path / "dataset")


def test_the_command_says_what_holds(encoded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["verify", str(encoded), "--codes", "2", "--json"])
    *checks, agreement = json.loads(capsys.readouterr().out)["checks"]
    assert {check["state"] for check in checks} == {"ok"}
    # So few frames of nano that one near-tie is half a percent.
    share = re.search(r"(\d\.\d{6}) of the codes of 2 chunks", agreement["detail"])
    assert share and float(share[1]) > 0.97


def test_codes_of_another_codec_do_not_agree(
    release: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = str(save_codec(tmp_path / "codec"))
    assert main(["verify", str(release), "--codes", "2", "--codec", other]) == 1
    assert "      codebook 3: 0.0" in capsys.readouterr().out


def test_without_raw_what_is_there_is_verified(release: Path) -> None:
    manifest = read_manifest(release)
    shutil.rmtree(release / "raw")
    manifest.files = {p: e for p, e in manifest.files.items() if not p.startswith("raw/")}
    write_card(Release.of(release, manifest))
    manifest.write(release)
    report = verify_folder(release)
    assert report.ok, report.failures
    checks = {check.name: check for check in report.checks}
    for name in (Check.AUDIO, Check.SAME_CHUNKS, Check.SHARED):
        assert (checks[name].state, checks[name].detail) == (State.SKIPPED, "no raw")
    found = (Check.CHUNK_IDS, Check.ORDER, Check.DESCRIPTIONS, Check.COUNTS)
    for name in (Check.LABELS, Check.TRACK_FACTS, Check.FIT, *found):
        assert checks[name].state == State.OK


def test_rows_that_do_not_load_fail(release: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = read_manifest(release)
    path = sorted(manifest.shards("raw"))[0]
    entry = manifest.files[path]
    manifest.files[path] = FileEntry(entry.sha256, entry.rows + 1, entry.bytes)
    manifest.write(release)
    assert main(["verify", str(release)]) == 1
    captured = capsys.readouterr()
    assert f"{path}: has {entry.rows} rows, not {entry.rows + 1}" in captured.out
    assert f"raw/test: {entry.rows} rows load, not {entry.rows + 1}" in captured.out
    assert captured.err.splitlines()[-1].startswith(f"error: {release}: is not what it must be")


def test_the_checks_are_listed_without_a_release(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:14].rstrip() for line in lines] == list(Check)
    assert main(["verify", "--list", "--json"]) == 0
    proved = [check["proves"] for check in json.loads(capsys.readouterr().out)]
    assert proved == [line[14:] for line in lines]
    assert main(["verify"]) == 2


def test_a_machine_without_chromaprint_verifies_the_rest(
    encoded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "chromaprint", None)
    report = verify_folder(encoded)
    assert report.ok, report.failures
    skipped = {check.name: check.detail for check in report.checks if check.state == State.SKIPPED}
    assert skipped.keys() == {Check.SHARED, Check.AGREEMENT}
    assert "Chromaprint's library" in skipped[Check.SHARED]


def test_a_group_in_two_splits_is_counted(
    release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def one_group(rows: Rows) -> None:
        for split in ("train", "test"):
            next(row for row in rows if row["split"] == split)["group"] = "album"

    rewrite(release, "tracks", one_group)
    assert main(["verify", str(release)]) == 1
    out = capsys.readouterr().out
    assert "  splits        failed   1 failed; 5 groups, 1 in two" in out
    assert "  agreement     skipped  no chunks to encode again; --codes asks for them" in out


FILES_ONLY = """
import sys
from sport_music_dataset import open_release, verify_release
with open_release("@".join(sys.argv[1:])) as release:
    report = verify_release(release, data=False, sent=b"another")
print(*report.failures, sep="\\n")
print("skipped:", ", ".join(check.name for check in report.checks if check.state == "skipped"))
"""


@pytest.mark.slow
def test_a_release_on_the_hub_is_verified_as_it_is_served(encoded: Path, tmp_path: Path) -> None:
    with LocalHub() as hub:
        push(hub, tmp_path, encoded, "1.0.0")
        cut: list[str] = []

        def cut_once(request: Request) -> Response | None:
            if request.method != "GET" or "/raw/train" not in request.path or cut:
                return None
            cut.append(request.path)
            answer = hub.handle(request)
            return Response(answer.status, answer.body[:-9], answer.headers)

        hub.before = cut_once
        done = sportgen(hub, tmp_path, "verify", "org/music@v1.0.0")
        assert cut and done.returncode == 0, done.stdout + done.stderr
        assert "raw and encoded, in the same order" in done.stdout

        done = run_python(hub, tmp_path, "-c", FILES_ONLY, "org/music", "v1.0.0")
        assert done.stdout.splitlines() == [
            "manifest: sportgen.json: is not the one that was sent",
            "skipped: chunk ids, order, same chunks, track facts, audio, overlap, silence, "
            "fit and arc, descriptions, tokens, codes, labels, codebooks, review, shared audio, "
            "agreement",
        ], done.stderr

        def damage(request: Request) -> Response | None:
            if request.method != "GET" or "resolve/v1.0.0/raw/test" not in request.path:
                return None
            answer = hub.handle(request)
            return Response(answer.status, b"\0" + answer.body[1:], answer.headers)

        hub.before = damage
        done = sportgen(hub, tmp_path, "verify", "org/music@v1.0.0")
        assert done.returncode == 1
        assert "raw/test-00000-of-00001.parquet: is not what the manifest says" in done.stdout
