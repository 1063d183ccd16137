from __future__ import annotations

from collections.abc import Callable

import pytest

from proctor_models.detectors.handover import Handover
from proctor_models.types import Observation

Observe = Callable[..., Observation]
CANDIDATE = ("person", (50, 100, 300, 480), 0.9)
OTHER = ("person", (340, 60, 600, 480), 0.8)


def test_read__something_between_two_people(observe: Observe) -> None:
    sheet = ("book_paper", (290, 250, 350, 300), 0.7)
    reading = Handover().read(observe(CANDIDATE, OTHER, sheet))
    assert reading.score == pytest.approx(0.7)
    assert reading.xyxy.tolist() == [[290, 250, 350, 300], [50, 100, 300, 480], [340, 60, 600, 480]]


def test_read__a_hand_that_all_but_reaches(observe: Observe) -> None:
    assert Handover().read(observe(CANDIDATE, OTHER, ("phone", (305, 250, 336, 300), 0.6))).score == pytest.approx(0.6)


def test_read__nobody_else_is_in_the_picture(observe: Observe) -> None:
    assert Handover().read(observe(CANDIDATE, ("phone", (290, 250, 330, 300), 0.9))).score == 0.0


@pytest.mark.parametrize("xyxy", [(120, 250, 160, 300), (400, 250, 440, 300), (305, 20, 335, 50), (280, 250, 299, 300)])
def test_read__held_by_one_alone_or_by_nobody(observe: Observe, xyxy: tuple[int, ...]) -> None:
    assert Handover().read(observe(CANDIDATE, OTHER, ("phone", xyxy, 0.9))).score == 0.0


def test_read__somebody_behind_the_candidate_counts_little(observe: Observe) -> None:
    behind = ("person", (80, 40, 330, 470), 0.9)
    score = Handover().read(observe(CANDIDATE, behind, ("phone", (150, 250, 190, 300), 0.9))).score
    assert score is not None
    assert score < 0.2


def test_read__things_nobody_hands_over_do_not_count(observe: Observe) -> None:
    assert Handover().read(observe(CANDIDATE, OTHER, ("keyboard", (290, 250, 350, 300), 0.9))).score == 0.0
