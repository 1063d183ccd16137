"""Greedy non-maximum suppression: of boxes that show the same thing the best stays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proctor_models.boxes import iou
from proctor_models.types import FACES, Boxes, Scores

MAX_CANDIDATES = 300
"""Boxes of one class that go into suppression, best first."""


def suppress(
    boxes: Boxes, scores: Scores, class_ids: list[int], min_score: float, nms_iou: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Greedy non-maximum suppression among classes that compete: (row, class) of what stays, best first.

    Args:
        boxes: (anchors, 4), any pixels.
        scores: (anchors, len(class_ids)); an anchor takes part with its best class.
        class_ids: class of each column of `scores`.
        min_score: lower scores are dropped.
        nms_iou: a box that overlaps a better one by more than this is the same thing.

    >>> boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [20, 0, 30, 10]], np.float32)
    >>> rows, classes = suppress(boxes, np.array([[.6, .1], [.2, .9], [.3, .0]], np.float32), [1, 2], .05, .6)
    >>> rows.tolist(), classes.tolist()
    ([1, 2], [2, 1])
    """
    best_class = scores.argmax(1)
    best = scores[np.arange(len(scores)), best_class]
    able = np.flatnonzero(best >= min_score)
    order = able[np.argsort(-best[able], kind="stable")][:MAX_CANDIDATES]
    alive = np.ones(len(order), bool)
    overlap = iou(boxes[order], boxes[order]) if len(order) > 1 else alive[None]  # of most classes there is none
    for i in range(len(order) - 1):
        if alive[i]:
            alive[i + 1 :] &= overlap[i, i + 1 :] <= nms_iou
    rows = order[alive]
    return rows, np.asarray(class_ids, np.int64)[best_class[rows]]


def competing(names: tuple[str, ...]) -> list[list[int]]:
    """Class ids by competition: every class on its own, but the two kinds of face together."""
    faces = [i for i, name in enumerate(names) if name in FACES]
    others = [[i] for i in range(len(names)) if i not in faces]
    return [faces, *others] if faces else others
