"""Parity: what counts as the same box, and what a tie is."""

from __future__ import annotations

import numpy as np
import pytest

from proctor_models.config import Export
from proctor_models.errors import ExportError
from proctor_models.export.parity import Agreement, missing_twins
from proctor_models.types import Boxes, Detections

LIMITS = Export(box_iou=0.99, score_difference=1e-3)


def detections(*rows: tuple[tuple[float, float, float, float], float, int]) -> Detections:
    return Detections(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[2] for row in rows], np.int64),
        ("person", "phone"),
    )


BOX = (0.0, 0.0, 100.0, 100.0)


@pytest.mark.parametrize(
    ("other", "missing"),
    [
        (detections((BOX, 0.9, 0)), []),
        (detections((BOX, 0.9, 1)), [0]),
        (detections((BOX, 0.902, 0)), [0]),
        (detections(((0.0, 0.0, 98.0, 100.0), 0.9, 0)), [0]),
        (detections(), [0]),
    ],
)
def test_missing_twins__class_place_and_score(other: Detections, missing: list[int]) -> None:
    assert missing_twins(detections((BOX, 0.9, 0)), other, LIMITS) == missing


def test_missing_twins__low_scores_are_not_compared() -> None:
    assert missing_twins(detections((BOX, 0.04, 0)), detections(), LIMITS) == []


def test_kept__a_tie_is_counted() -> None:
    agreement = Agreement(LIMITS)
    beside = (0.0, 0.0, 100.0, 80.0)
    agreement.kept(detections((BOX, 0.9, 0)), detections((beside, 0.9, 0)), nms_iou=0.6, frame="a/1")
    assert agreement.ties == 2


def test_kept__a_lost_box_is_an_error() -> None:
    far = detections((BOX, 0.9, 0), ((300.0, 300.0, 340.0, 350.0), 0.4, 1))
    with pytest.raises(ExportError, match=r"frame a/1: phone scored 0.400: expected a twin"):
        Agreement(LIMITS).kept(far, detections((BOX, 0.9, 0)), nms_iou=0.6, frame="a/1")


def test_scores__a_number_that_is_none_is_an_error() -> None:
    with pytest.raises(ExportError, match="got a difference of nan"):
        Agreement(LIMITS).scores(np.array([0.5], np.float32), np.array([np.nan], np.float32), "a/1")


def test_summary__worst_and_mean() -> None:
    agreement = Agreement(LIMITS)
    boxes: Boxes = np.array([BOX, BOX], np.float32)
    moved = boxes.copy()
    moved[1, 2] = 99.5
    agreement.anchors(boxes, moved, np.array([0.9, 0.9], np.float32), "a/1")
    agreement.scores(np.array([0.5, 0.5], np.float32), np.array([0.5, 0.5005], np.float32), "a/2")
    summary = agreement.summary()
    assert summary["worst_box_iou"] == pytest.approx(0.995)
    assert summary["mean_box_iou"] == pytest.approx(0.9975)
    assert summary["worst_score_difference"] == pytest.approx(5e-4, abs=1e-6)
    assert summary["worst_score_difference_frame"] == "a/2"
