"""`sportgen doctor`: what this machine has, and how to get what it lacks."""

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from ..audio.decode import decoder_version
from ..audio.fingerprint import REMEDY, chromaprint_version
from ..errors import MachineError

_LIBRARIES = ("datasets", "huggingface_hub", "transformers", "torch", "torchcodec", "pyarrow")
_GB = 1e9
_HUB_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: `state` is `ok`, `hint` (something works less well) or `missing`."""

    name: str
    state: str
    found: str
    remedy: str = ""


def examine(folder: Path) -> list[Check]:
    """All checks; `folder` is where a release would be written."""
    return [
        _python(),
        Check("decoder", "ok", decoder_version()),
        _chromaprint(),
        _torchcodec(),
        Check("versions", "ok", ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)),
        _codec(),
        _disk(folder),
        _memory(),
        _token(),
        _hub(),
    ]


def _python() -> Check:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return Check("Python", "ok", found)


def _chromaprint() -> Check:
    """What `build` and `verify` find shared audio with."""
    try:
        return Check("duplicates", "ok", chromaprint_version())
    except MachineError:
        return Check("duplicates", "missing", "cannot load Chromaprint's library", REMEDY)


def _torchcodec() -> Check:
    """torchcodec, which loads FFmpeg's and Python's shared libraries when it is imported."""
    try:
        import torchcodec.decoders  # noqa: F401 (importing it is the check)
    except (ImportError, OSError, RuntimeError):
        name = "python{}.{}".format(*sys.version_info[:2])
        return Check(
            "torchcodec",
            "missing",
            "cannot load FFmpeg's shared libraries; datasets needs it to decode audio",
            f"Debian, Ubuntu: apt-get install ffmpeg lib{name}; macOS: brew install ffmpeg",
        )
    return Check("torchcodec", "ok", "loads FFmpeg's shared libraries")


def _codec() -> Check:
    """What `encode` would run the codec on."""
    import torch

    if torch.cuda.is_available():
        return Check("codec", "ok", f"runs on {torch.cuda.get_device_name()}")
    if find_spec("openvino"):
        return Check("codec", "ok", f"runs on the CPU, with OpenVINO {version('openvino')}")
    remedy = "pip install 'sport-music-dataset[cpu]' brings OpenVINO, which is faster"
    return Check("codec", "hint", "runs on the CPU, with PyTorch", remedy)


def _disk(folder: Path) -> Check:
    existing = next(
        place for place in (folder.absolute(), *folder.absolute().parents) if place.exists()
    )
    free = shutil.disk_usage(existing).free / _GB
    # A chunk is about 0.7 MB as FLAC every 15 s.
    found = f"{free:.0f} GB free, room for about {free / 0.17:.0f} hours of music"
    if free > 10:
        return Check("disk", "ok", found)
    return Check("disk", "hint", found, "free some, or write the release to another disk")


def _memory() -> Check:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GB
    except (ValueError, OSError, AttributeError):
        return Check("memory", "hint", "unknown on this system", "encode wants 4 GB")
    if total >= 4:
        return Check("memory", "ok", f"{total:.0f} GB")
    return Check("memory", "hint", f"{total:.1f} GB", "encode wants 4 GB; build with --num-proc 1")


def _token() -> Check:
    from huggingface_hub import get_token

    if get_token():
        return Check("token", "ok", "present")
    return Check("token", "hint", "none; needed to push", "run `hf auth login`, or set HF_TOKEN")


def _hub() -> Check:
    import httpx2
    from huggingface_hub import constants

    place = constants.ENDPOINT
    remedy = "build, encode with local folders and --model nano work without; see HF_ENDPOINT"
    try:
        answer = httpx2.head(place, timeout=_HUB_TIMEOUT_SECONDS, follow_redirects=True)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return Check("Hub", "hint", f"{place} cannot be reached ({type(error).__name__})", remedy)
    if answer.status_code >= 500:
        return Check("Hub", "hint", f"{place} answers HTTP {answer.status_code}", "try again later")
    return Check("Hub", "ok", f"{place} answers")
