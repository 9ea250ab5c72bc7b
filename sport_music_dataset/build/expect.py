"""What a build of scanned tracks would give, as far as their headers tell."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ..engines.base import Engine
from ..engines.estimate import Estimate
from ..errors import SourceError
from ..reasons import Reason
from ..recipe import Recipe
from ..source.library import Library, check_named
from .plan import Shard, check_split_names, expected_rows, plan_shards
from .since import Earlier
from .write import ShardJob, estimate_writing


@dataclass(frozen=True, slots=True)
class Expected:
    """What a build would give.

    `chunks` maps a split to its expected number of chunks, `cost` is the work and the bytes of
    `raw`. `obstacle` says why a build would stop, and `remedy` the options that help, if some do,
    and `when`; with an obstacle, nothing else is known.
    `without_length` is the number of tracks whose length the container does not state.
    """

    chunks: dict[str, int] = field(default_factory=dict)
    cost: Estimate | None = None
    without_length: int = 0
    obstacle: str = ""
    remedy: str = ""
    when: str = ""

    @classmethod
    def of(
        cls, shards: Iterable[Shard], library: Library, recipe: Recipe, cost: Estimate
    ) -> "Expected":
        """What planned shards would hold, by the headers of their tracks."""
        chunks: Counter[str] = Counter()
        for shard in shards:
            chunks[shard.split] += expected_rows(shard.tracks, recipe)
        unknown = sum(track.claimed_seconds is None for track in library.usable)
        return cls(dict(chunks), cost, unknown)


def too_short(library: Library, recipe: Recipe) -> dict[str, str]:
    """Path -> reason, of usable tracks that are shorter than a chunk by what their header states.

    Where a header states nothing, the length is a guess.
    """
    reason = Reason.TOO_SHORT.because(f"by its header, a chunk is {recipe.chunk_seconds:g} s")
    stated = {t.path: t.claimed_seconds for t in library.usable if t.claimed_seconds is not None}
    return {path: reason for path, length in stated.items() if length < recipe.chunk_seconds}


def expected_shards(library: Library, recipe: Recipe, earlier: Earlier) -> tuple[Shard, ...]:
    """The shards that a build would fill, as far as headers tell; raises as `plan_shards`."""
    shards, short = plan_shards(library, recipe, earlier), too_short(library, recipe)
    filled = {shard.split for shard in shards if any(t.path not in short for t in shard.tracks)}
    if filled == {shard.split for shard in shards}:
        return shards
    # As a build that finds out: it plans again, without the tracks that gave no chunk.
    return plan_shards(library.left_out(short), recipe, earlier)


def expect(engine: Engine, library: Library, recipe: Recipe, place: str) -> Expected:
    """What a build of grouped tracks would give; cuts a sample of them.

    Args:
        engine: cuts the sample.
        library: the tracks, with their groups.
        recipe: the settings of the build.
        place: the source, for messages.
    """
    try:
        check_named(library, place)
        check_split_names(library.tracks, dict(recipe.splits))
        shards = expected_shards(library, recipe, Earlier(Path(), recipe))
    except SourceError as error:
        return Expected(obstacle=str(error), remedy=error.options, when=error.when)
    jobs = [ShardJob(shard, "") for shard in shards]
    return Expected.of(shards, library, recipe, estimate_writing(engine, jobs, 0, recipe))
