"""Take tokens, signatures and passwords out of a text that is shown."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress

_SECRETS = (
    re.compile(r"(Bearer )[^\s'\"]+"),
    re.compile(r"\b(hf_)[A-Za-z0-9]{20,}\b"),
    # The signature in the URL of an upload; user and password in the URL of an endpoint.
    re.compile(r"([?&](?:X-Amz-[\w-]+|Signature|Policy|key)=)[^&\s'\"]+"),
    re.compile(r"(://)[^/@\s]+(?=@)"),
)


def redact(text: str) -> str:
    """The text with the token in use, other tokens, signatures and passwords replaced."""
    for token in _tokens():
        text = text.replace(token, "<token>")
    for secret in _SECRETS:
        text = secret.sub(r"\1<secret>", text)
    return text


def _tokens() -> Iterator[str]:
    """The tokens that a message may hold: that of the environment, and that of the Hub's client."""
    names = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
    yield from filter(None, (os.environ.get(name, "").strip() for name in names))
    # Only a client that is loaded can have read the stored token. Loading it for an error's text
    # takes half a second, and fails where the client is what is broken.
    client = sys.modules.get("huggingface_hub")
    with suppress(Exception):  # the client cannot read its token either, then
        if client and (token := client.get_token()):
            yield token
