"""`explain`: from what each word of a description is known."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from builder_tests.conftest import write_audio
from builder_tests.support.making import build
from builder_tests.support.scores import RATE, SCORES, play
from sport_music_dataset.cli import main
from sport_music_dataset.errors import ReleaseError
from sport_music_dataset.look import explain_chunk
from sport_music_dataset.look.explain import Explanation
from sport_music_dataset.recipe import Recipe
from sport_music_dataset.release.folder import build_command
from sport_music_dataset.release.release import Release
from sport_music_dataset.release.review.decisions import Decision
from sport_music_dataset.release.review.file import add
from sport_music_dataset.source.source import Source
from sport_music_dataset.storage.parquet import read_parquet

SETTINGS = Recipe(
    chunk_seconds=10, overlap_seconds=0, splits=(("train", 1.0),), descriptions_per_chunk=12
)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release: a track named by its file, one named by metadata, one that metadata describes,
    one with a silent chunk of which only options say what it is, and one that is too short."""
    root = tmp_path_factory.mktemp("explain")
    for number, name in enumerate(("house/Running_1_house", "house/b", "house/c", "d", "e")):
        samples = play(SCORES["club"], 128, 5 if name == "e" else 31, seed=number)
        if name == "d":
            samples[10 * RATE : 21 * RATE] = 0
        write_audio(root / f"music/{name}.wav", samples, RATE)
    (root / "music/metadata.csv").write_text(
        "file_name,session,style,description\n"
        "house/b.wav,yoga,musique classique,\nhouse/c.wav,cardio,,a text of my own\n"
    )
    build(source(root), root / "out", SETTINGS)
    return root / "out"


def source(root: Path) -> Source:
    """The music, whose names say something only where they have three parts."""
    rule = "{session}_{number}_{style}"
    return Source(str(root / "music"), names=rule, session="Vélo", default_style="soundtrack")


def explained(out: Path, session: str, row: int = 0) -> Explanation:
    table = read_parquet(out / "raw/train-00000-of-00001.parquet", ["chunk_id", "session"])
    ids = [r["chunk_id"] for r in table.to_pylist() if r["session"] == session]
    return explain_chunk(Release.of(out), ids[row])


def sources(explanation: Explanation) -> dict[str, str]:
    """Source and value of each word of all descriptions."""
    return {
        one.words: f"{one.source}: {one.detail}"
        for origins in explanation.descriptions.values()
        for one in origins
    }


def test_every_word_is_told_with_its_source(out: Path) -> None:
    explanation = explained(out, "running")
    found = sources(explanation)
    assert explanation.source == "made" and explanation.path == "house/Running_1_house.wav"
    assert len(explanation.descriptions) == 12
    for text, origins in explanation.descriptions.items():
        assert " ".join(o.words for o in origins).replace(" ,", ",").replace(" :", ":") == text
    assert found["house"] == "file name: style house"
    assert found["running"] == "file name: session Running"
    assert found["128"].startswith("measured: tempo 1")
    assert any(text.startswith("measured: energy 0.") for text in found.values())
    assert any(text == "convention: moods of running" for text in found.values())
    given = sources(explained(out, "yoga"))
    assert given["yoga"] == "metadata: session yoga"
    assert given["classical"] == "metadata: style musique classique, in other words"
    assert not explained(out, "yoga").remark
    by_options = sources(explained(out, "cycling"))
    assert by_options["cycling"] == "option: --session Vélo, in other words"
    assert by_options["cinematic"] == "option: --default-style soundtrack, in other words"


def test_a_style_of_a_tag_is_told_in_the_words_of_the_description(tmp_path: Path) -> None:
    (tmp_path / "music/Yoga").mkdir(parents=True)
    with soundfile.SoundFile(tmp_path / "music/Yoga/a.mp3", "w", RATE, 1) as file:
        file.genre = "Soundtrack"
        file.write(play(SCORES["club"], 128, 11))
    build(Source(str(tmp_path / "music")), tmp_path / "out", SETTINGS)
    found = sources(explained(tmp_path / "out", "yoga"))
    assert found["cinematic"] == "genre tag: style Soundtrack, in other words"
    assert found["yoga"] == "folder name: session Yoga"


def test_what_a_review_decided_is_told_as_its_source(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(out, tmp_path / "out")
    running, yoga = explained(out, "running").chunk_id, explained(out, "yoga").chunk_id
    other = explained(out, "yoga", row=1).chunk_id
    decided = {
        (other, "style"): "Adrenaline",
        (other, "session"): "Sortie des copains",
        (running, "tempo"): "64",
        (running, "session"): "course à pied",
        (running.partition("-")[0], "style"): "indie rock",
        (yoga, "description"): "a text of mine",
    }
    add(copy, lambda review: [Decision(id=i, field=f, after=v) for (i, f), v in decided.items()])
    build(source(out.parent), copy, SETTINGS)
    found = sources(explain_chunk(Release.of(copy), running))
    assert found["64"] == "review: tempo 64 BPM"
    assert found["running"] == "review: session course à pied, in other words"
    assert found["indie rock"] == "review: style indie rock"
    assert any(text.startswith("measured: energy 0.") for text in found.values())
    assert sources(explain_chunk(Release.of(copy), yoga)) == {"a text of mine": "review: "}
    unsaid = explain_chunk(Release.of(copy), other)
    assert unsaid.remark.startswith("style Adrenaline: not said")
    assert (
        "convention: session Sortie des copains tells no sport in English"
        in sources(unsaid).values()
    )
    assert main(["explain", str(copy), yoga]) == 0
    assert "from review.csv: somebody wrote it" in capsys.readouterr().out


def test_descriptions_from_metadata_are_said_to_be(out: Path) -> None:
    explanation = explained(out, "cardio")
    assert (explanation.source, explanation.remark) == ("metadata", "")
    assert sources(explanation) == {"a text of my own": "metadata: "}


def test_edited_descriptions_and_other_versions_are_told(out: Path, tmp_path: Path) -> None:
    copy = tmp_path / "out"
    shutil.copytree(out, copy)
    shard = copy / "raw/train-00000-of-00001.parquet"
    table = read_parquet(shard)
    texts = table["descriptions"].to_pylist()
    at = table["session"].to_pylist().index("running")
    texts[at] = ["something else", *texts[at][1:]]
    column = pa.array(texts, table.schema.field("descriptions").type)
    pq.write_table(
        table.set_column(table.schema.get_field_index("descriptions"), "descriptions", column),
        shard,
    )
    explanation = explained(copy, "running")
    assert explanation.source == "unknown" and "edited" in explanation.remark
    assert explained(copy, "running", 1).source == "made"
    release = Release.of(out)
    rules: Any = {**release.manifest.recipe, "rows_version": 0}
    older = Release(release.place, replace(release.manifest, recipe=rules))
    chunk = explained(out, "running").chunk_id
    told = explain_chunk(older, chunk)
    assert told.source == "unknown" and told.remark.startswith("made by sportgen")


def absent(out: Path, chunk_id: str) -> str:
    """What is said of a chunk that is not there, behind its id."""
    with pytest.raises(ReleaseError) as raised:
        explain_chunk(Release.of(out), chunk_id)
    said = f"{out}: has no chunk {chunk_id!r}; "
    assert str(raised.value).startswith(said)
    return str(raised.value).removeprefix(said)


def test_a_chunk_that_is_not_there_names_those_near_it(out: Path) -> None:
    track = explained(out, "running").chunk_id[:16]
    near = [f"{track}-{index:04d}" for index in (2, 1, 0)]
    said = f"house/Running_1_house.wav has 3 chunks; near it are {', '.join(near)}"
    assert absent(out, f"{track}-0009") == said
    assert absent(out, f"{track}-1") == f"near it are {near[1]}, {near[2]}, {near[0]}"
    assert absent(out, track) == f"near it are {', '.join(reversed(near))}"
    changed = f"{'0' if track[5] != '0' else '1'}".join((track[:5], track[6:]))
    assert absent(out, f"{changed}-0001").startswith(f"near it are {near[1]}, {near[2]}, {near[0]}")
    for name in ("?", f"{'9' * 9000}-0", f"x-{'9' * 9000}"):
        assert absent(out, name) == "the column chunk_id of `raw` lists its chunks"


def test_why_a_chunk_is_left_out_is_told_with_the_remedy(out: Path, tmp_path: Path) -> None:
    silent = explained(out, "cycling").chunk_id[:16]
    assert absent(out, f"{silent}-0001") == (
        "this chunk of d.wav is left out: silent (1 of the track); --keep-silence keeps more"
    )
    short = next(row["track_id"] for row in Release.of(out).tracks() if row["path"] == "e.wav")
    said = "e.wav is left out (too short: 5.0 s, a chunk is 10 s); a smaller --chunk-seconds "
    assert absent(out, f"{short}-0000") == absent(out, short) == f"{said}keeps more"
    copy = shutil.copytree(out, tmp_path / "out")
    chunk, track = f"{explained(out, 'running').chunk_id[:16]}-0001", silent
    why = {chunk: "hiss", track: ""}
    dropped = [Decision(id=i, field="verdict", after="drop", reason=r) for i, r in why.items()]
    add(copy, lambda review: dropped)
    build(source(out.parent), copy, SETTINGS)
    again = f"`{build_command(copy)}`"
    assert f"build {out.parent / 'music'} {copy} --splits train=1" in again
    for identity, said in {
        chunk: "dropped in review: hiss",
        track: "d.wav is left out (track dropped in review)",
    }.items():
        back = f"`sportgen review {copy} {identity} --as-built`, then {again} brings it back"
        assert absent(copy, identity) == f"{said}; {back}"
    add(copy, lambda review: [Decision(id=chunk, field="verdict", after="")])
    taken = f"dropped in review: hiss; that is taken back by now, and {again} follows"
    assert absent(copy, chunk) == taken
    build(source(out.parent), copy, SETTINGS)
    assert explain_chunk(Release.of(copy), chunk).path == "house/Running_1_house.wav"


def test_the_command_prints_tables_and_json(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    explanation = explained(out, "running")
    assert main(["explain", str(out), explanation.chunk_id]) == 0
    shown = capsys.readouterr().out
    head = f"{explanation.chunk_id}, house/Running_1_house.wav\nfit for running: yes\n\n"
    assert shown.startswith(head) and (explanation.fit, explanation.fit_reason) == ("yes", "")
    assert "file name  style house" in shown and "confidence" in shown
    assert main(["explain", str(out), explanation.chunk_id, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["source"] == "made" and list(data["descriptions"]) == list(explanation.descriptions)
    assert main(["explain", str(out)]) == 0
    some = capsys.readouterr().out
    sessions = {"cardio", "cycling", "running", "yoga"}
    assert shown in some and {*re.findall("fit for ([^:]+): ", some)} == sessions
    assert main(["explain", str(out), "--json"]) == 0
    assert data in json.loads(capsys.readouterr().out)
    assert main(["explain", str(out), "nothing"]) == 1
    assert "has no chunk 'nothing'" in capsys.readouterr().err
    given = explained(out, "cardio").chunk_id
    assert main(["explain", str(out), given]) == 0
    assert "from metadata: the same for all chunks" in capsys.readouterr().out


def test_sessions_are_listed_and_names_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*arguments: str) -> list[dict[str, Any]]:
        assert main(["sessions", *arguments, "--json"]) == 0
        found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
        return found

    names = ["Course à pied 2", "Krav Maga lundi", "Morning run", "Leg Race", "Trac"]
    read = told(*names)
    assert [one["name"] for one in read] == names
    sessions = ["running", "Krav Maga lundi", "Morning run", "Leg Race", "Trac"]
    assert [one["session"] for one in read] == sessions
    says = ["running", "Krav Maga", "a morning run", "a leg race", "a workout"]
    assert [one["told"] for one in read] == says
    assert (read[0]["intensity"], read[0]["energy"]) == ("high", [0.33, 1.0])
    assert read[3]["energy"] is None and read[3]["intensity"] == ""
    mine = tmp_path / "mine.yaml"
    mine.write_text("sessions: {trac: {intensity: low, tempo_bpm: [60, 90]}}")
    assert told("Trac", "--sessions", str(mine))[0]["tempo_bpm"] == [60, 90]
    both = {one["name"] for one in told("--sessions", str(mine))}
    assert both - {one["name"] for one in told()} == {"trac"}
    assert main(["sessions"]) == 0
    assert re.search(r"\nyoga +low +0-0.5 +60-90 +yoga ", capsys.readouterr().out)


def test_without_an_id_sessions_of_all_shards_are_explained(
    encoded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sessions = set()
    for path in Release.of(encoded).shards("raw"):
        sessions |= {*read_parquet(encoded / path, ["session"])["session"].to_pylist()}
    assert len(Release.of(encoded).shards("raw")) > 1 < len(sessions)
    assert main(["explain", str(encoded), "--json"]) == 0
    told = {one["session"] for one in json.loads(capsys.readouterr().out)}
    assert len(told) == min(5, len(sessions)) and told <= sessions
