"""Whether a score means a probability: calibration error of frame scores, before and after one temperature.

Temperature scaling and the expected calibration error are those of Guo et al., *On Calibration of Modern Neural
Networks*, ICML 2017: the score's logit is divided by one number T, chosen on validation frames by the smallest negative
log-likelihood. Here the bins hold equally many frames, not equal widths of score, since most scores lie near 0.

For information: a detector's score orders frames, its threshold is chosen on frames, and no rule reads it as a
probability. What frequency stands behind a score also hangs on how often the thing is there, which is not that of an
exam in frames that were gathered for it.
"""

from __future__ import annotations

import math
from typing import TypedDict

import numpy as np

from proctor_models.evaluation.bootstrap import Floats
from proctor_models.evaluation.figures import Judged
from proctor_models.evaluation.matching import Bools

BINS = 15
_LEAST = 1e-4  # scores of exactly 0 and 1 have no logit
_LOG_SPAN = math.log(20.0)  # temperatures from 1/20 to 20
_STEPS = 60  # of the search: the last span is 1e-12 of the first
_GOLDEN = (math.sqrt(5) - 1) / 2


class Calibration(TypedDict):
    """Of one detector; None where the frames cannot say."""

    temperature: float | None
    val_frames: int
    ece: float | None
    ece_after: float | None
    test_frames: int


def calibration(val: Judged, test: Judged) -> Calibration:
    """Fit a temperature on `val` and measure on `test`; frames that are not assessable are left out."""
    val, test = (judged.of(np.isfinite(judged.scores)) for judged in (val, test))
    said = {"val_frames": len(val.truth), "test_frames": len(test.truth)}
    known = len(set(test.truth.tolist())) == 2
    t = fit_temperature(val.scores, val.truth) if len(set(val.truth.tolist())) == 2 else None
    after = calibration_error(scaled(test.scores, t), test.truth) if known and t is not None else None
    before = calibration_error(test.scores, test.truth) if known else None
    return Calibration(
        temperature=t, ece=before, ece_after=after, val_frames=said["val_frames"], test_frames=said["test_frames"]
    )


def calibration_error(scores: Floats, truth: Bools, bins: int = BINS) -> float:
    """Mean distance of score and frequency over bins of equally many frames, weighted by frames.

    Equal scores stay in one bin, so that there are fewer bins where many frames have one score.

    >>> calibration_error(np.array([.25, .25, .25, .25]), np.array([True, False, False, False]))
    0.0
    >>> round(calibration_error(np.array([.1, .1, .9, .9]), np.array([False, False, True, True])), 3)
    0.1
    """
    inner = np.quantile(scores, np.linspace(0, 1, bins + 1)[1:-1], method="lower")
    number = np.searchsorted(np.unique(inner), scores, side="left")
    count = np.bincount(number)
    said = np.bincount(number, weights=scores)
    there = np.bincount(number, weights=truth.astype(np.float64))
    return float(np.abs(said - there)[count > 0].sum() / len(scores))


def scaled(scores: Floats, temperature: float) -> Floats:
    """Scores (n,) with their logits divided by `temperature`; above 1 they move towards one half.

    >>> scaled(np.array([.5, .8]), 2.0).round(3).tolist()
    [0.5, 0.667]
    """
    kept = np.clip(scores, _LEAST, 1 - _LEAST)
    probability: Floats = 1 / (1 + np.exp(-np.log(kept / (1 - kept)) / temperature))
    return probability


def fit_temperature(scores: Floats, truth: Bools) -> float:
    """The temperature of the smallest negative log-likelihood, by golden-section search over its logarithm.

    The likelihood falls and rises once in 1/T, and so in the logarithm of T: the search finds its only lowest point, or
    the end of the span of 1/20 to 20.
    """

    def loss(log_t: float) -> float:
        p = np.clip(scaled(scores, math.exp(log_t)), 1e-300, 1 - 1e-16)
        return -float(np.log(np.where(truth, p, 1 - p)).mean())

    low, high = -_LOG_SPAN, _LOG_SPAN
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        low, high = (low, right) if loss(left) <= loss(right) else (left, high)
    return math.exp((low + high) / 2)
