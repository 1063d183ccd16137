"""All rows of figures: each split as a whole, by slice, and how far the groups of a slice lie apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from proctor_models.config import DETECTOR_NAMES
from proctor_models.evaluation.figures import Row, box_figures, frame_figures
from proctor_models.evaluation.gaps import group_gaps
from proctor_models.evaluation.matching import Bools
from proctor_models.evaluation.seen import Judgement, Seen, judge
from proctor_models.evaluation.slices import slice_masks
from proctor_models.evaluation.thresholds import Point, Suggestion, suggest, threshold_table


@dataclass(frozen=True)
class Tables:
    """What an evaluation found."""

    overall: dict[str, dict[str, Row]]
    """Split, detector: figures."""
    slices: list[Row]
    """One row a split, slice, value and detector."""
    gaps: list[Row]
    """One row a split, detector, slice and figure in which groups can be compared: best, worst and the gap."""
    thresholds: dict[str, tuple[list[Point], Suggestion]]
    """Detector: every threshold and two suggestions, on validation frames; empty without any."""
    judgements: dict[str, dict[str, Judgement]]
    """Split, detector: what the figures were computed from."""


def tabulate(
    seen: Mapping[str, Sequence[Seen]],
    thresholds: Mapping[str, float],
    times: int,
    seed: int,
    lights: Mapping[str, str] | None = None,
) -> Tables:
    """Compute every figure.

    Args:
        seen: frames by split.
        thresholds: shipped threshold by detector.
        times: bootstrap resamples.
        seed: of the resampling.
        lights: light by frame id, where no tag says it; without, such frames are in no slice of light.
    """
    judgements = {split: {d: judge(frames, d) for d in DETECTOR_NAMES} for split, frames in seen.items()}
    overall: dict[str, dict[str, Row]] = {}
    slices: list[Row] = []
    gaps: list[Row] = []
    for split, frames in seen.items():
        everything = np.ones(len(frames), bool)
        rows = {d: row(judgements[split][d], everything, thresholds[d], times, seed) for d in DETECTOR_NAMES}
        overall[split] = rows
        masks = slice_masks(frames, lights)
        for name, value, keep in masks:
            for detector in DETECTOR_NAMES:
                figures = row(judgements[split][detector], keep, thresholds[detector], times, seed)
                if figures["frames"] or figures["boxes"]:
                    slices.append({"split": split, "slice": name, "value": value, "detector": detector, **figures})
        for detector in DETECTOR_NAMES:
            found = group_gaps(judgements[split][detector], masks, thresholds[detector], times, seed)
            gaps += [{"split": split, "detector": detector, **gap} for gap in found]
    on_val = judgements.get("val", {})
    tables = {detector: threshold_table(judgement.judged) for detector, judgement in on_val.items()}
    suggested = {detector: (table, suggest(table)) for detector, table in tables.items()}
    return Tables(overall, slices, gaps, suggested, judgements)


def row(judgement: Judgement, keep: Bools, threshold: float, times: int, seed: int) -> Row:
    """All figures of one detector over the frames where the mask `keep` (frames,) is true."""
    judged, matches, groups = judgement.of(keep)
    figures: Row = {"threshold": threshold}
    figures.update(frame_figures(judged, threshold, times, seed))
    figures.update(box_figures(matches, groups, times, seed))
    return figures
