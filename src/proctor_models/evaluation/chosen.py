"""Thresholds chosen on other people: each person is measured at a threshold that none of their frames had a say in.

Of every person, the threshold with the least cost on the frames of all others is held against their own frames, so
that choosing and measuring never meet (leave-one-out within the held-out people; Varma and Simon, "Bias in error
estimation when using cross-validation for model selection", BMC Bioinformatics 2006). Pictures of nobody known are
divided into five such parts. What ships is the threshold that all of them choose together, and these figures stand for
it.

The cost of a threshold is the share of frames missed, and `false_cost` times the share of false frames: at 1 the least
cost is the best balanced accuracy; at 10 a false alarm on a frame weighs as much as ten misses.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from proctor_models.evaluation.figures import Judged
from proctor_models.evaluation.measures import NOTHING, Draws, Measured, balanced_accuracy
from proctor_models.evaluation.thresholds import GRID

PICTURE_PARTS = 5
FIRED = 0.5
"""Between the scores of `Chosen.judged`."""


@dataclass(frozen=True)
class Chosen:
    """A detector whose thresholds other people chose."""

    of_part: Mapping[str, float]
    """A person's code, or the name of a part of the pictures, to the threshold they are measured at."""
    on_all: float
    """What everybody chooses together."""
    judged: Judged
    """The same frames, scored 1 where the detector fires and 0 where it does not."""


def choose(judged: Judged, persons: Collection[str], false_cost: float = 1.0) -> Chosen | None:
    """Choose for each person on all others; None where somebody's others do not show the thing both ways.

    Args:
        judged: scores and truth of held-out frames.
        persons: codes of the people known; other groups are pictures.
        false_cost: what a false frame costs beside a missed one.

    >>> judged = Judged(np.array([.9, .2, .6, .1]), np.array([True, False, True, False]), ("a", "a", "b", "b"))
    >>> choose(judged, {"a", "b"}).of_part
    {'a': 0.36, 'b': 0.56}
    """
    parts = np.array([_part(group, persons) for group in judged.groups])
    of_part: dict[str, float] = {}
    fired = np.zeros(len(parts))
    for part in sorted(set(parts.tolist())):
        mine = parts == part
        threshold = cheapest(judged.of(~mine), false_cost)
        if threshold is None:
            return None
        of_part[part] = threshold
        fired[mine] = np.nan_to_num(judged.scores[mine], nan=-1.0) >= threshold
    on_all = cheapest(judged, false_cost)
    return None if on_all is None else Chosen(of_part, on_all, Judged(fired, judged.truth, judged.groups))


def cheapest(judged: Judged, false_cost: float = 1.0) -> float | None:
    """The threshold of the least cost, the middle of equals; None where one kind of frame is missing."""
    truth = judged.truth
    if len(set(truth.tolist())) < 2:
        return None
    at = np.nan_to_num(judged.scores, nan=-1.0)[:, None] >= np.array(GRID)
    cost = (1 - at[truth].mean(0)) + false_cost * at[~truth].mean(0)
    best = np.flatnonzero(np.isclose(cost, cost.min()))
    return GRID[int(best[len(best) // 2])]


def balanced_elsewhere(judged: Judged, persons: Collection[str], draws: Draws, false_cost: float = 1.0) -> Measured:
    """Balanced accuracy at thresholds chosen on other people, at a cost."""
    chosen = choose(judged, persons, false_cost)
    if chosen is None:
        return NOTHING
    return replace(balanced_accuracy(chosen.judged, FIRED, draws), threshold=None)


def _part(group: str, persons: Collection[str]) -> str:
    return group if group in persons else f"pictures {zlib.crc32(group.encode()) % PICTURE_PARTS + 1}"
