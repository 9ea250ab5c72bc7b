"""Print log records of the Hub's client on stderr: its retries, or all; never a secret."""

import logging

from ..outside.redact import redact
from .console import hint

# Names of the loggers of the library and of its HTTP client.
_CLIENT, _HTTP_CLIENT = "huggingface_hub", "httpx2"


class _ToStderr(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Print a record, with its traceback, but without tokens and signed addresses."""
        for line in redact(self.format(record)).splitlines():
            hint(line)


def client_logs(debug: bool) -> None:
    """Print one line for each retry of the Hub's client; with `debug`, all its log records."""
    import huggingface_hub.utils  # noqa: F401 (sets up the logger that is changed below)

    handler = _ToStderr()
    handler.setFormatter(
        logging.Formatter("%(levelname)s %(name)s: %(message)s" if debug else "%(message)s")
    )
    # Each retry logs two lines: the first has the reason; the second is left out here.
    handler.addFilter(lambda record: debug or not record.getMessage().startswith("Retrying in"))
    for name in (_CLIENT, _HTTP_CLIENT) if debug else (_CLIENT,):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.DEBUG if debug else logging.WARNING)
