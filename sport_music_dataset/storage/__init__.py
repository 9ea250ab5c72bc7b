"""Files in a folder, on the Hub or in an object store; Parquet, atomic writes, retries of requests.

A `Place` is a folder of this machine; `hub_place.HubPlace` is a revision of a dataset on the Hub,
`store_place.StorePlace` a prefix of an object store.
"""

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .place import Place

__all__ = ["Place"]

# Importing it loads Arrow, without which the workers of a build start sooner.
__getattr__ = door(__name__, {"place": __all__})
