"""The doors of packages: names that others import from them, each imported on its first use."""

from collections.abc import Callable, Collection, Mapping
from importlib import import_module


def door(package: str, modules: Mapping[str, Collection[str]]) -> Callable[[str], object]:
    """The `__getattr__` of a package (PEP 562).

    Args:
        package: the package's `__name__`.
        modules: module of the package -> names that it gives.
    """

    def get(name: str) -> object:
        for module, names in modules.items():
            if name in names:
                return getattr(import_module(f"{package}.{module}"), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return get
