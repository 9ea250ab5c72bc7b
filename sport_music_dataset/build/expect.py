"""What a build of scanned tracks would give, as far as their headers tell."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ..engines.base import Engine
from ..engines.estimate import Estimate
from ..errors import SourceError
from ..recipe import Recipe
from ..source.library import Library, check_named
from .plan import check_split_names, expected_chunks, plan_shards
from .since import Earlier
from .write import ShardJob, estimate_writing


@dataclass(frozen=True, slots=True)
class Expected:
    """What a build would give.

    `chunks` maps a split to its expected number of chunks, `cost` is the work and the bytes of
    `raw`. `obstacle` says why a build would stop, and `remedy` the options that help, if some do;
    with an obstacle, nothing else is known.
    `without_length` is the number of tracks whose length the container does not state.
    """

    chunks: dict[str, int] = field(default_factory=dict)
    cost: Estimate | None = None
    without_length: int = 0
    obstacle: str = ""
    remedy: str = ""


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
        shards = plan_shards(library, recipe, Earlier(Path(), recipe))
    except SourceError as error:
        return Expected(obstacle=str(error), remedy=error.options)
    chunks: Counter[str] = Counter()
    for shard in shards:
        chunks[shard.split] += sum(expected_chunks(track, recipe) for track in shard.tracks)
    jobs = [ShardJob(shard, "") for shard in shards]
    cost = estimate_writing(engine, jobs, 0, recipe)
    without_length = sum(track.claimed_seconds is None for track in library.usable)
    return Expected(dict(chunks), cost, without_length)
