"""How far a figure may be off: resampling by person, since frames of one person are not independent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from proctor_models.evaluation.matching import Indices

FEWEST_GROUPS = 3
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Resamples:
    """How often each unit (a group, or a frame) was drawn, in each resample."""

    weights: Floats  # (resamples, units)
    unit: Indices  # (frames,) the unit each frame belongs to
    by: Literal["group", "frame"]
    groups: int
    """Groups there are, whatever is drawn."""

    def of_frames(self, row: int) -> Floats:
        """Weight (frames,) of every frame in resample `row`."""
        weights: Floats = self.weights[row][self.unit]
        return weights


def resample(groups: Sequence[str], times: int, seed: int) -> Resamples:
    """Draw as many groups as there are, with replacement, `times` times.

    With fewer than three groups frames are drawn instead, and `by` says so: that interval knows
    nothing of how people differ.

    >>> draws = resample(["S1", "S1", "S2", "S3"], times=5, seed=1)
    >>> draws.by, draws.weights.shape, draws.weights.sum(1).tolist()
    ('group', (5, 3), [3.0, 3.0, 3.0, 3.0, 3.0])
    >>> resample(["S1", "S1", "S2"], times=5, seed=1).by
    'frame'
    """
    names, unit = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    by: Literal["group", "frame"] = "group"
    units = len(names)
    if units < FEWEST_GROUPS:
        by, units, unit = "frame", len(groups), np.arange(len(groups))
    if units == 0:
        return Resamples(np.zeros((times, 0)), np.zeros(0, np.int64), by, 0)
    weights = np.random.default_rng(seed).multinomial(units, np.full(units, 1 / units), size=times)
    return Resamples(weights.astype(np.float64), unit.astype(np.int64), by, len(names))


def interval(values: Floats) -> tuple[float, float] | None:
    """The middle 95 % of resampled figures (resamples,); None if more than half are undefined.

    >>> interval(np.arange(101.0))
    (2.5, 97.5)
    >>> interval(np.array([np.nan, np.nan, 1.0])) is None
    True
    """
    known = values[np.isfinite(values)]
    if len(known) * 2 <= len(values):
        return None
    low, high = np.percentile(known, (2.5, 97.5))
    return float(low), float(high)


def rate_interval(values: Floats, rate: float, units: int) -> tuple[float, float] | None:
    """As `interval`, for a rate; one of exactly 0 or 1 takes the exact binomial bound over `units`.

    Resampling units that all agree would promise a width of nothing: no false alarm by five people
    does not prove that there is never one.

    >>> low, high = rate_interval(np.zeros(9), 0.0, units=5)
    >>> low, round(high, 3)
    (0.0, 0.522)
    """
    if units > 0 and rate in (0.0, 1.0):
        bound = 1 - 0.025 ** (1 / units)
        return (0.0, bound) if rate == 0.0 else (1 - bound, 1.0)
    return interval(values)


def each(resamples: Resamples, figure: Callable[[Floats], float]) -> Floats:
    """`figure` of the frame weights of every resample, (resamples,)."""
    return np.array([figure(resamples.of_frames(row)) for row in range(len(resamples.weights))])
