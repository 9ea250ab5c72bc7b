"""From codes back to audio: the decoder's own output, files, and what is refused."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from transformers import EncodecModel

from builder_tests.support.folders import rows_of
from builder_tests.support.models import NANO, save_codec, save_music_model
from sport_music_dataset.cli import main
from sport_music_dataset.encode.decode import decode_chunk
from sport_music_dataset.encode.encode import encode_release
from sport_music_dataset.encode.settings import EncodeSettings
from sport_music_dataset.errors import ModelError, ReleaseError


def test_a_chunk_is_what_the_decoder_makes_of_its_codes(encoded: Path, tmp_path: Path) -> None:
    row = rows_of(encoded, "encoded")[-1]
    codes = torch.tensor(row["codes"])[None, None]
    model: Any = EncodecModel.from_pretrained(NANO / "codec", dtype=torch.float32)
    with torch.no_grad():
        truth = model.decode(codes, [None]).audio_values[0, 0].numpy()
    output = tmp_path / "chunk.wav"
    assert main(["decode", str(encoded), row["chunk_id"], "-o", str(output)]) == 0
    samples, rate = soundfile.read(output)
    assert rate == 32_000 and len(samples) == 64_000 and np.abs(truth).max() > 0
    np.testing.assert_allclose(samples, np.clip(truth, -1, 1), atol=1 / 32_000)


def test_what_cannot_be_decoded_is_named(
    encoded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chunk = rows_of(encoded, "encoded")[0]["chunk_id"]
    with pytest.raises(ReleaseError, match="has no codes of a chunk 'nowhere-0000'"):
        decode_chunk(encoded, "nowhere-0000")
    assert main(["decode", str(encoded), chunk, "-o", str(tmp_path / "chunk.xyz")]) == 2
    assert "chunk.xyz: give a name that ends in .wav or .flac" in capsys.readouterr().err
    pieces = save_codec(tmp_path / "pieces", chunk_length_s=0.5, overlap=0.01)
    with pytest.raises(ModelError, match="works on pieces"):
        decode_chunk(encoded, chunk, codec=str(pieces))


def test_a_codec_of_a_folder_must_be_pointed_to(encoded: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(encoded, tmp_path / "dataset")
    codec, model = save_codec(tmp_path / "codec"), save_music_model(tmp_path / "model")
    encode_release(folder, EncodeSettings(model=str(model), codec=str(codec)))
    chunk = rows_of(folder, "encoded")[0]["chunk_id"]
    with pytest.raises(ModelError, match="codec: the codec was a folder of that name"):
        decode_chunk(folder, chunk)
    assert len(decode_chunk(folder, chunk, codec=str(codec))) == 64_000


def test_codes_of_another_state_of_the_codec_are_not_decoded(encoded: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(encoded, tmp_path / "dataset")
    text = (folder / "sportgen.json").read_text()
    revision = text.split('"codec_revision": "')[1].split('"')[0]
    (folder / "sportgen.json").write_text(text.replace(revision, "sha256:0123456789abcdef"))
    chunk = rows_of(folder, "encoded")[0]["chunk_id"]
    with pytest.raises(ModelError, match="the codes are of sha256:0123456789abcdef"):
        decode_chunk(folder, chunk)
    assert len(decode_chunk(folder, chunk, codec="nano")) == 64_000
