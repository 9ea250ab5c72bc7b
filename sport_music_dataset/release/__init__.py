"""What a release is: the layout of its folder, its manifest, its rows and its shards.

A `Release` has a place, where its files are, and a manifest; `open_release` opens a release by its
name. The stages read and write releases through `Release`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .release import Release, open_release

__all__ = ["Release", "open_release"]


def __getattr__(name: str) -> object:
    # Importing it loads Arrow and FFmpeg, without which a wrong folder is told at once.
    if name in __all__:
        from . import release

        return getattr(release, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
