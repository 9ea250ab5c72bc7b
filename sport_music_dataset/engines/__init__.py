"""Engines that run the work of stages: processes of this machine, or Ray on one machine or more.

A stage opens an engine by `open_engine` and maps tracks and shards on it. Every engine gives the
same bytes.
"""

from .open import open_engine

__all__ = ["open_engine"]
