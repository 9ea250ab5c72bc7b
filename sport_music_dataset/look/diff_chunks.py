"""Which chunks differ between two releases, from the columns that are light alone."""

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

# What they hold follows from the track, the recipe and the codec; they are never read here.
_HEAVY = frozenset({"audio", "input_ids", "attention_mask", "codes", "labels"})
# What makes the rows of raw what they are, besides what the light columns say.
_RAW_RECIPE = ("chunk_seconds", "overlap_seconds", "sampling_rate", "audio", "rows_version")
_RAW_SOFTWARE = ("decoder", "soxr", "soundfile")
_WRITERS = ("sportgen", "datasets", "pyarrow")

_SPLIT = "split"

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ChunkChanges:
    """How many chunks came, went, lie in another split, or have other words or metadata; `changed`
    are chunks of both whose audio or codes are others, or cannot be told to be the same."""

    added: int = 0
    removed: int = 0
    moved: int = 0
    changed: int = 0
    descriptions: int = 0
    metadata: int = 0


def compare_chunks(before: Release, after: Release, progress: Progress) -> ChunkChanges:
    """Counts of chunks that came, went, moved or changed, over the shards that differ.

    In memory are a shard of each release, and the chunks that do not lie in the same of both.
    """
    old, new = before.manifest, after.manifest
    one, other = old.rows_config, new.rows_config
    configs = [(one, other)]
    if one == other == "raw" and old.shards("encoded") and new.shards("encoded"):
        configs.append(("encoded", "encoded"))
    pairs = [
        _Pair(
            (before.place, after.place),
            (_differing(ours, old, new), _differing(theirs, new, old)),
            _heavy(ours, old, new) if ours == theirs else lambda starts, alike: starts & False,
        )
        for ours, theirs in configs
    ]
    shards = [shard for pair in pairs for paths in pair.paths for shard in paths]
    changed = 0
    with progress("Comparing", len(shards)) as advance:
        # A chunk whose audio and codes are others is one.
        for shard in sorted(set(shards)):
            changed += len({chunk for pair in pairs for chunk in pair.compare(shard, advance)})
    changed += len({chunk for pair in pairs for chunk in pair.compare_others()})
    return ChunkChanges(**pairs[0].counts, changed=changed)


def _differing(config: str, manifest: Manifest, other: Manifest) -> dict[str, str]:
    """Shard -> its path, of those of a config that the other release has not."""
    shards = manifest.shards(config).items()
    return {p.partition("/")[2]: p for p, entry in shards if other.files.get(p) != entry}


@dataclass(slots=True)
class _Pair:
    """The shards of two releases that differ; `paths` has those of each, by name.

    `heavy` tells in which rows what is heavy is another, by where they start elsewhere, and
    whether they are two shards that differ in nothing light.
    """

    places: tuple[Place, Place]
    paths: tuple[Mapping[str, str], Mapping[str, str]]
    heavy: Callable[[Flags, bool], Flags]
    counts: Counter[str] = field(default_factory=Counter)
    _others: tuple[list[pa.Table], list[pa.Table]] = field(default_factory=lambda: ([], []))

    def compare(self, shard: str, advance: Callable[[int], None]) -> list[str]:
        """Count the chunks of a shard; returns the ids of those that are changed."""
        tables = []
        for place, paths in zip(self.places, self.paths, strict=True):
            if shard in paths:
                table = place.without(paths[shard], _HEAVY).replace_schema_metadata()
                split = pa.array([split_of(paths[shard])] * len(table), pa.string())
                tables.append(table.append_column(_SPLIT, split))
                advance(1)
        if not tables:
            return []
        one, other = tables[0], tables[-1]
        if len(tables) == 1:
            one, other = (one if shard in paths else one.slice(0, 0) for paths in self.paths)
        return self._compare(one, other)

    def compare_others(self) -> list[str]:
        """Count those that lie in another shard now, or in one release alone; as `compare`."""
        olds, news = self._others
        self._others = ([], [])
        changed: list[str] = []
        if olds and news:
            one, other = (pa.concat_tables(t, promote_options="default") for t in (olds, news))
            changed = self._compare(one, other, whole=False)
            olds, news = self._others
        self.counts.update(removed=sum(map(len, olds)), added=sum(map(len, news)))
        return changed

    def _compare(self, old: pa.Table, new: pa.Table, whole: bool = True) -> list[str]:
        at = pc.index_in(new["chunk_id"], old["chunk_id"])
        there = pc.is_valid(at)
        removed = old.filter(pc.invert(pc.is_in(old["chunk_id"], new["chunk_id"])))
        added = new.filter(pc.invert(there))
        for others, table in zip(self._others, (removed, added), strict=True):
            if len(table):
                others.append(table)
        one, other = old.take(at.drop_null()), new.filter(there)
        moved, starts, words, rest = _unlike(one, other)
        for name, flags in (("moved", moved), ("descriptions", words), ("metadata", rest)):
            self.counts[name] += int(flags.sum())
        alike = whole and len(one) == len(old) == len(new)
        alike = alike and not (starts | words | rest).any()
        return list(other["chunk_id"].filter(pa.array(self.heavy(starts, alike))).to_pylist())


def _unlike(one: pa.Table, other: pa.Table) -> tuple[Flags, Flags, Flags, Flags]:
    """In which rows, of chunks side by side, splits differ, starts, descriptions, and the rest."""
    told = {name: _differs(one, other, name) for name in {*one.column_names, *other.column_names}}
    none = np.zeros(len(one), bool)
    splits, starts = told.pop(_SPLIT), told.pop("start_seconds", none)
    words = told.pop("description") | told.pop("descriptions", none)
    if words.any():
        words = np.array([a != b for a, b in zip(_words(one), _words(other), strict=True)])
    return splits, starts, words, np.logical_or.reduce([none, *told.values()])


def _differs(one: pa.Table, other: pa.Table, name: str) -> Flags:
    """In which rows a column differs; everywhere if one of the tables has none."""
    if name not in one.column_names or name not in other.column_names:
        return np.ones(len(one), bool)
    if one[name].equals(other[name]):
        return np.zeros(len(one), bool)
    pairs = zip(one[name].to_pylist(), other[name].to_pylist(), strict=True)
    return np.fromiter((a != b for a, b in pairs), bool, len(one))


def _words(chunks: pa.Table) -> Iterator[list[str]]:
    """The description of each chunk and all its phrasings, of which it is the only one if none
    are given."""
    firsts = chunks["description"].to_pylist()
    given = "descriptions" in chunks.column_names
    phrasings = chunks["descriptions"].to_pylist() if given else [None] * len(chunks)
    return ([first, *(of or [first])] for first, of in zip(firsts, phrasings, strict=True))


def _heavy(config: str, before: Manifest, after: Manifest) -> Callable[[Flags, bool], Flags]:
    """Rows of both releases whose audio or codes are others, or cannot be told to be the same: by
    where starts differ, and whether in shards that differ all that is light is `alike`."""
    if config == "raw":
        made = _differ(before.recipe, after.recipe, _RAW_RECIPE) or _differ(
            before.software, after.software, _RAW_SOFTWARE
        )
    else:
        facts = {*(before.encoding or {}), *(after.encoding or {})} - {"truncated", "longest"}
        made = _differ(before.encoding or {}, after.encoding or {}, facts)
    if made:
        return lambda starts, alike: starts | True
    if _differ(before.software, after.software, _WRITERS):
        return lambda starts, alike: starts
    # Other bytes by the same writer, though all that is light is equal: what is heavy is not.
    return lambda starts, alike: starts | alike


def _differ(old: Mapping[str, object], new: Mapping[str, object], keys: Iterable[str]) -> bool:
    return any(old.get(key) != new.get(key) for key in keys)
