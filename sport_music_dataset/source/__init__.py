"""Reads a source (music or Parquet in a folder, on the Hub or in an object store) as tracks.

`read_source` names, hashes and probes every audio file. A file that cannot be used stays in the
list of tracks, with the reason.
"""

from .read import read_source

__all__ = ["read_source"]
