"""A page to look at a release and listen to it: a file, a file with a folder, or a server.

`write_preview` writes the page; `server` serves a whole release, only to this machine.
"""

from .write import write_preview

__all__ = ["write_preview"]
