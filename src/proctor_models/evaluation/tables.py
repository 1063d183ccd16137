"""All rows of figures: each split as a whole, and by view, source and person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from proctor_models.config import DETECTOR_NAMES
from proctor_models.evaluation.figures import Row, box_figures, frame_figures
from proctor_models.evaluation.matching import Bools
from proctor_models.evaluation.seen import Judgement, Seen, judge
from proctor_models.evaluation.thresholds import Point, Suggestion, suggest, threshold_table

SLICES = ("view", "source", "person")


@dataclass(frozen=True)
class Tables:
    """What an evaluation found."""

    overall: dict[str, dict[str, Row]]
    """Split, detector: figures."""
    slices: list[Row]
    """One row a split, slice, value and detector."""
    thresholds: dict[str, tuple[list[Point], Suggestion]]
    """Detector: every threshold and two suggestions, on validation frames; empty without any."""
    judgements: dict[str, dict[str, Judgement]]
    """Split, detector: what the figures were computed from."""


def tabulate(seen: Mapping[str, Sequence[Seen]], thresholds: Mapping[str, float], times: int, seed: int) -> Tables:
    """Compute every figure.

    Args:
        seen: frames by split.
        thresholds: shipped threshold by detector.
        times: bootstrap resamples.
        seed: of the resampling.
    """
    judgements = {split: {d: judge(frames, d) for d in DETECTOR_NAMES} for split, frames in seen.items()}
    overall: dict[str, dict[str, Row]] = {}
    slices: list[Row] = []
    for split, frames in seen.items():
        everything = np.ones(len(frames), bool)
        rows = {d: row(judgements[split][d], everything, thresholds[d], times, seed) for d in DETECTOR_NAMES}
        overall[split] = rows
        for name, value, keep in slice_masks(frames):
            for detector in DETECTOR_NAMES:
                figures = row(judgements[split][detector], keep, thresholds[detector], times, seed)
                if figures["frames"] or figures["boxes"]:
                    slices.append({"split": split, "slice": name, "value": value, "detector": detector, **figures})
    on_val = judgements.get("val", {})
    tables = {detector: threshold_table(judgement.judged) for detector, judgement in on_val.items()}
    suggested = {detector: (table, suggest(table)) for detector, table in tables.items()}
    return Tables(overall, slices, suggested, judgements)


def row(judgement: Judgement, keep: Bools, threshold: float, times: int, seed: int) -> Row:
    """All figures of one detector over the frames where the mask `keep` (frames,) is true."""
    judged, matches, groups = judgement.of(keep)
    figures: Row = {"threshold": threshold}
    figures.update(frame_figures(judged, threshold, times, seed))
    figures.update(box_figures(matches, groups, times, seed))
    return figures


def slice_masks(frames: Sequence[Seen]) -> list[tuple[str, str, Bools]]:
    """Slice, value and mask (frames,) of every view, source and known person."""
    found = []
    for name in SLICES:
        values = np.array([getattr(one.frame, name) or "" for one in frames], dtype=object)
        found += [(name, str(value), values == value) for value in sorted(set(values) - {""})]
    return found
