"""A file to samples, and what is measured in them: tempo, key, loudness, fingerprints.

`decode` streams any file as mono blocks at 32 kHz; `measure` and `fingerprint` take such blocks.
All else is arithmetic on arrays.
"""

from .decode import decode_mono

__all__ = ["decode_mono"]
