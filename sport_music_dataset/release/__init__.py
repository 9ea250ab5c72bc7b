"""A release: the layout of its folder, its manifest, its shards and their rows.

A `Release` has a place and a manifest; `open_release` opens one by its name. All stages read and
write releases through it.
"""

from .release import Release, open_release

__all__ = ["Release", "open_release"]
