"""Files in a folder or on the Hub: places, Parquet files, atomic writes, retries of requests.

A `Place` is a folder of this machine; `hub_place.HubPlace` is a revision of a dataset on the Hub.
"""

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .place import Place

__all__ = ["Place"]

# Importing it loads Arrow, without which the workers of a build start sooner.
__getattr__ = door(__name__, {"place": __all__})
