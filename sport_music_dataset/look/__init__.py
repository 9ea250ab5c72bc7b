"""Questions to a release: its numbers, what differs from another one, and SQL.

Manifests, `tracks` and light columns answer them; audio and codes are read by SQL alone.
"""

from .diff import diff_releases
from .stats import release_stats

__all__ = ["diff_releases", "release_stats"]
