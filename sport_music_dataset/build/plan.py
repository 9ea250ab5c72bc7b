"""The stage that plans: which track goes into which split and shard."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..digests import digest
from ..errors import SourceError, counted
from ..reasons import counts_of, is_of_one_run, keeping, kind_of
from ..recipe import SAMPLING_RATE, Recipe, chunk_count, parse_splits
from ..records import Outcome, Track
from ..release.layout import shard_count, shard_name, shard_of
from ..source.layouts import SPLIT_WORDS
from ..source.library import Library
from .since import Earlier
from .splits import TooFewGroups, assign

# The lowest rate of speech codecs; music takes ten times as many bytes.
_LEAST_BYTES_PER_SECOND = 500
# The splits that datasets has names for (datasets.Split).
_USUAL_SPLITS = ("train", "validation", "test")
# Another --group-by may move nearly all tracks; the `tracks` config has the split of each.
_MOST_NAMED = 20
_MOST_SHOWN = 5

_TRY_AGAIN = "see to the disk or the network, and run the same command again"


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard of `raw` and the tracks whose rows it holds, in the order of their rows."""

    name: str
    split: str
    tracks: tuple[Track, ...]

    def inputs(self, recipe_fingerprint: str, software: Mapping[str, str]) -> str:
        """The digest of everything that determines the shard's bytes."""
        tracks = [track.content for track in self.tracks]
        return digest([recipe_fingerprint, dict(software), self.split, tracks])


def plan_shards(
    library: Library, recipe: Recipe, earlier: Earlier, failed: Mapping[str, Outcome] | None = None
) -> tuple[Shard, ...]:
    """Plan the shards of the usable tracks of a library that are not in `failed`.

    Raises:
        SourceError: there is no such track; or as `plan_tracks`.
    """
    failed = failed or {}
    tracks = [track for track in library.usable if track.track_id not in failed]
    reasons = [
        track.reason or failed[track.track_id].reason
        for track in library.tracks
        if track.reason or track.track_id in failed
    ]
    left_out = Counter(map(kind_of, reasons))
    again = any(map(is_of_one_run, reasons))
    if not tracks:
        remedy = _TRY_AGAIN if again else keeping(left_out) or "`sportgen scan` says why of each"
        raise SourceError(f"no track can be kept ({counts_of(left_out)}); {remedy}")
    fixed: dict[str, str] = {}
    counts: dict[str, int] = {}
    for decision in earlier.decisions():
        fixed |= decision.splits(tracks)
        counts |= decision.shards
    try:
        return plan_tracks(tracks, recipe, fixed, counts)
    except TooFewGroups as error:
        usable = _usable(library, tracks, left_out, fixed)
        if again:
            raise SourceError(
                f"{error.lacking}: {usable}; not all files could be read: {_TRY_AGAIN}"
            ) from error
        options = f"--splits {error.splits}{_asked_alone(library, recipe, error.splits)}"
        # Other splits are another recipe.
        options += " --force" * (earlier.before is not None)
        more = keeping(left_out) or "more music helps too"
        raise SourceError(
            f"{error.lacking}: {usable}; {options} builds what there is, {more}",
            options=options,
        ) from error


def _usable(
    library: Library, tracks: Sequence[Track], left_out: Counter[str], fixed: Mapping[str, str]
) -> str:
    """How many tracks can be used, why no others, and what holds them in their splits."""
    text = f"{len(tracks)} of {counted(len(library.tracks), 'track')} can be used"
    text += f" (left out: {counts_of(left_out)})" * bool(left_out)
    groups = {track.group_id for track in tracks}
    if len(groups) < len(tracks):
        text += f", in {counted(len(groups), 'group')} kept whole"
    asked = {track.group_id: track.split for track in tracks if track.split}
    decided = {group: split for group, split in fixed.items() if group not in asked}
    for put, split_of in (("an earlier release puts", decided), ("metadata or folders put", asked)):
        if split_of:
            splits = ", ".join(sorted(set(split_of.values())))
            number = "all" if len(split_of) == len(groups) else counted(len(split_of), "group")
            text += f", {put} {number} into {splits}"
    return text


def _asked_alone(library: Library, recipe: Recipe, splits: str) -> str:
    """The other splits for which metadata asks, with the share 0: they must be named."""
    named = parse_splits(splits)
    asked = {track.split for track in library.tracks}
    return "".join(f",{split}=0" for split, _ in recipe.splits if split in asked - named.keys())


def plan_tracks(
    tracks: Iterable[Track],
    recipe: Recipe,
    fixed: Mapping[str, str] | None = None,
    shards: Mapping[str, int] | None = None,
) -> tuple[Shard, ...]:
    """Plan the shards of `raw` for tracks.

    Args:
        tracks: usable tracks; the `split` of a track has priority over `fixed`.
        recipe: the splits with their proportions, the seed, and the length of chunks.
        fixed: group -> its split in an earlier build, which it keeps.
        shards: split -> its number of shards in an earlier build, which it keeps.

    Raises:
        SourceError: metadata asks for two splits inside a group, or there are too few groups to
            fill the splits.
    """
    tracks = tuple(tracks)
    sizes = {track.track_id: max(1, expected_chunks(track, recipe)) for track in tracks}
    weights: dict[str, float] = {}
    for track in tracks:
        weights[track.group_id] = weights.get(track.group_id, 0.0) + sizes[track.track_id]
    asked = {**(fixed or {}), **asked_splits(tracks)}
    # Where the tracks of a group differ in style or session, the last by id is used for all.
    by_id = sorted(tracks, key=lambda track: track.track_id)
    kinds = {track.group_id: (track.style, track.session) for track in by_id}
    proportions = {split: share for split, share in recipe.splits if share}
    split_of = assign(weights, proportions, recipe.seed, asked, kinds)
    planned = []
    for split in [*proportions, *sorted(set(split_of.values()) - proportions.keys())]:
        members = [track for track in by_id if split_of[track.group_id] == split]
        expected = sum(sizes[track.track_id] for track in members)
        count = (shards or {}).get(split) or shard_count(expected, len(members))
        by_shard: list[list[Track]] = [[] for _ in range(count)]
        for track in members:
            by_shard[shard_of(track.track_id, count)].append(track)
        planned += [
            Shard(shard_name("raw", split, index, count), split, tuple(shard_tracks))
            for index, shard_tracks in enumerate(by_shard)
        ]
    return tuple(planned)


def plan_notes(
    shards: Sequence[Shard], earlier: Mapping[str, str], failed: Container[str] = ()
) -> tuple[str, ...]:
    """Notes for the user on a plan: tracks that moved, sessions that nobody can train on.

    `earlier` maps the id of a track to the split that it had, `failed` has the ids of tracks that
    gave no chunk.
    """
    return _moved_tracks(shards, earlier) + _untrained_sessions(shards, failed)


def _moved_tracks(shards: Iterable[Shard], earlier: Mapping[str, str]) -> tuple[str, ...]:
    """Notes for the user on tracks that are not in their split of `earlier`: track id -> split.

    A group is in one split: where a new track joins two groups of different splits, one of the
    groups moves, and the note names a track of the other group. At most 20 tracks get a note.
    """
    tracks = [(track, shard.split) for shard in shards for track in shard.tracks]
    stayed = {
        track.group_id: track.path
        for track, split in reversed(tracks)
        if earlier.get(track.track_id) == split
    }
    notes = [
        f"{track.path}: moved from {earlier[track.track_id]} to {split}"
        + (f", since it is in one group with {other}" if other else "")
        for track, split in sorted(tracks, key=lambda pair: pair[0].path)
        if earlier.get(track.track_id, split) != split
        for other in [stayed.get(track.group_id)]
    ]
    more = len(notes) - _MOST_NAMED
    rest = [f"and {counted(more, 'more track')} moved"] if more > 0 else []
    return (*notes[:_MOST_NAMED], *rest)


def _untrained_sessions(shards: Iterable[Shard], failed: Container[str]) -> tuple[str, ...]:
    """A note for the user on sessions of which `train` has no track, though it has others."""
    splits: dict[str, set[str]] = defaultdict(set)
    for shard in shards:
        for track in shard.tracks:
            if track.track_id not in failed:
                splits[track.session].add(shard.split)
    trained = {session for session, found in splits.items() if "train" in found}
    others = sorted(splits.keys() - trained - {""}) if trained else []
    if not others:
        return ()
    named = ", ".join(f"{one} ({', '.join(sorted(splits[one]))})" for one in others[:_MOST_SHOWN])
    more = f", and {len(others) - _MOST_SHOWN} more" if len(others) > _MOST_SHOWN else ""
    return (f"sessions without a track in train: {named}{more}",)


def with_known_splits(library: Library, splits: Mapping[str, float]) -> Library:
    """The library with the name of a split where metadata has a word for it: `Train`, `val`.

    A split of the recipe is meant before one that datasets knows by itself.
    """
    names = SPLIT_WORDS | {split.casefold(): split for split in splits}
    meant = {
        track.split: names[track.split.casefold()]
        for track in library.tracks
        if track.split not in {*splits, *_USUAL_SPLITS} and track.split.casefold() in names
    }
    if not meant:
        return library
    notes = [f"metadata: split {split} is read as {name}" for split, name in sorted(meant.items())]
    tracks = (replace(track, split=meant.get(track.split, track.split)) for track in library.tracks)
    return replace(library, tracks=tuple(tracks), notes=(*library.notes, *notes))


def check_split_names(tracks: Iterable[Track], splits: Mapping[str, float]) -> None:
    """Raise SourceError for a track whose metadata asks for a split that nobody has named.

    Named are the splits of the recipe, and those that datasets knows by itself.
    """
    for track in tracks:
        if track.split and track.split not in {*splits, *_USUAL_SPLITS}:
            raise SourceError(
                f"metadata: {track.path} is in split {track.split}, which is none of "
                f"{', '.join(splits)}; mend it, or name it as in --splits train=1,{track.split}=0"
            )


def asked_splits(tracks: Iterable[Track]) -> dict[str, str]:
    """Group -> the split that metadata asks for; raises SourceError for a group with two splits."""
    asked: dict[str, Track] = {}
    for track in tracks:
        if not track.split:
            continue
        first = asked.setdefault(track.group_id, track)
        if first.split != track.split:
            raise SourceError(
                f"metadata: {first.path} is in split {first.split} and {track.path} of the same "
                f"group in {track.split}; a group cannot be in two splits"
            )
    return {group: track.split for group, track in asked.items()}


def expected_rows(tracks: Sequence[Track], recipe: Recipe) -> int:
    """Number of rows of tracks: as `expected_chunks`, without the chunks that a review dropped."""
    chunks = sum(expected_chunks(track, recipe) for track in tracks)
    return chunks - sum(edits.is_dropped for track in tracks for edits in track.edits)


def expected_chunks(track: Track, recipe: Recipe) -> int:
    """Number of chunks by the header's duration, limited by file size: headers may be wrong."""
    most = min(track.size_bytes / _LEAST_BYTES_PER_SECOND, recipe.max_track_seconds)
    likely = min(track.duration_seconds, most)
    samples = int(likely * SAMPLING_RATE)
    return chunk_count(samples, recipe.chunk_samples, recipe.hop_samples)
