"""Datasets of Parquet, made of audio files, and what a library of them says."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import (
    Audio,
    Dataset,
    Features,
    Value,
    disable_progress_bars,
)

from sport_music_dataset import SportMusicConfig
from sport_music_dataset.source.library import Library

Row = dict[str, Any]
PARQUET = ("data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet")


def songs(music: Path) -> list[Row]:
    """The audio files of a folder as rows of a dataset."""
    found = sorted(file for file in music.rglob("[!.]*.*") if file.suffix != ".txt")
    return [
        {"audio": {"bytes": file.read_bytes(), "path": str(file.relative_to(music))}}
        for file in found
    ]


def write(file: Path, rows: Iterable[Row], **kinds: Any) -> Path:
    """Rows as Parquet, as datasets writes it: text and audio, unless `kinds` says otherwise."""
    rows = list(rows)
    kinds = {"audio": Audio(), **kinds}
    features = Features({name: kinds.get(name, Value("string")) for name in rows[0]})
    file.parent.mkdir(parents=True, exist_ok=True)
    disable_progress_bars()
    Dataset.from_list(rows, features=features).to_parquet(file)
    return file


def write_plain(file: Path, rows: list[Row]) -> Path:
    """Rows as Parquet that knows nothing of datasets."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file


def split_up(music: Path, folder: Path) -> Path:
    """The music as a dataset of two Parquet files in `folder`."""
    rows = songs(music)
    for number, name in enumerate(PARQUET):
        write(folder / name, rows[number::2])
    return folder


def named(library: Library, *fields: str) -> list[tuple[str, ...]]:
    """Fields of every track, in order."""
    return [tuple(getattr(track, field) for field in fields) for track in library.tracks]


def kinds(library: Library) -> dict[str, str]:
    """Path -> reason without its detail."""
    return {track.path: track.reason.partition(":")[0] for track in library.tracks}


def described(location: str, audio_column: str) -> list[list[str]]:
    """What a source's tracks are to the builder, as JSON takes it."""
    library = SportMusicConfig(data_dir=location, audio_column=audio_column, layout="sport").library
    tracks = named(library, "path", "track_id", "style", "session", "reason", "description")
    return [list(track) for track in tracks]
