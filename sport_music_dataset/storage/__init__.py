"""Files in a folder or on the Hub: places, Parquet files, atomic writes, retries of requests.

A `Place` is a folder of this machine; `hub_place.HubPlace` is a revision of a dataset on the Hub.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .place import Place

__all__ = ["Place"]


def __getattr__(name: str) -> object:
    # Importing it loads Arrow, without which the workers of a build start sooner.
    if name in __all__:
        from . import place

        return getattr(place, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
