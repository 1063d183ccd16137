"""Where a threshold could go: what every threshold costs, read on validation frames only."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from proctor_models.evaluation.bootstrap import Floats
from proctor_models.evaluation.figures import Judged
from proctor_models.evaluation.matching import Bools

GRID: tuple[float, ...] = tuple(round(0.05 + 0.01 * i, 2) for i in range(91))
MOST_FALSE = 0.02  # share of negative frames that a suggested threshold lets through


class Point(TypedDict):
    """What one threshold gives; None where the frames cannot say."""

    threshold: float
    precision: float | None
    recall: float | None
    f1: float | None
    false_frame_rate: float | None


class Suggestion(TypedDict):
    """Two readings of a table; None where no threshold serves."""

    best_f1: float | None
    lowest_with_few_false: float | None


def threshold_table(judged: Judged) -> list[Point]:
    """Figures of frames at every threshold from 0.05 to 0.95."""
    scores = np.nan_to_num(judged.scores, nan=-1.0)
    positives, negatives = int(judged.truth.sum()), int((~judged.truth).sum())
    rows: list[Point] = []
    for threshold in GRID:
        fired = scores >= threshold
        true, false = int((fired & judged.truth).sum()), int((fired & ~judged.truth).sum())
        both = positives > 0 and negatives > 0
        rows.append(
            {
                "threshold": threshold,
                "precision": true / (true + false) if both and true + false else None,
                "recall": true / positives if positives else None,
                "f1": 2 * true / (true + false + positives) if both else None,
                "false_frame_rate": false / negatives if negatives else None,
            }
        )
    return rows


def suggest(table: list[Point]) -> Suggestion:
    """The threshold of the best F1 (the middle of equals), and the lowest with at most 2 % false frames.

    A threshold at which nothing is found any more is never suggested.

    >>> judged = Judged(np.array([.9, .8, .1]), np.array([True, True, False]), ("a", "b", "c"))
    >>> suggest(threshold_table(judged))
    {'best_f1': 0.46, 'lowest_with_few_false': 0.11}
    """
    scored = [(row["f1"], row["threshold"]) for row in table if row["f1"] is not None]
    top = max((f1 for f1, _ in scored), default=0.0)
    # On a plateau the middle is farthest from both mistakes.
    best = [threshold for f1, threshold in scored if f1 == top]
    few = [
        row["threshold"]
        for row in table
        if row["false_frame_rate"] is not None and row["false_frame_rate"] <= MOST_FALSE and row["recall"] != 0
    ]
    return {"best_f1": best[len(best) // 2] if top > 0 else None, "lowest_with_few_false": min(few, default=None)}


def recall_with_few_false(scores: Floats, truth: Bools, weights: Floats | None = None) -> float:
    """The best recall of frames (n,) at a threshold that lets through at most 2 % of the negative ones.

    A frame in which nothing is found, scored 0, counts as found at no threshold. nan if one class is missing.

    >>> recall_with_few_false(np.array([.9, .8, .7, 0.]), np.array([True, False, True, True]))
    0.3333333333333333
    """
    weight = np.ones(len(scores)) if weights is None else weights
    positives, negatives = float(weight[truth].sum()), float(weight[~truth].sum())
    if positives == 0 or negatives == 0:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    falling, hit, weight = scores[order], truth[order], weight[order]
    last = np.append(falling[1:] != falling[:-1], True) & (falling > 0)
    true, false = (np.cumsum(np.where(mask, weight, 0.0))[last] for mask in (hit, ~hit))
    return float(true[false <= MOST_FALSE * negatives].max(initial=0.0) / positives)
