"""What runs the work: processes of this machine, or Ray on one machine or many."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, TypeVar

from ..errors import MachineError
from .local import Workers

Item = TypeVar("Item")
Result = TypeVar("Result")

DEFAULT_TIMEOUT = 900.0
"""Seconds that one track may take: a mix of ten hours takes a minute or two."""


@dataclass(frozen=True, slots=True)
class RaySettings:
    """Where Ray is, and what each worker gets of it.

    Without an `address` it is the one that `RAY_ADDRESS` names or that runs on this machine, else
    one that is started and ended with the work. `cpus` 0 leaves the number to the stage.
    """

    address: str = ""
    cpus: int = 0
    gpus: int = 0


class Engine(Protocol):
    """Workers that take tracks and shards."""

    @property
    def size(self) -> int:
        """How many work at once."""

    def map(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        failed: Callable[[Item, str], Result],
    ) -> Iterator[Result]:
        """`function(item)` for every item, in order; `failed(item, reason)` where it cost its
        process. An item whose machine is lost is done by another."""

    def deal(
        self,
        function: Callable[[Workers, Sequence[Item], Callable[[int], None]], Iterator[Result]],
        jobs: Sequence[Item],
        advance: Callable[[int], None],
    ) -> Iterator[Result]:
        """What `function(workers, jobs, advance)` yields for all jobs, in order: called once, or
        for one job at a time wherever there are workers."""

    def sharing(self, folder: Path) -> AbstractContextManager[None]:
        """While all workers write to `folder`; raises MachineError where one does not see it."""


def open_engine(
    num_proc: int, timeout: float, ray: RaySettings | None, places: Sequence[Path]
) -> AbstractContextManager[Engine]:
    """`num_proc` processes, or Ray, all nodes of which must see `places`.

    Raises:
        MachineError: Ray is not installed, cannot be reached, or a node sees other files.
    """
    if ray is None:
        return Workers(num_proc, timeout)
    require_ray()
    from .ray_engine import ray_engine

    return ray_engine(ray, num_proc, timeout, places)


def require_ray() -> None:
    """Raise MachineError where Ray is not installed."""
    if find_spec("ray") is None:
        raise MachineError("Ray is not installed; `pip install 'sport-music-dataset[ray]'`")
