"""How good predictions were, judged by what became of those for whom they were made."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A prediction that was certain and wrong costs no more than one this near to it, for its logarithm has no end.
NEAREST = 1e-4
#: So many groups of predictions are looked at, each a tenth of all that can be said.
GROUPS = 10


class Trial(NamedTuple):
    """A prediction (a part of 1), and whether it came true."""

    predicted: float
    happened: bool


class Group(NamedTuple):
    """The predictions from `low` to below `high`: how many, what was said on average, and the part that came true (None
    where there is none)."""

    low: float
    high: float
    size: int
    predicted: float | None
    happened: float | None


def brier(trials: Sequence[Trial]) -> float:
    """The mean squared difference between what was said and what was (Brier 1950): 0 is best, 0.25 what one half for
    all would get. Wants at least one trial."""
    return sum((one.predicted - one.happened) ** 2 for one in trials) / len(trials)


def log_loss(trials: Sequence[Trial]) -> float:
    """The mean negative natural logarithm of what was said of what happened; 0 is best, 0.69 one half for all. Wants at
    least one trial."""
    return sum(-math.log(max(_said(one), NEAREST)) for one in trials) / len(trials)


def _said(trial: Trial) -> float:
    return trial.predicted if trial.happened else 1 - trial.predicted


def auc(trials: Sequence[Trial]) -> float | None:
    """How often one that came true was said to be more probable than one that did not, of two at random (the area under
    the ROC curve, by ranks as Mann and Whitney have it; a tie is half): 1 is best, 0.5 chance. None where all came
    true, or none did."""
    order = sorted(trials, key=lambda one: one.predicted)
    yes = sum(one.happened for one in order)
    no = len(order) - yes
    if not yes or not no:
        return None
    ranks, start = 0.0, 0
    while start < len(order):
        end = start
        while end < len(order) and order[end].predicted == order[start].predicted:
            end += 1
        ranks += (start + 1 + end) / 2 * sum(one.happened for one in order[start:end])
        start = end
    return (ranks - yes * (yes + 1) / 2) / (yes * no)


def groups(trials: Sequence[Trial]) -> list[Group]:
    """The predictions by tenths; what was said on average and what came true are to be the same."""
    found: list[list[Trial]] = [[] for _ in range(GROUPS)]
    for one in trials:
        found[min(int(one.predicted * GROUPS), GROUPS - 1)].append(one)
    return [
        Group(
            number / GROUPS,
            (number + 1) / GROUPS,
            len(some),
            sum(one.predicted for one in some) / len(some) if some else None,
            sum(one.happened for one in some) / len(some) if some else None,
        )
        for number, some in enumerate(found)
    ]
