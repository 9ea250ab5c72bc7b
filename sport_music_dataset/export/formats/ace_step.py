"""ACE-Step: audio with caption, annotations and lyrics beside it, for 1.5 and for 1.

What 1.5 scans is in docs/en/LoRA_Training_Tutorial.md of github.com/ace-step/ACE-Step-1.5: FLAC,
`.caption.txt`, `.json`, and `.lyrics.txt`, without which a file is `[Instrumental]`. What 1 wants
is in TRAIN_INSTRUCTION.md of github.com/ace-step/ACE-Step: `_prompt.txt` and `_lyrics.txt`. Its
converter, convert2hf_dataset.py, looks for MP3 alone; its trainer, text2music_dataset.py, reads
FLAC. So what the converter would write is written here: a folder for `datasets.load_from_disk`.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from ...records import Row
from ...storage.atomic import replaced, write_atomically
from ..samples import Sample
from .base import FactsOf, SideBySide, as_json

_ARROW = "data-00000-of-00001.arrow"
_ROWS = 1_000
_STRING = {"dtype": "string", "_type": "Value"}
# Lists as `[...]`, which every version of datasets reads.
_FEATURES = {
    "keys": _STRING,
    "filename": _STRING,
    "tags": [_STRING],
    "speaker_emb_path": _STRING,
    "norm_lyrics": _STRING,
    "recaption": {"description": _STRING},
}
_SCHEMA = pa.schema(
    {
        **dict.fromkeys(("keys", "filename"), pa.string()),
        "tags": pa.list_(pa.string()),
        **dict.fromkeys(("speaker_emb_path", "norm_lyrics"), pa.string()),
        "recaption": pa.struct({"description": pa.string()}),
    }
)


class AceStep(SideBySide):
    """`audio/SPLIT/00000/KEY.flac` and its texts, `hf_dataset/SPLIT/` for the trainer of 1."""

    title: ClassVar[str] = "ACE-Step"
    guide: ClassVar[str] = "ace_step"

    def beside(self, sample: Sample) -> dict[str, bytes]:
        annotations = {
            "caption": sample.description,
            "bpm": None if sample.tempo_bpm is None else round(sample.tempo_bpm),
            "keyscale": sample.musical_key,
            "timesignature": "",
            "language": "unknown",
            "genre": sample.facts.get("style") or "",
            "sportgen": sample.facts,
        }
        caption = sample.description.encode()
        return {
            ".json": as_json(annotations),
            ".caption.txt": caption,
            "_prompt.txt": caption,
            "_lyrics.txt": _lyrics(sample).encode(),
        }

    def manifests(self) -> list[str]:
        names = (_ARROW, "dataset_info.json", "state.json")
        return [f"hf_dataset/{split}/{name}" for split in self.about.splits for name in names]

    def write_manifests(self, folder: Path, facts: FactsOf) -> None:
        for split in self.about.splits:
            place = folder / "hf_dataset" / split
            with replaced(place / _ARROW) as (stream, _), pa.ipc.new_stream(stream, _SCHEMA) as out:
                rows = (_converted(path, sample) for path, sample in self.located(split, facts))
                for table in _tables(rows):
                    out.write_table(table)
            write_atomically(place / "dataset_info.json", as_json({"features": _FEATURES}, 2))
            write_atomically(place / "state.json", as_json(_state(self.about.name, split), 2))


def _lyrics(sample: Sample) -> str:
    return "[instrumental]" if sample.is_instrumental else ""


def _converted(path: str, sample: Sample) -> Row:
    """A row as convert2hf_dataset.py makes it; `recaption` is what the trainer may say instead."""
    return {
        "keys": sample.key,
        "filename": path,
        "tags": sample.description.split(", "),
        "speaker_emb_path": "",
        "norm_lyrics": _lyrics(sample),
        "recaption": {"description": sample.description},
    }


def _tables(rows: Iterator[Row]) -> Iterable[pa.Table]:
    while some := list(islice(rows, _ROWS)):
        yield pa.Table.from_pylist(some, schema=_SCHEMA)


def _state(name: str, split: str) -> Row:
    """What datasets writes beside the Arrow files of `save_to_disk`."""
    return {
        "_data_files": [{"filename": _ARROW}],
        "_fingerprint": f"sportgen-{name}-{split}",
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": None,
    }
