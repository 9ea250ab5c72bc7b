"""A release to the Hub: which version it is, what is sent, one commit, one tag.

`push_release` goes on wherever it was broken off; `withdraw` publishes a release without some
tracks.
"""

from .publish import PushSettings, push_release

__all__ = ["PushSettings", "push_release"]
