"""Bytes in a folder or on the Hub: places, Parquet files, atomic writes, requests tried again.

A `Place` is a folder of this machine or, in `hub_place`, a revision of a dataset on the Hub.
"""

from .place import Place

__all__ = ["Place"]
