"""Assigns groups to splits: close to the asked proportions, none empty, always the same."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import SourceError

# A smaller gain is a rounding error: a group could move between two splits for ever.
_LEAST_GAIN = 1e-9


def assign(
    weights: Mapping[str, float],
    proportions: Mapping[str, float],
    seed: int,
    fixed: Mapping[str, str] | None = None,
    kinds: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, str]:
    """Assign every group to a split: group -> split.

    Groups are put in order kind by kind; `seed` and the names determine the order of the kinds and
    of the groups in each kind. Group by group, each split's target rises by its share of the group,
    and the group goes to the split furthest below its target. So every run of neighbours in the
    order is divided in the asked proportions, as far as the sizes of groups allow: a kind, or a
    small kind together with the kinds next to it. This is systematic sampling from an ordered
    list: Madow and Madow, On the theory of systematic sampling (1944).

    Then every empty split gets the smallest group that another split can spare. Last, groups move
    until no split differs from its target by more than the largest group, or no move brings the
    splits closer to their targets.

    Args:
        weights: group -> its size, in chunks.
        proportions: split -> share; the shares sum to 1.
        seed: another seed gives another order.
        fixed: group -> the split it already has, which it keeps.
        kinds: group -> its kind (style, session), the more important first; splits should have the
            same mix of kinds.

    Raises:
        TooFewGroups: there are fewer groups without a fixed split than empty splits.
    """
    assigned = {group: fixed[group] for group in weights if fixed and group in fixed}
    kinds = kinds or {}
    free = sorted(
        weights.keys() - assigned.keys(),
        key=lambda group: [_order(seed, name) for name in (*kinds.get(group, ()), group)],
    )
    assignment = _Assignment(weights, proportions, assigned)
    if len(free) < len(assignment.empty_splits()):
        raise TooFewGroups(len(free), assignment.empty_splits(), proportions, assigned.values())
    for group in free:
        assignment.add(group)
    assignment.fill_empty_splits(free)
    assignment.balance(free)
    return assignment.split_of


class TooFewGroups(SourceError):  # noqa: N818 - what is wrong, as `MachineFault`
    """Some splits would be empty; `options` name the splits that can be filled."""

    def __init__(
        self,
        free: int,
        empty: Sequence[str],
        proportions: Mapping[str, float],
        taken: Iterable[str],
    ) -> None:
        filled = _filled(free, empty, proportions, taken)
        self.splits = ",".join(f"{split}={share:.15g}" for split, share in filled.items())
        self.lacking = f"{', '.join(sorted(proportions.keys() - filled.keys()))} would be empty"
        super().__init__(
            f"{self.lacking}: groups of tracks that may go to any split: {free}",
            options=f"--splits {self.splits}",
        )


def _filled(
    free: int, empty: Sequence[str], proportions: Mapping[str, float], taken: Iterable[str]
) -> dict[str, float]:
    """The splits that can be filled, with their shares; the largest has those of the others too.

    Args:
        free: number of groups that may go to any split.
        empty: the splits that have no group.
        proportions: split -> share, of all splits that shall have groups.
        taken: the splits of the groups that have one.
    """
    largest_first = sorted(proportions, key=lambda split: (-proportions[split], split))
    unfilled = [split for split in largest_first if split in empty][free:]
    shares = {split: share for split, share in proportions.items() if split not in unfilled}
    largest = next((split for split in largest_first if split in shares), min(taken, default=""))
    shares[largest] = 1.0 - sum(share for split, share in shares.items() if split != largest)
    return shares


@dataclass(slots=True)
class _Assignment:
    """The splits of the groups assigned so far.

    `below_target` has, for each split, its target size minus its size, in chunks; `group_counts`
    has its number of groups.
    """

    weights: Mapping[str, float]
    proportions: Mapping[str, float]
    split_of: dict[str, str]
    below_target: dict[str, float] = field(init=False)
    group_counts: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        total = sum(self.weights[group] for group in self.split_of)
        self.below_target = {split: share * total for split, share in self.proportions.items()}
        self.group_counts = Counter(self.split_of.values())
        for group, split in self.split_of.items():
            if split in self.below_target:
                self.below_target[split] -= self.weights[group]

    def empty_splits(self) -> list[str]:
        """The splits without a group, sorted by name."""
        return sorted(split for split in self.proportions if not self.group_counts[split])

    def add(self, group: str) -> None:
        """Raise each split's target by its share of this group, then give the group to the split
        furthest below its target."""
        weight = self.weights[group]
        for split, share in self.proportions.items():
            self.below_target[split] += share * weight
        # Of equal splits the last by name: the order in which the user named splits has no effect.
        split = max(self.below_target, key=lambda name: (self.below_target[name], name))
        self._put(group, split)

    def fill_empty_splits(self, free: Sequence[str]) -> None:
        """Give every empty split the smallest group of a split that has more than one group."""
        for split in self.empty_splits():
            spare = (group for group in free if self.group_counts[self.split_of[group]] > 1)
            self._move(min(spare, key=self.weights.__getitem__), split)

    def balance(self, free: Sequence[str]) -> None:
        """Move groups while a split differs from its target by more than the largest group.

        Each move is the one that most reduces the sum of the squared differences from the targets.
        """
        largest = max(self.weights.values())
        while free and max(map(abs, self.below_target.values())) > largest:
            gain, group, split = max(
                (self._gain(group, split), group, split)
                for group in free
                for split in self.proportions
            )
            if gain < _LEAST_GAIN:
                return
            self._move(group, split)

    def _gain(self, group: str, split: str) -> float:
        """By how much moving `group` to `split` reduces half the sum of squared differences."""
        weight, current = self.weights[group], self.split_of[group]
        if self.group_counts[current] < 2:
            return 0.0
        return weight * (self.below_target[split] - self.below_target[current] - weight)

    def _move(self, group: str, split: str) -> None:
        current = self.split_of[group]
        self.below_target[current] += self.weights[group]
        self.group_counts[current] -= 1
        self._put(group, split)

    def _put(self, group: str, split: str) -> None:
        self.split_of[group] = split
        self.below_target[split] -= self.weights[group]
        self.group_counts[split] += 1


def _order(seed: int, group: str) -> bytes:
    return hashlib.sha256(f"{seed}:{group}".encode()).digest()
