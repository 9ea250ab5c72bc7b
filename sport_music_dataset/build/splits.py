"""Assign groups to splits: close to the asked proportions, no split empty, repeatable."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import SourceError

# A smaller gain is rounding: the same move could be made and undone without end.
_LEAST_GAIN = 1e-9


def assign(
    weights: Mapping[str, float],
    proportions: Mapping[str, float],
    seed: int,
    fixed: Mapping[str, str] | None = None,
    kinds: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, str]:
    """The split of every group.

    Groups are dealt kind by kind. The order of the kinds, and of the groups in a kind, is drawn
    from `seed` and their names. Each group goes to the split furthest below its share of the groups
    dealt so far, so every run of groups is divided in the asked proportions, as far as the sizes of
    the groups allow. This is systematic sampling from an ordered list: Madow and Madow, On the
    theory of systematic sampling (1944). After that, empty splits get the smallest groups, and
    groups move until no split differs from its share by more than the largest group, or no move
    makes the difference smaller.

    Args:
        weights: group -> its size, in chunks.
        proportions: split -> share, summing to 1.
        seed: another seed gives another order.
        fixed: group -> the split that it already has, which is kept.
        kinds: group -> its kind (style, session), which splits should have in equal shares; the
            most important part first.

    Raises:
        SourceError: there are fewer groups than splits.
    """
    held = {group: fixed[group] for group in weights if fixed and group in fixed}
    kinds = kinds or {}
    free = sorted(
        weights.keys() - held.keys(),
        key=lambda group: [_order(seed, name) for name in (*kinds.get(group, ()), group)],
    )
    dealing = _Dealing(weights, proportions, held)
    if len(free) < len(dealing.empty()):
        raise SourceError(
            f"{len(weights)} usable track(s) cannot fill the splits {', '.join(proportions)}: "
            f"add tracks or ask for fewer splits (--splits train=1)"
        )
    for group in free:
        dealing.deal(group)
    dealing.fill(free)
    dealing.level(free)
    return dealing.split_of


@dataclass(slots=True)
class _Dealing:
    """Groups that are dealt to splits; `lacking` is how far each split is below its target."""

    weights: Mapping[str, float]
    proportions: Mapping[str, float]
    split_of: dict[str, str]
    lacking: dict[str, float] = field(init=False)
    groups: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        held = sum(self.weights[group] for group in self.split_of)
        self.lacking = {split: share * held for split, share in self.proportions.items()}
        self.groups = Counter(self.split_of.values())
        for group, split in self.split_of.items():
            if split in self.lacking:
                self.lacking[split] -= self.weights[group]

    def empty(self) -> list[str]:
        """Splits without a group, by name."""
        return sorted(split for split in self.proportions if not self.groups[split])

    def deal(self, group: str) -> None:
        """Give a group to the split furthest below its target.

        Each split's target is raised by its share of this group first.
        """
        weight = self.weights[group]
        for split, share in self.proportions.items():
            self.lacking[split] += share * weight
        # The name breaks ties, so that the order of the splits in the settings does not count.
        split = max(self.lacking, key=lambda name: (self.lacking[name], name))
        self._put(group, split)

    def fill(self, free: Sequence[str]) -> None:
        """Give every empty split the smallest group of a split that has more than one."""
        for split in self.empty():
            spare = (group for group in free if self.groups[self.split_of[group]] > 1)
            self._move(min(spare, key=self.weights.__getitem__), split)

    def level(self, free: Sequence[str]) -> None:
        """Move groups while a split is off its target by more than the largest group.

        Each time, the group moves that reduces the sum of squared differences most.
        """
        largest = max(self.weights.values())
        while free and max(map(abs, self.lacking.values())) > largest:
            gain, group, split = max(
                (self._gain(group, split), group, split)
                for group in free
                for split in self.proportions
            )
            if gain < _LEAST_GAIN:
                return
            self._move(group, split)

    def _gain(self, group: str, split: str) -> float:
        """How much half the sum of squared differences shrinks if `group` moves to `split`."""
        weight, here = self.weights[group], self.split_of[group]
        if self.groups[here] < 2:
            return 0.0
        return weight * (self.lacking[split] - self.lacking[here] - weight)

    def _move(self, group: str, split: str) -> None:
        here = self.split_of[group]
        self.lacking[here] += self.weights[group]
        self.groups[here] -= 1
        self._put(group, split)

    def _put(self, group: str, split: str) -> None:
        self.split_of[group] = split
        self.lacking[split] -= self.weights[group]
        self.groups[split] += 1


def _order(seed: int, group: str) -> bytes:
    return hashlib.sha256(f"{seed}:{group}".encode()).digest()
