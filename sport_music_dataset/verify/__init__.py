"""Verify a release: its files, its rows, and what `load_dataset` reads from it.

`verify_release` runs every check of `findings.Check`; it reads each file once.
"""

from .verify import verify_release

__all__ = ["verify_release"]
