"""Decode the codes of a chunk to audio: the best audio that a model trained on them can make."""

from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import soundfile

from ..errors import ModelError, ReleaseError, SettingError
from ..pretrained import NANO
from ..recipe import SAMPLING_RATE
from ..release.labels import Codes
from ..release.last_runs import encode_command
from ..release.release import Release
from ..storage.parquet import read_parquet
from .codec.devices import pick_device
from .codec.encodec import Codec, Waveforms


def find_codes(release: Release, chunk_id: str) -> Codes:
    """Codes [K, T] int16 of a chunk; reads the ids of all chunks, but the codes of one shard.

    Raises:
        ReleaseError: `encoded` has no such chunk.
    """
    folder = release.folder
    for name in release.shards("encoded"):
        ids = read_parquet(folder / name, ["chunk_id"])["chunk_id"]
        row = pc.index(ids, chunk_id).as_py()
        if row >= 0:
            codes = read_parquet(folder / name, ["codes"])["codes"][row].as_py()
            return np.asarray(codes, np.int16)
    raise ReleaseError(f"{folder}: has no codes of a chunk {chunk_id!r}; `encoded` lists its ids")


def load_codec(release: Release, name: str = "", device: str = "auto") -> Codec:
    """Load the codec that encoded a release, or the codec `name` instead.

    Raises:
        ModelError: the codec was a folder, whose path the release does not record; it cannot be
            loaded; or it has changed since.
        ReleaseError: the release is not encoded.
    """
    facts = release.manifest.encoding
    if not facts:
        raise ReleaseError(f"{release.name}: has no codes; `{encode_command(release)}` makes them")
    recorded = facts["codec"]
    if not name and recorded != NANO and "/" not in recorded:
        raise ModelError(f"{recorded}: the codec was a folder of that name; say where with --codec")
    codec = Codec(name or recorded, facts["num_codebooks"], pick_device(device))
    if not name and codec.revision != facts["codec_revision"]:
        raise ModelError(
            f"{recorded}: is at {codec.revision}, the codes are of {facts['codec_revision']}; "
            "encode again, or take the codec that you have with --codec"
        )
    return codec


def decode_chunk(folder: Path, chunk_id: str, codec: str = "", device: str = "auto") -> Waveforms:
    """Waveform [N] float32 at 32 kHz of a chunk's codes; `codec` as in `load_codec`.

    Raises:
        ReleaseError: there is no such release, or it has no such chunk.
        ModelError: as `load_codec`, or the model cannot decode.
    """
    release = Release.of(folder)
    model = load_codec(release, codec, device)
    return model.decode(find_codes(release, chunk_id))


def check_audio_name(file: Path) -> None:
    """Raise SettingError unless `write_audio` knows the format of a file's extension."""
    if file.suffix.lower() not in (".wav", ".flac"):
        raise SettingError(f"{file}: give a name that ends in .wav or .flac")


def write_audio(file: Path, waveform: Waveforms) -> None:
    """Write a waveform [N] at 32 kHz with 16 bit, in the format of the file's extension.

    Raises:
        SettingError: the format of the extension, or the file, cannot be written.
    """
    check_audio_name(file)
    try:
        soundfile.write(file, np.clip(waveform, -1, 1), SAMPLING_RATE, subtype="PCM_16")
    except (ValueError, TypeError, OSError, soundfile.LibsndfileError) as error:
        raise SettingError(
            f"{file}: cannot be written ({error}); see that its folder is there"
        ) from error
