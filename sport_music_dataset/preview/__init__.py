"""A release as a page to look at and listen to: a file, a file with a folder, or a server.

`write_preview` writes the page; `server` answers for a whole release on this machine alone.
"""

from .write import write_preview

__all__ = ["write_preview"]
