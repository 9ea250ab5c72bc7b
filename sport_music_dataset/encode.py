"""Rows of `raw` to rows of `encoded`: tokens, codes and labels, shard by shard."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from . import card
from .agreement import agreement
from .audio import decode_flac
from .codec import NANO, Codec, pick_device
from .digests import digest
from .errors import ModelError, ReleaseError, SettingError
from .labels import LabelStyle, delay
from .progress import Progress, no_progress
from .recipe import SAMPLING_RATE
from .records import Row
from .release import FileEntry, Manifest, read_manifest
from .schema import ENCODED_FEATURES
from .shards import ShardNote, read_note, remove_stale, write_note, write_shard, writing
from .tokens import TextModel

DEFAULT_MODEL = "facebook/musicgen-medium"
DEFAULT_CODEC = "facebook/encodec_32khz"

_COLUMNS = ["chunk_id", "track_id", "start_seconds", "description", "audio"]
_KEPT_COLUMNS = ("chunk_id", "track_id", "description")
# The LSTM gains little beyond; more would make progress coarse.
_BATCH_ROWS = 32


@dataclass(frozen=True, slots=True)
class EncodeSettings:
    """What determines the rows of `encoded`, besides those of `raw`.

    `model` and `codec` are Hub ids, folders or `nano`; an empty `codec` is the one that belongs to
    the model. `labels` is `lossless` or `notebook`.

    Raises:
        SettingError: `max_length` is no length.
    """

    model: str = DEFAULT_MODEL
    codec: str = ""
    max_length: int = 20
    labels: LabelStyle = "lossless"
    special_tokens: bool = True
    device: str = "auto"

    def __post_init__(self) -> None:
        if not 1 <= self.max_length <= 512:
            raise SettingError(f"max_length={self.max_length}: must be from 1 to 512 (T5's limit)")

    @property
    def codec_name(self) -> str:
        """The codec to load."""
        return self.codec or (NANO if self.model == NANO else DEFAULT_CODEC)


@dataclass(frozen=True, slots=True)
class EncodeReport:
    """What an encode did: rows per split, descriptions truncated, shards encoded and kept.

    `plain_reason` says why no work was shared between chunks, if so; `agreement` is the share of
    codes identical to the reference, for each codebook, where it was asked for.
    """

    rows: dict[str, int]
    truncated: int
    shards_written: int
    shards_kept: int
    nano: bool
    plain_reason: str = ""
    agreement: list[float] = field(default_factory=list)


def encode(
    folder: Path,
    settings: EncodeSettings,
    *,
    check: int = 0,
    progress: Progress = no_progress,
) -> EncodeReport:
    """Write `encoded/` beside the `raw/` of a release folder; card and manifest follow.

    Shards that are already encoded from the same rows with the same settings are kept. With
    `check`, so many chunks are encoded again the plain way and compared.

    Raises:
        ReleaseError: the folder is no release, or its files are not those of its manifest.
        ModelError: codec or tokenizer cannot be loaded, or do not fit each other.
    """
    manifest = read_manifest(folder)
    raw = manifest.shards("raw")
    if not raw:
        raise ReleaseError(f"{folder}: has no raw rows; run `sportgen build` again")
    encoder = Encoder(settings)
    done: dict[str, ShardNote] = {}
    todo: dict[str, str] = {}
    for name, entry in raw.items():
        if not (folder / name).is_file() or (folder / name).stat().st_size != entry.bytes:
            raise ReleaseError(f"{folder / name}: is not what the manifest says; build again")
        encoded = name.replace("raw/", "encoded/", 1)
        inputs = digest([entry.sha256, encoder.facts])
        note = read_note(folder, encoded, inputs)
        if note is None:
            todo[name] = inputs
        else:
            done[encoded] = note
    kept = len(done)
    rows = sum(raw[name].rows for name in todo)
    with writing(folder), progress("Encoding", rows) as advance:
        for name, inputs in todo.items():
            encoded = name.replace("raw/", "encoded/", 1)
            done[encoded] = _encode_shard(folder, name, encoded, inputs, encoder, advance)
        report = _finish(folder, manifest, encoder, done, kept)
    if check:
        shares = agreement(folder, manifest, encoder.codec, check, progress)
        report = replace(report, agreement=shares)
    return report


class Encoder:
    """Codec and tokenizer, and the facts about them that the manifest records."""

    def __init__(self, settings: EncodeSettings) -> None:
        self.settings = settings
        self.text = TextModel(settings.model)
        device = pick_device(settings.device)
        self.codec = Codec(settings.codec_name, self.text.num_codebooks, device)
        if self.codec.codebook_size > self.text.vocab_size:
            raise ModelError(
                f"{settings.codec_name}: has {self.codec.codebook_size} codes a codebook, "
                f"{settings.model} reads {self.text.vocab_size}; give the codec it was trained with"
            )
        self.facts: dict[str, Any] = {
            "model": self.text.source.public_name,
            "model_revision": self.text.revision,
            "codec": self.codec.source.public_name,
            "codec_revision": self.codec.revision,
            "nano": NANO in (settings.model, settings.codec_name),
            "max_length": settings.max_length,
            "labels": settings.labels,
            "special_tokens": settings.special_tokens,
            "num_codebooks": self.text.num_codebooks,
            "codebook_size": self.codec.codebook_size,
            "pad_token_id": self.text.pad_token_id,
            # A batch may flip near-ties between codes, so how it was run is a fact about them.
            "device": device,
            "dtype": "float32",
            "batch_size": _BATCH_ROWS,
            "software": {name: version(name) for name in ("torch", "transformers", "tokenizers")},
        }

    def rows(self, batch: list[Row]) -> tuple[list[Row], int]:
        """Rows of `encoded` for rows of `raw`, and how many descriptions were truncated."""
        ids, mask, truncated = self.text.tokenize(
            [row["description"] for row in batch],
            self.settings.max_length,
            self.settings.special_tokens,
        )
        chunks = np.stack([decode_flac(row["audio"]["bytes"]) for row in batch])
        rows = []
        for position, codes in enumerate(self.codec.encode(chunks, shared_offsets(batch))):
            labels = delay(codes, self.text.pad_token_id, self.settings.labels)
            rows.append(
                {
                    **{key: batch[position][key] for key in _KEPT_COLUMNS},
                    "input_ids": ids[position],
                    "attention_mask": mask[position],
                    "codes": list(codes),
                    "labels": list(labels),
                }
            )
        return rows, truncated


def shared_offsets(batch: Sequence[Row]) -> list[int]:
    """For each row of `raw`, the samples by which it starts after the row before, 0 for another
    track: neighbours of one track share what lies between."""
    offsets = [0]
    for before, row in pairwise(batch):
        seconds = row["start_seconds"] - before["start_seconds"]
        same = row["track_id"] == before["track_id"]
        offsets.append(round(seconds * SAMPLING_RATE) if same else 0)
    return offsets


def _encode_shard(
    folder: Path,
    raw: str,
    encoded: str,
    inputs: str,
    encoder: Encoder,
    advance: Callable[[int], None],
) -> ShardNote:
    facts = {"truncated": 0, "frames": 0, "label_frames": 0}

    def rows() -> Iterator[Row]:
        with pq.ParquetFile(folder / raw) as file:
            for batch in file.iter_batches(_BATCH_ROWS, columns=_COLUMNS):
                encoded_rows, truncated = encoder.rows(batch.to_pylist())
                facts["truncated"] += truncated
                facts["frames"] = len(encoded_rows[0]["codes"][0])
                facts["label_frames"] = len(encoded_rows[0]["labels"][0])
                advance(len(encoded_rows))
                yield from encoded_rows

    entry = write_shard(folder, encoded, ENCODED_FEATURES, rows())
    note = ShardNote(inputs, *entry, facts)
    write_note(folder, encoded, note)
    return note


def _finish(
    folder: Path, manifest: Manifest, encoder: Encoder, done: dict[str, ShardNote], kept: int
) -> EncodeReport:
    samples = round(manifest.recipe["chunk_seconds"] * SAMPLING_RATE)
    plain_reason = encoder.codec.plain_reason(samples)
    outcomes = [note.outcomes for note in done.values()]
    truncated = sum(outcome["truncated"] for outcome in outcomes)
    manifest.files = {
        **{
            name: entry for name, entry in manifest.files.items() if not name.startswith("encoded/")
        },
        **{name: FileEntry(note.sha256, note.rows, note.bytes) for name, note in done.items()},
    }
    manifest.encoding = {
        **encoder.facts,
        "batch_size": 1 if plain_reason else _BATCH_ROWS,
        "truncated": truncated,
        "frames": max(outcome["frames"] for outcome in outcomes),
        "label_frames": max(outcome["label_frames"] for outcome in outcomes),
    }
    card.write(folder, manifest)
    manifest.write(folder)
    remove_stale(folder, "encoded", manifest.files)
    nano = bool(encoder.facts["nano"])
    return EncodeReport(
        rows=manifest.splits("encoded"),
        truncated=truncated,
        shards_written=len(done) - kept,
        shards_kept=kept,
        nano=nano,
        plain_reason=plain_reason,
    )
