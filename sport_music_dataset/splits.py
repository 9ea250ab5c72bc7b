"""Groups to splits: near the asked proportions, never empty, the same every time."""

import hashlib
from collections.abc import Mapping, Sequence

from .errors import SourceError


def assign(
    weights: Mapping[str, float],
    proportions: Mapping[str, float],
    seed: int,
    fixed: Mapping[str, str] | None = None,
    kinds: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, str]:
    """The split of every group.

    Groups come kind by kind, kinds and the groups of each in an order drawn from `seed` and their
    names; each goes to the split that lacks most of its share of what has come so far, the last
    ones to splits that are still empty. So every run of groups is divided as asked, as far as
    their sizes allow: the whole within one group, a kind together with its neighbours. Systematic
    sampling from an ordered list: Madow and Madow, On the theory of systematic sampling (1944).

    Args:
        weights: group -> its size, in chunks.
        proportions: split -> share, summing to 1.
        seed: draws another order.
        fixed: group -> the split it already has; kept as it is.
        kinds: group -> what splits should have alike, the most important first: style, session.

    Raises:
        SourceError: there are fewer groups than splits.
    """
    held = {group: fixed[group] for group in weights if fixed and group in fixed}
    kinds = kinds or {}
    free = sorted(
        weights.keys() - held.keys(),
        key=lambda group: [_order(seed, name) for name in (*kinds.get(group, ()), group)],
    )
    lacking = dict.fromkeys(proportions, 0.0)
    for group, split in held.items():
        _place(lacking, proportions, split, weights[group])
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
        weight = weights[group]
        # The name breaks ties, so that the order in which splits were asked for does not count.
        due = {name: lacking[name] + proportions[name] * weight for name in choice}
        split = max(due, key=lambda name: (due[name], name))
        split_of[group] = split
        _place(lacking, proportions, split, weight)
        empty.discard(split)
    return split_of


def _place(
    lacking: dict[str, float], proportions: Mapping[str, float], split: str, weight: float
) -> None:
    """Give every split its share of a group that has come, and take the group from `split`."""
    for name, share in proportions.items():
        lacking[name] += share * weight
    if split in lacking:
        lacking[split] -= weight


def _order(seed: int, group: str) -> bytes:
    return hashlib.sha256(f"{seed}:{group}".encode()).digest()
