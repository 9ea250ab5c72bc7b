"""WebDataset: tar files, in which the files of a chunk follow one another and share their stem.

The format is that of github.com/webdataset/webdataset. Tar files are written by Python's tarfile,
as USTAR without times and owners, so that the same chunks give the same bytes.
"""

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ...release.labels import Codes
from ...storage.atomic import replaced
from ..samples import Sample
from .base import FactsOf, Format, as_json


class WebDataset(Format):
    """`SPLIT-000000.tar` of `KEY.flac`, `KEY.npy` (where the release has them) and `KEY.json`."""

    title: ClassVar[str] = "WebDataset"
    guide: ClassVar[str] = "webdataset"
    needs_audio: ClassVar[bool] = False
    takes_codes: ClassVar[bool] = True

    def part(self, split: str, index: int, count: int) -> str:
        return f"{split}-{index:06d}.tar"

    def write_part(self, folder: Path, path: str, samples: Iterable[Sample]) -> None:
        with (
            replaced(folder / path) as (stream, _),
            tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar,
        ):
            for sample in samples:
                for ending, data in _files(sample).items():
                    entry = tarfile.TarInfo(f"{sample.key}.{ending}")
                    entry.size = len(data)
                    tar.addfile(entry, io.BytesIO(data))

    def manifests(self) -> list[str]:
        return []

    def write_manifests(self, folder: Path, facts: FactsOf) -> None:
        """Nothing to write: the tar files are all that there is."""

    def guide_values(self) -> dict[str, Any]:
        shards = self.about.part_count(self.about.train)
        numbers = f"{{000000..{shards - 1:06d}}}" if shards > 1 else "000000"
        return {"files": f"{self.about.train}-{numbers}.tar", "shards": shards}


def _files(sample: Sample) -> dict[str, bytes]:
    """Ending -> bytes of the files of a chunk."""
    found = {"flac": sample.audio} if sample.audio else {}
    if sample.codes is not None:
        found["npy"] = _npy(sample.codes)
    return {**found, "json": as_json(sample.facts)}


def _npy(codes: Codes) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(codes), version=(1, 0))
    return buffer.getvalue()
