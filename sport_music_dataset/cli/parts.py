"""The libraries that sportgen uses, each imported and tried on a little of what it is for."""

import io
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path

from ..extras import EXTRAS

_RATE = 32_000
_CUDA = ("libnvrtc", "libcudart", "libc10_cuda", "libcuda.", "libnppi")


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that sportgen does by a library: `trial` does a little of it and returns what did
    it, or raises; `remedy` says how to get it, by what was raised. Of an `optional` part, and of
    one that an `extra` brings, the commands that need it are the only ones that miss it."""

    name: str
    trial: Callable[[], str]
    remedy: Callable[[BaseException], str]
    optional: bool = False
    extra: str = ""


def _pip(package: str) -> Callable[[BaseException], str]:
    return lambda error: f"pip install --upgrade --force-reinstall '{package}'"


def _samples() -> bytes:
    """Two seconds of a saw, 16 bit, little-endian."""
    return struct.pack(f"<{2 * _RATE}h", *(n * 97 % 20_000 - 10_000 for n in range(2 * _RATE)))


def _wav() -> bytes:
    """A WAV at 32 kHz with a title that is not UTF-8, as old taggers write it."""
    title, data = b"caf\x82 noir\0", _samples()
    chunks = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, _RATE, 2 * _RATE, 2, 16)
    info = b"INFOINAM" + struct.pack("<I", len(title)) + title
    chunks += b"LIST" + struct.pack("<I", len(info)) + info
    chunks += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _decoder() -> str:
    from ..audio.decode import EXTENSIONS, decode_mono, decoder_version, probe

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "tone.wav"
        file.write_bytes(_wav())
        probe(str(file))
        count = sum(len(block) for block in decode_mono(str(file)))
    _expect(count == 2 * _RATE, f"decodes {count} samples of {2 * _RATE}")
    return f"{decoder_version()}; reads {' '.join(sorted(EXTENSIONS))}"


def _flac() -> str:
    import numpy as np

    from ..audio.samples import decode_flac, encode_flac

    pcm = np.frombuffer(_samples(), np.int16)
    _expect(bool((decode_flac(encode_flac(pcm)) * 32_768 == pcm).all()), "FLAC is not lossless")
    return f"soundfile {version('soundfile')}"


def _resampler() -> str:
    import numpy as np

    from ..audio.samples import Resampler

    resampler = Resampler()
    blocks = [*resampler.feed(np.zeros(44_100, np.float32), 44_100), *resampler.finish()]
    _expect(sum(map(len, blocks)) == _RATE, "one second is not one second after resampling")
    return f"soxr {version('soxr')}"


def _chromaprint() -> str:
    import numpy as np

    from ..audio.fingerprint import chromaprint_version, fingerprint

    chromaprint_version()
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 5 * 11_025).astype(np.float32)
    _expect(len(fingerprint([noise])) > 0, "gives no fingerprint")
    return chromaprint_version()


def _chromaprint_remedy(error: BaseException) -> str:
    from ..audio.fingerprint import REMEDY

    return REMEDY


def _torchcodec() -> str:
    from torchcodec.decoders import AudioDecoder  # type: ignore[attr-defined]  # it is there

    found = AudioDecoder(_wav()).get_all_samples().data.shape[-1]
    _expect(found == 2 * _RATE, f"decodes {found} samples of {2 * _RATE}")
    return f"torchcodec {version('torchcodec')}, with FFmpeg's shared libraries"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and the errors that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _torchcodec_remedy(error: BaseException) -> str:
    # torchcodec 0.17 names the missing library only in the cause of its error.
    said = "\n".join(map(str, _chain(error)))
    if any(name in said for name in _CUDA):
        return (
            "pip install 'torchcodec<0.14': newer wheels load CUDA's libraries, which a CPU build "
            "of torch does not bring"
        )
    python = "python{}.{}".format(*sys.version_info[:2])
    if isinstance(error, ModuleNotFoundError) or "undefined symbol" in said:
        return "pip install --upgrade 'torchcodec>=0.13,<0.14', which suits your torch"
    return (
        f"Debian, Ubuntu: apt-get install ffmpeg lib{python}; macOS: brew install ffmpeg; Windows: "
        "conda install -c conda-forge ffmpeg; datasets needs it to decode audio"
    )


def _torch() -> str:
    import torch

    _expect(bool((torch.ones(8, 8) @ torch.ones(8, 8) == 8).all()), "multiplies wrongly")
    return f"torch {torch.__version__}"


def _models() -> str:
    from transformers import AutoTokenizer, EncodecModel, MusicgenConfig  # noqa: F401 (the trial)

    return f"transformers {version('transformers')}"


def _parquet() -> str:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from datasets.arrow_writer import ParquetWriter  # noqa: F401 (importing it is the trial)

    table, stream = pa.table({"value": [1, 2]}), io.BytesIO()
    pq.write_table(table, stream)
    again = pq.read_table(io.BytesIO(stream.getvalue()))
    _expect(again.equals(table), "reads what was not written")
    return f"datasets {version('datasets')}, pyarrow {version('pyarrow')}"


def _sql() -> str:
    import duckdb

    with duckdb.connect() as connection:
        found = connection.execute("SELECT 6 * 7").fetchall()
    _expect(found == [(42,)], "counts wrongly")
    return f"duckdb {version('duckdb')}"


def _pictures() -> str:
    from ..card.panels import Histogram
    from ..card.plots import render

    data = render([Histogram("trial", (0, 1, 2), (3, 4), 1.0, "middle")], "light")
    _expect(data.startswith(b"\x89PNG"), "draws no PNG")
    return f"matplotlib {version('matplotlib')}"


def _spectrograms() -> str:
    import librosa

    librosa.filters.mel(sr=_RATE, n_fft=512, n_mels=8)
    return f"librosa {version('librosa')}"


def _version(package: str) -> Callable[[], str]:
    """Only that it is there: Ray and others take seconds to import."""
    return lambda: f"{package} {version(package)}"


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise RuntimeError(otherwise)


PARTS = (
    Part("decoder", _decoder, _pip("av>=18.1,<20")),
    Part("FLAC", _flac, _pip("soundfile>=0.14")),
    Part("resampler", _resampler, _pip("soxr>=1.1")),
    Part("duplicates", _chromaprint, _chromaprint_remedy),
    Part("torch", _torch, _pip("torch>=2.13")),
    Part("torchcodec", _torchcodec, _torchcodec_remedy),
    Part("models", _models, _pip("transformers>=5.23,<6")),
    Part("Parquet", _parquet, _pip("datasets>=5.2,<6")),
    Part("pictures", _pictures, _pip("matplotlib>=3.11")),
    Part("spectrograms", _spectrograms, _pip("librosa>=0.11"), optional=True),
    Part("SQL", _sql, _pip("duckdb>=2.0"), extra="sql"),
    Part("OpenVINO", _version("openvino"), _pip("openvino>=2026.4"), extra="cpu"),
    Part("Ray", _version("ray"), _pip("ray>=2.50"), extra="ray"),
    Part("training", _version("accelerate"), _pip("accelerate>=1.12"), extra="train"),
)


def wrong_versions() -> list[str]:
    """Our requirements that what is installed does not meet, each with what is there."""
    if find_spec("packaging") is None:
        return []
    from packaging.requirements import Requirement

    wrong = []
    for text in requires("sport-music-dataset") or ():
        requirement = Requirement(text)
        marker = requirement.marker
        always = not marker or marker.evaluate({"extra": ""})
        if marker and not any(marker.evaluate({"extra": name}) for name in ("", *EXTRAS)):
            continue
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            wrong += [f"{requirement.name} is missing"] if always else []
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            wrong.append(f"{requirement.name} is {found}, not {requirement.specifier}")
    return wrong
