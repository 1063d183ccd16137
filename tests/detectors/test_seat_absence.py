from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from proctor_models.detectors.seat_absence import SeatAbsence
from proctor_models.types import CameraState, Observation

Observe = Callable[..., Observation]
BOX = (100, 100, 400, 480)


@pytest.mark.parametrize("name", ["person", "face", "face_masked"])
def test_read__any_sign_of_a_person(observe: Observe, name: str) -> None:
    assert SeatAbsence().read(observe((name, BOX, 0.9))).score == pytest.approx(0.1)


def test_read__a_back_is_no_absence(observe: Observe) -> None:
    assert SeatAbsence().read(observe(("person", BOX, 0.8), ("face", BOX, 0.05))).score == pytest.approx(0.2)


def test_read__things_are_no_sign(observe: Observe) -> None:
    assert SeatAbsence().read(observe(("phone", BOX, 0.9), ("laptop", BOX, 0.9))).score == 1


@pytest.mark.parametrize(("brightness", "score"), [(0.02, None), (0.3, 1.0)])
def test_read__in_the_dark_nobody_knows(observe: Observe, brightness: float, score: float | None) -> None:
    camera = CameraState(brightness=brightness, contrast=0.0, detail=0.0, still_s=0.0)
    assert SeatAbsence().read(replace(observe(), camera=camera)).score == score
