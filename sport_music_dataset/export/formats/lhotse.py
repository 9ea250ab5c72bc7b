"""Lhotse: recordings, supervisions and cuts, a line of JSON each.

The format is what `to_dict` of `Recording`, `SupervisionSegment` and `MonoCut` of
github.com/lhotse-speech/lhotse gives, in files of the names that `read_manifests_if_cached` of its
recipes looks for.
"""

import gzip
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, ClassVar

from ...recipe import SAMPLING_RATE
from ...records import Row
from ...storage.atomic import replaced
from ..samples import Sample
from .base import FactsOf, SideBySide, as_json

_KINDS = ("recordings", "supervisions", "cuts")


class Lhotse(SideBySide):
    """`audio/SPLIT/00000/KEY.flac`, and `manifests/NAME_KIND_SPLIT.jsonl.gz` of three kinds."""

    title: ClassVar[str] = "Lhotse"
    guide: ClassVar[str] = "lhotse"

    def beside(self, sample: Sample) -> dict[str, bytes]:
        return {}

    def manifests(self) -> list[str]:
        return [self._manifest(kind, split) for split in self.about.splits for kind in _KINDS]

    def write_manifests(self, folder: Path, facts: FactsOf) -> None:
        for split in self.about.splits:
            with ExitStack() as stack:
                files = [
                    stack.enter_context(_gzipped(folder / self._manifest(kind, split)))
                    for kind in _KINDS
                ]
                for path, sample in self.located(split, facts):
                    for file, row in zip(files, self._rows(path, sample), strict=True):
                        file.write(as_json(row))

    def guide_values(self) -> dict[str, Any]:
        return {"cuts": self._manifest("cuts", self.about.train)}

    def _manifest(self, kind: str, split: str) -> str:
        return f"manifests/{self.about.name}_{kind}_{split}.jsonl.gz"

    def _rows(self, path: str, sample: Sample) -> tuple[Row, Row, Row]:
        """Recording, supervision and cut of a chunk."""
        span = {"start": 0.0, "duration": self.about.seconds, "channel": 0}
        recording = {
            "id": sample.key,
            "sources": [{"type": "file", "channels": [0], "source": path}],
            "sampling_rate": SAMPLING_RATE,
            "num_samples": self.about.num_samples,
            "duration": self.about.seconds,
            "channel_ids": [0],
        }
        supervision = {
            "id": sample.key,
            "recording_id": sample.key,
            **span,
            "text": sample.description,
            "language": "English",
            "custom": {name: fact for name, fact in sample.facts.items() if fact is not None},
        }
        cut = {"id": sample.key, **span, "supervisions": [supervision], "recording": recording}
        return recording, supervision, {**cut, "type": "MonoCut"}


@contextmanager
def _gzipped(file: Path) -> Iterator[gzip.GzipFile]:
    """A gzip file, written atomically, without a time and a name in its header."""
    with (
        replaced(file) as (stream, _),
        gzip.GzipFile(filename="", mode="wb", fileobj=stream, mtime=0) as lines,
    ):
        yield lines
