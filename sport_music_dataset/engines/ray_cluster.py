"""Ray's nodes: how they are reached, what each must see and have, and the errors of their loss."""

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

# Read when Ray is imported: no reports to its makers, no hints on variables of GPUs, and nothing
# on stdout when a worker is lost, for which Ray has no other switch.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", "^")

import ray
from ray.exceptions import AuthenticationError, RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ..errors import MachineError, SettingError
from .base import PROBE, RaySettings

RETRIES = 8
"""How often a task may be lost before its machines are no longer blamed for it."""

# Only results of tasks pass through it; Ray would take 30% of the memory.
_OBJECT_STORE_BYTES = 128 << 20
_ANSWER_SECONDS = 10
# Names in a folder that a node must have to have the same folder.
_NAMES = 20
# What this process has found its node to fulfil.
_FULFILLED: set["NodeRequirements"] = set()


@dataclass(frozen=True, slots=True)
class NodeRequirements:
    """What a node must see and have, so that it gives the bytes that we would give.

    `paths` must be there, and `read_versions` must give `versions` there. Where tasks decode,
    `num_proc` is the number of processes of each, and `timeout` the seconds for each track.
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
    """What this machine fulfils; of a folder, the first names in it must be there too."""
    paths = []
    for place in places:
        paths.append(place.resolve())
        # What cannot be listed is reported when it is scanned.
        with suppress(OSError):
            paths += sorted(place.resolve().iterdir())[:_NAMES]
    versions = tuple(_versions(read_versions).items())
    return NodeRequirements(tuple(map(str, paths)), versions, read_versions, num_proc, timeout)


def _versions(read: Callable[[], dict[str, str]]) -> dict[str, str]:
    return {**read(), "processor": platform.machine()}


def check_node(needs: NodeRequirements) -> None:
    """Raise MachineError where this node would give other bytes, or none."""
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
    """Ray, as `settings` say; one that is started here has so many processors, all if None.

    Raises:
        SettingError: the address is none, or that of a Ray client, which cannot do this.
        MachineError: there is none at the address, or it wants another token.
    """
    if ray.is_initialized():
        yield
        return
    address = settings.address or os.environ.get("RAY_ADDRESS", "")
    _check_address(address)
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        try:
            ray.init(address or "auto", **quiet)
        except AuthenticationError as error:
            raise _closed(address or "this machine", error) from error
        except ConnectionError as error:
            if address:
                raise _closed(address, error) from error
            quiet |= {"include_dashboard": False, "object_store_memory": _OBJECT_STORE_BYTES}
            ray.init("local", num_cpus=num_cpus, **quiet)
        yield
    finally:
        ray.shutdown()


def _closed(where: str, error: Exception) -> MachineError:
    reason = str(error).partition(". ")[0]
    return MachineError(
        f"Ray at {where}: {reason}; a cluster with tokens wants RAY_AUTH_MODE=token here, and its "
        "own in RAY_AUTH_TOKEN or ~/.ray/auth_token"
    )


def _check_address(address: str) -> None:
    """Refuse what nobody answers at: Ray itself would try for minutes."""
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
    """Workers of that size for which the nodes have room, whoever uses it now.

    Raises:
        MachineError: for none.
    """
    count = sum(_slots(node, cpus, gpus) for node in alive_nodes())
    if not count:
        gpu = f" and {gpus} GPUs" if gpus else ""
        raise MachineError(
            f"Ray: no node has {cpus} CPUs{gpu}; --cpus-per-worker and --gpus-per-worker say less"
        )
    return count


def this_node() -> str:
    """The address of the node that this runs on."""
    return str(ray.util.get_node_ip_address())


def alive_nodes() -> list[dict[str, Any]]:
    """The nodes that are there, as Ray describes them."""
    return [node for node in ray.nodes() if node["Alive"]]


def _slots(node: dict[str, Any], cpus: int, gpus: int) -> int:
    counts = [int(node["Resources"].get("CPU", 0)) // cpus]
    if gpus:
        counts.append(int(node["Resources"].get("GPU", 0)) // gpus)
    return min(counts)


def check_nodes(needs: NodeRequirements, cpus: int, gpus: int = 0) -> None:
    """`check_node` on every node that has room for a worker, before there is much to lose.

    Raises:
        MachineError: one fails, or none has room.
    """
    slots(cpus, gpus)
    check = ray.remote(check_node)
    found = []
    for node in alive_nodes():
        if _slots(node, cpus, gpus):
            there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            found.append(check.options(num_cpus=0, scheduling_strategy=there).remote(needs))
    for ref in found:
        # A node that is lost meanwhile will not give other bytes.
        with suppress(RayError):
            received(ref)


def received(ref: Any) -> Any:
    """The value that a task gives.

    Raises:
        RayError: its worker or the machine is lost.
        MachineError: sportgen is not installed there; else whatever the task itself raised.
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
    """Raise MachineError, in one line, where Ray has lost a task more often than it retries."""
    try:
        yield
    except RayError as error:
        reason = str(error).strip().split("\n")[0]
        raise MachineError(f"Ray: {reason}; the same command goes on from here") from error


@contextmanager
def shared_probe(needs: NodeRequirements, folder: Path) -> Iterator[NodeRequirements]:
    """Requirements with a new folder in `folder`, which exists while the block runs and never
    before: who sees it shares the disk."""
    with tempfile.TemporaryDirectory(prefix=PROBE, dir=folder.resolve()) as probe:
        yield replace(needs, paths=(*needs.paths, probe))
