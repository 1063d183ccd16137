"""One row of figures: a detector over some frames, each figure with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from proctor_models.evaluation.bootstrap import Floats, Resamples, each, interval, rate_interval, resample
from proctor_models.evaluation.matching import Bools, Matches
from proctor_models.evaluation.precision import box_ap, frame_ap, mean_ap

Row = dict[str, float | int | str | bool | None]
TOO_FEW = "too few people for an interval by person"


@dataclass(frozen=True)
class Judged:
    """A detector over the frames whose labels decide it."""

    scores: Floats  # (n,) in [0, 1]; nan where not assessable
    truth: Bools  # (n,) whether it should have fired
    groups: tuple[str, ...]  # (n,) person, or what else must stay together

    def of(self, keep: Bools) -> Judged:
        """Only the frames where the mask (n,) is true."""
        groups = tuple(group for group, kept in zip(self.groups, keep, strict=True) if kept)
        return Judged(self.scores[keep], self.truth[keep], groups)


def frame_figures(judged: Judged, threshold: float, times: int, seed: int) -> Row:
    """Precision, recall, F1, false-alarm rate and average precision of frames at `threshold`, with intervals.

    A frame that is not assessable raised no alarm: a positive one counts as missed. Figures that the
    frames cannot give (no positive, or no negative one) are None, never 0 or 1.
    """
    draws = resample(judged.groups, times, seed)
    counts = _counts(judged, threshold, draws)
    point = _rates(counts.sum(0, keepdims=True))
    drawn = _rates(draws.weights @ counts)
    row = _sizes(judged, draws)
    units = _units_behind(judged, threshold, draws)
    for name, values in point.items():
        value = float(values[0])
        span = rate_interval(drawn[name], value, units.get(name, 0)) if np.isfinite(value) else None
        row.update(_with_interval(name, value, span))
    unknown = np.isnan(judged.scores)
    ranked = np.where(unknown, -1.0, judged.scores)
    value = float("nan") if unknown.all() else frame_ap(ranked, judged.truth)
    span = interval(each(draws, lambda w: frame_ap(ranked, judged.truth, w))) if np.isfinite(value) else None
    row.update(_with_interval("frame_ap", value, span))
    row["not_assessable"] = float(unknown.mean()) if len(unknown) else None
    return row


def box_figures(matches: Matches, groups: tuple[str, ...], times: int, seed: int) -> Row:
    """AP50 with its interval, and AP over IoU 0.50 to 0.95, of one class.

    Args:
        matches: over the frames of `groups`, numbered as they are there.
        groups: of each frame.
        times: resamples.
        seed: of the resampling.
    """
    draws = resample(groups, times, seed)
    value = box_ap(matches, 0.5)
    span = interval(each(draws, lambda w: box_ap(matches, 0.5, w))) if np.isfinite(value) else None
    row: Row = {"box_frames": len(groups), "boxes": int(matches.truths.sum()), "box_groups": draws.groups}
    row.update(_with_interval("ap50", value, span))
    row["ap"] = _known(mean_ap(matches))
    return row


def _with_interval(name: str, value: float, span: tuple[float, float] | None) -> Row:
    low, high = span or (None, None)
    return {name: _known(value), f"{name}_low": low, f"{name}_high": high}


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _sizes(judged: Judged, draws: Resamples) -> Row:
    with_positive = {group for group, true in zip(judged.groups, judged.truth, strict=True) if true}
    row: Row = {
        "frames": len(judged.truth),
        "positives": int(judged.truth.sum()),
        "groups": draws.groups,
        "groups_with_positives": len(with_positive),
        "interval_by": draws.by,
    }
    if draws.by == "frame":
        row["warning"] = TOO_FEW
    return row


def _counts(judged: Judged, threshold: float, draws: Resamples) -> Floats:
    """True and false alarms, missed and quiet frames of every unit, (units, 4)."""
    fired = np.nan_to_num(judged.scores, nan=-1.0) >= threshold
    kinds = (fired & judged.truth, fired & ~judged.truth, ~fired & judged.truth, ~fired & ~judged.truth)
    units = draws.weights.shape[1]
    counts: Floats = np.stack([np.bincount(draws.unit[kind], minlength=units) for kind in kinds], 1).astype(np.float64)
    return counts


def _units_behind(judged: Judged, threshold: float, draws: Resamples) -> Mapping[str, int]:
    """How many units a rate stands on: those with a positive, a negative, or an alarm."""
    fired = np.nan_to_num(judged.scores, nan=-1.0) >= threshold
    masks = {"recall": judged.truth, "false_frame_rate": ~judged.truth, "precision": fired}
    return {name: len(np.unique(draws.unit[mask])) for name, mask in masks.items()}


def _rates(counts: Floats) -> dict[str, Floats]:
    """Rates of rows of counts (rows, 4), nan where undefined."""
    true, false, missed, quiet = counts.T
    positives, negatives = true + missed, false + quiet
    both = (positives > 0) & (negatives > 0)
    return {
        "precision": _share(true, true + false, both),
        "recall": _share(true, positives, positives > 0),
        "f1": _share(2 * true, 2 * true + false + missed, both),
        "false_frame_rate": _share(false, negatives, negatives > 0),
    }


def _share(part: Floats, whole: Floats, known: Bools) -> Floats:
    share: Floats = np.divide(part, whole, out=np.full(part.shape, np.nan), where=known & (whole > 0))
    return share
