"""Decode audio files to samples; measure tempo, key and loudness; make and match fingerprints.

`decode` reads any file as a stream of mono blocks at 32 kHz. `measure` takes chunks that are cut
from these blocks, `fingerprint` takes blocks. The other modules compute on arrays.
"""

from .decode import decode_mono

__all__ = ["decode_mono"]
