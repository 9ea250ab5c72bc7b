"""Builds follow a review: every decision is there afterwards, and nothing else has changed."""

import re
import shlex
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from builder_tests.conftest import RECIPE
from builder_tests.support.commands import SHORT
from builder_tests.support.folders import files
from builder_tests.support.making import build, planned, verify_folder
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.build.since import Since
from sport_music_dataset.cli import main
from sport_music_dataset.encode.encode import encode_release
from sport_music_dataset.encode.settings import EncodeSettings
from sport_music_dataset.errors import ReleaseError, SourceError
from sport_music_dataset.look.diff import diff_releases
from sport_music_dataset.look.explain import explain_chunk
from sport_music_dataset.look.stats import release_stats
from sport_music_dataset.records import Row
from sport_music_dataset.release.release import Release
from sport_music_dataset.release.review.decisions import Decision, place_of
from sport_music_dataset.release.review.file import add, read_review, take_back, unbuilt_note
from sport_music_dataset.storage.parquet import read_parquet

EDITED = {"description", "descriptions", "style", "session", "session_as_named"}
TEMPO = {"tempo_bpm", "tempo_alternative_bpm", "tempo_confidence"}
FOLLOWS = {"fit", "fit_reason", "description", "descriptions"}


def rows_of(folder: Path, config: str = "raw") -> dict[str, Row]:
    """Chunk id, or path of `tracks` -> row."""
    name = "path" if config == "tracks" else "chunk_id"
    found = [read_parquet(folder / path).to_pylist() for path in Release.of(folder).shards(config)]
    return {row[name]: row for rows in found for row in rows}


def decided(folder: Path, *decisions: Decision) -> None:
    add(folder, lambda review: decisions)


def one(identity: str, field: str, after: str, reason: str = "") -> Decision:
    index = identity.partition("-")[2]
    seconds = place_of(int(index), RECIPE.hop_samples, RECIPE.chunk_samples) if index else ""
    return Decision(
        id=identity, field=field, after=after, reason=reason, file="a.wav", seconds=seconds
    )


@pytest.fixture
def out(encoded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(encoded, tmp_path / "dataset")


def test_a_build_follows_every_decision_and_changes_nothing_else(
    music: Path, encoded: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, tracks = rows_of(out), rows_of(out, "tracks")
    ids = {path: row["track_id"] for path, row in tracks.items() if row["chunks"]}
    yoga, course, cardio, stretching, nordic = (
        next(identity for path, identity in ids.items() if name in path)
        for name in ("Yoga_1", "Course", "Cardio", "Stretching", "Nordic")
    )
    decided(
        out,
        one(f"{yoga}-0001", "verdict", "drop", "somebody coughs"),
        one(f"{yoga}-0002", "verdict", "drop", "by mistake"),
        one(f"{yoga}-0002", "verdict", "keep"),
        one(f"{yoga}-0000", "description", "Slow waves, très doux"),
        one(f"{cardio}-0001", "tempo", "140"),
        one(f"{cardio}-0002", "session", "Course à pied"),
        one(f"{cardio}-0002", "style", "LATINO"),
        one(f"{cardio}-0003", "style", "salsa"),
        one(course, "verdict", "drop", "not mine to give"),
        one(stretching, "style", "ambient"),
        one(stretching, "session", "my own gym"),
        one(nordic, "tempo", "90.5"),
        one(f"{nordic}-0001", "tempo", "181"),
    )
    assert "13 decisions" not in unbuilt_note(out, Release.of(out).manifest)
    assert main(["encode", str(out), "--model", "nano"]) == 0
    assert "decisions of" in capsys.readouterr().err and files(out) != files(encoded)
    report = build(music, out, RECIPE)
    assert unbuilt_note(out, Release.of(out).manifest) == "" and not [
        note for note in report.notes if "review" in note
    ]
    after = rows_of(out)
    gone = {i for i in before if i.startswith(course)} | {f"{yoga}-0001"}
    assert after.keys() == before.keys() - gone
    changed = {
        identity: {name for name in row if row[name] != before[identity][name]}
        for identity, row in after.items()
        if row != before[identity]
    }
    for identity, names in changed.items():
        track = identity.partition("-")[0]
        assert track in (yoga, cardio, stretching, nordic), identity
        assert names <= EDITED | TEMPO | FOLLOWS and not names & {"audio", "audio_md5"}
    assert {i for i in changed if i.startswith((yoga, cardio))} == {
        *(f"{yoga}-0000", f"{cardio}-0001", f"{cardio}-0002", f"{cardio}-0003")
    }
    assert after[f"{yoga}-0000"]["descriptions"] == ["Slow waves, très doux"]
    assert after[f"{cardio}-0001"]["tempo_bpm"] == 140
    assert after[f"{cardio}-0001"]["tempo_confidence"] == 1
    two = after[f"{cardio}-0002"]
    assert (two["session"], two["session_as_named"]) == ("running", "Course à pied")
    assert two["style"] == "latino" and after[f"{cardio}-0003"]["style"] == "salsa"
    assert {after[i]["style"] for i in after if i.startswith(stretching)} == {"ambient"}
    assert after[f"{nordic}-0000"]["tempo_bpm"] == 90.5
    assert after[f"{nordic}-0001"]["tempo_bpm"] == 181
    listed = rows_of(out, "tracks").values()
    rows = {row["track_id"]: row for row in listed if not row["reason"].startswith("duplicate")}
    assert rows[course]["status"] == "left_out"
    assert rows[course]["reason"] == "track dropped in review: not mine to give"
    assert rows[yoga]["dropped_chunks"] == 1 and rows[nordic]["tempo_bpm"] == 90.5
    assert rows[stretching]["session"] == rows[stretching]["session_as_named"] == "my own gym"
    assert report.chunks_left_out["dropped in review"] == 1
    check_counts(out, report, after.values())
    check_after(out, yoga, cardio, encoded)


def check_counts(out: Path, report: BuildReport, rows: Iterable[Row]) -> None:
    """Stats, the summary and the card count chunks by the session and style that they have."""
    stats = release_stats(Release.of(out))
    for name, shares in (("style", stats.styles), ("session", stats.sessions)):
        assert {one: share.chunks for one, share in shares.items()} == Counter(
            row[name] for row in rows
        )
        assert sum(share.hours for share in shares.values()) == pytest.approx(stats.total.hours)
    pairs = Counter((row["session"], row["style"]) for row in rows)
    card = (out / "README.md").read_text(encoding="utf-8")
    for (session, style), count in pairs.items():
        assert re.search(rf"\| {session} \| {style} \| \d+ \| {count} \|", card), session


def check_after(out: Path, yoga: str, cardio: str, encoded: Path) -> None:
    """What other commands say of the built release."""
    report = encode_release(out, EncodeSettings(model="nano"))
    assert report.chunks_encoded == 0
    assert verify_folder(out).failures == []
    release = Release.of(out)
    explained = explain_chunk(release, f"{yoga}-0000")
    assert explained.source == "review"
    sources = {
        (word.source, word.detail)
        for chunk in ("0001", "0002", "0003")
        for words in explain_chunk(release, f"{cardio}-{chunk}").descriptions.values()
        for word in words
    }
    assert ("review", "style salsa") in sources
    difference = diff_releases(Release.of(encoded), release)
    assert difference.review[f"{yoga}-0001 verdict"] == (None, "drop: somebody coughs")
    assert len(difference.review) == 12 and "12 decisions of a review" in difference.summary


def test_taken_back_it_is_as_it_was(music: Path, encoded: Path, out: Path) -> None:
    before = {path: data for path, data in files(out).items() if "encoded" not in str(path)}
    first = next(iter(rows_of(out)))
    decided(out, one(first, "verdict", "drop", "hiss"), one(first, "style", "x"))
    build(music, out, RECIPE)
    assert first not in rows_of(out)
    take_back(out, 2)
    take_back(out, 3)
    build(music, out, RECIPE)
    encode_release(out, EncodeSettings(model="nano"))
    after = files(out)
    assert {path: after[path] for path in before} == before


def test_who_starts_anew_keeps_what_was_decided(music: Path, out: Path, tmp_path: Path) -> None:
    ids = list(rows_of(out))
    decided(out, one(ids[0], "verdict", "drop", "hiss"), one(ids[-1], "style", "dub"))
    moved = shutil.copytree(music, tmp_path / "elsewhere/music")
    (moved / "latino/Yoga_1_latino.flac").rename(moved / "latino/Yoga_9_latino.flac")
    for path in out.iterdir():
        if path.name != "review.csv":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    build(moved, out, RECIPE)
    assert ids[0] not in rows_of(out) and rows_of(out)[ids[-1]]["style"] == "dub"
    # Another folder goes on from it, and one whose review is gone too.
    since = Since.of(Release.of(out))
    build(moved, tmp_path / "next", RECIPE, since=since)
    assert ids[0] not in rows_of(tmp_path / "next")
    assert len(read_review(tmp_path / "next").standing) == 2
    (out / "review.csv").unlink()
    assert build(moved, out, RECIPE).shards_written == 0
    assert len(read_review(out).standing) == 2


def test_what_is_no_longer_there_is_told(music: Path, out: Path) -> None:
    ids = list(rows_of(out))
    track = ids[0].partition("-")[0]
    decided(
        out,
        one("0123456789abcdef", "style", "dub"),
        one(f"{track}-0099", "verdict", "drop", "no such chunk"),
        one(ids[0], "style", "dub"),
    )
    report = build(music, out, RECIPE)
    told = [note for note in report.notes if note.startswith("review.csv")]
    assert len(told) == 2
    assert "0123456789abcdef (a.wav): no file of the source is this track" in told[0]
    assert f"{track}-0099" in told[1] and " chunks; " in told[1]
    assert unbuilt_note(out, Release.of(out).manifest) == ""
    # Chunks of another length are other chunks.
    longer = replace(RECIPE, chunk_seconds=2.4)
    report = build(music, out, longer, force=True)
    assert any(f"{ids[0]} (a.wav): is about 0 to 2 s" in note for note in report.notes)
    assert "dub" not in {row["style"] for row in rows_of(out).values()}


def test_what_a_person_keeps_no_filter_leaves_out(music: Path, out: Path) -> None:
    ids = list(rows_of(out))
    strict = replace(RECIPE, require_tempo=True)
    tracks = sorted({identity.partition("-")[0] for identity in ids})
    kept = [next(i for i in ids if i.startswith(track)) for track in tracks]
    decided(out, *(one(identity, "verdict", "keep") for identity in kept))
    build(music, out, strict, force=True)
    assert {*kept} <= rows_of(out).keys() < {*ids}
    encode_release(out, EncodeSettings(model="nano"))
    assert verify_folder(out).failures == []


def test_all_dropped_is_told_with_the_remedy(music: Path, out: Path) -> None:
    tracks = {identity.partition("-")[0] for identity in rows_of(out)}
    decided(out, *(one(track, "verdict", "drop", "no") for track in sorted(tracks)))
    with pytest.raises(SourceError, match=r"track dropped in review: 6.*taking back what review"):
        planned(music, out, RECIPE)


def test_a_split_whose_tracks_are_dropped_is_told_with_a_command_that_works(
    music: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = [row for row in rows_of(out, "tracks").values() if row["split"] == "test"]
    decided(out, *(one(row["track_id"], "verdict", "drop", "no") for row in kept))
    assert main(["build", str(music), str(out), *SHORT, "--layout", "sport"]) == 1
    error, mended = capsys.readouterr().err.splitlines()[-2:]
    assert f"test would be empty: {6 - len(kept)} of 10 tracks can be used (left out: " in error
    assert "track dropped in review: " in error
    assert "), an earlier release puts all into train; --splits train=1 --force builds" in error
    words = shlex.split(mended.removeprefix("for instance: sportgen "))
    assert words[-3:] == ["--splits", "train=1", "--force"] and words.count("--splits") == 1
    assert main(words) == 0


def test_a_sheet_that_cannot_be_read_stops_before_the_work(
    music: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (out / "review.csv").write_text("id,field,after\nx,verdict,drop\n")
    assert main(["build", str(music), str(out), *SHORT]) == 1
    assert "review.csv: line 2: id 'x'" in capsys.readouterr().err
    with pytest.raises(ReleaseError, match="line 2"):
        build(music, out, RECIPE)
