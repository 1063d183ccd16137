"""Boxes that compete: one thing that the net names twice counts as what it is surer of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proctor_models.boxes import iou
from proctor_models.types import Detections, Reading

RIVAL_IOU = 0.6
"""A rival overlapping a box by more than this is another name for the same thing."""
SHOWN_SCORE = 0.25
"""Boxes scored lower are not shown, the best one excepted."""


def undisputed(found: Detections, rivals: Detections) -> NDArray[np.bool_]:
    """Which rows of `found` (n,) no surer rival lies on."""
    outdone = (iou(found.xyxy, rivals.xyxy) > RIVAL_IOU) & (rivals.scores[None] > found.scores[:, None])
    return np.asarray(~outdone.any(1), np.bool_)


def surest(found: Detections, rivals: Detections) -> Reading:
    """Score of the surest box that no rival outdoes, with the boxes worth showing; 0 where there is none."""
    left = undisputed(found, rivals)
    xyxy, scores = found.xyxy[left], found.scores[left]
    if not len(scores):
        return Reading(0.0)
    best = float(scores.max())
    return Reading(best, xyxy[scores >= np.float32(min(SHOWN_SCORE, best))])
