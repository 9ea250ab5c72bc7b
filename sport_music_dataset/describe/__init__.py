"""What is said of a chunk: its fit to its session, its place in the track's arc, its text prompt.

`annotate` makes these columns of a track's measures; words and sessions are data, in YAML.
"""

from .annotate import annotate

__all__ = ["annotate"]
