"""The Hub's client with one-line errors, a timeout for each request and no secrets in messages."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx2
from huggingface_hub import DatasetInfo, HfApi, constants, get_token
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import disable_progress_bars, get_session

from ..errors import HubError
from ..outside.redact import redact

_UPLOAD_PATHS = re.compile(r"/preupload/|\.git/info/lfs/")
_PROXIES = ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY")


class NoAnswerError(HubError):
    """The Hub was not asked, or did not answer: no token, or no network."""


def checked(api: HfApi | None = None) -> HfApi:
    """The client of the Hub, by default at HF_ENDPOINT, once requests can be made with it.

    Raises:
        HubError: the endpoint is no address, or a proxy of the environment cannot be used.
    """
    api = api or HfApi()
    api.endpoint = api.endpoint.strip().rstrip("/")
    if not _is_address(api.endpoint):
        name = "HF_ENDPOINT" if api.endpoint == constants.ENDPOINT.strip() else "--endpoint"
        raise HubError(
            f"{name} {redact(api.endpoint)!r}: is no address of a Hub; write it with https:// or "
            "http://, as in https://hub.example.com"
        )
    try:
        get_session()
    except ImportError as error:
        raise HubError(
            f"{_proxies()}: a SOCKS proxy needs one more package; pip install socksio, or unset it"
        ) from error
    except (ValueError, httpx2.InvalidURL) as error:
        raise HubError(
            f"{_proxies()}: is no address of a proxy; write http://HOST:PORT or "
            "socks5://HOST:PORT, or unset it"
        ) from error
    return api


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        return False


def _proxies() -> str:
    """The variables that name a proxy, with what they say; empty if there are none."""
    named = {name: value for name, value in os.environ.items() if name.upper() in _PROXIES}
    return ", ".join(redact(f"{name}={value}") for name, value in named.items() if value)


def dataset_info(api: HfApi, repo_id: str, revision: str | None = None) -> DatasetInfo:
    """What the Hub says of a dataset, with all its files.

    Raises:
        HubError: the dataset has another name. The Hub answers for a name in other letters, small
            or capital, and for the old name of one that was renamed; for uploads it does not.
    """
    info = api.dataset_info(repo_id, revision=revision, files_metadata=True)
    if info.id != repo_id:
        raise HubError(f"{repo_id}: the Hub has it as {info.id}; write the name so")
    return info


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
        raise NoAnswerError(
            f"{repo_id}: no token; run `hf auth login` or set HF_TOKEN to one that may write"
        ) from error
    except OfflineModeIsEnabled as error:
        raise NoAnswerError(f"{repo_id}: HF_HUB_OFFLINE is set; unset it") from error
    except HfHubHTTPError as error:
        raise HubError(f"{repo_id}: {_remedy(error, who, api)}") from error
    except UnicodeEncodeError as error:
        raise HubError(
            f"{repo_id}: the token has letters that none has; run `hf auth login` again"
        ) from error
    except (httpx2.HTTPError, ConnectionError, json.JSONDecodeError) as error:
        raise NoAnswerError(f"{redact(api.endpoint)}: {unreachable(error)}") from error


def unreachable(error: BaseException) -> str:
    """Why no Hub answers, and the remedy, in one line."""
    said, proxies = _one_line(error), _proxies()
    if _is_page(error):
        return (
            "a web page answers, no Hub; log in to the network if it asks for that, else look at "
            "--endpoint, HF_ENDPOINT and the proxies"
        )
    if isinstance(error, httpx2.LocalProtocolError):
        return "the token cannot be sent, it has odd characters; run `hf auth login` again"
    if re.search("CERTIFICATE|certificate", said):
        return (
            f"its certificate is not trusted here ({said}); set SSL_CERT_FILE to the certificates "
            "of your network, which its administrator has"
        )
    if proxies:
        return f"cannot be reached ({said}), and {proxies} is set; mend or unset that, or try again"
    return f"cannot be reached ({said}); look at the network and HF_ENDPOINT, then run this again"


def _is_page(error: BaseException) -> bool:
    """Whether an answer that should be JSON is HTML: of a network's login, or of another site."""
    return isinstance(error, json.JSONDecodeError) and error.doc.lstrip().startswith("<")


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
    broke_off = isinstance(error, json.JSONDecodeError) and not _is_page(error)
    return "the answer broke off" if broke_off else ""


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
    404: "not found, or the token may not see it; look at the name, or ask its owner for access",
    407: "the proxy wants a user and a password; put them before its host in HTTPS_PROXY",
    409: "somebody else is writing to it; run this again",
    412: "it changed while this ran; run this again",
    413: "this is more than the Hub takes in one request",
    429: "the Hub asks to slow down; run this again in a few minutes",
}
_NO_ROOM = re.compile(r"storage|quota", re.IGNORECASE)


def _remedy(error: HfHubHTTPError, who: str, api: HfApi) -> str:
    status = error.response.status_code
    if isinstance(error, GatedRepoError):
        return f"is gated; ask for access at {redact(api.endpoint)}/datasets, as the token's owner"
    if isinstance(error, RepositoryNotFoundError) and not (api.token or get_token()):
        # For a stranger the Hub hides what is private behind the same 401 as a wrong token.
        return "not found, or private; look at the name, or run `hf auth login` or set HF_TOKEN"
    remedy = _REMEDIES.get(status, "run this again later; the Hub's status page may say more")
    if status == 403 and error.response.request.method in ("GET", "HEAD"):
        remedy = "the token may not read this; take another, or give it the right in its settings"
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
