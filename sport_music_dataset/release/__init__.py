"""What a release is: the layout of its folder, its manifest, its rows and its shards.

A `Release` has a place, where its files are, and a manifest; `open_release` opens a release by its
name. The stages read and write releases through `Release`.
"""

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .release import Release, open_release

__all__ = ["Release", "open_release"]

# Importing it loads Arrow, without which a wrong folder is told at once.
__getattr__ = door(__name__, {"release": __all__})
