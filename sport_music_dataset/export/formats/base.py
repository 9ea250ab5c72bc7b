"""What the export asks of a format, and what formats of audio files side by side share."""

import json
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ...recipe import SAMPLING_RATE
from ...storage.atomic import partial_name, replaced
from ..samples import Sample

FactsOf = Callable[[str], Iterable[Sample]]
"""Split -> its chunks without audio and codes."""


@dataclass(frozen=True, slots=True)
class Outline:
    """What an export is about.

    `name` is that of the dataset, of letters, digits, `_` and `-`. `root` is DEST as the trainer
    will find it; paths in manifests start with it. `splits` has the number of chunks of each.
    `num_samples` is the length of a chunk at 32 kHz. `has_audio` says whether the release has
    audio, `codec` whose codes it has, empty if it has none.
    """

    name: str
    root: str
    splits: dict[str, int]
    num_samples: int
    chunks_per_shard: int
    has_audio: bool = True
    codec: str = ""

    @property
    def seconds(self) -> float:
        """The length of a chunk."""
        return self.num_samples / SAMPLING_RATE

    def at(self, path: str) -> str:
        """A path of the export as the trainer finds it."""
        return f"{self.root.rstrip('/')}/{path}" if self.root not in ("", ".") else path

    def part_count(self, split: str) -> int:
        """The number of parts of a split."""
        return -(-self.splits[split] // self.chunks_per_shard)

    def split_for(self, *names: str) -> str:
        """The first split that has one of `names`, else the last one."""
        return next((name for name in names if name in self.splits), [*self.splits][-1])

    @property
    def train(self) -> str:
        """The split to train on: `train`, else the first one."""
        return "train" if "train" in self.splits else next(iter(self.splits))

    @property
    def validation(self) -> str:
        """The split to watch a training by; that of the test where there is no other."""
        return self.split_for("validation", "valid", "dev", "val", "test")

    @property
    def test(self) -> str:
        """The split to test on."""
        return self.split_for("test", "validation", "valid", "dev", "val")


@dataclass(slots=True)
class Format(ABC):
    """A format: the paths and the bytes of its parts and manifests, below DEST.

    A part has up to `chunks_per_shard` chunks of one split and is a file or a folder. It is written
    once, whole; manifests follow when all parts are there.
    """

    about: Outline
    needs_audio: ClassVar[bool] = True
    takes_codes: ClassVar[bool] = False
    # Its name for people, and that of its template in guides/.
    title: ClassVar[str]
    guide: ClassVar[str]

    @property
    def with_codes(self) -> bool:
        """Whether samples come with codes: the format takes them, and the release has some."""
        return self.takes_codes and bool(self.about.codec)

    @abstractmethod
    def part(self, split: str, index: int, count: int) -> str:
        """The path of part number `index` of `count` of a split."""

    @abstractmethod
    def write_part(self, folder: Path, path: str, samples: Iterable[Sample]) -> None:
        """Write a part, atomically."""

    @abstractmethod
    def manifests(self) -> list[str]:
        """The paths that `write_manifests` writes."""

    @abstractmethod
    def write_manifests(self, folder: Path, facts: FactsOf) -> None:
        """Write all manifests and configs, each atomically."""

    def guide_values(self) -> dict[str, Any]:
        """What the guide speaks of, besides `about`."""
        return {}

    def front_matter(self) -> str:
        """What README.md starts with."""
        return ""


@dataclass(slots=True)
class SideBySide(Format):
    """A format of FLAC files with files of the same stem beside them: `audio/SPLIT/00000/KEY.flac`.

    A part is a folder: some file systems, and all file managers, are slow with a hundred thousand
    files in one.
    """

    def part(self, split: str, index: int, count: int) -> str:
        return f"audio/{split}/{index:05d}"

    @abstractmethod
    def beside(self, sample: Sample) -> dict[str, bytes]:
        """What lies beside the audio of a chunk: ending of its name -> bytes."""

    def write_part(self, folder: Path, path: str, samples: Iterable[Sample]) -> None:
        with replaced_folder(folder / path) as partial:
            for sample in samples:
                for ending, data in {".flac": sample.audio, **self.beside(sample)}.items():
                    (partial / f"{sample.key}{ending}").write_bytes(data)

    def located(self, split: str, facts: FactsOf) -> Iterator[tuple[str, Sample]]:
        """The chunks of a split, each with the path of its audio as the trainer finds it."""
        count = self.about.part_count(split)
        for number, sample in enumerate(facts(split)):
            part = self.part(split, number // self.about.chunks_per_shard, count)
            yield self.about.at(f"{part}/{sample.key}.flac"), sample


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder that gets its name when the block ends without an error.

    What is in it is on the disk before: one sync of all costs less than one for each of a thousand
    files.
    """
    partial = partial_name(folder)
    partial.mkdir(parents=True)
    try:
        yield partial
        if hasattr(os, "sync"):
            os.sync()
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def as_json(value: Any, indent: int | None = None) -> bytes:
    """A value as JSON in ASCII: trainers open files in whatever encoding the machine has."""
    return (json.dumps(value, indent=indent) + "\n").encode("ascii")


def write_lines(file: Path, values: Iterable[Any]) -> None:
    """Write values as JSON, one a line, atomically."""
    with replaced(file) as (stream, _):
        stream.writelines(map(as_json, values))
