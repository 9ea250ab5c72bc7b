"""audiocraft: manifests of audio files, each with its MusicInfo as JSON beside it.

The format is that of docs/DATASETS.md and of `AudioMeta` (audio_dataset.py) and `MusicInfo`
(music_dataset.py) of github.com/facebookresearch/audiocraft. Its MusicDataset wants every field of
MusicInfo but `keywords` in the JSON; it ignores others, and among those are all facts of the chunk.
"""

from pathlib import Path
from typing import Any, ClassVar

from ...recipe import SAMPLING_RATE
from ...records import Row
from ...storage.atomic import write_atomically
from ..samples import Sample
from .base import FactsOf, SideBySide, as_json, write_lines


class Audiocraft(SideBySide):
    """`egs/SPLIT/data.jsonl`, `audio/SPLIT/00000/KEY.flac` and `.json`, `dset/audio/NAME.yaml`."""

    title: ClassVar[str] = "audiocraft"
    guide: ClassVar[str] = "audiocraft"

    def beside(self, sample: Sample) -> dict[str, bytes]:
        return {".json": as_json(self._music_info(sample))}

    def manifests(self) -> list[str]:
        return [*map(_manifest, self.about.splits), self._config]

    def write_manifests(self, folder: Path, facts: FactsOf) -> None:
        for split in self.about.splits:
            lines = (self._audio_meta(path) for path, _ in self.located(split, facts))
            write_lines(folder / _manifest(split), lines)
        write_atomically(folder / self._config, self._datasource().encode())

    def guide_values(self) -> dict[str, Any]:
        return {"config": self._config}

    @property
    def _config(self) -> str:
        return f"dset/audio/{self.about.name}.yaml"

    def _audio_meta(self, path: str) -> Row:
        unknown = dict.fromkeys(("amplitude", "weight", "info_path"))
        return {
            "path": path,
            "duration": self.about.seconds,
            "sample_rate": SAMPLING_RATE,
            **unknown,
        }

    def _music_info(self, sample: Sample) -> Row:
        facts = sample.facts
        words = (facts.get("session"), facts.get("arc"))
        return {
            "title": facts.get("title") or "",
            "artist": facts.get("artist") or "",
            "key": sample.musical_key,
            "bpm": sample.tempo_bpm,
            "genre": facts.get("style") or "",
            "moods": sample.heard("moods"),
            "keywords": [word for word in words if word],
            "description": sample.description,
            "name": sample.key,
            "instrument": ", ".join(sample.heard("instruments")),
            "duration": self.about.seconds,
            "sample_rate": SAMPLING_RATE,
            "file_extension": "flac",
            "sportgen": facts,
        }

    def _datasource(self) -> str:
        about = self.about
        stages = {
            "train": about.train,
            "valid": about.validation,
            "evaluate": about.test,
            "generate": about.test,
        }
        lines = (
            f"  {stage}: {as_json(about.at(f'egs/{split}')).decode().strip()}"
            for stage, split in stages.items()
        )
        return "\n".join(
            [
                "# @package __global__",
                "",
                "datasource:",
                f"  max_sample_rate: {SAMPLING_RATE}",
                "  max_channels: 1",
                "",
                *lines,
                "",
            ]
        )


def _manifest(split: str) -> str:
    return f"egs/{split}/data.jsonl"
