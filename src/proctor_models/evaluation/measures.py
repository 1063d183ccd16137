"""One figure with its interval, of the frames it stands on: what a target is held against.

Intervals are by resampling the people (or what else belongs together) that the figure stands on: those with the thing
for recall, those without it for false frames. Where these are fewer than three, frames are drawn instead, and `by` says
so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from proctor_models.evaluation.bootstrap import FEWEST_GROUPS, Floats, Resamples, each, interval, resample
from proctor_models.evaluation.figures import Judged, Row, box_figures, frame_figures
from proctor_models.evaluation.gaps import difference
from proctor_models.evaluation.matching import Bools, Indices, Matches
from proctor_models.evaluation.thresholds import GRID, MOST_FALSE

Rate = Literal["precision", "recall", "false_frame_rate"]


@dataclass(frozen=True)
class Measured:
    """A figure; None where the frames cannot say."""

    value: float | None
    low: float | None = None
    high: float | None = None
    frames: int = 0
    """Frames it stands on."""
    boxes: int | None = None
    """Labelled boxes or heads, where it is of these."""
    groups: frozenset[str] = frozenset()
    """People, and pictures of nobody known, whom these frames show."""
    by: str = "group"
    """What was resampled: `group` or `frame`."""
    threshold: float | None = None
    """What it was read at, where it is of a threshold."""
    unread: float | None = None
    """Share of the heads with no reading, which count as the lowest score."""


NOTHING = Measured(None)


@dataclass(frozen=True)
class Draws:
    """How intervals are made."""

    times: int
    """Resamples."""
    seed: int


def rate(judged: Judged, figure: Rate, threshold: float, draws: Draws) -> Measured:
    """Precision, recall or false frames at `threshold`; a frame that is not assessable raises no alarm."""
    fired = _fired(judged, threshold)
    bases = {
        "precision": (fired, judged.truth),
        "recall": (judged.truth, fired),
        "false_frame_rate": (~judged.truth, fired),
    }
    base, flags = bases[figure]
    if figure == "precision" and len(set(judged.truth.tolist())) < 2:
        return NOTHING  # of frames of one kind alone, precision says nothing of the detector
    return share(flags[base], judged.of(base).groups, draws, threshold)


def not_assessable(judged: Judged, draws: Draws) -> Measured:
    """Share of the frames that the detector could not answer."""
    return share(np.isnan(judged.scores), judged.groups, draws)


def share(flags: Bools, groups: Sequence[str], draws: Draws, threshold: float | None = None) -> Measured:
    """Share of frames (n,) whose flag is set.

    >>> some = share(np.array([True, True, False, False]), ("a", "b", "c", "d"), Draws(100, 0))
    >>> some.value, some.frames, some.by
    (0.5, 4, 'group')
    """
    if not len(flags):
        return NOTHING
    as_judged = Judged(flags.astype(np.float64), np.ones(len(flags), bool), tuple(groups))
    row = frame_figures(as_judged, 0.5, draws.times, draws.seed)
    by = str(row["interval_by"])
    return Measured(*_span(row, "recall"), len(flags), None, frozenset(groups), by, threshold)


def box_precision(matches: Matches, groups: Sequence[str], draws: Draws) -> Measured:
    """AP50 of boxes over the frames of `groups`, numbered as they are there."""
    positive = [group for group, boxes in zip(groups, matches.truths, strict=True) if boxes]
    if not positive:
        return NOTHING
    units, by = _units(groups, positive)
    row = box_figures(matches, units, draws.times, draws.seed)
    sizes = {"frames": len(groups), "boxes": int(matches.truths.sum()), "groups": frozenset(groups)}
    return Measured(*_span(row, "ap50"), **sizes, by=by)  # type: ignore[arg-type]


def ranking(judged: Judged, draws: Draws) -> Measured:
    """Average precision of scores, those not assessable ranked last; `frames` and `boxes` count what was scored."""
    if len(set(judged.truth.tolist())) < 2:
        return NOTHING
    units, by = _units(judged.groups, judged.of(judged.truth).groups)
    row = frame_figures(Judged(judged.scores, judged.truth, units), 0.5, draws.times, draws.seed)
    unread = float(np.isnan(judged.scores).mean())
    count = len(judged.truth)
    return Measured(
        *_span(row, "frame_ap"), frames=count, boxes=count, groups=frozenset(judged.groups), by=by, unread=unread
    )


def balanced_accuracy(judged: Judged, threshold: float, draws: Draws) -> Measured:
    """Mean of recall and of one minus the rate of false frames, at `threshold`."""
    sides = [rate(judged, figure, threshold, draws) for figure in ("recall", "false_frame_rate")]
    recall, false = (side.value for side in sides)
    if recall is None or false is None:
        return NOTHING
    resamples, by = _draws(judged, draws)
    fired, truth = _fired(judged, threshold), judged.truth
    sound = [(side.low, side.value, side.high) for side in sides]
    if {recall, false} & {0.0, 1.0}:
        # Resampling a rate of exactly 0 or 1 gives no width; the two intervals, each sound alone, are put together.
        span = _joined(sound)
    else:
        rates = _drawn(resamples, fired, truth), _drawn(resamples, fired, ~truth)
        span = interval((1 + rates[0] - rates[1]) / 2)
    low, high = span or (None, None)
    return Measured((1 + recall - false) / 2, low, high, len(truth), None, frozenset(judged.groups), by, threshold)


def recall_at_few_false(judged: Judged, draws: Draws) -> Measured:
    """Recall at the lowest threshold with at most 2 % false frames, read off these very frames.

    Reading both on the same frames is optimistic; each resample reads its own threshold, so the interval holds that
    choice, the figure itself does not.
    """
    truth = judged.truth
    if len(set(truth.tolist())) < 2:
        return NOTHING
    resamples, by = _draws(judged, draws)
    scores = np.nan_to_num(judged.scores, nan=-1.0)
    at = scores[:, None] >= np.array(GRID)  # (frames, thresholds)
    hits, false = (_per_unit(at[kind], resamples.unit[kind], resamples) for kind in (truth, ~truth))
    kinds = [np.bincount(resamples.unit[kind], minlength=len(hits)) for kind in (truth, ~truth)]
    sizes: Indices = np.stack(kinds, 1)  # (units, 2)
    everything = np.ones((1, len(hits)))
    value, at_index = _read_off(everything, hits, false, sizes)
    if not np.isfinite(value[0]):
        return NOTHING
    drawn, _ = _read_off(resamples.weights, hits, false, sizes)
    low, high = interval(drawn) or (None, None)
    groups, threshold = frozenset(judged.groups), GRID[int(at_index[0])]
    return Measured(float(value[0]), low, high, len(truth), None, groups, by, threshold)


def _read_off(weights: Floats, hits: Floats, false: Floats, sizes: Indices) -> tuple[Floats, Indices]:
    """Recall and index of the threshold of each row of weights (rows, units); nan where no threshold serves."""
    positives, negatives = (weights @ sizes).T
    with np.errstate(invalid="ignore", divide="ignore"):
        few = (weights @ false) / negatives[:, None] <= MOST_FALSE
        recall = (weights @ hits) / positives[:, None]
    first = few.argmax(1)
    value = np.where(few.any(1), recall[np.arange(len(recall)), first], np.nan)
    return value, first


def _per_unit(at: Bools, unit: Indices, resamples: Resamples) -> Floats:
    """Fired frames of each unit at each threshold, (units, thresholds)."""
    sums = np.zeros((resamples.weights.shape[1], at.shape[1]))
    np.add.at(sums, unit, at)
    return sums


def _draws(judged: Judged, draws: Draws) -> tuple[Resamples, str]:
    """By group where three or more stand behind each of both kinds of frames, else by frame."""
    fewest = min(judged.of(judged.truth).groups, judged.of(~judged.truth).groups, key=lambda groups: len(set(groups)))
    units, by = _units(judged.groups, fewest)
    return resample(units, draws.times, draws.seed), by


def _units(groups: Sequence[str], behind: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """The groups to resample, or each frame as its own where fewer than three groups are `behind` a figure."""
    if len(set(behind)) >= FEWEST_GROUPS:
        return tuple(groups), "group"
    return tuple(str(i) for i in range(len(groups))), "frame"


def _drawn(resamples: Resamples, fired: Bools, base: Bools) -> Floats:
    """Share of the frames in `base` that fired, in every resample (resamples,); nan where none was drawn."""

    def one(weights: Floats) -> float:
        whole = float(weights[base].sum())
        return float(weights[base & fired].sum()) / whole if whole else float("nan")

    return each(resamples, one)


def _joined(sides: Sequence[tuple[float | None, float | None, float | None]]) -> tuple[float, float] | None:
    """Interval of the mean of recall and one minus false frames, from low, value and high of each."""
    numbers = [tuple(float(n) for n in (value, low, high) if n is not None) for low, value, high in sides]
    if any(len(side) < 3 for side in numbers):
        return None
    recall, false = ((side[0], side[1], side[2]) for side in numbers)
    low, high = difference(recall, false)
    return max(0.0, (1 + low) / 2), min(1.0, (1 + high) / 2)


def _fired(judged: Judged, threshold: float) -> Bools:
    fired: Bools = np.nan_to_num(judged.scores, nan=-1.0) >= threshold
    return fired


def _span(row: Row, name: str) -> tuple[float | None, float | None, float | None]:
    values = (row.get(key) for key in (name, f"{name}_low", f"{name}_high"))
    value, low, high = (float(v) if isinstance(v, float | int) else None for v in values)
    return value, low, high
