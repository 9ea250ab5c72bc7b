"""`sportgen doctor`: what this machine has, and how to get what it lacks."""

import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from ..outside.redact import redact
from .faults import PROXY
from .parts import PARTS, Part, wrong_versions

_GB = 1e9
_HUB_TIMEOUT_SECONDS = 5.0
# A broken library may tell a page; its end is where the cause is.
_MOST_LETTERS = 200


@dataclass(frozen=True, slots=True)
class MachineCheck:
    """One finding: `state` is `ok`, `hint` (something works less well) or `missing`."""

    name: str
    state: str
    found: str
    remedy: str = ""


def examine(folder: Path) -> list[MachineCheck]:
    """All checks, whatever fails in one of them; `folder` is where a release would be written."""
    checks: list[tuple[str, Callable[[], MachineCheck]]] = [
        ("Python", _python),
        *((part.name, partial(_tried, part)) for part in PARTS),
        ("versions", _versions),
        ("codec", _codec),
        ("Ray", _ray),
        ("disk", partial(_disk, folder)),
        ("memory", _memory),
        ("token", _token),
        ("Hub", _hub),
    ]
    return [_finding(name, check) for name, check in checks]


def _finding(name: str, check: Callable[[], MachineCheck]) -> MachineCheck:
    try:
        return check()
    except Exception as error:  # whatever a broken library raises is the finding
        return MachineCheck(name, "missing", _line(error), "reinstall sportgen")


def _tried(part: Part) -> MachineCheck:
    try:
        return MachineCheck(part.name, "ok", part.trial())
    except Exception as error:  # whatever a broken library raises is the finding
        state = "hint" if part.optional else "missing"
        return MachineCheck(part.name, state, f"does not work ({_line(error)})", part.remedy(error))


def _line(error: Exception) -> str:
    text = redact(" ".join(str(error).split()))
    text = text if len(text) <= _MOST_LETTERS else f"... {text[-_MOST_LETTERS:]}"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _python() -> MachineCheck:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    return MachineCheck("Python", "ok", found)


def _versions() -> MachineCheck:
    """What is installed, against what we require."""
    wrong = wrong_versions()
    if wrong:
        remedy = "pip install --upgrade sport-music-dataset"
        return MachineCheck("versions", "hint", "; ".join(wrong), remedy)
    return MachineCheck("versions", "ok", "all libraries are of versions that sportgen works with")


def _ray() -> MachineCheck:
    if find_spec("ray"):
        return MachineCheck("Ray", "ok", f"Ray {version('ray')}, for --engine ray")
    remedy = "pip install 'sport-music-dataset[ray]', for --engine ray"
    return MachineCheck("Ray", "hint", "is not installed; this machine's processes work", remedy)


def _codec() -> MachineCheck:
    """What `encode` would run the codec on."""
    import torch

    if torch.cuda.is_available():
        return MachineCheck("codec", "ok", f"runs on {torch.cuda.get_device_name()}")
    if find_spec("openvino"):
        return MachineCheck("codec", "ok", f"runs on the CPU, with OpenVINO {version('openvino')}")
    remedy = "pip install 'sport-music-dataset[cpu]' brings OpenVINO, which is faster"
    return MachineCheck("codec", "hint", "runs on the CPU, with PyTorch", remedy)


def _disk(folder: Path) -> MachineCheck:
    existing = next(
        place for place in (folder.absolute(), *folder.absolute().parents) if place.exists()
    )
    free = shutil.disk_usage(existing).free / _GB
    # A chunk is about 0.7 MB as FLAC every 15 s.
    found = f"{free:.0f} GB free, room for about {free / 0.17:.0f} hours of music"
    if free > 10:
        return MachineCheck("disk", "ok", found)
    return MachineCheck("disk", "hint", found, "free some, or write the release to another disk")


def _memory() -> MachineCheck:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GB
    except (ValueError, OSError, AttributeError):
        return MachineCheck("memory", "hint", "unknown on this system", "encode wants 4 GB")
    if total >= 4:
        return MachineCheck("memory", "ok", f"{total:.0f} GB")
    remedy = "encode wants 4 GB; build with --num-proc 1"
    return MachineCheck("memory", "hint", f"{total:.1f} GB", remedy)


def _token() -> MachineCheck:
    from huggingface_hub import get_token

    if get_token():
        return MachineCheck("token", "ok", "present")
    return MachineCheck(
        "token", "hint", "none; needed to push", "run `hf auth login`, or set HF_TOKEN"
    )


def _hub() -> MachineCheck:
    import httpx2
    from huggingface_hub import constants

    place = redact(constants.ENDPOINT)
    remedy = "build, encode with local folders and --model nano work without; see HF_ENDPOINT"
    try:
        answer = httpx2.head(
            constants.ENDPOINT, timeout=_HUB_TIMEOUT_SECONDS, follow_redirects=True
        )
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return MachineCheck(
            "Hub", "hint", f"{place} cannot be reached ({type(error).__name__})", remedy
        )
    except (ImportError, ValueError) as error:  # what the client makes of a proxy's address
        return MachineCheck("Hub", "hint", f"{place} cannot be reached ({_line(error)})", PROXY)
    if answer.status_code >= 500:
        return MachineCheck(
            "Hub", "hint", f"{place} answers HTTP {answer.status_code}", "try again later"
        )
    return MachineCheck("Hub", "ok", f"{place} answers")
