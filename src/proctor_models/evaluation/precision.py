"""Average precision, of boxes as COCO computes it and of frames without interpolation; both weighted."""

from __future__ import annotations

import numpy as np

from proctor_models.evaluation.bootstrap import Floats
from proctor_models.evaluation.matching import IOUS, Bools, Matches

_RECALLS = np.linspace(0, 1, 101)


def box_ap(matches: Matches, iou: float, frame_weights: Floats | None = None) -> float:
    """Average precision of boxes at one IoU, 101 points as COCO; nan if there is no labelled box.

    Args:
        matches: of one class.
        iou: one of `IOUS`.
        frame_weights: (frames,) how often each frame counts; None counts each once.
    """
    weights = np.ones(len(matches.truths)) if frame_weights is None else frame_weights
    positives = float((matches.truths * weights).sum())
    if positives == 0:
        return float("nan")
    hit = matches.hits[IOUS.index(iou)]
    weight = weights[matches.frame]
    true = np.cumsum(np.where(hit, weight, 0.0))
    seen = np.cumsum(weight)
    # The envelope can only step where a box was hit, and there the weight may be 0.
    steps = np.flatnonzero(hit & (weight > 0))
    if len(steps) == 0:
        return 0.0
    recall = true[steps] / positives
    precision = np.maximum.accumulate((true[steps] / seen[steps])[::-1])[::-1]
    at = np.searchsorted(recall, _RECALLS, side="left")
    return float(np.where(at < len(steps), precision[np.minimum(at, len(steps) - 1)], 0.0).mean())


def mean_ap(matches: Matches) -> float:
    """Average precision of boxes, mean over IoU 0.50 to 0.95; nan if there is no labelled box."""
    return float(np.mean([box_ap(matches, iou) for iou in IOUS]))


def frame_ap(scores: Floats, truth: Bools, weights: Floats | None = None) -> float:
    """Average precision of a score of frames (n,), equal scores taken together; nan if one class is missing.

    >>> round(frame_ap(np.array([.9, .8, .7]), np.array([True, False, True])), 4)
    0.8333
    """
    weight = np.ones(len(scores)) if weights is None else weights
    positives = float(weight[truth].sum())
    if positives == 0 or positives == weight.sum():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    falling, hit, weight = scores[order], truth[order], weight[order]
    last = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    true = np.cumsum(np.where(hit, weight, 0.0))[last]
    seen = np.cumsum(weight)[last]
    gained = np.diff(true, prepend=0.0)
    precision = np.divide(true, seen, out=np.zeros_like(true), where=seen > 0)
    return float((gained * precision).sum() / positives)
