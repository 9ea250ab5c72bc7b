"""stable-audio-tools: folders of audio, a JSON beside each, and the module that reads it.

The format is that of docs/datasets.md of github.com/Stability-AI/stable-audio-tools: a config with
`dataset_type` `audio_dir`, whose `custom_metadata_module` gives what conditions a model.
"""

from pathlib import Path
from typing import Any, ClassVar

from ...storage.atomic import write_atomically
from ..samples import Sample
from .base import FactsOf, SideBySide, as_json

_MODULE = "custom_metadata.py"
# Imports stand inside: the trainer sends the function to its processes without its module.
_METADATA = b'''"""What stable-audio-tools conditions a model on: the JSON beside each file."""


def get_custom_metadata(info, audio):
    import json
    import os

    with open(os.path.splitext(info["path"])[0] + ".json", encoding="utf-8") as file:
        metadata = json.load(file)
    return {name: value for name, value in metadata.items() if value is not None}
'''


class StableAudio(SideBySide):
    """`audio/SPLIT/00000/KEY.flac` and `.json`, `dataset_SPLIT.json`, `custom_metadata.py`."""

    title: ClassVar[str] = "stable-audio-tools"
    guide: ClassVar[str] = "stable_audio"

    def beside(self, sample: Sample) -> dict[str, bytes]:
        # `bpm` and `musical_key` only where they are sure; what was measured stands beside them.
        said = {
            "prompt": sample.description,
            "bpm": sample.tempo_bpm,
            "musical_key": sample.musical_key or None,
        }
        return {".json": as_json({**sample.facts, **said})}

    def manifests(self) -> list[str]:
        return [*map(_config, self.about.splits), _MODULE]

    def write_manifests(self, folder: Path, facts: FactsOf) -> None:
        for split in self.about.splits:
            source = {
                "id": self.about.name,
                "path": self.about.at(f"audio/{split}"),
                "custom_metadata_module": self.about.at(_MODULE),
            }
            config = {"dataset_type": "audio_dir", "datasets": [source], "random_crop": True}
            write_atomically(folder / _config(split), as_json(config, indent=4))
        write_atomically(folder / _MODULE, _METADATA)

    def guide_values(self) -> dict[str, Any]:
        train, watch = self.about.train, self.about.validation
        return {"config": _config(train), "watch": _config(watch) if watch != train else ""}


def _config(split: str) -> str:
    return f"dataset_{split}.json"
