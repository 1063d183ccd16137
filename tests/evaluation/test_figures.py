"""Figures of frames by hand, their intervals, and what is left unsaid."""

from __future__ import annotations

import numpy as np
import pytest

from proctor_models.evaluation.figures import TOO_FEW, Judged, frame_figures

NAN = float("nan")


def judged(*rows: tuple[float, bool, str]) -> Judged:
    scores, truth = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], bool)
    return Judged(scores, truth, tuple(row[2] for row in rows))


PEOPLE = judged(
    (0.9, True, "S1"),
    (0.4, True, "S1"),
    (0.8, False, "S2"),
    (0.1, False, "S2"),
    (0.7, True, "S3"),
    (NAN, True, "S3"),
    (NAN, False, "S4"),
    (0.2, False, "S4"),
)


def test_frame_figures__by_hand() -> None:
    row = frame_figures(PEOPLE, 0.5, times=200, seed=0)
    assert row["precision"] == pytest.approx(2 / 3)
    assert row["recall"] == pytest.approx(2 / 4)  # the frame that is not assessable counts as missed
    assert row["f1"] == pytest.approx(4 / 7)
    assert row["false_frame_rate"] == pytest.approx(1 / 4)
    assert row["not_assessable"] == pytest.approx(2 / 8)
    assert (row["frames"], row["positives"], row["groups"], row["groups_with_positives"]) == (8, 4, 4, 2)
    assert row["interval_by"] == "group"


def test_frame_figures__equal_seeds_equal_intervals() -> None:
    once, again = (frame_figures(PEOPLE, 0.5, times=200, seed=3) for _ in range(2))
    assert once == again
    assert once["recall_low"] <= once["recall"] <= once["recall_high"]
    assert frame_figures(PEOPLE, 0.5, times=200, seed=4)["precision_low"] is not None


def test_frame_figures__people_are_drawn_not_frames() -> None:
    # Two people who are always right and two who are always wrong: frames would promise a narrow interval.
    rows = [(0.9 if person in "AB" else 0.1, True, person) for person in "ABCD" for _ in range(250)]
    row = frame_figures(judged(*rows, (0.1, False, "E")), 0.5, times=500, seed=0)
    assert row["recall"] == 0.5
    assert row["recall_low"] < 0.1
    assert row["recall_high"] > 0.9


@pytest.mark.parametrize("truth", [True, False])
def test_frame_figures__one_kind_of_frame_leaves_figures_unsaid(truth: bool) -> None:
    row = frame_figures(judged(*((0.9, truth, f"S{i}") for i in range(4))), 0.5, times=100, seed=0)
    assert row["precision"] is None
    assert row["f1"] is None
    assert row["frame_ap"] is None
    assert (row["recall"] is None) == (not truth)
    assert (row["false_frame_rate"] is None) == truth


def test_frame_figures__no_false_alarm_is_no_proof() -> None:
    quiet = judged((0.9, True, "P"), *((0.1, False, f"S{i}") for i in range(5)))
    row = frame_figures(quiet, 0.5, times=100, seed=0)
    assert row["false_frame_rate"] == 0.0
    assert row["false_frame_rate_high"] == pytest.approx(1 - 0.025 ** (1 / 5))


def test_frame_figures__too_few_people_is_said() -> None:
    row = frame_figures(judged((0.9, True, "S1"), (0.1, False, "S1"), (0.6, False, "S2")), 0.5, times=100, seed=0)
    assert row["interval_by"] == "frame"
    assert row["warning"] == TOO_FEW


def test_frame_figures__no_frame_at_all() -> None:
    row = frame_figures(judged(), 0.5, times=100, seed=0)
    assert row["frames"] == 0
    assert {row[name] for name in ("precision", "recall", "f1", "false_frame_rate", "frame_ap")} == {None}


def test_frame_figures__a_blind_detector_has_no_ranking() -> None:
    row = frame_figures(judged(*((NAN, i % 2 == 0, f"S{i}") for i in range(6))), 0.5, times=100, seed=0)
    assert row["frame_ap"] is None
    assert row["recall"] == 0.0
    assert row["not_assessable"] == 1.0
