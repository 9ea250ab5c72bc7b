"""Trying again: what may pass and what may not, how long, and in which words."""

import json
from collections.abc import Callable

import httpx2
import pytest
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

from sport_music_dataset.storage.retries import Patience, retry


def refusal(
    status: int, method: str = "POST", url: str = "http://hub/commit/main", **headers: str
) -> HfHubHTTPError:
    """What the client raises for an answer of this status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = httpx2.Response(status, headers=named, request=httpx2.Request(method, url))
    return HfHubHTTPError("refused", response=response)


def failing(*errors: BaseException) -> Callable[[], str]:
    """A step that raises each of the errors, then is done."""
    left = list(errors)

    def step() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return step


def waits(*errors: BaseException, **settings: float) -> tuple[list[float], list[str]]:
    """The waits, in seconds, and the lines told until a step is done."""
    slept: list[float] = []
    told: list[str] = []
    patience = Patience(sleep=slept.append, **settings)  # type: ignore[arg-type]
    assert retry(failing(*errors), patience, told.append) == "done"
    return slept, told


ASKED = httpx2.Request("GET", "http://hub/api")
PASSING = [
    refusal(408),
    refusal(409),
    refusal(412),
    refusal(429),
    refusal(500),
    refusal(503),
    httpx2.ReadTimeout("slow", request=ASKED),
    httpx2.ConnectError("no route", request=ASKED),
    httpx2.RemoteProtocolError("gone", request=ASKED),
    ConnectionResetError(),
    json.JSONDecodeError("cut", "{", 1),
]
LASTING = [refusal(400), refusal(401), refusal(403), refusal(404), OfflineModeIsEnabled("off")]


@pytest.mark.parametrize("error", PASSING, ids=str)
def test_what_may_pass_is_tried_again(error: Exception) -> None:
    slept, told = waits(error)
    assert len(slept) == len(told) == 1 and 0.5 <= slept[0] <= 1.0
    assert "trying again in" in told[0] and "\n" not in told[0]


@pytest.mark.parametrize("error", LASTING, ids=str)
def test_what_will_not_pass_is_raised_at_once(error: Exception) -> None:
    with pytest.raises(type(error)):
        waits(error)


def test_waits_double_to_a_bound_and_differ() -> None:
    errors = [refusal(503)] * 7
    slept, _ = waits(*errors, longest_wait=16)
    bounds = (1, 2, 4, 8, 16, 16, 16)
    assert all(top / 2 <= wait <= top for wait, top in zip(slept, bounds, strict=True))
    assert waits(*errors)[0] != waits(*errors)[0]


def test_the_hub_is_given_the_time_it_asks_for() -> None:
    slept, told = waits(refusal(429, Retry_After="30"))
    assert 30.5 <= slept[0] <= 31.0 and told[0].startswith("HTTP 429; trying again in 31 s")
    slept, _ = waits(refusal(429, RateLimit='"api";r=0;t=55'))
    assert 55.5 <= slept[0] <= 56.0


def test_there_is_an_end_to_it() -> None:
    with pytest.raises(HfHubHTTPError):
        waits(*[refusal(503)] * 3, attempts=3)
    with pytest.raises(HfHubHTTPError):
        waits(refusal(429, Retry_After="3600"))
    # The client has tried these again and again by itself.
    uploads = [refusal(503, "PUT", "http://store/x")] * 3
    assert len(waits(*uploads[:2])[0]) == 2
    with pytest.raises(HfHubHTTPError):
        waits(*uploads)
