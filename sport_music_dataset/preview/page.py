"""The HTML of the page: its frame, its data, safely escaped, and what it is allowed to load."""

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from .media import AUDIO_TYPE, PICTURE_TYPE, Media

_FOLDER = Path(__file__).with_name("page")
# The parts of one script, in this order: each uses the parts before it.
_SCRIPTS = (
    *("dom.js", "source.js", "player.js", "figures.js", "meanings.js", "review.js", "detail.js"),
    *("list.js", "main.js"),
)
MARK = b'<meta name="generator" content="sportgen">'
"""Stands in the head of every page, before anything that a release says."""

TAIL = b"</body>\n</html>\n"

# Sources of audio and pictures: the page itself, files beside it, or its server. In Chromium,
# 'self' does not work for a page that is opened from disk.
_SOURCES = {
    "embedded": "img-src data:; media-src blob:",
    "files": "img-src 'self' file: data:; media-src 'self' file:",
    "server": "img-src 'self' data:; media-src 'self'; connect-src 'self'",
}


def content_policy(mode: str) -> str:
    """The Content-Security-Policy of a page.

    It allows only our script and our style, by their hashes, and loads nothing from other sites.
    """
    script, style = (_hash(text) for text in (_script(), _style()))
    return (
        f"default-src 'none'; script-src '{script}'; style-src '{style}'; {_SOURCES[mode]}; "
        "base-uri 'none'; form-action 'none'"
    )


def head(mode: str, mark: str, data: dict[str, Any]) -> bytes:
    """The page before its blocks, UTF-8; its script draws it from `data` immediately.

    `mark` is that of the release (`page_mark`).
    """
    template = (_FOLDER / "page.html").read_text(encoding="utf-8")
    parts = {
        "policy": content_policy(mode),
        "mark": mark,
        "style": _style(),
        "data": escaped({"mode": mode, **data}),
        "script": _script(),
    }
    # In one pass, so that inserted text is not searched for placeholders.
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template).encode()


def block(name: str, data: object) -> bytes:
    """A named block of data that the page reads only when it needs it."""
    return f'<script type="application/json" id="{name}">{escaped(data)}</script>\n'.encode()


def embedded(media: Media | None) -> list[str] | None:
    """Audio and picture of a chunk as base64, for a block."""
    if media is None:
        return None
    return [base64.b64encode(data).decode() for data in (media.audio, media.picture)]


def picture_url(picture: bytes) -> str:
    """A PNG as a data URL."""
    return f"data:{PICTURE_TYPE};base64,{base64.b64encode(picture).decode()}"


def escaped(data: object) -> str:
    """JSON in ASCII that contains no `<`, so that no HTML can begin or end in it."""
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")


def media_types() -> dict[str, str]:
    """The media types of the audio and pictures in blocks."""
    return {"audio": AUDIO_TYPE, "picture": PICTURE_TYPE}


@cache
def _script() -> str:
    parts = [(_FOLDER / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    return '\n"use strict";\n{\n' + "\n".join(parts) + "}\n"


@cache
def _style() -> str:
    return "\n" + (_FOLDER / "style.css").read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
