"""The numbers of a release, against those of its rows; nothing heavy is read for them."""

import json
import shutil
from collections import Counter
from pathlib import Path
from statistics import median

import pytest

from builder_tests.hub.local_hub import LocalHub
from builder_tests.support.clients import push, sportgen
from builder_tests.support.folders import rows_of, spoil
from builder_tests.support.rewriting import Rows, rewrite, rewrite_all
from builder_tests.support.staged import SCRIPT, hear
from sport_music_dataset.cli import main
from sport_music_dataset.errors import ReleaseError
from sport_music_dataset.look.stats import Stats, release_stats
from sport_music_dataset.release.chunks import LIGHT, read_chunks
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.release.release import Release
from sport_music_dataset.release.schemas import SCHEMAS


@pytest.fixture(scope="module")
def annotated(encoded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`encoded`, with measures that are known in a shard of `raw`."""
    out = shutil.copytree(encoded, tmp_path_factory.mktemp("annotated") / "dataset")

    def annotate(rows: Rows) -> None:
        for number, row in enumerate(rows):
            row |= {"tempo_bpm": 100.0 + number, "tempo_confidence": float(number % 2)}
            row |= {"key": "C major", "key_confidence": 0.9, "loudness_lufs": -14.0 - number}
            row |= {"fit": "no", "fit_reason": f"tempo {100 + number} BPM, yoga wants 60-90"}
        rows[0] |= {"tempo_bpm": None, "key": "", "key_confidence": None, "fit": "yes"}

    rewrite(out, "raw", annotate)
    return out


@pytest.fixture(scope="module")
def stats(annotated: Path) -> Stats:
    return release_stats(Release.of(annotated))


def test_totals_and_shares(stats: Stats, annotated: Path) -> None:
    raw, tracks = rows_of(annotated, "raw", ["style", "session"]), rows_of(annotated, "tracks")
    kept = [track for track in tracks if track["status"] != "left_out"]
    assert (stats.total.tracks, stats.total.chunks) == (len(kept), len(raw))
    assert stats.total.hours == pytest.approx(sum(t["duration_seconds"] for t in kept) / 3600)
    for shares, column in ((stats.styles, "style"), (stats.sessions, "session")):
        assert {n: s.chunks for n, s in shares.items()} == Counter(row[column] for row in raw)
    assert {n: s.chunks for n, s in stats.splits.items()} == read_manifest(annotated).splits("raw")
    assert sum(stats.left_out.values()) == len(tracks) - len(kept)


def test_lengths_labels_and_codebooks(stats: Stats, annotated: Path) -> None:
    rows = rows_of(annotated, "encoded")
    lengths = [len(row["description"]) for row in rows]
    found = stats.description_characters
    assert (found.lowest, found.median, found.highest) == (
        min(lengths),
        median(lengths),
        max(lengths),
    )
    assert stats.tokens is not None and stats.labels is not None
    assert stats.tokens.lengths.highest == max(sum(row["attention_mask"]) for row in rows)
    labels = [value for row in rows for book in row["labels"] for value in book]
    assert stats.labels.shape == (4, len(rows[0]["labels"][0]))
    assert (stats.labels.lowest, stats.labels.highest) == (min(labels), max(labels) or 2048)
    for book, codebook in enumerate(stats.codebooks):
        used = {code for row in rows for code in row["codes"][book]}
        assert codebook.dead == pytest.approx(1 - len(used) / 2048, abs=1e-4)
        assert 1 < codebook.perplexity < len(used)


def test_spreads_leave_out_what_is_not_sure(stats: Stats, annotated: Path) -> None:
    raw = rows_of(annotated, "raw", ["tempo_bpm", "tempo_confidence", "loudness_lufs"])
    sure = [r["tempo_bpm"] for r in raw if r["tempo_bpm"] and (r["tempo_confidence"] or 0) >= 0.5]
    tempo, loudness = stats.tempo_bpm, stats.loudness_lufs
    assert (tempo.count, tempo.median) == (len(sure), median(sure)) and tempo.unsure > 0
    assert tempo.missing == sum(row["tempo_bpm"] is None for row in raw) > 0
    assert tempo.count + tempo.unsure + tempo.missing == len(raw)
    for low, below, count in tempo.bins:
        assert count == sum(low <= value < below for value in sure)
    assert sum(count for *_, count in loudness.bins) == loudness.count == len(raw)


def test_misfits_are_told_by_reason_whatever_the_number(stats: Stats, annotated: Path) -> None:
    unfit = [row for row in rows_of(annotated, "raw", ["fit"]) if row["fit"] == "no"]
    assert stats.misfits.reasons["tempo, yoga wants 60-90"] > 1
    assert sum(stats.misfits.reasons.values()) == stats.misfits.fit["no"] == len(unfit)


def test_voices_instruments_and_moods_are_counted_where_somebody_listened(
    stats: Stats, encoded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert stats.heard is None and "A tagger" not in (encoded / "README.md").read_text()
    out = shutil.copytree(encoded, tmp_path / "dataset")
    for config in ("raw", "encoded", "tracks"):
        rewrite_all(out, config, hear)
    found, rows = release_stats(Release.of(out)).heard, rows_of(out, "raw")
    assert found is not None
    yoga, running = (sum(r["session"] == name for r in rows) for name in ("yoga", "running"))
    assert yoga and running
    assert found.voices == {"yes": yoga, "no": len(rows) - yoga}
    assert found.instruments == {"guitar": yoga + running, "drums": running, SCRIPT: yoga}
    assert (found.moods, found.styles) == ({"calm": yoga}, {"rock": yoga + running})
    assert main(["stats", str(out)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["heard,", "moods", "chunks"] in lines and ["calm", str(yoga)] in lines
    kept = [row for row in rows_of(out, "tracks") if row["status"] != "left_out"]
    sung = sum(row["session"] == "yoga" for row in kept)
    card = (out / "README.md").read_text()
    assert f"somebody sings in {sung} of {len(kept)} tracks" in card
    assert f"| moods | calm {sung} |" in card and "<script" not in card


def test_copies_are_one_group(stats: Stats) -> None:
    copies = ["latino/Yoga_1_latino.flac", "latino/Yoga_3_latino.flac"]
    assert copies in [group["paths"] for group in stats.duplicates]


def test_no_audio_is_read(annotated: Path, stats: Stats, tmp_path: Path) -> None:
    out = shutil.copytree(annotated, tmp_path / "dataset")
    spoil(out, "audio.bytes")
    assert release_stats(Release.of(out)).misfits == stats.misfits
    spoil(out, "loudness_lufs")
    with pytest.raises(ReleaseError, match=r"raw/.*parquet cannot be read"):
        release_stats(Release.of(out))


def test_light_columns_are_those_of_the_schema() -> None:
    names = {*SCHEMAS["raw"].names, *SCHEMAS["encoded"].names}
    light = {name for name in names if name not in ("audio", "codes", "labels")}
    assert {*LIGHT.names} == {*light, "split"}
    ours = SCHEMAS["raw"]
    assert all(LIGHT.field(n).type == ours.field(n).type for n in LIGHT.names if n in ours.names)


def test_raw_and_encoded_of_other_chunks_are_told(encoded: Path, tmp_path: Path) -> None:
    out = shutil.copytree(encoded, tmp_path / "dataset")
    rewrite(out, "raw", lambda rows: rows.reverse())
    with pytest.raises(ReleaseError, match="hold other chunks; run `sportgen encode`"):
        read_chunks(Release.of(out))


def test_the_command_prints_tables_of_80_columns_or_json(
    annotated: Path, stats: Stats, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stats", str(annotated)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines[1:])) <= 80
    assert f"tracks {stats.total.tracks}, chunks {stats.total.chunks}, hours 0.01" in lines
    count = str(stats.misfits.reasons["tempo, yoga wants 60-90"])
    assert any(line.split() == ["tempo,", "yoga", "wants", "60-90", count] for line in lines)
    assert main(["stats", str(annotated), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["tempo_bpm"]["median"] == stats.tempo_bpm.median
    assert found["codebooks"][0]["dead"] == stats.codebooks[0].dead


def test_from_the_hub_neither_audio_nor_codes_are_read(encoded: Path, tmp_path: Path) -> None:
    with LocalHub() as hub:
        push(hub, tmp_path, encoded, "1.0.0")
        hub.requests.clear()
        done = sportgen(hub, tmp_path, "stats", "org/music@v1.0.0", "--json")
        assert done.returncode == 0, done.stderr
        found, here = json.loads(done.stdout), release_stats(Release.of(encoded))
        assert found["total"]["chunks"] == here.total.chunks
        assert found["misfits"]["fit"] == here.misfits.fit
        read = sum(e.sent or 0 for e in hub.requests if "/raw/" in e.path)
        audio = sum(entry.bytes for entry in read_manifest(encoded).shards("raw").values())
        assert 0 < read < audio / 4
        query = "SELECT split, count(*) AS chunks FROM encoded GROUP BY 1"
        done = sportgen(hub, tmp_path, "stats", "org/music@v1.0.0", "--sql", query, "--json")
        assert {row["split"]: row["chunks"] for row in json.loads(done.stdout)} == {
            name: share.chunks for name, share in here.splits.items()
        }
