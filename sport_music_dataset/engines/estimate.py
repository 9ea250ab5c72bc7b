"""What work is expected to take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """What making `shards` will take of one worker, and the bytes that they will have.

    `kept` shards are there already; so many `workers` would share the work; `basis` says what was
    measured for it.
    """

    shards: int
    kept: int
    seconds: float
    bytes: int
    workers: int
    basis: str
