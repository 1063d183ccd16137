from __future__ import annotations

from collections.abc import Callable

import pytest

from proctor_models.detectors.ears_covered import EarsCovered
from proctor_models.types import Observation

Observe = Callable[..., Observation]
FACE, BEHIND = (200, 100, 300, 220), (450, 100, 510, 170)


@pytest.mark.parametrize("score", [0.95, 0.05])
def test_read__the_candidates_head_with_its_region(observe: Observe, score: float) -> None:
    reading = EarsCovered().read(observe(("face", FACE, 0.9), heads=[(FACE, {"ears_covered": score})]))
    assert reading.score == pytest.approx(score)
    assert reading.xyxy.tolist() == [[150, 28, 350, 220]]


def test_read__whoever_stands_behind_does_not_count(observe: Observe) -> None:
    heads = [(BEHIND, {"ears_covered": 0.95}), (FACE, {"ears_covered": 0.1})]
    reading = EarsCovered().read(observe(("face", FACE, 0.5), ("face", BEHIND, 0.9), heads=heads))
    assert reading.score == pytest.approx(0.1)


@pytest.mark.parametrize(("height", "score"), [(47, None), (48, 0.9)])
def test_read__a_tiny_face_is_not_assessed(observe: Observe, height: int, score: float | None) -> None:
    face = (200, 100, 236, 100 + height)
    reading = EarsCovered().read(observe(("face", face, 0.9), heads=[(face, {"ears_covered": 0.9})]))
    assert reading.score == score
    assert reading.why == ("" if score else "face too small to see the ears")
    assert len(reading.xyxy) == (1 if score else 0)


def test_read__no_head_was_read(observe: Observe) -> None:
    reading = EarsCovered().read(observe(("face", FACE, 0.9)))
    assert (reading.score, reading.why) == (None, "no head large enough to read")
