"""Verifying: a truth that is broken in a real release is named, with its place."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from builder_tests.conftest import RECIPE, noise, write_audio
from builder_tests.support.making import build, verify_folder
from builder_tests.support.rewriting import Rows, rewrite
from sport_music_dataset.audio.samples import decode_flac, encode_flac, to_pcm16
from sport_music_dataset.columns import RAW_COLUMNS
from sport_music_dataset.digests import digest
from sport_music_dataset.errors import ReleaseError
from sport_music_dataset.release.labels import delay
from sport_music_dataset.release.manifest import FileEntry, read_manifest
from sport_music_dataset.release.release import Release
from sport_music_dataset.release.schemas import schema_of
from sport_music_dataset.release.shards import write_shard
from sport_music_dataset.storage.parquet import read_batches
from sport_music_dataset.verify.files import Inspection
from sport_music_dataset.verify.findings import Check, Findings, State


@pytest.fixture
def release(encoded: Path, tmp_path: Path) -> Path:
    """A copy of an encoded release, to write to."""
    return shutil.copytree(encoded, tmp_path / "dataset")


def failed(folder: Path) -> dict[Check, tuple[str, ...]]:
    """What an inspection of every file and row finds wrong."""
    findings = Findings()
    Inspection(Release.of(folder), findings, data=True).run(lambda steps: None)
    checks = findings.results()
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


def other_padding(rows: Rows) -> None:
    row = next(row for row in rows if row["attention_mask"][-1] == 0)
    row["input_ids"][-1] = 7


def more_words(rows: Rows) -> None:
    rows[0]["descriptions"].append("other")


def one_chunk_more(rows: Rows) -> None:
    next(row for row in rows if row["status"] == "kept")["chunks"] += 1


def one_group(rows: Rows) -> None:
    for split in ("train", "test"):
        next(row for row in rows if row["split"] == split)["group"] = "album"


def other_split(rows: Rows) -> None:
    next(row for row in rows if row["split"] == "test")["split"] = "train"


BREAKS: dict[str, tuple[Check, list[tuple[str, Callable[[Rows], None]]], str]] = {
    "a chunk id twice": (Check.CHUNK_IDS, [("raw", twice), ("encoded", twice)], "stands twice"),
    "a start": (Check.CHUNK_IDS, [("raw", set_in(0, "start_seconds", value=9.0))], "not at 0.0"),
    "another order": (Check.SAME_CHUNKS, [("encoded", swap)], "differ in this row"),
    "another description": (
        Check.SAME_CHUNKS,
        [("raw", more_words)],
        "differ in this row",
    ),
    "a first description": (
        Check.DESCRIPTIONS,
        [(config, set_in(0, "description", value="other")) for config in ("raw", "encoded")],
        "its first description is another one",
    ),
    "a short chunk": (Check.AUDIO, [("raw", too_short)], "has 63999 samples, not 64000"),
    "a sample": (Check.OVERLAP, [("raw", other_sample)], "differs from the chunk before"),
    "a code": (Check.CODES, [("encoded", out_of_book)], "to 2048, not in [0, 2048)"),
    "a label": (Check.LABELS, [("encoded", set_in(1, "labels", 3, 9, value=7))], "delay pattern"),
    "the mask": (
        Check.TOKENS,
        [("encoded", set_in(1, "attention_mask", 0, value=0))],
        "is not ones, then zeros",
    ),
    "a padded id": (
        Check.TOKENS,
        [("encoded", other_padding)],
        "the padding 0 starts",
    ),
    "a number of chunks": (
        Check.COUNTS,
        [("tracks", one_chunk_more)],
        "chunks are counted, its length has",
    ),
    "a split": (Check.SPLITS, [("tracks", other_split)], "lies in test and train"),
    "a group": (Check.SPLITS, [("tracks", one_group)], "group album: lies in test and train"),
}


def test_a_release_is_what_it_must_be(encoded: Path, built: tuple[Path, object]) -> None:
    assert failed(encoded) == {} == failed(built[0])


@pytest.mark.parametrize("case", BREAKS)
def test_a_broken_truth_is_the_one_that_is_named(release: Path, case: str) -> None:
    truth, changes, said = BREAKS[case]
    for config, change in changes:
        rewrite(release, config, change)
    assert said in failed(release)[truth][0]


def test_an_end_of_sequence_that_is_missing_is_named(release: Path) -> None:
    def drop_end(rows: Rows) -> None:
        used = sum(rows[-1]["attention_mask"])
        rows[-1]["input_ids"][used - 1] = 9

    rewrite(release, "encoded", drop_end)
    assert "end-of-sequence id 1" in failed(release)[Check.TOKENS][0]


def test_columns_that_are_not_ours_are_named(release: Path) -> None:
    fewer = {name: kind for name, kind in RAW_COLUMNS.items() if name != "license"}
    rewrite(release, "raw", lambda rows: None, fewer)
    found = failed(release)
    assert "license is nothing, not Value('string')" in found[Check.FEATURES][0]


def test_files_that_are_not_the_manifests_are_named(release: Path) -> None:
    first, *_ = sorted((release / "raw").iterdir())
    data = bytearray(first.read_bytes())
    data[len(data) // 2] ^= 1
    first.write_bytes(data)
    shutil.copy(first, first.with_name("train-00007-of-00001.parquet"))
    (release / "encoded/test-00000-of-00001.parquet").unlink()
    assert sorted(failed(release)[Check.FILES]) == [
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
    Inspection(Release.of(release), findings, data=True).run(lambda steps: None)
    assert len(findings.named[Check.AUDIO]) == 5 < findings.counts[Check.AUDIO]


def test_a_manifest_names_nothing_outside_its_release(release: Path) -> None:
    manifest = read_manifest(release)
    manifest.files["raw/../../secret.parquet"] = FileEntry("", 0, 0)
    manifest.write(release)
    with pytest.raises(ReleaseError, match=r"raw/\.\./\.\./secret.parquet., which is no file"):
        verify_folder(release)


def test_rows_by_older_rules_are_no_fault(release: Path) -> None:
    manifest = read_manifest(release)
    recipe: Any = {**manifest.recipe, "rows_version": 2}
    replace(manifest, recipe=recipe, fingerprint=digest(recipe)[:16]).write(release)
    report = verify_folder(release)
    skipped = {check.detail for check in report.checks if check.name in (Check.SILENCE, Check.FIT)}
    assert report.ok and len(skipped) == 1
    assert skipped.pop().startswith("made by an earlier sportgen, by rules 2 (here: ")


def test_a_style_is_compared_as_the_build_compares_it(tmp_path: Path) -> None:
    for seed, session in enumerate(("Yoga", "Boxe")):
        write_audio(tmp_path / f"music/hip_hop/{session}_hip_hop.wav", noise(3.0, seed=seed))
    recipe = replace(RECIPE, analysis=False, styles=("Hip Hop",))
    build(tmp_path / "music", tmp_path / "out", recipe)
    assert not verify_folder(tmp_path / "out").failures
    other = read_manifest(tmp_path / "out")
    other.recipe["styles"] = ["hop"]
    other.write(tmp_path / "out")
    failures = verify_folder(tmp_path / "out").failures
    assert any("style 'hip_hop' is none of the recipe" in failure for failure in failures)


def test_rows_are_held_a_row_group_at_a_time(tmp_path: Path) -> None:
    schema = schema_of({"bytes": "binary"})
    draw = np.random.default_rng(0)
    rows = ({"bytes": draw.bytes(50_000)} for _ in range(400))
    entry = write_shard(tmp_path, "shard.parquet", schema, rows)
    before = pa.total_allocated_bytes()
    held = [pa.total_allocated_bytes() for _ in read_batches(tmp_path / "shard.parquet")]
    assert (entry.rows, len(held)) == (400, 8)
    assert max(held) - before < 0.7 * entry.bytes
