"""The card says how to make its release again, and what it says does so."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from datasets import Features, load_dataset_builder

from builder_tests.support.making import verify_folder
from sport_music_dataset.card.card import compose, split_front_matter
from sport_music_dataset.cli import main
from sport_music_dataset.release.manifest import ReviewEntry, read_manifest
from sport_music_dataset.release.release import Release
from sport_music_dataset.release.schemas import SCHEMAS

FEATURES = {config: Features.from_arrow_schema(schema) for config, schema in SCHEMAS.items()}
SESSIONS = (
    "sessions:\n  aqua:\n    intensity: medium\n    tempo_bpm: [100, 130]\n    moods: [fresh]\n"
)
ODD = (
    *("--chunk-seconds", "2.5", "--overlap-seconds", "0.5", "--splits", "train=0.6,held.out=0.4"),
    *("--seed", "7", "--style", "latino", "--keep-silence", "--truncated", "leave-out"),
    *("--no-tags", "--default-style", "it's `odd`", "--layout", "sport", "--license", "cc by 4.0"),
    *("--no-analysis", "--descriptions-per-chunk", "3", "--sessions", "sessions.yaml"),
)


def commands(text: str) -> list[str]:
    """The commands under "Reproduce"."""
    found = re.search(r"### Reproduce\n.*?```sh\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1].replace("\\\n", "").splitlines()


def words(command: str) -> list[str]:
    """The words of a command, as a shell reads them."""
    done = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {command}"], capture_output=True, text=True, check=True
    )
    return done.stdout.split("\0")[:-1]


def test_its_commands_make_the_release_again(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sessions.yaml").write_text(SESSIONS)
    Path("MUSIC").symlink_to(music)
    assert main(["build", "MUSIC", "first", *ODD]) == 0
    install, sessions, build = commands(Path("first/README.md").read_text())
    assert words(install)[:2] == ["pip", "install"]
    Path("sessions.yaml").unlink()
    shutil.copy("first/sportgen.json", "sportgen.json")
    subprocess.run(["bash", "-c", sessions.replace("python", sys.executable, 1)], check=True)
    said = words(build)
    assert said[:4] == ["sportgen", "build", "MUSIC", "dataset"]
    assert main([*said[1:], "--num-proc", "1"]) == 0
    names = {file.relative_to("first") for file in Path("first").glob("*/*.parquet")}
    for name in (*names, Path("README.md"), Path("sportgen.json")):
        assert Path("dataset", name).read_bytes() == Path("first", name).read_bytes()


def test_it_names_the_release_before_and_the_settings_of_encode(encoded: Path) -> None:
    manifest = read_manifest(encoded)
    manifest.changelog = [
        {"version": version, "date": "2026-11-22", "changes": "", "notes": ""}
        for version in ("1.1.0", "1.0.0")
    ]
    assert manifest.encoding
    manifest.encoding |= {"model": "org/model", "codec": "codec", "max_length": 30}
    manifest.encoding |= {"labels": "notebook", "special_tokens": False}
    manifest.source = {"dataset": "org/songs", "revision": "0" * 40}
    manifest.recipe |= {"tagger": "org/clap", "min_fit": "unknown"}
    chunk = "0123456789abcdef-0000"
    manifest.review = [
        ReviewEntry(id=chunk, field="verdict", value="drop", reason="noise", seconds="0 to 2")
    ]
    text = compose(Release.of(encoded, manifest), "org/music", "1.1.0").data.decode()
    _, review, *stages = commands(text)
    assert review.startswith("mkdir -p dataset && cp review.csv dataset ")
    build, encode = map(words, stages)
    assert build[2] == f"hf://datasets/org/songs@{'0' * 40}"
    assert build[-2:] == ["--since", "org/music@v1.0.0"]
    assert " ".join(build).count("--min-fit unknown --listen --tagger org/clap") == 1
    assert " ".join(encode[3:]) == (
        "--model org/model --codec codec --max-length 30 --labels notebook --no-special-tokens"
    )
    assert 'from_pretrained("org/model")' in text


def test_samples_are_of_all_sessions_and_of_the_release(encoded: Path, tmp_path: Path) -> None:
    manifest = read_manifest(encoded)
    rows = {row["chunk_id"]: row for row in load_rows(encoded)}
    samples = manifest.samples
    assert len(samples) == 10 and {s["session"] for s in samples} == {
        row["session"] for row in rows.values()
    }
    for sample in samples:
        row = rows[sample["chunk_id"]]
        assert {key: row[key] for key in sample} == sample
    assert len({sample["description"] for sample in samples}) == 10
    out = shutil.copytree(encoded, tmp_path / "dataset")
    manifest.samples[0]["description"] = "a song that is not there"
    card = compose(Release.of(out, manifest))
    (out / "README.md").write_bytes(card.data)
    manifest.write(out)
    [failure] = verify_folder(out).failures
    assert "its sample descriptions are not those of the release" in failure


def load_rows(folder: Path) -> list[dict[str, Any]]:
    names = ["chunk_id", "session", "style", "description"]
    shards = Release.of(folder).shards("raw")
    place = Release.of(folder).place
    return [row for path in shards for row in place.only(path, names).to_pylist()]


def test_its_features_are_those_of_the_files(encoded: Path) -> None:
    data: Any = split_front_matter((encoded / "README.md").read_text(), "")[0]
    infos = {info["config_name"]: info for info in data["dataset_info"]}
    assert infos.keys() == FEATURES.keys()
    for config, features in FEATURES.items():
        assert infos[config]["features"] == features._to_yaml_list()
        sizes = [entry.bytes for entry in Release.of(encoded).shards(config).values()]
        assert infos[config]["download_size"] == sum(sizes)
        assert load_dataset_builder(str(encoded), config).info.features == features


# What the Hub's dataset viewer turns into fields of Croissant (libcommon/croissant_utils.py);
# it skips audio.
CROISSANT = {"string", "float64", "int8", "int16", "int32", "int64"}


def test_the_hub_can_describe_every_column_in_croissant() -> None:
    def types(feature: Any) -> set[str]:
        inner = getattr(feature, "feature", None)
        return types(inner) if inner is not None else {feature.dtype}

    found = Features({k: v for features in FEATURES.values() for k, v in features.items()})
    assert {name for name, feature in found.items() if not types(feature) <= CROISSANT} == {"audio"}
