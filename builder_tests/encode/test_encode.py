"""Encoding: codes, tokens and labels as transformers gives them; shards kept; errors named."""

import io
import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile
import torch
from transformers import AutoTokenizer, EncodecModel

from builder_tests.conftest import RECIPE
from builder_tests.support.folders import rows_of
from builder_tests.support.making import build, verify_folder
from builder_tests.support.models import (
    NANO,
    notebook_labels,
    save_codec,
    save_music_model,
    tiny_musicgen,
)
from builder_tests.support.rewriting import plant_codes
from sport_music_dataset.cli import main
from sport_music_dataset.cli.show.encode import show_encode
from sport_music_dataset.columns import ENCODED_COLUMNS, MEASURE_COLUMNS
from sport_music_dataset.encode.codec.encodec import Codec
from sport_music_dataset.encode.encode import encode_release
from sport_music_dataset.encode.reference import LEAST_AGREEMENT, agreement
from sport_music_dataset.encode.settings import EncodeSettings
from sport_music_dataset.encode.text import TextModel
from sport_music_dataset.errors import ModelError, ReleaseError, SettingError
from sport_music_dataset.release.last_runs import encode_command
from sport_music_dataset.release.layout import ENCODE
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.release.release import Release


@pytest.fixture
def release(encoded: Path, tmp_path: Path) -> Path:
    """A copy of an encoded release, to write to."""
    return shutil.copytree(encoded, tmp_path / "dataset")


def reference_codes(place: Path, flac: bytes) -> np.ndarray[Any, Any]:
    """Codes as the notebook takes them: from transformers, one chunk at a time."""
    model: Any = EncodecModel.from_pretrained(place, dtype=torch.float32)
    samples, _ = soundfile.read(io.BytesIO(flac), dtype="float32")
    with torch.no_grad():
        codes = model.encode(torch.from_numpy(samples)[None, None])["audio_codes"]
    return codes[0, 0].numpy()


def test_rows_have_all_of_raw_but_audio_and_the_group_of_their_track(encoded: Path) -> None:
    raw, rows = rows_of(encoded, "raw"), rows_of(encoded, "encoded")
    assert raw[0].keys() - rows[0].keys() == {"audio"}
    for row, own in zip(rows, raw, strict=True):
        assert {name: row[name] for name in own if name != "audio"} == {
            name: value for name, value in own.items() if name != "audio"
        }
    groups = Release.of(encoded).groups()
    assert all(row["group"] == groups[row["track_id"]] for row in rows)


def test_codes_are_those_of_transformers(encoded: Path) -> None:
    equal = []
    for raw, row in list(zip(rows_of(encoded, "raw"), rows_of(encoded, "encoded"), strict=True))[
        ::3
    ]:
        codes = np.asarray(row["codes"])
        assert codes.shape == (4, 100)
        equal.append(codes == reference_codes(NANO / "codec", raw["audio"]["bytes"]))
        labels = np.asarray(row["labels"])
        assert labels.shape == (4, 103)
        for book in range(4):
            np.testing.assert_array_equal(labels[book, book : book + 100], codes[book])
    # A code between two entries that are as near may come out as the other one.
    assert np.mean(equal) >= LEAST_AGREEMENT


def test_any_codec_folder_is_taken(release: Path, tmp_path: Path) -> None:
    codec = save_codec(tmp_path / "codec", hidden_size=8, codebook_dim=8)
    model = save_music_model(tmp_path / "model")
    encode_release(release, EncodeSettings(model=str(model), codec=str(codec)))
    raw, row = rows_of(release, "raw")[0], rows_of(release, "encoded")[0]
    reference = reference_codes(codec, raw["audio"]["bytes"])
    assert np.mean(row["codes"] == reference) > 0.99
    encoding = read_manifest(release).encoding
    assert encoding
    assert (encoding["codec"], encoding["model"], encoding["nano"]) == ("codec", "model", False)
    assert encoding["codec_revision"].startswith("sha256:")
    assert str(tmp_path) not in (release / "sportgen.json").read_text()


def test_tokens_keep_eos_and_mask(encoded: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(NANO / "model")
    for row in rows_of(encoded, "encoded"):
        truth = tokenizer(row["description"], padding="max_length", max_length=20, truncation=True)
        assert row["input_ids"] == truth["input_ids"]
        assert row["attention_mask"] == truth["attention_mask"]
        assert row["input_ids"][sum(row["attention_mask"]) - 1] == tokenizer.eos_token_id


def test_the_notebooks_labels_and_ids_entry_for_entry(release: Path) -> None:
    settings = EncodeSettings(model="nano", labels="notebook", special_tokens=False, max_length=12)
    report = encode_release(release, settings)
    tokenizer = AutoTokenizer.from_pretrained(NANO / "model")
    decoder = tiny_musicgen().decoder
    rows = rows_of(release, "encoded")
    full = [tokenizer(row["description"], add_special_tokens=False)["input_ids"] for row in rows]
    assert report.truncated == sum(len(ids) > 12 for ids in full) > 0
    # What to type for the same once more; with the model's name alone, by the manifest.
    options = ["--model", "nano", "--max-length", "12", "--labels", "notebook"]
    command = shlex.join(["sportgen", "encode", str(release), *options, "--no-special-tokens"])
    assert encode_command(Release.of(release)) == command
    (release / ENCODE).unlink()
    assert encode_command(Release.of(release)) == command
    for row in rows[::5]:
        ids = tokenizer(
            row["description"],
            padding="max_length",
            max_length=12,
            truncation=True,
            add_special_tokens=False,
        )["input_ids"]
        assert row["input_ids"] == ids
        truth = notebook_labels(decoder, np.asarray(row["codes"]))
        np.testing.assert_array_equal(row["labels"], truth)
        assert truth.shape == (4, 100)


def test_an_unchanged_encode_does_nothing(release: Path) -> None:
    files = {file: file.stat().st_mtime_ns for file in (release / "encoded").iterdir()}
    same = encode_release(release, EncodeSettings(model="nano"))
    assert (same.shards_written, same.shards_retokenized, same.shards_kept) == (0, 0, 2)
    assert {file: file.stat().st_mtime_ns for file in (release / "encoded").iterdir()} == files


@pytest.mark.parametrize(
    "changes", [{"max_length": 12}, {"labels": "notebook"}, {"special_tokens": False}]
)
def test_other_tokens_or_labels_keep_the_codes(
    encoded: Path, release: Path, tmp_path: Path, changes: dict[str, Any]
) -> None:
    settings = EncodeSettings(model="nano", **changes)
    # What no codec would give: were it run again, these codes would change.
    plant_codes(release)
    report = encode_release(release, settings)
    assert (report.shards_written, report.shards_retokenized, report.shards_kept) == (0, 2, 0)
    assert np.unique([row["codes"] for row in rows_of(release, "encoded")]).tolist() == [7]
    # From the codec's own codes, the bytes are those of an encode from the start.
    again = shutil.copytree(encoded, tmp_path / "again")
    encode_release(again, settings)
    fresh = shutil.copytree(encoded, tmp_path / "fresh")
    shutil.rmtree(fresh / "encoded")
    assert encode_release(fresh, settings).shards_written == 2
    for file in (fresh / "encoded").iterdir():
        assert (again / "encoded" / file.name).read_bytes() == file.read_bytes()


def test_columns_that_an_earlier_version_did_not_copy_are_added_to_its_codes(
    release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # As written before `encoded` had what raw has: other inputs, and fewer columns.
    plant_codes(release, "group", *MEASURE_COLUMNS)
    for note in (release / ".sportgen/encoded").iterdir():
        note.write_text(re.sub(r'"inputs": "\w+"', '"inputs": "earlier"', note.read_text()))
    assert "tempo_bpm" not in rows_of(release, "encoded")[0]
    report = encode_release(release, EncodeSettings(model="nano"))
    assert (report.shards_written, report.shards_retokenized) == (0, 2)
    rows = rows_of(release, "encoded")
    assert rows[0].keys() == ENCODED_COLUMNS.keys()
    assert np.unique([row["codes"] for row in rows]).tolist() == [7]

    manifest = read_manifest(release)
    file = release / min(manifest.shards("raw"))
    pq.write_table(pq.read_table(file).drop_columns(["energy", "key"]), file)
    assert main(["encode", str(release), "--model", "nano"]) == 1
    said = f"its rows have no energy, key, which sportgen {manifest.software['sportgen']} did not"
    assert said in capsys.readouterr().err


def test_other_groups_are_written_beside_the_same_codes(
    music: Path, encoded: Path, tmp_path: Path
) -> None:
    source, out = shutil.copytree(music, tmp_path / "music"), tmp_path / "dataset"
    shutil.copytree(encoded, out)
    tracks = {row["path"]: row for row in rows_of(out, "tracks") if row["group"]}
    one, other, *_ = (path for path, row in tracks.items() if row["split"] == "train")
    (source / "metadata.csv").write_text(f"file_name,group\n{one},set\n{other},set\n")
    build(source, out, RECIPE)
    # Its rows of raw are as they were, but `encoded` would tell of other groups.
    assert not read_manifest(out).shards("encoded")
    report = encode_release(out, EncodeSettings(model="nano"))
    assert (report.shards_written, report.shards_retokenized, report.shards_kept) == (0, 1, 1)
    grouped = {row["track_id"] for row in rows_of(out, "encoded") if row["group"] == "set"}
    assert grouped == {tracks[one]["track_id"], tracks[other]["track_id"]}
    assert (found := verify_folder(out)).ok, found.failures
    build(source, out, RECIPE)
    assert read_manifest(out).shards("encoded")


def test_another_codec_or_backend_encodes_again(release: Path, tmp_path: Path) -> None:
    assert (
        encode_release(release, EncodeSettings(model="nano", backend="torch")).shards_written == 2
    )
    codec = str(save_codec(tmp_path / "codec"))
    report = encode_release(release, EncodeSettings(model="nano", codec=codec, backend="torch"))
    assert report.shards_written == 2


def test_truncated_descriptions_are_counted_and_the_longest_told(
    release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(NANO / "model")
    lengths = [len(tokenizer(row["description"])["input_ids"]) for row in rows_of(release, "raw")]
    # The commonest lost words are told: of so few, all.
    most = max(lengths) - 1
    report = encode_release(release, EncodeSettings(model="nano", max_length=most))
    assert report.longest == max(lengths)
    show_encode(report, most)
    advice = f"note: --max-length {report.longest} loses no word, by nano's tokens: MusicGen's T5"
    assert advice in capsys.readouterr().err
    assert report.truncated == sum(length > most for length in lengths) > 0
    last = [row["description"].split()[-1] for row in rows_of(release, "raw")]
    cut = {word for word, length in zip(last, lengths, strict=True) if length > most}
    assert cut <= report.lost.keys() and sum(report.lost.values()) >= report.truncated


def test_card_and_manifest_mark_nano(encoded: Path) -> None:
    manifest = read_manifest(encoded)
    assert manifest.encoding and manifest.encoding["nano"] is True
    assert manifest.encoding["frames"] == 100 and manifest.encoding["label_frames"] == 103
    assert "not MusicGen's" in (encoded / "README.md").read_text()


@pytest.mark.parametrize(
    ("codec", "decoder", "said"),
    [
        ({"sampling_rate": 24_000}, {}, "24000 Hz"),
        ({"target_bandwidths": [1.5]}, {}, r"gives \[2\] codebooks, the model reads 4"),
        ({}, {"vocab_size": 1024, "pad_token_id": 1024}, "2048 codes a codebook"),
    ],
)
def test_models_that_do_not_fit_are_refused(
    release: Path, tmp_path: Path, codec: dict[str, Any], decoder: dict[str, Any], said: str
) -> None:
    settings = EncodeSettings(
        model=str(save_music_model(tmp_path / "model", **decoder)),
        codec=str(save_codec(tmp_path / "codec", **codec)),
    )
    before = (release / "sportgen.json").read_bytes()
    with pytest.raises(ModelError, match=said):
        encode_release(release, settings)
    assert (release / "sportgen.json").read_bytes() == before


def test_a_folder_without_a_tokenizer_is_refused(release: Path, tmp_path: Path) -> None:
    model = save_music_model(tmp_path / "model", tokenizer=False)
    with pytest.raises(ModelError, match=r"has no tokenizer \(tokenizer.json or spiece.model\)"):
        encode_release(release, EncodeSettings(model=str(model), codec="nano"))


def test_a_model_runs_no_code_of_its_own(tmp_path: Path) -> None:
    codec, ran = save_codec(tmp_path / "codec"), tmp_path / "ran"
    torch.save(EncodecModel.from_pretrained(codec).state_dict(), codec / "pytorch_model.bin")
    (codec / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="an EnCodec model cannot be loaded"):
        Codec(str(codec), 4)
    model = save_music_model(tmp_path / "model")
    config = json.loads((model / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.OwnConfig"}}
    (model / "config.json").write_text(json.dumps(config))
    (model / "own.py").write_text(f"import pathlib; pathlib.Path({str(ran)!r}).touch()")
    with pytest.raises(ModelError, match="a MusicGen configuration cannot be loaded"):
        TextModel(str(model))
    assert not ran.exists()


@pytest.mark.parametrize("place", ["./nowhere", "nowhere", "/nowhere/at/all"])
def test_a_model_that_is_not_there_is_named(release: Path, place: str) -> None:
    with pytest.raises(ModelError, match=f"{place}: no such folder"):
        encode_release(release, EncodeSettings(model=place))


def test_without_a_network_the_model_for_trying_out_is_named(release: Path) -> None:
    before = (release / ENCODE).read_bytes()
    with pytest.raises(ModelError, match=r"cannot be reached.* --model nano needs no network"):
        encode_release(release)
    assert (release / ENCODE).read_bytes() == before


def test_a_codec_folder_is_no_music_model(release: Path) -> None:
    with pytest.raises(ModelError, match="is of type encodec"):
        encode_release(release, EncodeSettings(model=str(NANO / "codec")))
    with pytest.raises(ModelError, match="an EnCodec model cannot be loaded"):
        encode_release(release, EncodeSettings(model="nano", codec=str(NANO / "model")))


def test_what_is_no_release_is_refused(tmp_path: Path, release: Path) -> None:
    with pytest.raises(ReleaseError, match="does not exist"):
        encode_release(tmp_path / "nowhere", EncodeSettings(model="nano"))
    with pytest.raises(ReleaseError, match="is not a release folder"):
        encode_release(tmp_path, EncodeSettings(model="nano"))
    next((release / "raw").iterdir()).write_bytes(b"cut short")
    with pytest.raises(ReleaseError, match="is not what the manifest says"):
        encode_release(release, EncodeSettings(model="nano"))
    with pytest.raises(SettingError, match="max_length=0"):
        EncodeSettings(max_length=0)


def test_codes_are_checked_against_the_reference(
    encoded: Path, release: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Of few codes, one near tie would be too many.
    assert main(["encode", str(encoded), "--model", "nano", "--check", "33"]) == 0
    shown = re.findall(r"codebook  \d: (\S+) of the codes", capsys.readouterr().out)
    assert len(shown) == 4 and min(map(float, shown)) >= LEAST_AGREEMENT
    # Rows that belong to other audio must not pass.
    files = sorted((release / "encoded").glob("*.parquet"))
    for file in files:
        table = pq.read_table(file)
        pq.write_table(table.take(list(reversed(range(len(table))))), file)
    shares = agreement(Release.of(release), Codec("nano", 4), 8)
    assert max(shares) < 0.5
