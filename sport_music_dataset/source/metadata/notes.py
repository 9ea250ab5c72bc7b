"""Collects notes for the user, few of each kind: a fault of a sheet is often in all of its rows."""

from collections.abc import Iterable


class Notes:
    """Notes for the user by kind; of each kind the first ones are kept, and the others counted."""

    def __init__(self) -> None:
        self._first: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}
        self._said: set[tuple[str, str]] = set()

    def add(self, kind: str, text: str, most: int = 1) -> None:
        """Add a note; `kind` says what it is about, as in `3 more KIND`, and `most` are shown."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        first = self._first.setdefault(kind, [])
        if len(first) < most:
            first.append(text)

    def unsaid(self, kind: str, names: Iterable[str]) -> list[str]:
        """Those of these names for which nobody has asked yet, to name each of them once."""
        new = [name for name in dict.fromkeys(names) if (kind, name) not in self._said]
        self._said.update((kind, name) for name in new)
        return new

    def texts(self) -> tuple[str, ...]:
        """All notes, in the order of their kinds."""
        texts: list[str] = []
        for kind, first in self._first.items():
            more = self._counts[kind] - len(first)
            texts += [*first[:-1], first[-1] + (f" (and {more:,} more {kind})" if more else "")]
        return tuple(texts)
