"""Threads ahead and behind: order, and errors of either side."""

from collections.abc import Iterator
from itertools import count

import pytest

from sport_music_dataset.engines.readahead import ahead, behind


def failing(after: int) -> Iterator[int]:
    yield from range(after)
    raise OSError("no more")


def test_items_come_in_order_and_one_ahead_at_the_most() -> None:
    made: list[int] = []
    for item in ahead(made.append(number) or number for number in range(50)):  # type: ignore[func-returns-value]
        assert item == made[item] and len(made) <= item + 2
    assert made == list(range(50))


def test_an_error_of_the_reader_arrives_after_its_items() -> None:
    seen = []
    with pytest.raises(OSError, match="no more"):
        for item in ahead(failing(3)):
            seen.append(item)  # noqa: PERF402 (the items before the error are the point)
    assert seen == [0, 1, 2]


def test_a_reader_that_is_left_is_not_read_on() -> None:
    numbers = count()
    for item in ahead(numbers):
        if item == 3:
            break
    assert next(numbers) <= 6


def test_the_result_is_that_of_the_consumer() -> None:
    def consume(items: Iterator[int]) -> list[int]:
        return list(items)

    with behind(consume) as thread:
        for number in range(20):
            thread.put(number)
    assert thread.result == list(range(20))


def test_an_error_of_the_consumer_stops_the_block() -> None:
    def consume(items: Iterator[int]) -> None:
        for item in items:
            if item == 2:
                raise OSError("disk full")

    put = 0
    with pytest.raises(OSError, match="disk full"), behind(consume) as thread:
        for put in range(1_000):
            thread.put(put)
    assert put < 10
    with pytest.raises(OSError, match="disk full"), behind(consume) as thread:
        for put in range(3):
            thread.put(put)


def test_an_error_of_the_block_stops_the_consumer() -> None:
    seen: list[int] = []
    ended: list[BaseException] = []

    def consume(items: Iterator[int]) -> None:
        try:
            seen.extend(items)
        except BaseException as error:
            ended.append(error)
            raise

    with pytest.raises(KeyboardInterrupt), behind(consume) as thread:
        thread.put(1)
        raise KeyboardInterrupt
    assert seen in ([], [1]) and len(ended) == 1
