"""Which chunks differ between two releases, from the columns that are light alone."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .places import Place
from .progress import Progress
from .release import Manifest, split_of

# What they hold follows from the track, the recipe and the codec; they are never read here.
_HEAVY = frozenset({"audio", "input_ids", "attention_mask", "codes", "labels"})
# What makes the rows of raw what they are, besides what the light columns say.
_RAW_RECIPE = ("chunk_seconds", "overlap_seconds", "sampling_rate", "audio", "rows_version")
_RAW_SOFTWARE = ("decoder", "soxr", "soundfile")
_WRITERS = ("sportgen", "datasets", "pyarrow")

# A chunk in short: split, start in seconds, and hashes of its descriptions and of the rest.
Light = tuple[str, float, int, int]
Shards = dict[str, dict[str, Light]]


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


def compare_chunks(
    before: Place, after: Place, old: Manifest, new: Manifest, progress: Progress
) -> ChunkChanges:
    """Counts of chunks that came, went, moved or changed, over the shards that differ."""
    one, other = ("raw" if manifest.shards("raw") else "encoded" for manifest in (old, new))
    pairs = [(one, other)]
    if one == other == "raw" and old.shards("encoded") and new.shards("encoded"):
        pairs.append(("encoded", "encoded"))
    paths = [
        (
            [path for path, entry in old.shards(ours).items() if new.files.get(path) != entry],
            [path for path, entry in new.shards(theirs).items() if old.files.get(path) != entry],
        )
        for ours, theirs in pairs
    ]
    counts: ChunkChanges | None = None
    changed: set[str] = set()
    with progress("Comparing", sum(len(olds) + len(news) for olds, news in paths)) as advance:
        for pair, (olds, news) in zip(pairs, paths, strict=True):
            rows = [
                _light(place, shards, advance) for place, shards in ((before, olds), (after, news))
            ]
            counts = counts or _counts(*map(_by_chunk, rows))
            if pair[0] == pair[1]:
                changed |= _rewritten(pair[0], rows[0], rows[1], old, new)
    return replace(counts or ChunkChanges(), changed=len(changed))


def _light(place: Place, paths: list[str], advance: Callable[[int], None]) -> Shards:
    """The chunks of shards by their ids, from the columns that are light."""
    shards: Shards = {}
    for path in paths:
        split, rows = split_of(path), shards.setdefault(path, {})
        for row in place.without(path, _HEAVY).to_pylist():
            first, start = row.pop("description"), row.pop("start_seconds", 0.0)
            words = hash((first, *(row.pop("descriptions", None) or [first])))
            rows[row["chunk_id"]] = (split, start, words, hash(tuple(sorted(row.items()))))
        advance(1)
    return shards


def _by_chunk(shards: Shards) -> dict[str, Light]:
    return {chunk_id: light for rows in shards.values() for chunk_id, light in rows.items()}


def _counts(old: dict[str, Light], new: dict[str, Light]) -> ChunkChanges:
    common = old.keys() & new.keys()

    def differing(column: int) -> int:
        return sum(old[key][column] != new[key][column] for key in common)

    return ChunkChanges(
        added=len(new.keys() - old.keys()),
        removed=len(old.keys() - new.keys()),
        moved=differing(0),
        descriptions=differing(2),
        metadata=differing(3),
    )


def _rewritten(
    config: str, old: Shards, new: Shards, before: Manifest, after: Manifest
) -> set[str]:
    """Chunks of both whose audio or codes are others, or cannot be told to be the same."""
    one, other = _by_chunk(old), _by_chunk(new)
    common = one.keys() & other.keys()
    if config == "raw":
        made = _differ(before.recipe, after.recipe, _RAW_RECIPE) or _differ(
            before.software, after.software, _RAW_SOFTWARE
        )
    else:
        facts = {*(before.encoding or {}), *(after.encoding or {})} - {"truncated", "longest"}
        made = _differ(before.encoding or {}, after.encoding or {}, facts)
    if made:
        return common
    moved = {key for key in common if one[key][1] != other[key][1]}
    if _differ(before.software, after.software, _WRITERS):
        return moved
    # Other bytes by the same writer, though all that is light is equal: what is heavy is not.
    same = [rows for path, rows in new.items() if old.get(path) == rows]
    return moved.union(*same)


def _differ(old: Mapping[str, Any], new: Mapping[str, Any], keys: Iterable[str]) -> bool:
    return any(old.get(key) != new.get(key) for key in keys)
