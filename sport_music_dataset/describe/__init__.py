"""Describe a chunk: its fit to its session, its phase in the track's arc, its description.

`annotate` makes these columns from a track's measures. Phrasings and sessions are data, in YAML.
"""

from .annotate import annotate

__all__ = ["annotate"]
