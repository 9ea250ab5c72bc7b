"""Print log records of the Hub's client on stderr: its retries, or all; never a secret."""

import logging
import sys

from .console import plain

# Names of the loggers of the library and of its HTTP client.
_CLIENT, _HTTP_CLIENT = "huggingface_hub", "httpx2"


class _Redacted(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """The text of a record, with its traceback, but without tokens and signed addresses."""
        from ..storage.hub_client import redact

        return "\n".join(map(plain, redact(super().format(record)).splitlines()))


def client_logs(debug: bool) -> None:
    """Print one line for each retry of the Hub's client; with `debug`, all its log records."""
    import huggingface_hub.utils  # noqa: F401 (sets up the logger that is changed below)

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Redacted("%(levelname)s %(name)s: %(message)s" if debug else "%(message)s")
    )
    # Each retry logs two lines: the first has the reason; the second is left out here.
    handler.addFilter(lambda record: debug or not record.getMessage().startswith("Retrying in"))
    for name in (_CLIENT, _HTTP_CLIENT) if debug else (_CLIENT,):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.DEBUG if debug else logging.WARNING)
