"""Open the engine of a build: processes of this machine, or Ray on one machine or more."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from ..extras import require
from .base import Engine, RaySettings


def open_engine(
    num_proc: int,
    timeout: float,
    ray: RaySettings | None,
    places: Sequence[Path],
    versions: Callable[[], dict[str, str]],
) -> AbstractContextManager[Engine]:
    """An engine of `num_proc` processes, or Ray if its settings are given.

    Each node of Ray must see `places` and have the same `versions` as this machine.

    Raises:
        MachineError: Ray is not installed, cannot be reached, or a node sees other files or has
            other versions.
    """
    if ray is None:
        # Here, so that who only warms up the server imports no pool of processes.
        from .local import Workers

        return Workers(num_proc, timeout)
    require("ray")
    from .ray_engine import ray_engine

    return ray_engine(ray, num_proc, timeout, places, versions)
