"""Trying a step again after errors that may pass: growing waits, a bound, a line for each."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from json import JSONDecodeError
from typing import TypeVar

import httpx2
from huggingface_hub.errors import HfHubHTTPError

from ..errors import HubError
from .hub_client import client, client_retried, retry_after, transient

T = TypeVar("T")
Notify = Callable[[str], None]

# Of these the client has tried six times already, for 23 s or for as long as the Hub asked.
_CLIENT_TRIES = 3


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try.

    `attempts` at a step in all, waits of `seconds` in total, none but those that the Hub asks for
    above `longest_wait`; `request_seconds` of silence end a request.
    """

    attempts: int = 8
    seconds: float = 900.0
    longest_wait: float = 60.0
    request_seconds: float = 120.0
    sleep: Callable[[float], None] = time.sleep

    def wait(self, tries: int, error: BaseException) -> float:
        """Seconds before the next try: doubled each time, less a random part, so that many who
        failed together do not come back together."""
        backoff = min(self.longest_wait, 2.0 ** (tries - 1)) * random.uniform(0.5, 1.0)
        return retry_after(error) + backoff


def retry(
    step: Callable[[], T],
    patience: Patience,
    notify: Notify,
    at_once: tuple[type[BaseException], ...] = (),
) -> T:
    """What `step` returns, called again after errors that may pass; `at_once` are raised at once.

    `step` must look what is there before it acts: an error does not mean that nothing happened.
    """
    tries, waited = 0, 0.0
    while True:
        try:
            with client(patience.request_seconds):
                return step()
        except (
            HfHubHTTPError,
            httpx2.HTTPError,
            ConnectionError,
            JSONDecodeError,
            HubError,
        ) as raised:
            # A step may have put it into our words already.
            error = raised.__cause__ if isinstance(raised, HubError) else raised
            if error is None:
                raise
            tries += _CLIENT_TRIES if client_retried(error) else 1
            wait = patience.wait(tries, error)
            why = "" if isinstance(error, at_once) else transient(error)
            if not why or tries >= patience.attempts or waited + wait > patience.seconds:
                raise
        notify(f"{why}; trying again in {wait:.0f} s (try {tries + 1} of {patience.attempts})")
        patience.sleep(wait)
        waited += wait
