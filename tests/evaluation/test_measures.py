"""Figures by hand, and whom their intervals are drawn from."""

from __future__ import annotations

import numpy as np
import pytest

from proctor_models.evaluation.figures import Judged
from proctor_models.evaluation.matching import match
from proctor_models.evaluation.measures import (
    NOTHING,
    Draws,
    balanced_accuracy,
    box_precision,
    not_assessable,
    ranking,
    rate,
    recall_at_few_false,
    share,
)

NAN = float("nan")
DRAWS = Draws(200, 0)
BOX = np.array([[0, 0, 10, 10]], np.float32)
NO_BOX = np.zeros((0, 4), np.float32)


def judged(*rows: tuple[float, bool, str]) -> Judged:
    scores, truth = np.array([row[0] for row in rows], float), np.array([row[1] for row in rows], bool)
    return Judged(scores, truth, tuple(row[2] for row in rows))


PEOPLE = judged(
    *((0.9, True, person) for person in "ABC"),
    *((0.1, True, person) for person in "AB"),
    (NAN, True, "C"),
    *((0.2, False, person) for person in "ABC"),
    (0.8, False, "D"),
    (NAN, False, "D"),
)


def test_rate__by_hand() -> None:
    recall, false, precision = (rate(PEOPLE, name, 0.5, DRAWS) for name in ("recall", "false_frame_rate", "precision"))
    assert recall.value == pytest.approx(3 / 6)  # the frame that is not assessable counts as missed
    assert false.value == pytest.approx(1 / 5)
    assert precision.value == pytest.approx(3 / 4)
    assert (recall.frames, recall.groups, recall.by, recall.threshold) == (6, frozenset("ABC"), "group", 0.5)
    assert false.groups == frozenset("ABCD")
    assert not_assessable(PEOPLE, DRAWS).value == pytest.approx(2 / 11)


def test_rate__one_wearer_among_many_is_no_interval_by_person() -> None:
    wearer = [(0.9 if i % 2 else 0.1, True, "A") for i in range(10)]
    others = [(0.1, False, person) for person in "BCDE"]
    found = rate(judged(*wearer, *others), "recall", 0.5, DRAWS)
    assert (found.value, found.by, found.groups) == (0.5, "frame", frozenset("A"))
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.5 < found.high  # drawn by person, one wearer would always be half right


def test_rate__no_false_frame_is_no_proof() -> None:
    found = rate(judged(*((0.1, False, person) for person in "ABCD")), "false_frame_rate", 0.5, DRAWS)
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 4))


@pytest.mark.parametrize("truth", [True, False])
def test_rate__frames_of_one_kind_cannot_say_all(truth: bool) -> None:
    frames = judged(*((0.9, truth, person) for person in "ABCD"))
    assert rate(frames, "precision", 0.5, DRAWS) == NOTHING
    assert (rate(frames, "recall", 0.5, DRAWS) == NOTHING) is not truth
    assert balanced_accuracy(frames, 0.5, DRAWS) == NOTHING
    assert recall_at_few_false(frames, DRAWS) == NOTHING
    assert ranking(frames, DRAWS) == NOTHING


def test_share__nothing_of_no_frame() -> None:
    assert share(np.zeros(0, bool), (), DRAWS) == NOTHING


def test_balanced_accuracy__mean_of_both_sides() -> None:
    found = balanced_accuracy(PEOPLE, 0.5, DRAWS)
    assert found.value == pytest.approx((3 / 6 + 4 / 5) / 2)
    assert (found.frames, found.by) == (11, "group")
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= 0.65 <= found.high <= 1


def test_balanced_accuracy__always_right_is_no_proof() -> None:
    right = judged(*((0.9, True, p) for p in "ABC"), *((0.1, False, p) for p in "ABC"))
    found = balanced_accuracy(right, 0.5, DRAWS)
    assert (found.value, found.high) == (1.0, 1.0)
    # Each side may be as low as its binomial bound over three people, but hardly both at once.
    assert found.low == pytest.approx(1 - np.hypot(1, 1) * (1 - 0.025 ** (1 / 3)) / 2)


def test_balanced_accuracy__two_people_are_drawn_by_frame() -> None:
    rows = [(0.9 if i % 3 else 0.1, i % 2 == 0, "AB"[i % 4 // 2]) for i in range(24)]
    assert balanced_accuracy(judged(*rows), 0.5, DRAWS).by == "frame"


def test_recall_at_few_false__lowest_threshold_that_serves() -> None:
    positives = [(0.06 + 0.09 * i, True, "ABCD"[i % 4]) for i in range(10)]  # 0.06, 0.15, .. 0.87
    negatives = [(0.01, False, "ABCD"[i % 4]) for i in range(98)] + [(0.4, False, "A"), (0.6, False, "B")]
    found = recall_at_few_false(judged(*positives, *negatives), DRAWS)
    # Two of a hundred are 2 %: every threshold serves, the lowest finds all.
    assert (found.value, found.threshold) == (1.0, 0.05)
    found = recall_at_few_false(judged(*positives, *negatives, (0.7, False, "C")), DRAWS)
    # Three of 101 are too many: from 0.41 two are left, and six of ten with the thing are as high.
    assert (found.value, found.threshold) == (0.6, 0.41)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= 0.6 <= found.high


def test_recall_at_few_false__no_threshold_serves() -> None:
    rows = [(0.99, kind, person) for kind in (True, False) for person in "ABC"]
    assert recall_at_few_false(judged(*rows), DRAWS) == NOTHING


def test_box_precision__frames_are_drawn_where_one_person_has_all_boxes() -> None:
    score = np.array([0.9], np.float32)
    matches = match([BOX, BOX, NO_BOX, NO_BOX, NO_BOX], [(BOX, score), (BOX + 50, score), *([(BOX, score / 2)] * 3)])
    found = box_precision(matches, ["A", "A", "B", "C", "D"], DRAWS)
    assert (found.frames, found.boxes, found.by) == (5, 2, "frame")
    assert found.groups == frozenset("ABCD")
    assert found.value == pytest.approx(51 / 101)
    assert box_precision(matches.of(np.array([False, False, True, True, True])), list("AABCD"), DRAWS) == NOTHING


def test_ranking__what_was_not_read_comes_last() -> None:
    heads = judged((0.9, True, "A"), (0.5, False, "B"), (NAN, True, "C"), (0.1, False, "D"), (0.8, True, "E"))
    found = ranking(heads, DRAWS)
    assert found.value == pytest.approx((1 + 1 + 3 / 5) / 3)
    assert (found.boxes, found.unread, found.by) == (5, pytest.approx(1 / 5), "group")
