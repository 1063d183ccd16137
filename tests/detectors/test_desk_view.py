from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from proctor_models.detectors.desk_view import DeskView
from proctor_models.types import CameraState, Detections, Observation

Observe = Callable[..., Observation]
CANDIDATE = ("person", (50, 50, 300, 480), 0.9)
LAPTOP = ("laptop", (320, 250, 520, 400), 0.8)
KEYBOARD = ("keyboard", (320, 380, 520, 420), 0.8)


def test_read__candidate_and_screen_are_in_the_picture(observe: Observe) -> None:
    assert DeskView().read(observe(CANDIDATE, LAPTOP)).score == pytest.approx(0.2)
    assert DeskView().read(observe(CANDIDATE, LAPTOP)).xyxy.shape == (0, 4)


def test_read__neither_screen_nor_desk(observe: Observe) -> None:
    assert DeskView().read(observe(CANDIDATE)).score == 1.0


def test_read__a_desk_without_its_screen_is_half(observe: Observe) -> None:
    assert DeskView().read(observe(CANDIDATE, KEYBOARD)).score == pytest.approx(0.6)


def test_read__a_screen_without_the_candidate(observe: Observe) -> None:
    assert DeskView().read(observe(LAPTOP, KEYBOARD)).score == 1.0


@pytest.mark.parametrize("state", [CameraState(0.02, 0.0, 0.5, 0.0), CameraState(0.5, 0.1, 0.0, 0.0)])
def test_read__a_dark_or_blank_picture_is_not_assessable(observe: Observe, state: CameraState) -> None:
    assert DeskView().read(replace(observe(), camera=state)).score is None
    assert DeskView().read(replace(observe(), camera=CameraState(0.5, 0.6, 0.5, 0.0))).score == 1.0


def test_read__a_net_that_draws_no_displays_cannot_answer(observe: Observe) -> None:
    nothing = np.zeros((0, 4), np.float32)
    scene = Detections(nothing, nothing[:, 0], np.zeros(0, np.int64), ("person", "phone"))
    assert DeskView().read(replace(observe(), scene=scene)).score is None


def test_views__only_the_second() -> None:
    assert DeskView().views == ("second",)
