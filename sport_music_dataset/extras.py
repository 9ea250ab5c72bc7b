"""The extras: libraries that some commands need, and most users do not.

`docs/installing.md` says what is installed always, and why.
"""

from dataclasses import dataclass
from importlib.util import find_spec

from .errors import MachineError


@dataclass(frozen=True, slots=True)
class Extra:
    """An extra: its library, the module of that, and what needs it."""

    library: str
    module: str
    use: str


EXTRAS = {
    "cpu": Extra("OpenVINO", "openvino", "encode --backend openvino"),
    "ray": Extra("Ray", "ray", "--engine ray"),
    "sql": Extra("DuckDB", "duckdb", "stats --sql"),
    "train": Extra("Accelerate", "accelerate", "the Trainer of transformers"),
}
"""The extras of `pyproject.toml`, but for `all` of them and for `dev`."""


def is_installed(name: str) -> bool:
    """Whether the library of an extra is there; it is not imported."""
    return find_spec(EXTRAS[name].module) is not None


def absence(name: str) -> str:
    """What is missing without an extra, and for what."""
    extra = EXTRAS[name]
    return f"{extra.use} needs {extra.library}, which is not installed"


def remedy(name: str) -> str:
    """The command that installs an extra."""
    return f"pip install 'sport-music-dataset[{name}]'"


def require(name: str) -> None:
    """Raise MachineError, with the command that installs it, unless an extra is installed."""
    if not is_installed(name):
        raise MachineError(f"{absence(name)}; `{remedy(name)}`")
