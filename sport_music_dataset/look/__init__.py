"""Statistics of a release, differences between two releases, SQL, and a chunk's words explained.

Statistics and differences come from manifests, `tracks` and light columns (all but audio, tokens,
codes and labels); codes are read for statistics that the manifest lacks, audio only by SQL.
"""

from .diff import diff_releases
from .explain import explain_chunk
from .stats import release_stats

__all__ = ["diff_releases", "explain_chunk", "release_stats"]
