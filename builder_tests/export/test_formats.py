"""Each format, read back by its own reader, or as its makers describe it: the same samples, texts
and splits as in the release."""

import ast
import importlib.util
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lhotse
import lhotse.recipes.utils
import numpy as np
import pytest
import soundfile
import webdataset
import yaml
from datasets import Audio, load_dataset, load_from_disk

from builder_tests.support.folders import rows_of
from builder_tests.support.rewriting import Rows
from builder_tests.support.staged import ARABIC, COMMENT, SCRIPT, hear
from sport_music_dataset.export import ExportSettings, export_release
from sport_music_dataset.export.formats import FORMATS
from sport_music_dataset.records import NO_VOICE
from sport_music_dataset.release.layout import split_of
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.release.release import Release
from sport_music_dataset.release.schemas import SCHEMAS
from sport_music_dataset.release.shards import write_shard
from sport_music_dataset.storage.parquet import read_parquet

# split -> key of a chunk -> the bytes of its FLAC, its description
Read = dict[str, dict[str, tuple[bytes, str]]]
TEXTS = (SCRIPT, COMMENT, ARABIC, "a choir, loud, at 120 bpm", 'quotes " and \\ in it')


@pytest.fixture(scope="module")
def release(encoded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`encoded` with odd descriptions, measures that are sure, and what a tagger heard."""
    out = shutil.copytree(encoded, tmp_path_factory.mktemp("release") / "my music")

    def change(rows: Rows) -> None:
        hear(rows)
        for number, row in enumerate(rows):
            row["description"] = TEXTS[number % len(TEXTS)]
            row |= {"tempo_bpm": 120.4, "tempo_confidence": 0.9 if number % 2 else 0.1}
            row |= {"key": "F# minor", "key_confidence": 0.9 if number % 2 else 0.1}
            row |= {"instruments_confidence": [0.9, 0.7][: len(row["instruments"])]}

    manifest = read_manifest(out)
    for config in ("raw", "encoded"):
        for path in manifest.shards(config):
            rows = read_parquet(out / path).to_pylist()
            change(rows)
            manifest.files[path] = write_shard(out, path, SCHEMAS[config], rows)
    manifest.write(out)
    return out


@pytest.fixture(scope="module")
def truth(release: Path) -> Read:
    found: Read = {}
    for path in sorted(read_manifest(release).shards("raw")):
        for row in read_parquet(release / path, ["chunk_id", "audio", "description"]).to_pylist():
            texts = found.setdefault(split_of(path), {})
            texts[row["chunk_id"]] = (row["audio"]["bytes"], row["description"])
    assert set(found) == {"train", "test"} and all(map(len, found.values()))
    return found


def exported(release: Path, dest: Path, to: str) -> Path:
    """An export in parts of three chunks, so that a split has several."""
    export_release(Release.of(release), dest, ExportSettings(to, chunks_per_shard=3))
    return dest


def read_audiocraft(dest: Path) -> Read:
    """As `load_audio_meta` and `MusicDataset` read it, of which the latter misses no field."""
    [config] = (dest / "dset/audio").iterdir()
    text = config.read_text()
    assert config.name == "my-music.yaml" and text.startswith("# @package __global__\n")
    source = yaml.safe_load(text)["datasource"]
    assert (source.pop("max_sample_rate"), source.pop("max_channels")) == (32_000, 1)
    assert source.keys() == {"train", "valid", "evaluate", "generate"}
    found: Read = {}
    for folder in map(Path, source.values()):
        lines = map(json.loads, (folder / "data.jsonl").read_text().splitlines())
        found[folder.name] = dict(map(_with_music_info, lines))
    return found


def _with_music_info(meta: dict[str, Any]) -> tuple[str, tuple[bytes, str]]:
    fields = {"path", "duration", "sample_rate", "amplitude", "weight", "info_path"}
    assert meta.keys() == fields and (meta["duration"], meta["sample_rate"]) == (2.0, 32_000)
    audio = Path(meta["path"])
    info = json.loads(audio.with_suffix(".json").read_text(encoding="ascii"))
    wanted = {"title", "artist", "key", "bpm", "genre", "moods", "keywords", "description", "name"}
    assert {*wanted, "instrument"} <= info.keys() and info["sportgen"]["license"] is not None
    assert (info["bpm"], info["key"]) in ((120.4, "F# minor"), (None, ""))
    assert info["keywords"][0] == info["sportgen"]["session"]
    # A guitar is sure; what has a confidence of 0.7 is not.
    assert info["instrument"] in ("guitar", "drums", "") and info["moods"] == []
    return info["name"], (audio.read_bytes(), info["description"])


def read_dreambooth(dest: Path) -> Read:
    """As the script loads it by its arguments, all of which it knows."""
    arguments = json.loads((dest / "dreambooth.json").read_text())
    name, config = arguments["dataset_name"], arguments["dataset_config_name"]
    found: Read = {}
    for split in (arguments["train_split_name"], arguments["eval_split_name"]):
        rows = load_dataset(name, config, split=split, cache_dir=str(dest.with_name("cache")))
        assert rows.features["audio"].sampling_rate == 32_000
        rows = rows.cast_column(arguments["target_audio_column_name"], Audio(decode=False))
        texts = rows[arguments["text_column_name"]]
        found[split] = {
            row["chunk_id"]: (row["audio"]["bytes"], text)
            for row, text in zip(rows, texts, strict=True)
        }
        assert {"license", "source_url", "album", "session", "style"} <= {*rows.column_names}
    assert arguments["max_duration_in_seconds"] > 2.0
    return found


def read_stable_audio(dest: Path) -> Read:
    """As `create_dataloader_from_config` reads a config of type `audio_dir`."""
    found: Read = {}
    for split in ("train", "test"):
        config = json.loads((dest / f"dataset_{split}.json").read_text())
        assert config["dataset_type"] == "audio_dir"
        [source] = config["datasets"]
        spec = importlib.util.spec_from_file_location("m", source["custom_metadata_module"])
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found[split] = {}
        for file in sorted(Path(source["path"]).rglob("*.flac")):
            info = module.get_custom_metadata({"path": str(file)}, None)
            assert None not in info.values() and info["split"] == split
            assert info.get("bpm") in (120.4, None)
            found[split][file.stem] = (file.read_bytes(), info["prompt"])
    return found


def read_ace_step(dest: Path) -> Read:
    """As 1.5 scans a folder, and as the trainer of 1 loads what is converted."""
    found: Read = {}
    for split in ("train", "test"):
        found[split] = {}
        for folder, _, names in os.walk(dest / "audio" / split):
            for audio in (Path(folder, name) for name in names if name.endswith(".flac")):
                caption = audio.with_suffix(".caption.txt").read_text(encoding="utf-8")
                notes = json.loads(audio.with_suffix(".json").read_text(encoding="utf-8"))
                assert notes["caption"] == caption and notes["bpm"] in (120, None)
                prompt = audio.with_name(f"{audio.stem}_prompt.txt").read_text(encoding="utf-8")
                assert prompt == caption and not audio.with_suffix(".txt").exists()
                found[split][audio.stem] = (audio.read_bytes(), caption)
        rows = load_from_disk(str(dest / "hf_dataset" / split))
        assert {row["keys"] for row in rows} == found[split].keys()
        for row in rows:
            data, text = found[split][row["keys"]]
            lyrics = Path(row["filename"]).with_name(f"{row['keys']}_lyrics.txt").read_text()
            assert Path(row["filename"]).read_bytes() == data
            assert row["recaption"]["description"] == text and row["tags"] == text.split(", ")
            assert row["norm_lyrics"] == lyrics and lyrics in ("", "[instrumental]")
    return found


def read_webdataset(dest: Path) -> Read:
    """By the library's own reading and grouping of tar files."""
    return {
        split: {
            sample["__key__"]: (sample["flac"], json.loads(sample["json"])["description"])
            for sample in tar_samples(dest, split)
        }
        for split in ("train", "test")
    }


def tar_samples(dest: Path, split: str) -> Iterator[dict[str, Any]]:
    """What the library makes of tar files. `WebDataset` itself leaves the last one open, which is
    a warning, so it runs in a process of its own (`test_the_guide_of_webdataset_runs`)."""
    for file in sorted(dest.glob(f"{split}-*.tar")):
        with file.open("rb") as stream:
            files = webdataset.tariterators.tar_file_expander(
                [{"url": str(file), "stream": stream}]
            )
            yield from webdataset.tariterators.group_by_keys(files)


def read_lhotse(dest: Path) -> Read:
    """By the library, from all of its manifests."""
    parts = lhotse.recipes.utils.read_manifests_if_cached(
        ["train", "test"],
        dest / "manifests",
        prefix="my-music",
        types=("recordings", "supervisions", "cuts"),
    )
    assert parts is not None
    found: Read = {}
    for split, manifests in parts.items():
        lhotse.fix_manifests(**{k: v for k, v in manifests.items() if k != "cuts"})
        cuts = manifests["cuts"]
        lhotse.validate(cuts, read_data=True)
        built = lhotse.CutSet.from_manifests(manifests["recordings"], manifests["supervisions"])
        texts = [cut.supervisions[0].text for cut in cuts]
        assert [cut.supervisions[0].text for cut in built] == texts
        for cut in cuts:
            file = Path(cut.recording.sources[0].source)
            assert np.array_equal(cut.load_audio()[0], soundfile.read(file, dtype="float32")[0])
            assert cut.supervisions[0].custom["session"]
            found.setdefault(split, {})[cut.id] = (file.read_bytes(), cut.supervisions[0].text)
    return found


READERS: dict[str, Callable[[Path], Read]] = {
    "audiocraft": read_audiocraft,
    "dreambooth": read_dreambooth,
    "stable-audio-tools": read_stable_audio,
    "ace-step": read_ace_step,
    "webdataset": read_webdataset,
    "lhotse": read_lhotse,
}


def test_each_format_has_a_reader() -> None:
    assert READERS.keys() == FORMATS.keys()


@pytest.mark.parametrize("to", READERS)
def test_audio_texts_and_splits_are_those_of_the_release(
    to: str, release: Path, truth: Read, tmp_path: Path
) -> None:
    dest = exported(release, tmp_path / "my 'exports'", to)
    assert READERS[to](dest) == truth
    readme = (dest / "README.md").read_text()
    assert "`my music`" in readme and "LICENSES.tsv" in readme
    for block in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL):
        ours = [word for word in shlex.split(block) if word.startswith(str(tmp_path))]
        assert all(Path(word).exists() for word in ours) and (ours or to == "audiocraft")
    lines = (dest / "LICENSES.tsv").read_text().splitlines()
    tracks = [row for row in rows_of(release, "tracks") if row["status"] != "left_out"]
    assert len(lines) == 1 + len(tracks) and lines[0].startswith("track_id\ttitle\tartist")


def test_codes_are_those_of_the_release(release: Path, tmp_path: Path) -> None:
    dest = exported(release, tmp_path / "my 'exports'", "webdataset")
    codes = {row["chunk_id"]: row["codes"] for row in rows_of(release, "encoded")}
    for sample in (s for split in ("train", "test") for s in tar_samples(dest, split)):
        found = np.load(io.BytesIO(sample["npy"]))
        assert found.dtype == np.int16 and found.tolist() == codes.pop(sample["__key__"])
    assert not codes


def test_the_guide_of_webdataset_runs(release: Path, tmp_path: Path) -> None:
    dest = exported(release, tmp_path / "my 'exports'", "webdataset")
    [code] = (dest / "README.md").read_text().split("```python\n")[1:]
    show = 'print(sorted((s["__key__"], len(s["flac"]), s["npy"].shape[0]) for s in chunks))'
    command = [sys.executable, "-c", f"{code.split('```')[0]}\n{show}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    keys = sorted(path.removesuffix(".flac") for path in names_of(dest, "train"))
    assert ast.literal_eval(done.stdout) == [(key, 64_000, 4) for key in keys]


def names_of(dest: Path, split: str) -> list[str]:
    """The audio in the tar files of a split."""
    found = []
    for file in dest.glob(f"{split}-*.tar"):
        with tarfile.open(file) as tar:
            for entry in tar:
                assert (entry.mtime, entry.uid, entry.uname) == (0, 0, "")
                found.append(entry.name)
    return [name for name in found if name.endswith(".flac")]


def test_the_guide_of_lhotse_runs(release: Path, tmp_path: Path) -> None:
    dest = exported(release, tmp_path / "my 'exports'", "lhotse")
    [code] = (dest / "README.md").read_text().split("```python\n")[1:]
    names: dict[str, Any] = {}
    exec(code.split("```")[0], names)
    assert names["samples"].shape == (1, 64_000) and names["description"] in TEXTS


def test_a_voice_is_no_instrumental(release: Path, tmp_path: Path) -> None:
    dest = exported(release, tmp_path / "my 'exports'", "ace-step")
    heard = {
        row["chunk_id"]: row["vocals"] for row in rows_of(release, "raw", ["chunk_id", "vocals"])
    }
    assert {vocals > NO_VOICE for vocals in heard.values()} == {True, False}
    for file in dest.rglob("*_lyrics.txt"):
        sings = heard[file.name.removesuffix("_lyrics.txt")] > NO_VOICE
        assert file.read_text() == ("" if sings else "[instrumental]")
