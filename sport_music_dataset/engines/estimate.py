"""The expected cost of work."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """The expected seconds of one worker to make `shards` shards, and the bytes of these shards.

    `kept` is the number of shards that exist already, `workers` the number of workers that share
    the work. `basis` names the measurement behind the estimate.
    """

    shards: int
    kept: int
    seconds: float
    bytes: int
    workers: int
    basis: str
