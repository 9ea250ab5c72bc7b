"""A Ray cluster of two nodes on this machine, and the processes that a test may kill of it."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ray.cluster_utils

# Ray would take 30% of the memory, twice.
_NODE: dict[str, Any] = {
    "num_cpus": 1,
    "object_store_memory": 100 << 20,
    "include_dashboard": False,
}
# A lost node is given up after 5 s, not 30; and workers are as nice as whatever else runs here.
_SETTINGS = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 1000,
    "worker_niceness": 0,
}


class Nodes:
    """Two nodes of a processor each; the second may be lost, and is there again when asked for."""

    def __init__(self) -> None:
        self._cluster = ray.cluster_utils.Cluster(
            initialize_head=True, head_node_args={**_NODE, "_system_config": _SETTINGS}
        )
        self.address = str(self._cluster.address)
        self._second: Any = None

    def complete(self) -> None:
        """See to it that both nodes are there."""
        if self._second is None:
            self._second = self._cluster.add_node(**_NODE)

    def wait_for(self, title: str, driver: subprocess.Popen[str]) -> int:
        """Process id of a worker that does what `title` says, once there is one."""
        while driver.poll() is None:
            for pid, name in self.busy():
                if name == title:
                    return pid
            time.sleep(0.02)
        raise AssertionError(f"nobody did {title}: {driver.communicate()}")

    def busy(self) -> list[tuple[int, str]]:
        """Process ids of our workers and what they do."""
        nodes = [self._cluster.head_node, *([self._second] if self._second else [])]
        return [worker for node in nodes for worker in _workers(node)]

    def lose_second(self) -> None:
        """Cut the second node's power."""
        self._cluster.remove_node(self._second, allow_graceful=False)
        self._second = None

    def shut_down(self) -> None:
        """End all of it."""
        self._cluster.shutdown()


def _workers(node: Any) -> Iterator[tuple[int, str]]:
    """Process ids and titles of the processes of a node that do our work; Ray has others there."""
    (raylet,) = node.all_processes["raylet"]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text()
            if int(status.rpartition(")")[2].split()[1]) != raylet.process.pid:
                continue
            title = (folder / "cmdline").read_bytes().split(b"\0")[0].decode()
        except OSError:  # it has ended
            continue
        if title.startswith("ray::_"):
            yield int(folder.name), title.removeprefix("ray::")
