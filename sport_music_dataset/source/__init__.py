"""Reads a source (a folder of music, a folder of Parquet files, a dataset on the Hub) as tracks.

`read_source` names, hashes and probes every audio file. A file that cannot be used stays in the
list of tracks, with the reason.
"""

from .read import read_source

__all__ = ["read_source"]
