"""Copies of a recording are found whatever became of the file, and nothing else is."""

import json
import runpy
import shutil
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from builder_tests.conftest import RECIPE, Samples, once
from builder_tests.support.copies import COPIES, ORIGINAL, RATE, piece, write, write_library
from builder_tests.support.making import build, planned, verify_folder
from builder_tests.support.rewriting import Rows, rewrite
from sport_music_dataset.audio.fingerprint import RATE as PRINT_RATE
from sport_music_dataset.audio.fingerprint import fingerprint
from sport_music_dataset.audio.matching import FingerprintFile, Match, find_matches
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.build.groups import shared_seconds, with_groups
from sport_music_dataset.cli import main
from sport_music_dataset.errors import SourceError
from sport_music_dataset.records import Track
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.source.library import Library
from sport_music_dataset.storage.parquet import read_parquet
from sport_music_dataset.verify.findings import Check, State

BENCHMARK = Path(__file__).parents[2] / "benchmarks/duplicates.py"
# Nothing here asks for measures.
PLAIN = replace(RECIPE, analysis=False)

Built = tuple[Path, BuildReport]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of copies."""
    return once(tmp_path_factory, "copies", write_library)[0]


@pytest.fixture(scope="module")
def release(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A release built from it; not to be written to."""
    return once(
        tmp_path_factory, "release of copies", lambda out: build(source, out, PLAIN, num_proc=2)
    )


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_is_in_the_group_of_its_original(release: Built, kind: str) -> None:
    groups = {row["path"]: row["group"] for row in release[1].kept}
    assert groups[COPIES[kind][0]] == groups[ORIGINAL]


def test_tracks_of_one_band_are_no_copies(release: Built) -> None:
    groups = defaultdict(set)
    for row in release[1].kept:
        groups[row["group"]].add(row["path"])
    assert sorted(map(len, groups.values())) == [1] * 5 + [len(COPIES) + 1]
    [found] = release[1].duplicates
    assert found["group"] in groups
    pairs = {(pair["a"], pair["b"]): pair for pair in found["pairs"]}
    trimmed = pairs["electro/Cardio_5_electro.flac", ORIGINAL]
    assert trimmed["seconds"] == pytest.approx(40 - 4.3952, abs=1.5)
    assert trimmed["offset_seconds"] == pytest.approx(-4.4, abs=0.13)


def test_the_first_copy_alone_stays_if_asked(source: Path, release: Built, tmp_path: Path) -> None:
    report = build(source, tmp_path / "out", replace(PLAIN, duplicates="first"), num_proc=2)
    copies = {COPIES[kind][0] for kind in COPIES} | {ORIGINAL}
    first = min(copies)
    reasons = {row["path"]: row["reason"] for row in report.tracks if row["reason"]}
    assert reasons == dict.fromkeys(copies - {first}, f"duplicate of: {first}")


def test_of_copies_by_sound_the_one_stays_that_is_not_called_a_copy(
    source: Path, tmp_path: Path
) -> None:
    files = {"electro/Run (1).mp3": COPIES["mp3"][0], "electro/Run.flac": ORIGINAL}
    (tmp_path / "electro").mkdir()
    for name, of in files.items():
        shutil.copy(source / of, tmp_path / name)
    one = replace(PLAIN, duplicates="first", splits=(("train", 1.0),))
    copy, original = planned(tmp_path, tmp_path / "out", one).grouping.library.tracks
    assert (copy.reason, original.reason) == ("duplicate of: electro/Run.flac", "")


def test_a_recording_that_is_filed_under_two_sessions_is_told(
    source: Path, release: Built, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    yoga = COPIES["another style"][0]
    [told] = release[1].notes
    assert told == (
        f"{yoga} (yoga) and {COPIES['mono'][0]} (cardio) are one recording in two sessions: kept "
        "under each; `--duplicates first` keeps one"
    )
    names = {"a/Walking_a.flac": "Running_1_electro", "a/Running_a.flac": "Running_1_electro"}
    for name, stem in {**names, "a/Cycling_a.flac": "Running_2_electro"}.items():
        (tmp_path / "a").mkdir(exist_ok=True)
        shutil.copy(source / f"electro/{stem}.flac", tmp_path / name)
    assert main(["scan", str(tmp_path)]) == 0
    assert (
        "note: a/Running_a.flac (running) and a/Walking_a.flac (walking) are one recording in two "
        "sessions: kept under running alone"
    ) in capsys.readouterr().err


def test_the_copy_that_was_there_before_stays(source: Path, tmp_path: Path) -> None:
    music, out = tmp_path / "music", tmp_path / "out"
    recipe = replace(PLAIN, duplicates="first")
    for name in (COPIES["mono"][0], "electro/Running_1_electro.flac"):
        (music / name).parent.mkdir(parents=True, exist_ok=True)
        (music / name).write_bytes((source / name).read_bytes())
    build(music, out, recipe)
    (music / ORIGINAL).write_bytes((source / ORIGINAL).read_bytes())
    (music / "classic").mkdir()
    (music / COPIES["another style"][0]).write_bytes(
        (source / COPIES["another style"][0]).read_bytes()
    )
    kept = {row["path"] for row in build(music, out, recipe).kept}
    assert kept == {COPIES["mono"][0], "electro/Running_1_electro.flac"}


def test_a_track_that_joins_two_splits_tells_who_moves(tmp_path: Path) -> None:
    music, out = tmp_path / "music", tmp_path / "out"
    pieces = {f"electro/Cardio_{seed}_electro.flac": piece(seed, seconds=26) for seed in (40, 41)}
    for name, samples in pieces.items():
        write(music / name, samples)
    halves = replace(PLAIN, splits=(("train", 0.5), ("test", 0.5)))
    before = {row["path"]: row["split"] for row in build(music, out, halves).kept}
    assert set(before.values()) == {"train", "test"}
    write(music / "electro/Boxing_electro.flac", np.concatenate([*pieces.values()]))
    write(music / "electro/Running_electro.flac", piece(42, seconds=26))
    plan = planned(music, out, halves)
    report = build(music, out, halves)
    after = {row["path"]: row["split"] for row in report.kept}
    assert len({after[path] for path in (*pieces, "electro/Boxing_electro.flac")}) == 1
    [moved] = [path for path in pieces if after[path] != before[path]]
    [other] = set(pieces) - {moved}
    assert (
        report.notes
        == plan.notes
        == (
            f"{moved}: moved from {before[moved]} to {before[other]}, "
            f"since it is in one group with {other}",
            untrained := "sessions without a track in train: boxing (test), cardio (test)",
        )
    )
    assert set(after.values()) == {"train", "test"}
    assert build(music, out, halves).notes == (untrained,)


def test_a_contradiction_among_copies_names_both_files(source: Path, tmp_path: Path) -> None:
    names = [COPIES["mp3"][0], COPIES["mono"][0]]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((source / name).read_bytes())
    splits = f"file_name,split\n{names[0]},train\n{names[1]},test\n"
    (tmp_path / "metadata.csv").write_text(splits)
    for duplicates in ("keep", "first"):
        with pytest.raises(SourceError, match=f"{names[1]} is in split test and {names[0]} of"):
            build(tmp_path, tmp_path / "out", replace(PLAIN, duplicates=duplicates))


def test_what_metadata_asks_for_an_exact_copy_holds_for_its_original(
    music: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(music, tmp_path / "music")
    one, other = "latino/Yoga_1_latino.flac", "latino/Yoga_3_latino.flac"
    (copy / "metadata.csv").write_text(f"file_name,split\n{other},validation\n")
    report = build(copy, tmp_path / "out", PLAIN)
    assert {row["path"] for row in report.kept if row["split"] == "validation"} == {one}
    (copy / "metadata.csv").write_text(f"file_name,split\n{one},train\n{other},test\n")
    with pytest.raises(SourceError, match=f"{one} is in split train and {other} of"):
        build(copy, tmp_path / "out", PLAIN)


def test_verify_proves_that_splits_share_nothing(release: Built) -> None:
    out, _ = release
    [check] = [c for c in verify_folder(out).checks if c.name == Check.SHARED]
    assert check.state == State.OK and check.detail.startswith("0 s in two splits, of 17 tracks")
    shared = read_manifest(out).shared
    assert shared["seconds"] == 0 and shared["matches"] >= len(COPIES)
    assert "seconds of audio shared by two splits: 0." in (out / "README.md").read_text()


def test_verify_names_tracks_that_leak(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(source, out, replace(PLAIN, duplicates="first"))
    test = read_parquet(out / "raw/test-00000-of-00001.parquet").to_pylist()

    def leak(rows: Rows) -> None:
        track_id = test[0]["track_id"]
        for row in test:
            if row["track_id"] == track_id:
                index = row["chunk_index"]
                rows.append(row | {"track_id": "f" * 16, "chunk_id": f"{'f' * 16}-{index:04d}"})

    rewrite(out, "raw", leak)
    [check] = [c for c in verify_folder(out).checks if c.name == Check.SHARED]
    assert check.state == State.FAILED and len(check.failures) == 1
    assert "(test)" in check.failures[0] and "ffffffffffffffff (train)" in check.failures[0]


def test_scan_shows_who_is_with_whom(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in ("mp3", "mono"):
        file = tmp_path / COPIES[kind][0]
        file.parent.mkdir(exist_ok=True)
        file.write_bytes((source / COPIES[kind][0]).read_bytes())
    assert main(["scan", str(tmp_path), "--json"]) == 0
    [group] = json.loads(capsys.readouterr().out)["duplicates"]
    assert [(pair["a"], pair["b"]) for pair in group["pairs"]] == [
        (COPIES["mono"][0], COPIES["mp3"][0])
    ]
    assert main(["scan", str(tmp_path)]) == 0
    assert f"  {COPIES['mono'][0]} = {COPIES['mp3'][0]}: 40.0 s" in capsys.readouterr().out


def matches_of(tracks: dict[str, Samples]) -> list[Match]:
    """What is found among tracks [N] or [N, 2] at RATE."""
    with FingerprintFile() as gathering:
        for name, samples in tracks.items():
            mono = samples if samples.ndim == 1 else samples.mean(axis=1)
            gathering.add(name, fingerprint([mono[:: RATE // PRINT_RATE].astype(np.float32)]))
        return find_matches(gathering.fingerprints())


@pytest.mark.parametrize("kind", ["silence", "tone", "loop"])
def test_silence_a_tone_and_a_short_loop_are_no_recording(kind: str) -> None:
    times = np.arange(30 * RATE) / RATE
    tone = np.repeat(0.2 * np.sin(2 * np.pi * 220 * times)[:, None], 2, axis=1).astype(np.float32)
    shared = {
        "silence": lambda: 0 * tone,
        "tone": lambda: tone,
        "loop": lambda: piece(9)[20 * RATE : 26 * RATE],
    }[kind]()
    alike = {str(seed): np.concatenate([piece(seed, seconds=20), shared]) for seed in (10, 11)}
    assert not matches_of(alike)


def test_a_track_inside_a_mix_is_found() -> None:
    tracks = {str(seed): piece(seed, seconds=30) for seed in range(20, 24)}
    mix = np.concatenate([tracks["21"], tracks["22"][: 12 * RATE], tracks["23"]])
    found = {(match.a, match.b) for match in matches_of(tracks | {"mix": mix})}
    # 12 s of 30 are less than half.
    assert found == {("21", "mix"), ("23", "mix")}


def test_planted_pairs_are_found_among_many_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    # As when it runs by its path: what benchmarks share lies beside it.
    monkeypatch.syspath_prepend(BENCHMARK.parent)
    benchmark = runpy.run_path(str(BENCHMARK))
    *_, recall, precision = benchmark["run"](200)
    assert recall >= 0.99 and precision >= 0.99


def track(name: str, **known: str) -> Track:
    plain = Track(file=name, path=name, session="", style="", sha256=name * 64)
    return replace(plain, **known)  # type: ignore[arg-type]  # all of these are strings


def groups(tracks: list[Track], group_by: str = "recording", *pairs: str) -> dict[str, str]:
    matches = tuple(Match(pair[0] * 16, pair[1] * 16, 30, 0, 60, 60) for pair in pairs)
    library = with_groups(Library(tuple(tracks), {}, ()), matches, group_by)
    return {track.path: track.group[:1] for track in library.tracks}


def test_groups_are_what_is_connected_in_any_way() -> None:
    tracks = [track("a"), track("b", group="Y"), track("c", group="Y"), track("d"), track("e")]
    assert groups(tracks, "recording", "ab", "ed") == {
        **dict.fromkeys("abc", "Y"),
        **dict.fromkeys("de", "d"),
    }
    joined = groups([*tracks, track("f", group="X")], "recording", "cf")
    assert [joined[name] for name in "abcdef"] == ["", "X", "X", "", "", "X"]


def test_an_exact_copy_brings_its_group_along() -> None:
    copy = replace(track("a", group="Z", reason="duplicate of: a"), path="copy")
    assert groups([track("a"), copy, track("b", group="Z")])["a"] == "Z"


def test_albums_and_artists_are_groups_if_asked() -> None:
    tracks = [
        track("a", artist="Zoé", album="Été"),
        track("b", artist="ZOE ", album="ete"),
        track("c", artist="zoe", album="Hiver"),
        track("d", artist="Max", album="Été"),
        track("e"),
        track("f"),
    ]
    assert set(groups(tracks).values()) == {""}
    alone = dict.fromkeys("def", "")
    assert groups(tracks, "album") == {"a": "a", "b": "a", "c": "", **alone}
    assert groups(tracks, "artist") == {"a": "a", "b": "a", "c": "a", **alone}


def test_only_what_lies_in_two_splits_is_shared() -> None:
    matches = [Match("a", "b", 30.0, 0, 60, 60), Match("b", "c", 12.5, 0, 60, 60)]
    assert shared_seconds(matches, {"a": "train", "b": "train", "c": "test"}) == 12.5
    assert shared_seconds(matches, {"a": "train", "b": "train"}) == 0
