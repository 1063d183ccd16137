from __future__ import annotations

from collections.abc import Callable

import pytest

from proctor_models.detectors.multiple_faces import MultipleFaces
from proctor_models.types import Observation

Observe = Callable[..., Observation]
CANDIDATE = ("person", (100, 100, 400, 480), 0.95)
FACE = ("face", (200, 120, 300, 240), 0.9)


def score(observe: Observe, *found: object) -> float | None:
    return MultipleFaces().read(observe(*found)).score


def test_read__one_candidate(observe: Observe) -> None:
    assert score(observe, CANDIDATE, FACE) == 0
    assert score(observe, CANDIDATE) == 0
    assert score(observe, FACE) == 0


def test_read__two_people(observe: Observe) -> None:
    other = ("person", (420, 80, 620, 480), 0.7)
    reading = MultipleFaces().read(observe(CANDIDATE, FACE, other))
    assert reading.score == pytest.approx(0.7)
    assert reading.xyxy.tolist() == [[100, 100, 400, 480], [420, 80, 620, 480]]
    # Someone's face makes the person as sure as the face.
    assert score(observe, CANDIDATE, FACE, other, ("face", (480, 100, 560, 200), 0.85)) == pytest.approx(0.85)


def test_read__a_face_outside_every_person(observe: Observe) -> None:
    assert score(observe, CANDIDATE, FACE, ("face_masked", (480, 100, 560, 200), 0.6)) == pytest.approx(0.6)


def test_read__two_faces_and_no_person(observe: Observe) -> None:
    assert score(observe, FACE, ("face", (480, 100, 560, 200), 0.6)) == pytest.approx(0.6)


def test_read__two_faces_in_one_person(observe: Observe) -> None:
    assert score(observe, CANDIDATE, FACE, ("face", (310, 120, 390, 220), 0.8)) == pytest.approx(0.8)


def test_read__a_card_held_up(observe: Observe) -> None:
    assert score(observe, CANDIDATE, FACE, ("face", (310, 300, 340, 340), 0.8)) == pytest.approx(0.4)


def test_read__two_boxes_of_one_person(observe: Observe) -> None:
    assert score(observe, CANDIDATE, ("person", (110, 110, 400, 480), 0.6)) == 0


def test_read__a_part_taken_for_a_person(observe: Observe) -> None:
    arm = ("person", (110, 300, 250, 470), 0.8)
    assert score(observe, CANDIDATE, FACE, arm) == pytest.approx(0.4)


def test_read__an_arm_stretched_out_makes_no_second_person(observe: Observe) -> None:
    around = ("person", (20, 60, 620, 480), 0.8)
    assert score(observe, CANDIDATE, FACE, around) == pytest.approx(0.4)
    # Of two boxes without a face, the smaller is doubted.
    assert score(observe, CANDIDATE, around) == pytest.approx(0.475)


def test_read__one_face_with_two_boxes(observe: Observe) -> None:
    again = ("face_masked", (195, 130, 300, 290), 0.6)
    assert score(observe, CANDIDATE, FACE, again) == 0
    beside = ("face", (270, 120, 370, 240), 0.6)
    assert score(observe, CANDIDATE, FACE, beside) == pytest.approx(0.6)


def test_read__a_stray_box_around_the_head_does_not_gain_from_the_face(observe: Observe) -> None:
    stray = ("person", (180, 110, 320, 260), 0.1)
    assert score(observe, CANDIDATE, FACE, stray) == pytest.approx(0.05)


def test_read__a_small_person_far_off(observe: Observe) -> None:
    coat = ("person", (500, 100, 540, 190), 0.6)  # 1.2 % of the frame
    assert score(observe, CANDIDATE, FACE, coat) == pytest.approx(0.3)


def test_read__a_small_face_far_off(observe: Observe) -> None:
    assert score(observe, CANDIDATE, FACE, ("face", (500, 100, 540, 150), 0.6)) == pytest.approx(0.6)
    assert score(observe, CANDIDATE, FACE, ("face", (500, 100, 515, 120), 0.6)) == pytest.approx(0.3)


def test_read__someone_behind_the_candidate(observe: Observe) -> None:
    behind = ("person", (300, 40, 600, 480), 0.8)
    assert score(observe, CANDIDATE, FACE, behind, ("face", (400, 60, 480, 150), 0.7)) == pytest.approx(0.8)
