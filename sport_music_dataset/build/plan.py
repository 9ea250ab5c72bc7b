"""Which track goes into which split and shard: decided before anything is decoded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from ..audio.samples import chunk_count
from ..digests import digest
from ..errors import SourceError
from ..recipe import SAMPLING_RATE, Recipe
from ..records import Track
from ..release.shards import shard_count, shard_name, shard_of
from .splits import assign

# Speech codecs at their worst; music takes ten times as much.
_LEAST_BYTES_PER_SECOND = 500

# Where a file lies, when it was copied there and with whom it goes does not change its rows.
_PLACE = ("file", "path", "signature", "group", "split")
_CONTENT = tuple(field.name for field in fields(Track) if field.name not in _PLACE)


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard of `raw` and the tracks whose rows it holds, in the order of their rows."""

    name: str
    split: str
    tracks: tuple[Track, ...]

    def inputs(self, recipe: Recipe, software: Mapping[str, str]) -> str:
        """Digest of all that determines the shard's bytes."""
        tracks = [content(track) for track in self.tracks]
        return digest([recipe.fingerprint, dict(software), self.split, tracks])


def content(track: Track) -> dict[str, Any]:
    """What of a track determines its rows."""
    # Not by asdict, which copies what is in it, in four times the time.
    return {key: getattr(track, key) for key in _CONTENT}


def plan(
    tracks: Iterable[Track],
    recipe: Recipe,
    fixed: Mapping[str, str] | None = None,
    shards: Mapping[str, int] | None = None,
) -> tuple[Shard, ...]:
    """Shards of `raw` for tracks that are to be decoded.

    Args:
        tracks: all of them usable; a `split` of their own wins.
        recipe: proportions and seed.
        fixed: group -> split of an earlier build; kept.
        shards: split -> number of shards of an earlier build; kept.

    Raises:
        SourceError: a group is given two splits, or the splits cannot be filled.
    """
    tracks = tuple(tracks)
    sizes = {track.track_id: max(1, _expected_chunks(track, recipe)) for track in tracks}
    weights: dict[str, float] = {}
    for track in tracks:
        weights[group_of(track)] = weights.get(group_of(track), 0.0) + sizes[track.track_id]
    asked = {**(fixed or {}), **asked_splits(tracks)}
    # Of a group whose tracks differ, the last by id speaks for all.
    by_id = sorted(tracks, key=lambda track: track.track_id)
    kinds = {group_of(track): (track.style, track.session) for track in by_id}
    split_of = assign(weights, dict(recipe.splits), recipe.seed, asked, kinds)
    result = []
    for split in [name for name, _ in recipe.splits] + sorted(
        set(split_of.values()) - dict(recipe.splits).keys()
    ):
        members = [track for track in by_id if split_of[group_of(track)] == split]
        expected = sum(sizes[track.track_id] for track in members)
        count = (shards or {}).get(split) or shard_count(expected, len(members))
        inside: list[list[Track]] = [[] for _ in range(count)]
        for track in members:
            inside[shard_of(track.track_id, count)].append(track)
        result += [
            Shard(shard_name("raw", split, index, count), split, tuple(ordered))
            for index, ordered in enumerate(inside)
        ]
    return tuple(result)


def group_of(track: Track) -> str:
    """The tracks that must stay together: as given, else the track alone."""
    return track.group or track.track_id


def asked_splits(tracks: Iterable[Track]) -> dict[str, str]:
    """Group -> the split that metadata asks for; raises SourceError where it asks for two."""
    asked: dict[str, Track] = {}
    for track in tracks:
        if not track.split:
            continue
        first = asked.setdefault(group_of(track), track)
        if first.split != track.split:
            raise SourceError(
                f"metadata: {first.path} is in split {first.split} and {track.path} of the same "
                f"group in {track.split}; a group cannot be in two splits"
            )
    return {group: track.split for group, track in asked.items()}


def _expected_chunks(track: Track, recipe: Recipe) -> int:
    """Chunks by what the file says, as far as its size makes that likely: headers can lie."""
    most = min(track.size_bytes / _LEAST_BYTES_PER_SECOND, recipe.max_track_seconds)
    likely = min(track.duration_seconds, most)
    samples = int(likely * SAMPLING_RATE)
    return chunk_count(samples, recipe.chunk_samples, recipe.hop_samples)
