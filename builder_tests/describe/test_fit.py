"""Fit and arc: what suits a session, where a chunk stands in its track, and builds that ask."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from builder_tests.conftest import write_audio
from builder_tests.support.making import build, verify_folder
from builder_tests.support.scores import RATE, SCORES, play
from sport_music_dataset.cli import main
from sport_music_dataset.describe.arc import arcs
from sport_music_dataset.describe.fit import fit
from sport_music_dataset.describe.sessions import find
from sport_music_dataset.errors import SettingError, SourceError
from sport_music_dataset.recipe import Recipe
from sport_music_dataset.records import NO_MEASURES, Measures
from sport_music_dataset.storage.parquet import read_parquet

SETTINGS = Recipe(chunk_seconds=10, overlap_seconds=0, splits=(("train", 1.0),))


def measures(bpm: float | None, energy: float = 0.5, confidence: float = 0.9) -> Measures:
    return Measures(tempo_bpm=bpm, tempo_confidence=confidence, energy=energy)


@pytest.mark.parametrize(
    ("session", "found", "fits", "says"),
    [
        ("running", measures(132), "yes", ""),
        ("running", measures(66), "yes", ""),
        ("running", measures(264), "yes", ""),
        ("running", measures(95), "no", "tempo 95 BPM, running wants 120-145"),
        ("running", measures(95, confidence=0.2), "unknown", "tempo not sure"),
        ("running", measures(132, energy=0.1), "no", "energy 0.10, running wants at least 0.33"),
        ("yoga", measures(72, energy=0.8), "no", "energy 0.80, yoga wants at most 0.5"),
        ("yoga", Measures(tempo_confidence=0.0, energy=0.2), "yes", ""),
        ("running", NO_MEASURES, "unknown", "not measured"),
        ("Éveil", measures(120), "unknown", "session not known"),
    ],
)
def test_tempo_its_half_or_double_and_energy_decide(
    session: str, found: Measures, fits: str, says: str
) -> None:
    assert fit(found, find(session)) == (fits, says)


def test_arcs_follow_a_clear_course_and_say_nothing_of_a_flat_one() -> None:
    positions = [0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95]
    course = arcs(positions, [0.2, 0.3, 0.5, 0.7, 0.68, 0.4, 0.2])
    assert course[0] == "warm-up" and course[2] == "build"
    assert course[3] == "peak" and course[-1] == "cool-down"
    assert arcs(positions, [0.5, 0.52, 0.5, 0.51, 0.5, 0.5, 0.5]) == [""] * 7
    assert arcs([0.2, 0.8], [0.1, 0.9]) == ["", ""]


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A track that is for running, and one that only says so; one unknown session."""
    root = tmp_path_factory.mktemp("fit") / "music"
    pieces = (("Running_1_x", 132), ("Running_2_x", 95), ("Juggling_x", 96))
    for name, bpm in pieces:
        samples = play(SCORES["club"], bpm, 41, seed=bpm)
        write_audio(root / "x" / f"{name}.wav", samples, RATE)
    return root


def rows_of(out: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = read_parquet(
        out / "raw/train-00000-of-00001.parquet"
    ).to_pylist()
    return rows


def test_misfits_are_told_and_left_out_when_asked(music: Path, tmp_path: Path) -> None:
    report = build(music, tmp_path / "all", SETTINGS)
    rows = rows_of(tmp_path / "all")
    assert {row["fit"] for row in rows if row["session"] == "Juggling"} == {"unknown"}
    assert sum(report.chunks.values()) == 12 == len(rows)
    assert sum(row["misfit_chunks"] for row in report.tracks) == 4
    misfits = [row for row in rows if row["fit"] == "no"]
    assert all("running wants 120-145" in str(row["fit_reason"]) for row in misfits)
    tracks = {row["path"]: row for row in report.tracks}
    assert tracks["x/Running_1_x.wav"]["tempo_bpm"] == pytest.approx(132, rel=0.02)
    card = (tmp_path / "all/README.md").read_text()
    assert "do not suit their session by tempo or energy: 4; `fit_reason`" in card

    strict = build(music, tmp_path / "fitting", replace(SETTINGS, min_fit="unknown"))
    kept = rows_of(tmp_path / "fitting")
    assert {row["chunk_id"] for row in kept} == {r["chunk_id"] for r in rows if r["fit"] != "no"}
    (left_out,) = (row for row in strict.tracks if row["status"] == "left_out")
    assert left_out["path"] == "x/Running_2_x.wav" and left_out["misfit_chunks"] == 4
    assert left_out["reason"].startswith("does not fit its session: tempo 95 BPM")
    assert strict.chunks_left_out == {"does not fit its session": 4}
    assert (found := verify_folder(tmp_path / "fitting")).ok, found.failures
    card = " ".join((tmp_path / "fitting/README.md").read_text().split())
    assert "tracks that are kept: does not fit its session (4)." in card


def test_scan_shows_misfits_when_it_measures(
    music: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = ["scan", str(music), "--chunk-seconds", "10"]
    assert main([*scan, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["misfits"] is None
    assert main([*scan, "--measure", "--json"]) == 0
    [misfit] = json.loads(capsys.readouterr().out)["misfits"]
    assert misfit == {
        "path": "x/Running_2_x.wav",
        "misfit_chunks": 4,
        "chunks": 4,
        "reason": "tempo 95 BPM, running wants 120-145",
    }
    assert main([*scan, "--measure"]) == 0
    shown = "  x/Running_2_x.wav: 4 of 4 chunks: tempo 95 BPM, running wants 120-145"
    assert f"misfits: 1 track\n{shown}\n" in capsys.readouterr().out


def test_scan_counts_the_misfits_of_a_build(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["--chunk-seconds", "10", "--overlap-seconds", "5"]
    assert main(["scan", str(music), *settings, "--measure", "--json"]) == 0
    scanned = json.loads(capsys.readouterr().out)["misfits"]
    built = build(music, tmp_path / "out", replace(SETTINGS, overlap_seconds=5)).tracks
    counts = {t["path"]: (t["misfit_chunks"], t["chunks"]) for t in built if t["misfit_chunks"]}
    assert counts == {t["path"]: (t["misfit_chunks"], t["chunks"]) for t in scanned}
    assert counts["x/Running_2_x.wav"] == (7, 7)


def test_without_analysis_nothing_is_measured(music: Path, tmp_path: Path) -> None:
    build(music, tmp_path / "out", replace(SETTINGS, analysis=False, descriptions="notebook"))
    for row in rows_of(tmp_path / "out"):
        assert row["tempo_bpm"] is None and row["energy"] is None and row["fit"] == "unknown"
        assert row["description"] == f"x music for {row['session_as_named']}"
        assert isinstance(row["position"], float) and 0 < row["position"] < 1
    for setting in ({"min_fit": "yes"}, {"require_tempo": True}):
        with pytest.raises(SettingError, match=f"{next(iter(setting))}.* needs the analysis"):
            Recipe(analysis=False, **setting)


def test_when_nothing_fits_the_error_says_so(music: Path, tmp_path: Path) -> None:
    own = (
        "sessions:\n  slow: {aliases: [running, juggling], intensity: medium, tempo_bpm: [15, 20]}"
    )
    recipe = replace(SETTINGS, min_fit="yes", sessions=own)
    with pytest.raises(
        SourceError, match=r"does not fit its session: 3\); --min-fit no keeps more"
    ):
        build(music, tmp_path / "out", recipe)
    assert not (tmp_path / "out/sportgen.json").exists()


def test_sessions_of_ones_own_through_the_command(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("sessions:\n  circus: {aliases: [juggling], intensity: medium, moods: [odd]}\n")
    common = ["build", str(music), str(tmp_path / "out"), "--splits", "train=1"]
    assert (
        main([*common, "--sessions", str(own), "--chunk-seconds", "10", "--overlap-seconds", "0"])
        == 0
    )
    texts = {str(row["description"]) for row in rows_of(tmp_path / "out")}
    assert any("circus" in text for text in texts)
    shown = capsys.readouterr().out
    assert "misfits   4 chunks" in shown and "--min-fit unknown leaves them out" in shown
    scan = ["scan", *common[1:2], *common[3:], "--sessions", str(own), "--chunk-seconds", "10"]
    assert main([*scan, "--measure"]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"without the misfits: sportgen build {music} dataset --splits train=1 --chunk-seconds 10 "
        f"--overlap-seconds 0 --sessions {own} --min-fit unknown"
    )
    own.write_text("sessions:\n  circus: {intensity: huge}\n")
    assert main([*common, "--sessions", str(own)]) == 2
    assert "line 2: circus: intensity 'huge'" in capsys.readouterr().err
    assert main([*common, "--sessions", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml: No such file" in capsys.readouterr().err
