"""What a release is: the layout of its folder, its manifest, its rows and its shards.

A `Release` has a place, where its files are, and a manifest; `open_release` opens a release by its
name. The stages read and write releases through `Release`.
"""

from .release import Release, open_release

__all__ = ["Release", "open_release"]
