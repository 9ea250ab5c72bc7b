"""What music there is: a folder, a folder of Parquet, or a dataset on the Hub, as tracks.

`read_source` names, hashes and probes every file; one that cannot be used stays in the list, with
the reason.
"""

from .read import read_source

__all__ = ["read_source"]
