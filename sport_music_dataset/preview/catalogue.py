"""The light columns of all chunks of a release in memory, to sample, filter, sort and show them.

Audio and codes stay in their shards; every row has their position.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import zip_longest
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..columns import HEARD_COLUMNS, HEAVY_COLUMNS
from ..errors import ReleaseError
from ..recipe import SAMPLING_RATE
from ..records import CHUNK_ID, VOICE, Row
from ..release.chunks import LIGHT
from ..release.layout import split_of
from ..release.release import Release
from ..release.spreads import counted_words
from ..release.tracks import kept_rows

# The columns in a row of the page; the page has the other columns once for each track.
TEXTS = ("chunk_id", "track_id", "split", "description", "session", "style", "title", "artist")
MEASURES = (
    *("tempo_bpm", "tempo_alternative_bpm", "tempo_confidence", "beat_strength"),
    *("key", "key_confidence", "loudness_lufs", "dynamic_range_db"),
    *("silence_ratio", "clipping_ratio", "energy", "arc", "fit", "fit_reason"),
)
# Columns of lists of words; `voice` is `yes` or `no`, by `vocals`.
WORDS = ("instruments", "moods")
HEARD = tuple(HEARD_COLUMNS)
_TRACK = (
    *("path", "duration_seconds", "split", "title", "artist", "album", "license", "source_url"),
    *("session", "style", "tempo_bpm"),
)
_FROM_TRACK = ("session", "style", "title", "artist")
_MISFIT_SHARE = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """The position of a value: a shard and the row in it."""

    shard: str
    row: int


class Catalogue:
    """The chunks and the kept tracks of a release.

    `table` has a row for each chunk, with `TEXTS`, `start_seconds`, `MEASURES`, `HEARD`, `voice`
    (`yes` or `no`, null if nobody listened), `copies` (number of tracks in its group), and the
    `input_ids` and `attention_mask` of `encoded`. A column that the release does not have is null.

    Raises:
        ReleaseError: the release has no chunks, or chunk ids that sportgen never makes.
    """

    def __init__(self, release: Release) -> None:
        self.manifest = release.manifest
        self.all_tracks = release.tracks()
        self.tracks: dict[str, Row] = {row["track_id"]: row for row in kept_rows(self.all_tracks)}
        self.has_raw = bool(self.manifest.shards("raw"))
        self.has_codes = bool(self.manifest.shards("encoded")) and bool(self.manifest.encoding)
        self._groups: dict[str, list[str]] = defaultdict(list)
        for row in self.tracks.values():
            self._groups[row["group"]].append(row["track_id"])
        self._shards: dict[str, list[str]] = {}
        self.table = self._read(release)
        if not self.table.num_rows:
            raise ReleaseError(f"{release.name}: has no chunks to show")

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def index_of(self, chunk_id: str) -> int:
        """The number of a chunk's row; -1 if there is no such chunk."""
        return int(pc.index(self.table["chunk_id"], chunk_id).as_py())

    def cell(self, config: str, index: int) -> Cell | None:
        """The position of a row's audio (`raw`) or codes (`encoded`); None if it has none."""
        if f"{config}_shard" not in self.table.schema.names:
            return None
        shard = self.table[f"{config}_shard"][index].as_py()
        if shard is None:
            return None
        return Cell(self._shards[config][shard], self.table[f"{config}_row"][index].as_py())

    def rows(self, indices: Sequence[int]) -> list[Row]:
        """Rows for the page: without nulls, empty texts and lists, with rounded numbers."""
        names = [*TEXTS, "start_seconds", *MEASURES, *HEARD, "voice", "copies"]
        columns = self.table.select([n for n in names if n in self.table.schema.names])
        return [
            {name: _rounded(value) for name, value in row.items() if value not in (None, "", [])}
            for row in columns.take(pa.array(indices, pa.int64())).to_pylist()
        ]

    def tokens(self, index: int) -> list[int] | None:
        """The token ids of a row without padding; None if it has none."""
        if not self.has_codes:
            return None
        ids, mask = (self.table[n][index].as_py() for n in ("input_ids", "attention_mask"))
        return [i for i, seen in zip(ids, mask, strict=True) if seen] if ids else None

    def track(self, track_id: str) -> Row:
        """The data of a track for the page, with its chunks' starts and the rest of its group."""
        row = self.tracks.get(track_id)
        if row is None:
            raise ReleaseError(f"{track_id}: has chunks, but is no kept track")
        others = [self.tracks[other]["path"] for other in self._groups[row["group"]]]
        at = self._chunks_of[track_id]
        return {
            **{name: row.get(name) for name in _TRACK if row.get(name) not in (None, "")},
            "starts": [round(self.table["start_seconds"][i].as_py(), 3) for i in at],
            "chunks": [self.table["chunk_id"][i].as_py() for i in at],
            "others": sorted(path for path in others if path != row["path"]),
        }

    def counts(self, column: str) -> dict[str, int]:
        """Value -> number of chunks, for a column of texts."""
        found = pc.value_counts(pc.fill_null(self.table[column], "")).to_pylist()
        return dict(sorted((entry["values"], entry["counts"]) for entry in found))

    def words(self, column: str) -> dict[str, int]:
        """Word -> number of chunks, for a column of lists; the empty word counts empty lists.

        It is empty where nobody listened.
        """
        lists = self.table[column].filter(pc.is_valid(self.table["vocals"]))
        none = pc.sum(pc.equal(pc.fill_null(pc.list_value_length(lists), 0), 0)).as_py() or 0
        return ({"": none} if none else {}) | counted_words(pc.list_flatten(lists))

    @property
    def misfits(self) -> int:
        """Number of chunks that do not fit their session."""
        return self.counts("fit").get("no", 0)

    @property
    def duplicates(self) -> int:
        """Number of chunks whose track shares its group with another track."""
        return int(pc.sum(pc.greater(self.table["copies"], 1)).as_py())

    def sample(self, count: int, seed: int) -> list[int]:
        """Row numbers of `count` chunks, in ascending order, drawn by the seed and the chunk ids.

        Styles take turns. A fifth of the chunks are misfits, if there are enough.
        """
        draw: dict[int, bytes] = {}
        misfits: dict[str, list[int]] = defaultdict(list)
        others: dict[str, list[int]] = defaultdict(list)
        for index, row in enumerate(self.table.select(["chunk_id", "style", "fit"]).to_pylist()):
            draw[index] = sha256(f"{seed}:{row['chunk_id']}".encode()).digest()
            (misfits if row["fit"] == "no" else others)[row["style"]].append(index)
        first = list(_in_turn(misfits, draw))
        rest = list(_in_turn(others, draw))
        kept = max(-(-count // _MISFIT_SHARE), count - len(rest))
        return sorted([*first[:kept], *rest[: max(0, count - len(first[:kept]))]])

    @cached_property
    def _chunks_of(self) -> dict[str, list[int]]:
        chunks: dict[str, list[int]] = defaultdict(list)
        for index, track_id in enumerate(self.table["track_id"].to_pylist()):
            chunks[track_id].append(index)
        return chunks

    def _read(self, release: Release) -> pa.Table:
        encoded = self._shards_of(release, "encoded") if self.has_codes else None
        if self.has_raw:
            table = self._shards_of(release, "raw")
            if encoded is not None:
                at = pc.index_in(table["chunk_id"], encoded["chunk_id"])
                theirs = encoded.take(at)
                for name in ("input_ids", "attention_mask", "encoded_shard", "encoded_row"):
                    table = table.append_column(name, theirs[name])
        elif encoded is not None:
            table = self._without_raw(encoded)
        else:
            raise ReleaseError(f"{release.name}: has neither raw nor encoded; build it again")
        sizes = [len(self._groups[self._group_of(t)]) for t in table["track_id"].to_pylist()]
        for name in (*MEASURES, *HEARD):
            if name not in table.schema.names:
                table = table.append_column(name, pa.nulls(len(table), LIGHT.field(name).type))
        sung = pc.greater_equal(table["vocals"], VOICE)
        table = table.append_column("voice", pc.if_else(sung, "yes", "no"))
        return table.append_column("copies", pa.array(sizes, pa.int32())).combine_chunks()

    def _group_of(self, track_id: str) -> str:
        row = self.tracks.get(track_id)
        return str(row["group"]) if row else ""

    def _shards_of(self, release: Release, config: str) -> pa.Table:
        """The light columns of all shards of a config, with `split` and each row's position."""
        paths = self._shards[config] = sorted(self.manifest.shards(config))
        order = list(self.manifest.splits(config))
        paths.sort(key=lambda path: (order.index(split_of(path)), path))
        tables = []
        for number, path in enumerate(paths):
            table = release.place.without(path, HEAVY_COLUMNS)
            _check_ids(release.name, path, table)
            rows = len(table)
            for name, column in {
                "split": pa.array([split_of(path)] * rows, pa.string()),
                f"{config}_shard": pa.array([number] * rows, pa.int32()),
                f"{config}_row": pa.array(range(rows), pa.int32()),
            }.items():
                table = table.append_column(name, column)
            tables.append(table.replace_schema_metadata(None))
        return pa.concat_tables(tables)

    def _without_raw(self, table: pa.Table) -> pa.Table:
        """The table of `encoded`; one that an earlier version wrote gets its start and its words
        from chunk ids and tracks."""
        if "session" in table.schema.names:
            return table
        hop = self.manifest.hop_samples / SAMPLING_RATE
        starts = [int(c.rpartition("-")[2]) * hop for c in table["chunk_id"].to_pylist()]
        table = table.append_column("start_seconds", pa.array(starts, pa.float64()))
        empty: Row = {}
        rows = [self.tracks.get(t, empty) for t in table["track_id"].to_pylist()]
        for name in _FROM_TRACK:
            values = [row.get(name, "") for row in rows]
            table = table.append_column(name, pa.array(values, pa.string()))
        return table


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 4) if isinstance(value, float) else value


def _check_ids(release: str, shard: str, table: pa.Table) -> None:
    """Chunk ids become file names and URLs, and the release may come from a stranger."""
    ids = table["chunk_id"] if "chunk_id" in table.schema.names else pa.array([None], pa.string())
    ours = pc.match_substring_regex(ids, f"^{CHUNK_ID}$")
    if not pc.all(pc.fill_null(ours, False), min_count=0).as_py():
        raise ReleaseError(f"{release}: {shard} has chunk ids that sportgen never gives")


def _in_turn(strata: dict[str, list[int]], draw: dict[int, bytes]) -> Iterator[int]:
    """Take one of each stratum in turn, in the drawn order."""
    ordered = (sorted(strata[name], key=draw.__getitem__) for name in sorted(strata))
    for turn in zip_longest(*ordered):
        yield from (index for index in turn if index is not None)


def summary(catalogue: Catalogue) -> dict[str, Any]:
    """The data of the whole release for the page."""
    kept = list(catalogue.tracks.values())
    manifest = catalogue.manifest
    encoding = manifest.encoding if catalogue.has_codes else None
    return {
        "chunks": len(catalogue),
        "tracks": len(kept),
        "left_out": len(catalogue.all_tracks) - len(kept),
        "hours": round(sum(row["duration_seconds"] for row in kept) / 3600, 2),
        "splits": manifest.splits(manifest.rows_config),
        "styles": catalogue.counts("style"),
        "sessions": catalogue.counts("session"),
        "fits": Counter(catalogue.counts("fit")),
        "voices": {name: n for name, n in catalogue.counts("voice").items() if name},
        **{name: catalogue.words(name) for name in WORDS},
        "misfits": catalogue.misfits,
        "duplicates": catalogue.duplicates,
        "group_by": manifest.recipe.get("group_by", "recording"),
        "chunk_seconds": manifest.recipe["chunk_seconds"],
        "encoding": encoding
        and {
            name: encoding[name]
            for name in ("model", "codec", "max_length", "num_codebooks", "nano")
        },
    }
