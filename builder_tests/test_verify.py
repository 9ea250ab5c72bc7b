"""Verifying: each truth, broken alone in a real release, is the one that is named."""

import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from datasets import Features, Value

from builder_tests.clients import push, sportgen
from builder_tests.local_hub import LocalHub, Request, Response
from sport_music_dataset import card
from sport_music_dataset.audio import decode_flac, encode_flac, to_pcm16
from sport_music_dataset.cli import main
from sport_music_dataset.findings import Findings, State, Truth
from sport_music_dataset.inspection import FEATURES, Inspection
from sport_music_dataset.labels import delay
from sport_music_dataset.release import FileEntry, read_batches, read_manifest, read_parquet
from sport_music_dataset.remote import Place
from sport_music_dataset.shards import write_shard
from sport_music_dataset.verify import verify_folder

Rows = list[dict[str, Any]]


@pytest.fixture
def release(encoded: Path, tmp_path: Path) -> Path:
    """A copy of an encoded release, to write to."""
    return shutil.copytree(encoded, tmp_path / "dataset")


def rewrite(
    folder: Path, config: str, change: Callable[[Rows], None], features: Features | None = None
) -> None:
    """Change the rows of the first shard of a config; manifest and card then agree with it."""
    manifest = read_manifest(folder)
    path = sorted(manifest.shards(config))[-1]
    rows: Rows = read_parquet(folder / path).to_pylist()
    change(rows)
    features = features or FEATURES[config]
    written = write_shard(folder, path, features, [{k: r[k] for k in features} for r in rows])
    manifest.files[path] = FileEntry(*written)
    card.write(folder, manifest)
    manifest.write(folder)


def failed(folder: Path) -> dict[Truth, tuple[str, ...]]:
    """What an inspection of every file and row finds wrong."""
    findings = Findings()
    Inspection(Place(folder), read_manifest(folder), findings, data=True).run(lambda steps: None)
    checks = findings.checks()
    return {check.name: check.failures for check in checks if check.state == State.FAILED}


def first_pair(rows: Rows) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first two neighbouring chunks of one track."""
    return next((a, b) for a, b in pairwise(rows) if a["track_id"] == b["track_id"])


def twice(rows: Rows) -> None:
    for row, other in [first_pair(rows)]:
        names = {"chunk_id", "chunk_index", "start_seconds"} & row.keys()
        other |= {name: row[name] for name in names}


def other_sample(rows: Rows) -> None:
    row, _ = first_pair(rows)
    pcm, _ = to_pcm16(decode_flac(row["audio"]["bytes"]))
    pcm[-1] ^= 1
    row["audio"]["bytes"] = encode_flac(pcm)


def too_short(rows: Rows) -> None:
    pcm, _ = to_pcm16(decode_flac(rows[-1]["audio"]["bytes"]))
    rows[-1]["audio"]["bytes"] = encode_flac(pcm[:-1])


def set_in(row: int, column: str, *place: int, value: Any) -> Callable[[Rows], None]:
    """Set one element of a column."""

    def change(rows: Rows) -> None:
        keys: list[Any] = [column, *place]
        inner: Any = rows[row]
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value

    return change


def out_of_book(rows: Rows) -> None:
    rows[1]["codes"][2][5] = 2048
    rows[1]["labels"] = delay(np.asarray(rows[1]["codes"], np.int16), 2048).tolist()


def swap(rows: Rows) -> None:
    rows[0], rows[1] = rows[1], rows[0]


def one_chunk_more(rows: Rows) -> None:
    next(row for row in rows if row["status"] == "kept")["chunks"] += 1


def one_group(rows: Rows) -> None:
    for split in ("train", "test"):
        next(row for row in rows if row["split"] == split)["group"] = "album"


BREAKS: dict[str, tuple[Truth, list[tuple[str, Callable[[Rows], None]]], str]] = {
    "a chunk id twice": (Truth.CHUNK_IDS, [("raw", twice), ("encoded", twice)], "stands twice"),
    "a start": (Truth.CHUNK_IDS, [("raw", set_in(0, "start_seconds", value=9.0))], "not at 0.0"),
    "another order": (Truth.SAME_CHUNKS, [("encoded", swap)], "differ in this row"),
    "another description": (
        Truth.SAME_CHUNKS,
        [("raw", set_in(0, "description", value="other"))],
        "differ in this row",
    ),
    "a short chunk": (Truth.AUDIO, [("raw", too_short)], "has 63999 samples, not 64000"),
    "a sample": (Truth.OVERLAP, [("raw", other_sample)], "differs from the chunk before"),
    "a code": (Truth.CODES, [("encoded", out_of_book)], "to 2048, not in [0, 2048)"),
    "a label": (Truth.LABELS, [("encoded", set_in(1, "labels", 3, 9, value=7))], "delay pattern"),
    "the mask": (
        Truth.TOKENS,
        [("encoded", set_in(1, "attention_mask", 19, value=1))],
        "is not ones, then zeros",
    ),
    "a padded id": (
        Truth.TOKENS,
        [("encoded", set_in(1, "input_ids", 19, value=7))],
        "the padding 0 starts",
    ),
    "a number of chunks": (Truth.TRACKS, [("tracks", one_chunk_more)], "rows"),
    "a group": (Truth.SPLITS, [("tracks", one_group)], "group album: lies in test and train"),
}


def test_a_release_is_what_it_must_be(encoded: Path, built: tuple[Path, object]) -> None:
    assert failed(encoded) == {} == failed(built[0])


@pytest.mark.parametrize("case", BREAKS)
def test_a_broken_truth_is_the_one_that_is_named(release: Path, case: str) -> None:
    truth, changes, said = BREAKS[case]
    for config, change in changes:
        rewrite(release, config, change)
    found = failed(release)
    assert found.keys() == {truth}
    assert said in found[truth][0]


def test_an_end_of_sequence_that_is_missing_is_named(release: Path) -> None:
    def drop_end(rows: Rows) -> None:
        used = sum(rows[-1]["attention_mask"])
        rows[-1]["input_ids"][used - 1] = 9

    rewrite(release, "encoded", drop_end)
    assert "end-of-sequence id 1" in failed(release)[Truth.TOKENS][0]


def test_columns_that_are_not_ours_are_named(release: Path) -> None:
    fewer = Features({name: kind for name, kind in FEATURES["raw"].items() if name != "license"})
    rewrite(release, "raw", lambda rows: None, fewer)
    found = failed(release)
    assert "license is nothing, not Value('string')" in found[Truth.FEATURES][0]


def test_files_that_are_not_the_manifests_are_named(release: Path) -> None:
    first, *_ = sorted((release / "raw").iterdir())
    data = bytearray(first.read_bytes())
    data[len(data) // 2] ^= 1
    first.write_bytes(data)
    shutil.copy(first, first.with_name("train-00007-of-00001.parquet"))
    (release / "encoded/test-00000-of-00001.parquet").unlink()
    assert sorted(failed(release)[Truth.FILES]) == [
        "encoded/test-00000-of-00001.parquet: is missing",
        f"raw/{first.name}: is not what the manifest says (another sha256)",
        "raw/train-00007-of-00001.parquet: is not in the manifest",
    ]


def test_only_the_first_failures_of_a_kind_are_named(release: Path) -> None:
    def all_short(rows: Rows) -> None:
        for row in rows:
            row["audio"]["bytes"] = b"no audio"

    rewrite(release, "raw", all_short)
    findings = Findings()
    Inspection(Place(release), read_manifest(release), findings, data=True).run(lambda steps: None)
    assert len(findings.named[Truth.AUDIO]) == 5 < findings.counts[Truth.AUDIO]


def test_rows_are_held_a_row_group_at_a_time(tmp_path: Path) -> None:
    features = Features({"bytes": Value("binary")})
    draw = np.random.default_rng(0)
    rows = ({"bytes": draw.bytes(50_000)} for _ in range(400))
    _, count, size = write_shard(tmp_path, "shard.parquet", features, rows)
    before = pa.total_allocated_bytes()
    held = [pa.total_allocated_bytes() for _ in read_batches(tmp_path / "shard.parquet")]
    assert (count, len(held)) == (400, 8)
    assert max(held) - before < size / 2


def test_the_command_says_what_holds(encoded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(encoded), "--codes", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] and {check["state"] for check in found["checks"]} == {"ok"}
    assert "1.000000 of the codes of 2 chunks" in found["checks"][-1]["detail"]


def test_without_raw_what_is_there_is_verified(release: Path) -> None:
    manifest = read_manifest(release)
    shutil.rmtree(release / "raw")
    manifest.files = {p: e for p, e in manifest.files.items() if not p.startswith("raw/")}
    card.write(release, manifest)
    manifest.write(release)
    report = verify_folder(release)
    assert report.ok, report.failures
    states = {check.name: check.state for check in report.checks}
    assert states[Truth.AUDIO] == states[Truth.SAME_CHUNKS] == State.SKIPPED
    assert states[Truth.LABELS] == states[Truth.CHUNK_IDS] == State.OK


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

        def damage(request: Request) -> Response | None:
            if request.method != "GET" or "resolve/v1.0.0/raw/test" not in request.path:
                return None
            answer = hub.handle(request)
            return Response(answer.status, b"\0" + answer.body[1:], answer.headers)

        hub.before = damage
        done = sportgen(hub, tmp_path, "verify", "org/music@v1.0.0")
        assert done.returncode == 1
        assert "raw/test-00000-of-00001.parquet: is not what the manifest says" in done.stdout
