"""Groups to splits: near the asked proportions, never empty, the same every time."""

import hashlib
from collections.abc import Mapping

from .errors import SourceError


def assign(
    weights: Mapping[str, float],
    proportions: Mapping[str, float],
    seed: int,
    fixed: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The split of every group.

    Groups come in an order drawn from `seed` and their name; each goes to the split that lacks
    most of its share, the last ones to splits that are still empty. Greedy number partitioning
    in random order: within one group of the asked proportions, and unbiased as to which.

    Args:
        weights: group -> its size, in chunks.
        proportions: split -> share, summing to 1.
        seed: draws another order.
        fixed: group -> the split it already has; kept as it is.

    Raises:
        SourceError: there are fewer groups than splits.
    """
    held = {group: fixed[group] for group in weights if fixed and group in fixed}
    free = sorted(weights.keys() - held.keys(), key=lambda group: _order(seed, group))
    total = sum(weights.values())
    lacking = {split: share * total for split, share in proportions.items()}
    for group, split in held.items():
        lacking[split] = lacking.get(split, 0.0) - weights[group]
    empty = set(proportions) - set(held.values())
    if len(free) < len(empty):
        raise SourceError(
            f"{len(weights)} usable track(s) cannot fill the splits {', '.join(proportions)}: "
            f"add tracks or ask for fewer splits (--splits train=1)"
        )
    split_of = dict(held)
    for position, group in enumerate(free):
        must_fill = len(free) - position <= len(empty)
        choice = [split for split in proportions if not must_fill or split in empty]
        # The name breaks ties, so that the order in which splits were asked for does not count.
        split = max(choice, key=lambda name: (lacking[name], name))
        split_of[group] = split
        lacking[split] -= weights[group]
        empty.discard(split)
    return split_of


def _order(seed: int, group: str) -> bytes:
    return hashlib.sha256(f"{seed}:{group}".encode()).digest()
