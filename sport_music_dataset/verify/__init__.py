"""Is a release what it says: its files, its rows, what `load_dataset` reads of it.

`verify_release` runs every check of `findings.Check`, each file read once.
"""

from .verify import verify_release

__all__ = ["verify_release"]
