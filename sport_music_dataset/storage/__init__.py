"""Files in a folder or on the Hub: places, Parquet files, atomic writes, retries of requests.

A `Place` is a folder of this machine; `hub_place.HubPlace` is a revision of a dataset on the Hub.
"""

from .place import Place

__all__ = ["Place"]
