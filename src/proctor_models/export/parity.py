"""Whether two runs of one net agree: every score, and every box that could ever be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from proctor_models.boxes import iou
from proctor_models.config import Export
from proctor_models.errors import ExportError
from proctor_models.types import Boxes, Detections, Scores

MIN_SCORE = 0.05
"""Boxes scored lower by both are not compared; no threshold is as low."""
TIE_IOU = 0.01  # how near to the suppression limit an overlap must be to fall on either side of it
_SAME_PX = 0.01  # corners this near are the same box where it is smaller than a few pixels
_SMALL_PX2 = 4.0


@dataclass
class Agreement:
    """Worst and mean differences so far; each worst with the frame it was seen in."""

    limits: Export
    pictures: int = 0
    """Frames for `scene`, crops for the others."""
    boxes: int = 0
    ties: int = 0
    worst_iou: float = 1.0
    worst_score: float = 0.0
    worst_iou_frame: str = ""
    worst_score_frame: str = ""
    _ious: float = field(default=0.0, repr=False)
    _scores: float = field(default=0.0, repr=False)
    _numbers: int = field(default=0, repr=False)

    def scores(self, ours: Scores, theirs: Scores, frame: str) -> None:
        """Compare all scores of one frame, element by element.

        Raises:
            ExportError: two differ by more than the limit.
        """
        difference = np.abs(ours.astype(np.float64) - theirs)
        worst = float(difference.max(initial=0.0))
        self.pictures += 1
        self._scores += float(difference.sum())
        self._numbers += difference.size
        if worst >= self.worst_score:
            self.worst_score, self.worst_score_frame = worst, frame
        if not worst <= self.limits.score_difference:
            raise ExportError(
                f"frame {frame}: score: expected PyTorch and ONNX within {self.limits.score_difference:g}, "
                f"got a difference of {worst:.3g}; the export changed the net, try another opset"
            )

    def anchors(self, ours: Boxes, theirs: Boxes, best: Scores, frame: str) -> None:
        """Compare the boxes (anchors, 4) of one frame, anchor by anchor, where `best` (anchors,) counts.

        Raises:
            ExportError: two overlap by less than the limit.
        """
        counted = best >= MIN_SCORE
        overlap = paired_iou(ours[counted], theirs[counted])
        worst = float(overlap.min(initial=1.0))
        self.boxes += len(overlap)
        self._ious += float(overlap.sum())
        if worst <= self.worst_iou:
            self.worst_iou, self.worst_iou_frame = worst, frame
        if not worst >= self.limits.box_iou:
            raise ExportError(
                f"frame {frame}: box overlap: expected at least {self.limits.box_iou:g} between PyTorch and ONNX, "
                f"got {worst:.4f}; the export changed the net, try another opset"
            )

    def kept(self, ours: Detections, theirs: Detections, nms_iou: float, frame: str) -> None:
        """Find the twin of every box that survived suppression, both ways.

        A box without one is a tie where the other side kept an equally good box so close that a last
        bit decided which of the two is suppressed; ties are counted.

        Raises:
            ExportError: a box has no twin and no such rival.
        """
        for one, other in ((ours, theirs), (theirs, ours)):
            for index in missing_twins(one, other, self.limits):
                rivals = iou(one.xyxy[[index]], other.xyxy)[0] >= nms_iou - TIE_IOU
                as_good = other.scores >= one.scores[index] - self.limits.score_difference
                if not (rivals & as_good).any():
                    name = one.class_names[one.class_ids[index]]
                    raise ExportError(
                        f"frame {frame}: {name} scored {one.scores[index]:.3f}: expected a twin of overlap "
                        f"{self.limits.box_iou:g} and score within {self.limits.score_difference:g}, got none; "
                        "the export changed the net, try another opset"
                    )
                self.ties += 1

    def summary(self) -> dict[str, float | int | str]:
        """All figures, for parity.json."""
        return {
            "pictures": self.pictures,
            "boxes": self.boxes,
            "suppression_ties": self.ties,
            "worst_box_iou": self.worst_iou,
            "worst_box_iou_frame": self.worst_iou_frame,
            "mean_box_iou": self._ious / self.boxes if self.boxes else 1.0,
            "worst_score_difference": self.worst_score,
            "worst_score_difference_frame": self.worst_score_frame,
            "mean_score_difference": self._scores / self._numbers if self._numbers else 0.0,
        }


def paired_iou(ours: Boxes, theirs: Boxes) -> NDArray[np.float64]:
    """Overlap of row i with row i, (n,); under 4 px² corners within 0.01 px are the same box.

    >>> box = np.array([[0, 0, 2, 2], [5, 5, 5, 9]], np.float32)
    >>> paired_iou(box, np.array([[0, 0, 4, 2], [5, 5, 5, 9]], np.float32)).tolist()
    [0.5, 1.0]
    """
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    overlap = np.clip(np.minimum(a[:, 2:], b[:, 2:]) - np.maximum(a[:, :2], b[:, :2]), 0, None).prod(1)
    areas = np.clip(a[:, 2:] - a[:, :2], 0, None).prod(1) + np.clip(b[:, 2:] - b[:, :2], 0, None).prod(1)
    union = areas - overlap
    ratio = np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)
    # Equal corners but for rounding can overlap badly by ratio, or not at all, where there is hardly any area.
    same = (np.abs(a - b) <= _SAME_PX).all(1) & (union < _SMALL_PX2)
    agreed: NDArray[np.float64] = np.where(same, 1.0, ratio)
    return agreed


def missing_twins(one: Detections, other: Detections, limits: Export) -> Sequence[int]:
    """Rows of `one` scored at least 0.05 that have no box of their class, place and score in `other`."""
    overlap = iou(one.xyxy, other.xyxy) >= limits.box_iou
    score = np.abs(one.scores[:, None] - other.scores[None]) <= limits.score_difference
    same_class = one.class_ids[:, None] == other.class_ids[None]
    found = (overlap & score & same_class).any(1)
    rows: list[int] = np.flatnonzero(~found & (one.scores >= MIN_SCORE)).tolist()
    return rows
