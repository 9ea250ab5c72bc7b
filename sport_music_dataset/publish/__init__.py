"""Publish a release on the Hub: choose its version, send its files, set one commit and one tag.

An interrupted `push_release` continues when it is run again; `withdraw` publishes the last release
without some tracks.
"""

from .publish import PushSettings, push_release

__all__ = ["PushSettings", "push_release"]
