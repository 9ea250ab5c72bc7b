"""The Hub's client as we use it: errors in one line, requests that end, no secret in any text."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import (
    HfHubHTTPError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
)
from huggingface_hub.utils import disable_progress_bars, get_session

from ..errors import HubError

_SECRETS = (
    re.compile(r"(Bearer )[^\s'\"]+"),
    re.compile(r"\b(hf_)[A-Za-z0-9]{20,}\b"),
    # What signs the address of an upload, and a password in an endpoint.
    re.compile(r"([?&](?:X-Amz-[\w-]+|Signature|Policy|key)=)[^&\s'\"]+"),
    re.compile(r"(://)[^/@\s]+(?=@)"),
)
_UPLOAD_PATHS = re.compile(r"/preupload/|\.git/info/lfs/")


def redact(text: str) -> str:
    """Text without the token in use, nor anything else that lets somebody in."""
    token = get_token()
    if token:
        text = text.replace(token, "<token>")
    for secret in _SECRETS:
        text = secret.sub(r"\1<secret>", text)
    return text


@contextmanager
def client(request_seconds: float) -> Iterator[None]:
    """The Hub's client without bars of its own, and with an end to waiting for an answer.

    By itself it waits for ever. The timeout is for silence, not for the whole of an upload.
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
    """Raise what made an upload fail: the client's threads wrap it in a RuntimeError."""
    try:
        yield
    except RuntimeError as error:
        raise error.__cause__ or ConnectionError(str(error)) from error
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        raise HubError(f"the Hub refused: {_line(error)}") from error


@contextmanager
def hub_errors(api: HfApi, repo_id: str, who: str = "") -> Iterator[None]:
    """Turn what the Hub's client raises into HubError, in one line with the remedy."""
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
            f"{redact(api.endpoint)}: cannot be reached ({_line(error)}); run this again"
        ) from error


def transient(error: BaseException) -> str:
    """What an error that may pass is about, empty if trying again cannot help."""
    if isinstance(error, OfflineModeIsEnabled):
        return ""
    if isinstance(error, HfHubHTTPError):
        status = error.response.status_code
        passes = status in (408, 409, 412, 429) or status >= 500
        return f"HTTP {status}{_said(error)}" if passes else ""
    if isinstance(error, httpx2.TimeoutException):
        return "no answer"
    if isinstance(error, (httpx2.NetworkError, httpx2.RemoteProtocolError, ConnectionError)):
        return f"the connection broke ({_line(error)})"
    return "the answer broke off" if isinstance(error, json.JSONDecodeError) else ""


def retry_after(error: BaseException) -> float:
    """Seconds that the Hub asks to wait, 0 if it does not say."""
    if not isinstance(error, HfHubHTTPError):
        return 0.0
    headers = error.response.headers
    reset = re.search(r"\br=0;t=(\d+)", headers.get("ratelimit", "").replace(" ", ""))
    asked = reset[1] if reset else headers.get("retry-after", "")
    return float(asked) if asked.isdigit() else 0.0


def client_retried(error: BaseException) -> bool:
    """Whether the client itself has tried a request again and again before it raised `error`.

    It does so for what leads to an upload, and for the upload, never for commits and tags.
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
    return f"{remedy} (HTTP {status}{_said(error)})"


def _said(error: HfHubHTTPError) -> str:
    said = (error.server_message or "").strip().split("\n")[0]
    return redact(f": {said}") if said else ""


def _line(error: BaseException) -> str:
    return redact(" ".join(str(error).split())) or type(error).__name__
