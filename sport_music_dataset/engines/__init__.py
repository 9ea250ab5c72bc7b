"""Who does the work: processes of this machine, or Ray on one machine or many.

A stage asks `open_engine` for workers, and gives them tracks and shards; the bytes are the same
whoever does it.
"""

from .open import open_engine

__all__ = ["open_engine"]
