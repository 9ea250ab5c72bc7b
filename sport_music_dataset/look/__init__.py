"""Statistics of a release, differences between two releases, and SQL over one release.

Statistics and differences come from manifests, `tracks` and light columns (all but audio, tokens,
codes and labels); codes are read for statistics that the manifest lacks, audio only by SQL.
"""

from .diff import diff_releases
from .stats import release_stats

__all__ = ["diff_releases", "release_stats"]
