"""`sportgen doctor`: what this machine has, and how to get what it lacks."""

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile

from .. import extras
from ..errors import HubError, ModelError
from ..outside.redact import redact
from .faults import remedy_of
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


def examine(folder: Path) -> Iterator[MachineCheck]:
    """Yield all checks, whatever fails in one of them; `folder` is where a release would be
    written."""
    checks: list[tuple[str, Callable[[], MachineCheck]]] = [
        ("Python", _python),
        *((part.name, partial(_tried, part)) for part in PARTS),
        ("versions", _versions),
        ("codec", _codec),
        ("listening", _listening),
        ("disk", partial(_disk, folder)),
        ("cache", _cache),
        ("memory", _memory),
        ("token", _token),
        ("Hub", _hub),
    ]
    return (_finding(name, check) for name, check in checks)


# Whatever a broken library raises is the finding; some end the process where they are imported.
_BROKEN = (Exception, SystemExit)


def _finding(name: str, check: Callable[[], MachineCheck]) -> MachineCheck:
    try:
        return check()
    except _BROKEN as error:
        return MachineCheck(name, "missing", _line(error), remedy_of(error) or "reinstall sportgen")


def _tried(part: Part) -> MachineCheck:
    extra = part.extra
    if extra and not extras.is_installed(extra):
        return MachineCheck(part.name, "hint", extras.absence(extra), extras.remedy(extra))
    use = f", for {extras.EXTRAS[extra].use}" if extra else ""
    try:
        return MachineCheck(part.name, "ok", f"{part.trial()}{use}")
    except _BROKEN as error:
        state = "hint" if part.optional or extra else "missing"
        remedy = remedy_of(error) or part.remedy(error)
        return MachineCheck(part.name, state, f"does not work ({_line(error)})", remedy)


def _line(error: BaseException) -> str:
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


def _codec() -> MachineCheck:
    """What `encode` would run the codec on."""
    import torch

    if torch.cuda.is_available():
        return MachineCheck("codec", "ok", f"runs on {torch.cuda.get_device_name()}")
    if extras.is_installed("cpu"):
        return MachineCheck("codec", "ok", "runs on the CPU, with OpenVINO")
    return MachineCheck("codec", "hint", "runs on the CPU, with PyTorch: slower than with OpenVINO")


def _listening() -> MachineCheck:
    """What `build --listen` and `listen` would hear with."""
    from ..listen.files import REMEDY, musicnn_folder

    try:
        musicnn_folder()
    except ModelError:
        found = "no networks of musicnn, with which --listen hears voices, instruments and moods"
        return MachineCheck("listening", "hint", found, f"{REMEDY}, or --tagger with a CLAP model")
    found = f"musicnn {version('musicnn')}, for --listen; its networks are for non-commercial use"
    return MachineCheck("listening", "ok", found)


def _disk(folder: Path) -> MachineCheck:
    existing = _existing(folder)
    free = shutil.disk_usage(existing).free / _GB
    # A chunk is about 0.7 MB as FLAC every 15 s.
    found = f"{free:.0f} GB free, room for about {free / 0.17:.0f} hours of music"
    if free > 10:
        return MachineCheck("disk", "ok", found)
    return MachineCheck("disk", "hint", found, "free some, or write the release to another disk")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    folder = folder.absolute()
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def _cache() -> MachineCheck:
    """Whether models and datasets can be stored where the Hub's client stores them."""
    from huggingface_hub import constants

    home = Path(constants.HF_HOME)
    try:
        # The rights of a folder do not tell: root has all of them, on a read-only disk too.
        with TemporaryFile(dir=_existing(home)):
            return MachineCheck("cache", "ok", str(home))
    except OSError as error:
        remedy = "set HF_HOME to a folder that you may write to"
        return MachineCheck("cache", "missing", f"{home}: {error.strerror}", remedy)


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
    """Whether a Hub answers, and knows the token."""
    from huggingface_hub import get_token
    from huggingface_hub.utils import build_hf_headers, get_session

    from ..storage.hub_client import checked, client, hub_errors

    remedy = "without it: build and encode with local folders and --model nano"
    try:
        api = checked()
        with hub_errors(api, "whoami"), client(_HUB_TIMEOUT_SECONDS):
            address = f"{api.endpoint}/api/whoami-v2"
            answer = get_session().get(address, headers=build_hf_headers())
            known = answer.json()
    except HubError as error:
        return MachineCheck("Hub", "hint", str(error), remedy)
    place, status = redact(api.endpoint), answer.status_code
    if status >= 500 or status == 429:
        return MachineCheck("Hub", "hint", f"{place} answers HTTP {status}", "try again later")
    if status == 401 and get_token():
        remedy = "run `hf auth login` or set HF_TOKEN to a valid one"
        return MachineCheck("Hub", "hint", f"{place} answers, and does not know the token", remedy)
    name = f", and knows you as {known['name']}" if "name" in known else ""
    return MachineCheck("Hub", "ok", f"{place} answers{name}")
