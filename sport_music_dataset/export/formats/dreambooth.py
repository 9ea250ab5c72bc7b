"""musicgen-dreamboothing: Parquet with a column of audio and one of descriptions.

dreambooth_musicgen.py of github.com/ylacombe/musicgen-dreamboothing calls `load_dataset`, and takes
the names of dataset, splits and columns from its arguments or from a file of JSON, which is written
too. Its labels lack the last codes of a chunk, and it encodes the audio itself.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from ...columns import RAW_COLUMNS
from ...records import Row
from ...release.schemas import schema_of
from ...release.shards import write_shard
from ...storage.atomic import write_atomically
from ..samples import TRACK_COLUMNS, Sample
from .base import FactsOf, Format, as_json

_ARGUMENTS = "dreambooth.json"


class Dreambooth(Format):
    """`data/SPLIT-00000-of-00001.parquet`, and `dreambooth.json`, the arguments of the script."""

    title: ClassVar[str] = "musicgen-dreamboothing"
    guide: ClassVar[str] = "dreambooth"

    def part(self, split: str, index: int, count: int) -> str:
        return f"data/{split}-{index:05d}-of-{count:05d}.parquet"

    def write_part(self, folder: Path, path: str, samples: Iterable[Sample]) -> None:
        write_shard(folder, path, _schema(), map(_row, samples))

    def manifests(self) -> list[str]:
        return [_ARGUMENTS]

    def write_manifests(self, folder: Path, facts: FactsOf) -> None:
        write_atomically(folder / _ARGUMENTS, as_json(self._arguments(), indent=4))

    def front_matter(self) -> str:
        """Which files are which split: without it, datasets would read other files too."""
        files = "".join(
            f"  - split: {split}\n    path: data/{split}-*.parquet\n" for split in self.about.splits
        )
        return f"---\nconfigs:\n- config_name: default\n  data_files:\n{files}---\n\n"

    def guide_values(self) -> dict[str, Any]:
        return {"arguments": _ARGUMENTS}

    def _arguments(self) -> dict[str, Any]:
        """Arguments of the script; how it trains is as its authors' example has it."""
        about = self.about
        return {
            "dataset_name": about.root,
            "dataset_config_name": "default",
            "target_audio_column_name": "audio",
            "text_column_name": "description",
            "train_split_name": about.train,
            "eval_split_name": about.validation,
            # Audio is left out that is not shorter.
            "max_duration_in_seconds": about.seconds + 1,
            "min_duration_in_seconds": 0,
            "model_name_or_path": "facebook/musicgen-small",
            # Without these two the script fails: it asks a model for them that it has not loaded.
            "pad_token_id": 2048,
            "decoder_start_token_id": 2048,
            "guidance_scale": 1.0,
            "use_lora": True,
            "output_dir": f"{about.name}-lora",
            "do_train": True,
            "do_eval": False,
            "num_train_epochs": 4,
            "per_device_train_batch_size": 2,
            "gradient_accumulation_steps": 8,
            "learning_rate": 2e-4,
        }


def _row(sample: Sample) -> Row:
    audio = {"bytes": sample.audio, "path": f"{sample.key}.flac"}
    return {**{name: sample.facts.get(name) for name in _names()}, "audio": audio}


def _names() -> list[str]:
    """The columns: audio and description first, where people and the Hub's viewer look."""
    first = ("audio", "description")
    others = (*RAW_COLUMNS, *TRACK_COLUMNS)
    return [*first, *(name for name in dict.fromkeys(others) if name not in first)]


def _schema() -> pa.Schema:
    return schema_of({name: RAW_COLUMNS.get(name, "string") for name in _names()})
