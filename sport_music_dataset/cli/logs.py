"""What the Hub's client logs, on stderr: its retries, or all of it; never a secret."""

import logging
import sys

from .console import plain

# The library's own name and that of what it speaks HTTP with.
_CLIENT, _BELOW = "huggingface_hub", "httpx2"


class _Redacted(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """The record, tracebacks included, without what lets somebody in."""
        from ..storage.hub_client import redact

        return "\n".join(map(plain, redact(super().format(record)).splitlines()))


def client_logs(debug: bool) -> None:
    """Show what the Hub's client does: one line for each retry of its own, or with `debug` all."""
    import huggingface_hub.utils  # noqa: F401 (it sets up its logger, which we then change)

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Redacted("%(levelname)s %(name)s: %(message)s" if debug else "%(message)s")
    )
    # Its second line for a retry, after the one that says what happened.
    handler.addFilter(lambda record: debug or not record.getMessage().startswith("Retrying in"))
    for name in (_CLIENT, _BELOW) if debug else (_CLIENT,):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.DEBUG if debug else logging.WARNING)
