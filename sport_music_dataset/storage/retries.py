"""Retry a step after temporary errors: growing waits, a limit, and a notice for each retry."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from json import JSONDecodeError
from typing import TypeVar

import httpx2
from huggingface_hub.errors import HfHubHTTPError

from ..errors import HubError
from ..progress import Notify
from .hub_client import client, client_retried, retry_after, transient

T = TypeVar("T")

# Tries counted for one error of a request that the client itself has tried six times already, for
# 23 s or for as long as the Hub asked.
_CLIENT_TRIES = 3


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to retry a step.

    `attempts` is the most tries of a step, `seconds` the most time that all waits take together.
    One wait takes at most `longest_wait`, plus the time that the Hub asks for. A request ends after
    `request_seconds` without data.
    """

    attempts: int = 8
    seconds: float = 900.0
    longest_wait: float = 60.0
    request_seconds: float = 120.0
    sleep: Callable[[float], None] = time.sleep

    def wait(self, tries: int, error: BaseException) -> float:
        """Seconds before the next try: doubled each time, plus the time that the Hub asks for.

        A random part is taken off, so that clients that failed together do not retry together.
        """
        backoff = min(self.longest_wait, 2.0 ** (tries - 1)) * random.uniform(0.5, 1.0)
        return retry_after(error) + backoff


def retry(
    step: Callable[[], T],
    patience: Patience,
    notify: Notify,
    at_once: tuple[type[BaseException], ...] = (),
) -> T:
    """The result of `step`, which is called again after errors that a retry may solve.

    `step` must check the state of the Hub before it changes anything: a request may have succeeded
    although it raised an error. Errors of the types `at_once` are not retried.

    Raises:
        Exception: the last error of `step`, if no retry helps or is left.
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
            # The step may have replaced the client's error by a HubError already.
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
