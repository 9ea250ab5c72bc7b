"""Connect to Ray, check the files and versions of its nodes, and report failed nodes."""

import logging
import os
import platform
import socket
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

# Ray reads these variables when it is imported. They turn off usage reports to Ray's makers, hints
# about GPU variables, and output on stdout when a worker fails (Ray has no other switch for it).
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", "^")

import ray
from ray.exceptions import AuthenticationError, RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ..errors import MachineError, SettingError
from .base import PROBE, RaySettings

RETRIES = 8
"""How often Ray runs a task again after its worker or machine fails, before it raises an error."""

# The object store has only results of tasks; by default Ray takes 30% of the memory for it.
_OBJECT_STORE_BYTES = 128 << 20
_ANSWER_SECONDS = 10
# Number of names in a folder that a node must see too, as a sign that it sees the same folder.
_NAMES = 20
# Requirements that this process has checked: its node fulfils them.
_FULFILLED: set["NodeRequirements"] = set()


@dataclass(frozen=True, slots=True)
class NodeRequirements:
    """What a node must see and have, so that it writes the same bytes as this machine.

    The node must have `paths`, and `read_versions` must return `versions` on it. If tasks decode,
    `num_proc` is the number of processes of each task, and `timeout` the most seconds for a track.
    """

    paths: tuple[str, ...]
    versions: tuple[tuple[str, str], ...]
    read_versions: Callable[[], dict[str, str]]
    num_proc: int = 0
    timeout: float = 0.0


def requirements(
    places: Iterable[Path],
    read_versions: Callable[[], dict[str, str]],
    num_proc: int = 0,
    timeout: float = 0.0,
) -> NodeRequirements:
    """What this machine fulfils: its versions, `places`, and the first names in each place."""
    paths = []
    for place in places:
        paths.append(place.resolve())
        # The scan of the source reports a place that cannot be listed.
        with suppress(OSError):
            paths += sorted(place.resolve().iterdir())[:_NAMES]
    versions = tuple(_versions(read_versions).items())
    return NodeRequirements(tuple(map(str, paths)), versions, read_versions, num_proc, timeout)


def _versions(read: Callable[[], dict[str, str]]) -> dict[str, str]:
    return {**read(), "processor": platform.machine()}


def check_node(needs: NodeRequirements) -> None:
    """Raise MachineError if this node would write other bytes, or cannot write."""
    if needs in _FULFILLED:
        return
    node, here = this_node(), _versions(needs.read_versions)
    for name, wanted in needs.versions:
        if here[name] != wanted:
            raise MachineError(f"node {node}: has {name} {here[name]}, not {wanted} as we do")
    for path in needs.paths:
        if not os.path.lexists(path):
            raise MachineError(
                f"node {node}: does not see {path}; SRC and OUT must lie on a disk that all nodes "
                "share, under the same path"
            )
    _FULFILLED.add(needs)


@contextmanager
def connected(settings: RaySettings, num_cpus: int | None = None) -> Iterator[None]:
    """Connect to the Ray of `settings` for the time of a `with` block, or start Ray here.

    Ray that is started here has `num_cpus` processors, all if None.

    Raises:
        SettingError: the address is not valid, or is an address for Ray's client (ray://).
        MachineError: Ray does not answer at the address, or needs another token.
    """
    if ray.is_initialized():
        yield
        return
    address = settings.address or os.environ.get("RAY_ADDRESS", "")
    _check_address(address)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        try:
            ray.init(address or "auto", **options)
        except AuthenticationError as error:
            raise _connection_error(address or "this machine", error) from error
        except ConnectionError as error:
            if address:
                raise _connection_error(address, error) from error
            options |= {"include_dashboard": False, "object_store_memory": _OBJECT_STORE_BYTES}
            ray.init("local", num_cpus=num_cpus, **options)
        yield
    finally:
        ray.shutdown()


def _connection_error(where: str, error: Exception) -> MachineError:
    reason = str(error).partition(". ")[0]
    return MachineError(
        f"Ray at {where}: {reason}; a cluster with tokens wants RAY_AUTH_MODE=token here, and its "
        "own in RAY_AUTH_TOKEN or ~/.ray/auth_token"
    )


def _check_address(address: str) -> None:
    """Raise if the address is not valid or does not answer: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if address in ("", "auto", "local"):
        return
    if not port.isdecimal() or "/" in host:
        raise SettingError(
            f"--ray-address {address}: must be HOST:PORT, from a node of the cluster; what is for "
            "Ray's client (ray://) cannot be used"
        )
    try:
        socket.create_connection((host, int(port)), _ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise MachineError(
            f"--ray-address {address}: nobody answers there; `ray status` on a node of the "
            "cluster tells whether it runs"
        ) from error


def slots(cpus: int, gpus: int = 0) -> int:
    """Number of workers with `cpus` and `gpus` for which the nodes have room, free or in use.

    Raises:
        MachineError: no node has room for a worker.
    """
    count = sum(_slots_of_node(node, cpus, gpus) for node in alive_nodes())
    if not count:
        gpu = f" and {gpus} GPUs" if gpus else ""
        raise MachineError(
            f"Ray: no node has {cpus} CPUs{gpu}; --cpus-per-worker and --gpus-per-worker say less"
        )
    return count


def this_node() -> str:
    """The address of the node that this process runs on."""
    return str(ray.util.get_node_ip_address())


def alive_nodes() -> list[dict[str, Any]]:
    """The nodes that are alive, as Ray describes them."""
    return [node for node in ray.nodes() if node["Alive"]]


def _slots_of_node(node: dict[str, Any], cpus: int, gpus: int) -> int:
    counts = [int(node["Resources"].get("CPU", 0)) // cpus]
    if gpus:
        counts.append(int(node["Resources"].get("GPU", 0)) // gpus)
    return min(counts)


def check_nodes(needs: NodeRequirements, cpus: int, gpus: int = 0) -> None:
    """Run `check_node` on every node that has room for a worker, before the work starts.

    Raises:
        MachineError: a node fails the check, or no node has room.
    """
    slots(cpus, gpus)
    check = ray.remote(check_node)
    results = []
    for node in alive_nodes():
        if _slots_of_node(node, cpus, gpus):
            there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            results.append(check.options(num_cpus=0, scheduling_strategy=there).remote(needs))
    for ref in results:
        # A node that fails before its check writes no bytes.
        with suppress(RayError):
            received(ref)


def received(ref: Any) -> Any:
    """The value that a task returned.

    Raises:
        RayError: the worker or the machine of the task has failed.
        MachineError: sportgen is not installed on the node.
        Exception: any other error that the task raised.
    """
    try:
        return ray.get(ref)
    except RayTaskError as error:
        if isinstance(error.cause, ImportError):
            raise MachineError(
                f"a node of Ray: {error.cause}; install there what is here"
            ) from error
        raise (error.cause or error) from error


@contextmanager
def ray_errors() -> Iterator[None]:
    """Raise a MachineError of one line if a task still fails after all of Ray's retries."""
    try:
        yield
    except RayError as error:
        reason = str(error).strip().split("\n")[0]
        raise MachineError(f"Ray: {reason}; the same command goes on from here") from error


@contextmanager
def shared_probe(needs: NodeRequirements, folder: Path) -> Iterator[NodeRequirements]:
    """Requirements with one more path: a new folder in `folder`.

    The new folder exists only while the block runs, so a node that sees it shares the disk.
    """
    with tempfile.TemporaryDirectory(prefix=PROBE, dir=folder.resolve()) as probe:
        yield replace(needs, paths=(*needs.paths, probe))
