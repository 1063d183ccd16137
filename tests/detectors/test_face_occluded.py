from __future__ import annotations

from collections.abc import Callable

import pytest

from proctor_models.detectors.face_occluded import FaceOccluded
from proctor_models.types import Observation

Observe = Callable[..., Observation]
FACE, BEHIND = (200, 100, 300, 220), (450, 100, 510, 170)


@pytest.mark.parametrize("score", [0.9, 0.1])
def test_read__the_candidates_face_with_its_box(observe: Observe, score: float) -> None:
    reading = FaceOccluded().read(observe(("face", FACE, 0.9), heads=[(FACE, {"face_occluded": score})]))
    assert reading.score == pytest.approx(score)
    assert reading.xyxy.tolist() == [list(FACE)]


def test_read__a_mask_does_not_count(observe: Observe) -> None:
    heads = [(FACE, {"mask": 0.99, "face_occluded": 0.04})]
    assert FaceOccluded().read(observe(("face_masked", FACE, 0.9), heads=heads)).score == pytest.approx(0.04)


def test_read__whoever_stands_behind_does_not_count(observe: Observe) -> None:
    heads = [(FACE, {"face_occluded": 0.1}), (BEHIND, {"face_occluded": 0.95})]
    reading = FaceOccluded().read(observe(("face", FACE, 0.5), ("face", BEHIND, 0.9), heads=heads))
    assert reading.score == pytest.approx(0.1)


def test_read__no_face_was_read(observe: Observe) -> None:
    reading = FaceOccluded().read(observe(("person", (100, 50, 400, 480), 0.9)))
    assert (reading.score, reading.why) == (None, "no head large enough to read")
