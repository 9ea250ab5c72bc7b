"""Read a source as tracks: a folder of music, a folder of Parquet, or a dataset on the Hub.

`read_source` names, hashes and probes every file. A file that cannot be used stays in the list,
with the reason.
"""

from .read import read_source

__all__ = ["read_source"]
