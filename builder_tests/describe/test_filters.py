"""Filters: which chunks a recipe leaves out, why, and that each is accounted for."""

import json
import shlex
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder_tests.conftest import noise, write_audio
from builder_tests.support.folders import rows_of
from builder_tests.support.making import build, verify_folder
from builder_tests.support.scores import RATE, SCORES, play
from sport_music_dataset.cli import main
from sport_music_dataset.describe.annotate import annotate
from sport_music_dataset.errors import SettingError, SourceError
from sport_music_dataset.look.diff import diff_releases
from sport_music_dataset.look.stats import release_stats
from sport_music_dataset.reasons import Reason
from sport_music_dataset.recipe import FITS, Recipe
from sport_music_dataset.records import TEMPO_CONFIDENCE, VOICE, Heard, Measures, Track
from sport_music_dataset.release.release import Release

SETTINGS = Recipe(chunk_seconds=10, overlap_seconds=0, splits=(("train", 1.0),))
LISTENING = replace(SETTINGS, tagger="musicnn", tagger_revision="1")
RUNNING = Track(file="", path="x.wav", session="running", style="rock", sha256="0" * 64)

SHARES = st.floats(0, 1)
MEASURES = st.builds(
    Measures,
    tempo_bpm=st.floats(40, 210),
    tempo_confidence=SHARES,
    energy=SHARES,
)
CHUNKS = st.lists(st.tuples(MEASURES, st.builds(Heard, vocals=SHARES)), min_size=1, max_size=9)


@given(CHUNKS, st.booleans(), st.sampled_from(FITS), st.booleans())
def test_every_chunk_stays_or_has_its_first_reason(
    chunks: list[tuple[Measures, Heard]], voices: bool, fit: str, tempo: bool
) -> None:
    recipe = replace(LISTENING, without_vocals=voices, min_fit=fit, require_tempo=tempo)
    found, plain = (
        annotate(
            RUNNING,
            settings,
            range(len(chunks)),
            10.0 * len(chunks),
            ([measures for measures, _ in chunks], Measures()),
            ([heard for _, heard in chunks], Heard()),
        )
        for settings in (recipe, LISTENING)
    )
    wanted: Counter[str] = Counter()
    misfits = 0
    for row, before in zip(found.columns, plain.columns, strict=True):
        assert before is not None and row in (before, None)
        unsure = before["tempo_confidence"] < TEMPO_CONFIDENCE
        reasons = {
            Reason.VOICE: voices and before["vocals"] >= VOICE,
            Reason.MISFIT: FITS.index(before["fit"]) < FITS.index(fit),
            Reason.UNTIMED: tempo and unsure,
        }
        first = [reason for reason, holds in reasons.items() if holds][:1]
        assert (row is None) == bool(first)
        wanted.update(first)
        misfits += first == [Reason.MISFIT] or (not first and before["fit"] == "no")
    assert (found.left_out, found.misfits) == (wanted, misfits)
    assert sum(row is not None for row in found.columns) + wanted.total() == len(chunks)
    if wanted:
        most = {reason for reason, n in wanted.items() if n == max(wanted.values())}
        assert found.reason.partition(":")[0] in most


def test_voices_are_left_out_only_where_somebody_listens() -> None:
    with pytest.raises(SettingError, match=r"without_vocals=True: needs a tagger.*--listen"):
        replace(SETTINGS, without_vocals=True)
    sung = replace(LISTENING, without_vocals=True)
    heard = [Heard(vocals=share) for share in (0.9, 0.1, VOICE)]
    found = annotate(RUNNING, sung, range(3), 30.0, None, (heard, Heard(vocals=0.6)))
    assert [row is None for row in found.columns] == [True, False, True]
    assert found.reason == "somebody sings: 2 of 3 chunks"


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A track that fits, one that does not, one of a session that nobody knows, and noise."""
    root = tmp_path_factory.mktemp("filters") / "music/x"
    for name, bpm in (("Running_1_x", 132), ("Running_2_x", 95), ("Juggling_x", 96)):
        write_audio(root / f"{name}.wav", play(SCORES["club"], bpm, 41, seed=bpm), RATE)
    write_audio(root / "Juggling_2_x.wav", noise(41.0, RATE, seed=5), RATE)
    return root.parent


def test_left_out_chunks_are_counted_wherever_a_release_is_told_of(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    everything, some = tmp_path / "all", tmp_path / "some"
    options = ["--chunk-seconds", "10", "--overlap-seconds", "0", "--splits", "train=1"]
    command = ["build", str(music), "--layout", "sport", *options]
    build(music, everything, SETTINGS)
    capsys.readouterr()
    filters = ["--min-fit", "unknown", "--require-tempo"]
    assert main([*command[:2], str(some), *command[2:], *filters]) == 0
    said = ("  chunks left out, does not fit its session: ", "  chunks left out, no sure tempo: ")
    shown = capsys.readouterr().out
    assert all(words in shown for words in said) and "misfits  " not in shown

    rows = rows_of(everything, "raw")
    unfit = [row for row in rows if row["fit"] == "no"]
    untimed = [
        row for row in rows if row["fit"] != "no" and row["tempo_confidence"] < TEMPO_CONFIDENCE
    ]
    assert unfit and untimed
    gone = {row["chunk_id"] for row in (*unfit, *untimed)}
    kept = {row["chunk_id"] for row in rows_of(some, "raw")}
    assert kept == {row["chunk_id"] for row in rows} - gone

    counts = {"does not fit its session": len(unfit), "no sure tempo": len(untimed)}
    stats = release_stats(Release.of(some))
    assert (
        stats.chunks_left_out == counts
        and not release_stats(Release.of(everything)).chunks_left_out
    )
    assert main(["stats", str(some)]) == 0
    assert f"{said[1]}{len(untimed)}\n" in capsys.readouterr().out
    card = " ".join((some / "README.md").read_text().split())
    assert (
        f"are kept: does not fit its session ({len(unfit)}), no sure tempo ({len(untimed)})."
        in card
    )
    difference = diff_releases(Release.of(everything), Release.of(some))
    assert difference.totals["left out"] == {name: (0, count) for name, count in counts.items()}
    for folder in (everything, some):
        assert (found := verify_folder(folder)).ok, found.failures

    tracks = {row["path"]: row for row in rows_of(some, "tracks")}
    for row in tracks.values():
        assert row["chunks"] + row["misfit_chunks"] + row["untimed_chunks"] == 4
        assert (row["status"] == "left_out") == (row["chunks"] == 0)
    assert tracks["x/Running_2_x.wav"]["reason"].startswith("does not fit its session: tempo 95")

    scan = ["scan", str(music), "--layout", "sport", *options, *filters]
    assert main([*scan, "--measure", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["chunks_left_out"] == counts
    assert main(scan) == 2
    error, mended = capsys.readouterr().err.splitlines()
    assert error.endswith("add --measure")
    assert mended == f"for instance: sportgen {shlex.join(scan)} --measure"


def test_only_what_is_known_to_fit_stays_if_asked(music: Path, tmp_path: Path) -> None:
    report = build(music, tmp_path / "out", replace(SETTINGS, min_fit="yes"))
    assert {row["fit"] for row in rows_of(tmp_path / "out", "raw")} == {"yes"}
    tracks = {row["path"]: row for row in report.tracks}
    reason = tracks["x/Juggling_x.wav"]["reason"]
    assert reason == "does not fit its session: session not known"
    assert (found := verify_folder(tmp_path / "out")).ok, found.failures


def test_a_filter_that_empties_a_split_is_named(music: Path, tmp_path: Path) -> None:
    halves = (("train", 0.5), ("test", 0.5))
    own = "sessions:\n  slow: {aliases: [juggling], intensity: medium, tempo_bpm: [15, 20]}"
    recipe = replace(SETTINGS, min_fit="yes", splits=halves, sessions=own)
    with pytest.raises(
        SourceError, match=r"left out: does not fit its session: .\).*; --splits .*--min-fit no"
    ):
        build(music, tmp_path / "out", recipe)
