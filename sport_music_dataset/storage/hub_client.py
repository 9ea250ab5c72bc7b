"""The Hub's client with one-line errors, a timeout for each request and no secrets in messages."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
)
from huggingface_hub.utils import disable_progress_bars, get_session

from ..errors import HubError
from ..outside.redact import redact

_UPLOAD_PATHS = re.compile(r"/preupload/|\.git/info/lfs/")


@contextmanager
def client(request_seconds: float) -> Iterator[None]:
    """Within the block, the Hub's client draws no progress bars and its requests time out.

    By default the client waits without limit. `request_seconds` limits the time in which no data
    moves, not the time of a whole upload.
    """
    disable_progress_bars()
    session = get_session()
    before, session.timeout = session.timeout, httpx2.Timeout(request_seconds)
    try:
        yield
    finally:
        session.timeout = before


@contextmanager
def uploads() -> Iterator[None]:
    """Raise the error that made an upload fail: the client's threads wrap it in a RuntimeError."""
    try:
        yield
    except RuntimeError as error:
        raise error.__cause__ or ConnectionError(str(error)) from error
    except json.JSONDecodeError:
        # A ValueError too, but of an answer that broke off: `transient` allows a retry.
        raise
    except ValueError as error:
        raise HubError(f"the Hub refused: {_one_line(error)}") from error


@contextmanager
def hub_errors(api: HfApi, repo_id: str, who: str = "") -> Iterator[None]:
    """Replace an error of the Hub's client by a HubError with one line and a remedy."""
    try:
        yield
    except LocalTokenNotFoundError as error:
        raise HubError(
            f"{repo_id}: no token; run `hf auth login` or set HF_TOKEN to one that may write"
        ) from error
    except OfflineModeIsEnabled as error:
        raise HubError(f"{repo_id}: HF_HUB_OFFLINE is set; unset it") from error
    except HfHubHTTPError as error:
        raise HubError(f"{repo_id}: {_remedy(error, who)}") from error
    except UnicodeEncodeError as error:
        raise HubError(f"{repo_id}: the token is none; run `hf auth login` again") from error
    except (httpx2.HTTPError, ConnectionError, json.JSONDecodeError) as error:
        raise HubError(
            f"{redact(api.endpoint)}: cannot be reached ({_one_line(error)}); run this again"
        ) from error


def transient(error: BaseException) -> str:
    """A short text for an error that a retry may solve; empty for any other error."""
    if isinstance(error, OfflineModeIsEnabled):
        return ""
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        temporary = status in (408, 409, 412, 429) or status >= 500
        return f"HTTP {status}{_server_message(error)}" if temporary else ""
    if isinstance(error, httpx2.TimeoutException):
        return "no answer"
    if isinstance(error, (httpx2.NetworkError, httpx2.RemoteProtocolError, ConnectionError)):
        return f"the connection broke ({_one_line(error)})"
    return "the answer broke off" if isinstance(error, json.JSONDecodeError) else ""


def retry_after(error: BaseException) -> float:
    """Seconds that the Hub asks the client to wait; 0 if its answer gives no time."""
    if not isinstance(error, HfHubHTTPError):
        return 0.0
    headers = error.response.headers
    reset = re.search(r"\br=0;t=(\d+)", headers.get("ratelimit", "").replace(" ", ""))
    seconds = reset[1] if reset else headers.get("retry-after", "")
    return float(seconds) if seconds.isdigit() else 0.0


def client_retried(error: BaseException) -> bool:
    """Whether the client itself retried the request several times before it raised `error`.

    The client retries uploads and the requests that prepare uploads, never commits and tags.
    """
    request = error.response.request if isinstance(error, HfHubHTTPError) else None
    if isinstance(error, httpx2.RequestError):
        request = error.request
    if request is None:
        return False
    return request.method == "PUT" or bool(_UPLOAD_PATHS.search(request.url.path))


_REMEDIES: dict[int, str] = {
    401: "the Hub does not know this token; run `hf auth login` or set HF_TOKEN to a valid one",
    402: "the namespace has to pay for this, or has no room left; see its billing settings",
    403: "the token may not do this; take one with write access to the namespace",
    404: "not found, or the token may not see it",
    409: "somebody else is writing to it; run this again",
    412: "it changed while this ran; run this again",
    413: "this is more than the Hub takes in one request",
    429: "the Hub asks to slow down; run this again in a few minutes",
}
_NO_ROOM = re.compile(r"storage|quota", re.IGNORECASE)


def _remedy(error: HfHubHTTPError, who: str) -> str:
    status = error.response.status_code
    remedy = _REMEDIES.get(status, "run this again later; the Hub's status page may say more")
    if status == 403 and _NO_ROOM.search(error.server_message or ""):
        remedy = "no room left in the namespace; free some, or raise its plan on the Hub"
    if who and status in (401, 402, 403, 404):
        remedy = f"as {who}: {remedy}"
    return f"{remedy} (HTTP {status}{_server_message(error)})"


def _server_message(error: HfHubHTTPError) -> str:
    line = (error.server_message or "").strip().split("\n")[0]
    return redact(f": {line}") if line else ""


def _one_line(error: BaseException) -> str:
    return redact(" ".join(str(error).split())) or type(error).__name__
