"""Which groups are learned from and which are held out: by video, person or action, never by picture.

Frames of one clip, or photos of one person, in two parts would let a network be measured on what it has seen.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from core.formats.clips import PARTS
from core.foundation.errors import BadInput, NotEnoughData
from core.foundation.messages import Message, joined, message

_FIRST_NEEDED: Final = ("train", "test", "validation")  # with two groups there is none to choose epochs by
_ENOUGH_FOR_INTERVALS: Final = 5  # groups; of so many two are held out, since one says nothing about another


def assign(
    groups: Mapping[str, int],
    earlier: Mapping[str, str] | None = None,
    fractions: tuple[float, float, float] = (0.7, 0.15, 0.15),
) -> dict[str, str]:
    """The part of each group.

    A group that has a part keeps it. The others come the largest first (among equals by their digests) and go each to
    the part that lacks most pictures; no part stays empty while there are groups to fill it, and from five groups on
    the test gets two, unless train were left with under half of what is not tested on. Nothing depends on the order of
    `groups`.

    Parameters
    ----------
    groups
        Group -> number of pictures.
    earlier
        Group -> part from before; those that are not in `groups` are ignored.
    fractions
        Of all pictures, wanted in train, validation and test.

    Returns
    -------
    dict
        Group -> ``train``, ``validation`` or ``test``. With two groups validation is empty; `remark` says so.

    Raises
    ------
    NotEnoughData
        If there are fewer than two groups.
    BadInput
        If the fractions are not three shares above 0 that add up to 1, or a known part is none of the three.
    """
    earlier = {group: str(part) for group, part in (earlier or {}).items() if group in groups}
    _check(groups, earlier, fractions)
    parts = _filled(groups, earlier, fractions, _FIRST_NEEDED)
    if len(groups) < _ENOUGH_FOR_INTERVALS:
        return parts
    two = _filled(groups, earlier, fractions, (*_FIRST_NEEDED, "test"))
    size = {part: sum(groups[group] for group, where in two.items() if where == part) for part in PARTS}
    return two if size["train"] >= size["validation"] else parts


def _filled(
    groups: Mapping[str, int], earlier: Mapping[str, str], fractions: Sequence[float], needed: Sequence[str]
) -> dict[str, str]:
    """Parts by what each lacks, but so that each part has as many groups as `needed` names it, the first ones first."""
    lack = {part: fraction * sum(groups.values()) for part, fraction in zip(PARTS, fractions, strict=True)}
    for group, part in earlier.items():
        lack[part] -= groups[group]
    parts = dict(earlier)
    new = sorted(groups.keys() - earlier.keys(), key=lambda group: (-groups[group], _shuffled(group)))
    counts = Counter(parts.values())
    for number, group in enumerate(new):
        empty = [part for i, part in enumerate(needed) if needed[:i].count(part) >= counts[part]]
        allowed = empty if len(empty) >= len(new) - number else PARTS
        part = allowed[0] if len(new) - number < len(empty) else max(allowed, key=lambda part: lack[part])
        parts[group] = part
        counts[part] += 1
        lack[part] -= groups[group]
    return parts


def _check(groups: Mapping[str, int], earlier: Mapping[str, str], fractions: Sequence[float]) -> None:
    if len(fractions) != 3 or not min(fractions) > 0 or not math.isclose(sum(fractions), 1, abs_tol=1e-6):
        raise BadInput("training.fractions", found=tuple(fractions))
    for group, part in earlier.items():
        if part not in PARTS:
            raise BadInput("training.no_part", group=group, part=part, choices=list(PARTS))
    if len(groups) < 2:
        if not groups:
            raise NotEnoughData("training.no_group_labelled")
        raise NotEnoughData("training.one_group_labelled", count=sum(groups.values()), group=next(iter(groups)))


def _shuffled(group: str) -> str:
    return hashlib.sha256(f"0 {group}".encode()).hexdigest()


def remark(parts: Mapping[str, str]) -> Message | None:
    """What people should know about parts that have no group; None where all three have one."""
    counts = Counter(str(part) for part in parts.values())
    missing = [part for part in PARTS if not counts[part]]
    if not missing:
        return None
    effects = {
        "train": message("trainings.no_group_to_learn"),
        "validation": message("trainings.no_group_to_validate"),
        "test": message("trainings.no_group_to_test"),
    }
    return joined([*(effects[part] for part in missing), message("trainings.label_more_groups")])
