from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from proctor_models.detectors.second_display import SecondDisplay, displays
from proctor_models.types import Detections, Observation, View

Observe = Callable[..., Observation]
LAPTOP = ("laptop", (100, 200, 300, 400), 0.9)
ITS_SCREEN = ("screen", (110, 205, 290, 310), 0.7)
MONITOR = ("screen", (350, 100, 600, 300), 0.6)


def score(frame: Observation, view: View) -> float | None:
    return SecondDisplay().read(replace(frame, view=view)).score


def test_read__the_webcam_should_see_no_display_at_all(observe: Observe) -> None:
    assert score(observe(), "first") == 0.0
    assert score(observe(MONITOR), "first") == pytest.approx(0.6)


def test_read__the_second_view_shows_the_exams_own(observe: Observe) -> None:
    assert score(observe(LAPTOP), "second") == 0.0
    reading = SecondDisplay().read(replace(observe(LAPTOP, MONITOR), view="second"))
    assert reading.score == pytest.approx(0.6)
    assert reading.xyxy.tolist() == [[100, 200, 300, 400], [350, 100, 600, 300]]


def test_read__a_laptop_and_its_screen_are_one(observe: Observe) -> None:
    assert score(observe(LAPTOP, ITS_SCREEN), "second") == 0.0
    assert len(displays(observe(LAPTOP, ITS_SCREEN, MONITOR).scene)) == 2


def test_read__two_names_of_one_display_are_one(observe: Observe) -> None:
    assert score(observe(MONITOR, ("laptop", (345, 110, 600, 310), 0.5)), "second") == 0.0


def test_read__a_laptop_before_a_monitor_is_another(observe: Observe) -> None:
    monitor = ("screen", (80, 60, 420, 280), 0.8)
    assert score(observe(LAPTOP, monitor), "second") == pytest.approx(0.8)


@pytest.mark.parametrize("rival", ["keyboard", "book_paper"])
def test_read__what_is_more_surely_something_else(observe: Observe, rival: str) -> None:
    assert score(observe(MONITOR, (rival, MONITOR[1], 0.7)), "first") == 0.0
    assert score(observe(MONITOR, (rival, MONITOR[1], 0.5)), "first") == pytest.approx(0.6)


def test_read__a_net_that_draws_no_displays_cannot_answer(observe: Observe) -> None:
    nothing = np.zeros((0, 4), np.float32)
    scene = Detections(nothing, nothing[:, 0], np.zeros(0, np.int64), ("person", "phone"))
    reading = SecondDisplay().read(replace(observe(), scene=scene))
    assert (reading.score, reading.why) == (None, "the scene net of this pack draws no displays")
