"""The sounds of chunks: audio from `raw`, and audio decoded from codes."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from threading import Lock
from typing import Any

import numpy as np
import soundfile

from ..audio.samples import Mono, decode_flac
from ..encode.codec.encodec import Codec
from ..engines.base import in_order
from ..errors import ReleaseError
from ..records import Row
from ..storage.parquet import read_single_rows
from ..storage.place import Place
from .catalogue import Catalogue, Cell
from .media import Media, distance_db, render

# Chunks per thread that are started before the oldest result is needed.
_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Sound:
    """The media of a chunk: from `raw`, and from its codes; None if the release has none.

    `distance_db` is the distance of the second from the first.
    """

    chunk: Media | None = None
    decoded: Media | None = None
    distance_db: float | None = None


class Sounds:
    """Reads, decodes and compresses chunks; without a `codec`, codes are not decoded."""

    def __init__(self, place: Place, catalogue: Catalogue, codec: Codec | None) -> None:
        self._place, self._catalogue, self._codec = place, catalogue, codec
        # One decoder at a time: it uses a gigabyte for activations, and every core.
        self._one_at_a_time = Lock()

    def of(self, index: int) -> Sound:
        """The sound of a row of the catalogue."""
        [(audio, codes)] = self._cells([index])
        return self._sound(audio, codes)

    def each(self, indices: Sequence[int], threads: int) -> Iterator[Sound]:
        """Yield the sounds of rows in order; threads make them, and memory holds only some."""
        with ThreadPoolExecutor(threads) as pool:
            begun = (pool.submit(self._sound, *cells) for cells in self._cells(indices))
            yield from in_order(begun, threads * _AHEAD, Future.result)

    def _cells(self, indices: Iterable[int]) -> Iterator[tuple[Row | None, list[list[int]] | None]]:
        """Yield the audio and the codes of rows as they are in Parquet."""
        places = (
            (self._catalogue.cell("raw", i), self._catalogue.cell("encoded", i)) for i in indices
        )
        for (raw, encoded), group in groupby(places, lambda cells: _shards(*cells)):
            cells = list(group)
            with ExitStack() as stack:
                audio = self._column(stack, raw, "audio", [cell for cell, _ in cells])
                wanted = encoded if self._codec else ""
                codes = self._column(stack, wanted, "codes", [cell for _, cell in cells])
                yield from zip(audio, codes, strict=True)

    def _column(
        self, stack: ExitStack, shard: str, column: str, cells: Sequence[Cell | None]
    ) -> Iterator[Any]:
        if not shard:
            return iter([None] * len(cells))
        [file] = stack.enter_context(self._place.fetched(shard))
        rows = (cell.row for cell in cells if cell)
        # Copies, because Arrow scalars would keep whole row groups in memory.
        return (row[column].as_py() for row in read_single_rows(file, [column], rows))

    def _sound(self, audio: Row | None, codes: list[list[int]] | None) -> Sound:
        wave = None if audio is None else _wave(audio)
        if codes is None or self._codec is None:
            return Sound(wave if wave is None else render(wave))
        with self._one_at_a_time:
            decoded = self._codec.decode(np.asarray(codes, np.int16))
        if wave is None:
            return Sound(None, render(decoded))
        return Sound(render(wave), render(decoded), distance_db(wave, decoded))


def _shards(raw: Cell | None, encoded: Cell | None) -> tuple[str, str]:
    return raw.shard if raw else "", encoded.shard if encoded else ""


def _wave(audio: Row) -> Mono:
    try:
        wave = decode_flac(audio["bytes"])
    except (soundfile.LibsndfileError, TypeError) as error:
        raise ReleaseError(
            f"a chunk's audio cannot be decoded ({error}); build it again"
        ) from error
    return wave if wave.ndim == 1 else wave.mean(axis=1)
