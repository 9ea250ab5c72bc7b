"""What a release is: its folder's layout, its manifest, the rows and shards in it.

A `Release` knows its place and its manifest; `open_release` opens one by its name. Stages read and
write releases through it.
"""

from .release import Release, open_release

__all__ = ["Release", "open_release"]
