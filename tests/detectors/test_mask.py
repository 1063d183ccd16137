from __future__ import annotations

from collections.abc import Callable

import pytest

from proctor_models.detectors.mask import Mask, mask_score
from proctor_models.types import Observation

Observe = Callable[..., Observation]
FACE, OTHER = (200, 100, 300, 220), (450, 100, 550, 220)


@pytest.mark.parametrize("incorrect", [0.0, 1.0])
def test_read__worn_rightly_or_wrongly(observe: Observe, incorrect: float) -> None:
    heads = [(FACE, {"mask": 0.9, "mask_incorrect": incorrect})]
    reading = Mask().read(observe(("face_masked", FACE, 0.8), heads=heads))
    assert reading.score == pytest.approx(0.6 * 0.9 + 0.4 * 0.9)
    assert reading.xyxy.tolist() == [list(FACE)]


def test_read__bare_face(observe: Observe) -> None:
    score = Mask().read(observe(("face", FACE, 0.9), heads=[(FACE, {"mask": 0.02})])).score
    assert score == pytest.approx(0.032)


def test_read__one_net_alone_is_near_the_middle(observe: Observe) -> None:
    by_head = Mask().read(observe(("face", FACE, 0.9), heads=[(FACE, {"mask": 1.0})])).score
    by_scene = Mask().read(observe(("face_masked", FACE, 0.9), heads=[(FACE, {"mask": 0.0})])).score
    assert by_head == pytest.approx(0.62)
    assert by_scene == pytest.approx(0.38)


def test_read__too_small_for_the_head_net(observe: Observe) -> None:
    assert Mask().read(observe(("face_masked", FACE, 0.8))).score == pytest.approx(0.9)
    assert Mask().read(observe(("face", FACE, 0.8))).score == pytest.approx(0.1)


def test_read__any_of_several_faces(observe: Observe) -> None:
    frame = observe(
        ("face", FACE, 0.9), ("face_masked", OTHER, 0.8), heads=[(FACE, {"mask": 0.0}), (OTHER, {"mask": 1.0})]
    )
    reading = Mask().read(frame)
    assert reading.score == pytest.approx(0.96)
    assert reading.xyxy.tolist() == [list(OTHER)]


def test_read__no_face(observe: Observe) -> None:
    reading = Mask().read(observe(("person", FACE, 0.9), ("face_masked", FACE, 0.2)))
    assert reading.score is None
    assert reading.why == "no face in sight"


def test_mask_score__grows_with_every_look() -> None:
    assert mask_score(True, 0.9, None) > mask_score(True, 0.4, None) > mask_score(False, 0.4, None)
    assert mask_score(True, 0.5, {"mask": 0.6}) > mask_score(True, 0.5, {"mask": 0.5})
