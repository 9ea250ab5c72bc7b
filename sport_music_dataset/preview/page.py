"""The page's HTML: its shell, data that cannot become anything else, and what it may load."""

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from .media import AUDIO_TYPE, PICTURE_TYPE, Media

_FOLDER = Path(__file__).with_name("page")
# One script, in this order: what is below uses what is above.
_SCRIPTS = ("dom.js", "source.js", "player.js", "figures.js", "detail.js", "list.js", "main.js")
TAIL = b"</body>\n</html>\n"

# Where a page takes its audio and pictures from: from itself, from files beside it, or from the
# server that it came from. 'self' means nothing to a page opened from disk in Chromium.
_SOURCES = {
    "embedded": "img-src data:; media-src blob:",
    "files": "img-src 'self' file: data:; media-src 'self' file:",
    "server": "img-src 'self' data:; media-src 'self'; connect-src 'self'",
}


def content_policy(mode: str) -> str:
    """The Content-Security-Policy of a page: our own script and style by their hashes, no others,
    and nothing from elsewhere."""
    script, style = (_hash(text) for text in (_script(), _style()))
    return (
        f"default-src 'none'; script-src '{script}'; style-src '{style}'; {_SOURCES[mode]}; "
        "base-uri 'none'; form-action 'none'"
    )


def head(mode: str, data: dict[str, Any]) -> bytes:
    """The page up to where blocks follow, UTF-8; it draws itself from `data` at once."""
    template = (_FOLDER / "page.html").read_text(encoding="utf-8")
    parts = {
        "policy": content_policy(mode),
        "style": _style(),
        "data": escaped({"mode": mode, **data}),
        "script": _script(),
    }
    # In one pass: nothing that is put in is looked at again.
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template).encode()


def block(name: str, data: object) -> bytes:
    """Data that the page reads only when it needs it, by its name."""
    return f'<script type="application/json" id="{name}">{escaped(data)}</script>\n'.encode()


def embedded(media: Media | None) -> list[str] | None:
    """Audio and picture of a chunk, for a block."""
    if media is None:
        return None
    return [base64.b64encode(data).decode() for data in (media.audio, media.picture)]


def picture_url(picture: bytes) -> str:
    """A PNG as the page shows it from itself."""
    return f"data:{PICTURE_TYPE};base64,{base64.b64encode(picture).decode()}"


def escaped(data: object) -> str:
    """JSON in ASCII in which no HTML begins, ends or is commented out."""
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")


def media_types() -> dict[str, str]:
    """What the page must know to make a file of a block's audio and picture."""
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
