"""Where the networks of musicnn lie: in the package `musicnn`, which is found and not imported."""

from importlib.util import find_spec
from pathlib import Path

from ..digests import digest, file_digest
from ..errors import ModelError
from .checkpoint import ENDS

REMEDY = "pip install --no-deps musicnn"
FIRST, SECOND = "MTT_musicnn", "MSD_musicnn"
"""The folders of the networks of MagnaTagATune and of the Million Song Dataset."""


def musicnn_folder() -> Path:
    """The folder of the installed package; raises ModelError with the remedy if there is none."""
    spec = find_spec("musicnn")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place)
        if all((folder / name / end).is_file() for name in (FIRST, SECOND) for end in ENDS):
            return folder
    raise ModelError(f"musicnn: is not installed, or lacks its networks; {REMEDY}")


def musicnn_revision() -> str:
    """The identity of the networks: a digest of the files that are read."""
    folder = musicnn_folder()
    found = [file_digest(folder / name / end) for name in (FIRST, SECOND) for end in ENDS]
    return f"sha256:{digest(found)[:16]}"
