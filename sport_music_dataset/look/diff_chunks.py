"""Which chunks differ between two releases, from their light columns only."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..progress import Progress
from ..release.layout import split_of
from ..release.manifest import Manifest
from ..release.release import Release
from ..storage.place import Place

# Never read here: the track, the recipe and the codec determine their values.
_HEAVY_COLUMNS = frozenset({"audio", "input_ids", "attention_mask", "codes", "labels"})
# Settings and software that determine the audio of `raw`, besides the light columns.
_RAW_RECIPE = ("chunk_seconds", "overlap_seconds", "sampling_rate", "audio", "rows_version")
_RAW_SOFTWARE = ("decoder", "soxr", "soundfile")
_WRITERS = ("sportgen", "datasets", "pyarrow")

_SPLIT = "split"

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ChunkChanges:
    """Counts of chunks that differ between two releases.

    `moved` chunks are in another split; `descriptions` and `metadata` count chunks with other
    values there. `changed` chunks have other audio or codes, or may have: equality is not certain.
    """

    added: int = 0
    removed: int = 0
    moved: int = 0
    changed: int = 0
    descriptions: int = 0
    metadata: int = 0


def compare_chunks(before: Release, after: Release, progress: Progress) -> ChunkChanges:
    """Count the chunks that were added, removed, moved or changed, in the shards that differ.

    Memory holds one shard of each release, and the chunks that are not in the same shard of both.
    """
    old, new = before.manifest, after.manifest
    old_config, new_config = old.rows_config, new.rows_config
    configs = [(old_config, new_config)]
    if old_config == new_config == "raw" and old.shards("encoded") and new.shards("encoded"):
        configs.append(("encoded", "encoded"))
    pairs = [
        _Pair(
            (before.place, after.place),
            (_differing(old_config, old, new), _differing(new_config, new, old)),
            _changed_rule(old_config, old, new)
            if old_config == new_config
            else lambda starts, all_equal: starts & False,
        )
        for old_config, new_config in configs
    ]
    shards = [shard for pair in pairs for paths in pair.paths for shard in paths]
    changed = 0
    with progress("Comparing", len(shards)) as advance:
        # A chunk counts once, even if both its audio and its codes changed.
        for shard in sorted(set(shards)):
            changed += len({chunk for pair in pairs for chunk in pair.compare(shard, advance)})
    changed += len({chunk for pair in pairs for chunk in pair.compare_unmatched()})
    return ChunkChanges(**pairs[0].counts, changed=changed)


def _differing(config: str, manifest: Manifest, other: Manifest) -> dict[str, str]:
    """Shard name -> path, for the shards of a config that the other release does not have."""
    shards = manifest.shards(config).items()
    return {p.partition("/")[2]: p for p, entry in shards if other.files.get(p) != entry}


@dataclass(slots=True)
class _Pair:
    """The shards of one config that differ between two releases, and the counts of their chunks.

    `paths` maps shard name -> path, for each release. `find_changed` returns the rows whose audio
    or codes changed; see `_changed_rule`.
    """

    places: tuple[Place, Place]
    paths: tuple[Mapping[str, str], Mapping[str, str]]
    find_changed: Callable[[Flags, bool], Flags]
    counts: Counter[str] = field(default_factory=Counter)
    _unmatched: tuple[list[pa.Table], list[pa.Table]] = field(default_factory=lambda: ([], []))

    def compare(self, shard: str, advance: Callable[[int], None]) -> list[str]:
        """Count the chunks of a shard; return the ids of changed chunks."""
        tables = []
        for place, paths in zip(self.places, self.paths, strict=True):
            if shard in paths:
                table = place.without(paths[shard], _HEAVY_COLUMNS).replace_schema_metadata()
                split = pa.array([split_of(paths[shard])] * len(table), pa.string())
                tables.append(table.append_column(_SPLIT, split))
                advance(1)
        if not tables:
            return []
        old, new = tables[0], tables[-1]
        if len(tables) == 1:
            only = tables[0]
            old, new = (only if shard in paths else only.slice(0, 0) for paths in self.paths)
        return self._compare(old, new)

    def compare_unmatched(self) -> list[str]:
        """Count chunks that are in another shard now, or in one release only; as `compare`."""
        olds, news = self._unmatched
        self._unmatched = ([], [])
        changed: list[str] = []
        if olds and news:
            old, new = (pa.concat_tables(t, promote_options="default") for t in (olds, news))
            changed = self._compare(old, new, whole_shards=False)
            olds, news = self._unmatched
        self.counts.update(removed=sum(map(len, olds)), added=sum(map(len, news)))
        return changed

    def _compare(self, old: pa.Table, new: pa.Table, whole_shards: bool = True) -> list[str]:
        """Count the chunks that both tables have, and keep the others for `compare_unmatched`."""
        old_rows = pc.index_in(new["chunk_id"], old["chunk_id"])
        has_old = pc.is_valid(old_rows)
        removed = old.filter(pc.invert(pc.is_in(old["chunk_id"], new["chunk_id"])))
        added = new.filter(pc.invert(has_old))
        for tables, table in zip(self._unmatched, (removed, added), strict=True):
            if len(table):
                tables.append(table)
        one, other = old.take(old_rows.drop_null()), new.filter(has_old)
        moved, starts, words, rest = _differences(one, other)
        for name, flags in (("moved", moved), ("descriptions", words), ("metadata", rest)):
            self.counts[name] += int(flags.sum())
        all_equal = whole_shards and len(one) == len(old) == len(new)
        all_equal = all_equal and not (starts | words | rest).any()
        changed = self.find_changed(starts, all_equal)
        return list(other["chunk_id"].filter(pa.array(changed)).to_pylist())


def _differences(one: pa.Table, other: pa.Table) -> tuple[Flags, Flags, Flags, Flags]:
    """Rows in which splits, starts, descriptions and other columns differ.

    Both tables have the same chunks in the same order.
    """
    differs = {
        name: _column_differs(one, other, name) for name in {*one.column_names, *other.column_names}
    }
    none = np.zeros(len(one), bool)
    splits, starts = differs.pop(_SPLIT), differs.pop("start_seconds", none)
    if "start_seconds" not in one.column_names or "start_seconds" not in other.column_names:
        # One that an earlier version did not copy to `encoded` has not moved.
        starts = none
    words = differs.pop("description") | differs.pop("descriptions", none)
    if words.any():
        words = np.array([a != b for a, b in zip(_phrasings(one), _phrasings(other), strict=True)])
    return splits, starts, words, np.logical_or.reduce([none, *differs.values()])


def _column_differs(one: pa.Table, other: pa.Table, name: str) -> Flags:
    """Rows in which a column differs; all rows if one of the tables does not have it."""
    if name not in one.column_names or name not in other.column_names:
        return np.ones(len(one), bool)
    if one[name].equals(other[name]):
        return np.zeros(len(one), bool)
    pairs = zip(one[name].to_pylist(), other[name].to_pylist(), strict=True)
    return np.fromiter((a != b for a, b in pairs), bool, len(one))


def _phrasings(chunks: pa.Table) -> Iterator[list[str]]:
    """The description of each chunk, then all its phrasings.

    A chunk without stored phrasings has one: its description.
    """
    firsts = chunks["description"].to_pylist()
    given = "descriptions" in chunks.column_names
    phrasings = chunks["descriptions"].to_pylist() if given else [None] * len(chunks)
    return ([first, *(of or [first])] for first, of in zip(firsts, phrasings, strict=True))


def _changed_rule(config: str, before: Manifest, after: Manifest) -> Callable[[Flags, bool], Flags]:
    """A function that returns the rows whose audio or codes changed, or may have changed.

    Its arguments: the rows whose start differs, and whether two whole shards, which differ as
    files, are equal in all light columns.
    """
    if config == "raw":
        made_differently = _any_differs(before.recipe, after.recipe, _RAW_RECIPE) or _any_differs(
            before.software, after.software, _RAW_SOFTWARE
        )
    else:
        facts = {*(before.encoding or {}), *(after.encoding or {})} - {"truncated", "longest"}
        made_differently = _any_differs(before.encoding or {}, after.encoding or {}, facts)
    if made_differently:
        return lambda starts, all_equal: starts | True
    if _any_differs(before.software, after.software, _WRITERS):
        return lambda starts, all_equal: starts
    # The same writer wrote other bytes for equal light columns: so audio or codes differ.
    return lambda starts, all_equal: starts | all_equal


def _any_differs(old: Mapping[str, object], new: Mapping[str, object], keys: Iterable[str]) -> bool:
    return any(old.get(key) != new.get(key) for key in keys)
