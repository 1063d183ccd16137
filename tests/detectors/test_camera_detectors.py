"""Camera covered, dark, frozen and moved, by the state of the camera that comes with a frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from proctor_models.detectors.camera_covered import CameraCovered
from proctor_models.detectors.camera_dark import DARK, CameraDark
from proctor_models.detectors.camera_frozen import FROZEN_S, CameraFrozen
from proctor_models.detectors.camera_moved import CameraMoved
from proctor_models.types import CameraState, Observation

Observe = Callable[..., Observation]
GOOD = CameraState(brightness=0.5, contrast=0.6, detail=0.6, still_s=0.0, moved=0.0)
SOMEBODY = ("person", (200, 100, 420, 480), 0.9)


@pytest.mark.parametrize("detector", [CameraCovered(), CameraDark(), CameraFrozen(), CameraMoved()])
def test_read__a_single_picture_is_not_assessable(
    observe: Observe, detector: CameraCovered | CameraDark | CameraFrozen | CameraMoved
) -> None:
    reading = detector.read(observe(SOMEBODY))
    assert (reading.score, reading.why) == (None, "a single picture says nothing of the camera")


@pytest.mark.parametrize(("brightness", "score"), [(0.0, 1.0), (DARK, 0.5), (2 * DARK, 0.0), (0.6, 0.0)])
def test_camera_dark__falls_with_the_brightness(observe: Observe, brightness: float, score: float) -> None:
    frame = replace(observe(), camera=replace(GOOD, brightness=brightness))
    assert CameraDark().read(frame).score == pytest.approx(score)


def test_camera_covered__a_blank_picture_with_nobody_in_it(observe: Observe) -> None:
    blank = replace(GOOD, detail=0.0)
    assert CameraCovered().read(replace(observe(), camera=blank)).score == 1.0
    assert CameraCovered().read(replace(observe(), camera=GOOD)).score == 0.0
    assert CameraCovered().read(replace(observe(SOMEBODY), camera=blank)).score == pytest.approx(0.1)


def test_camera_covered__too_dark_to_tell(observe: Observe) -> None:
    reading = CameraCovered().read(replace(observe(), camera=replace(GOOD, detail=0.0, brightness=0.02)))
    assert reading.score is None
    assert "too dark" in reading.why
    # Then the darkness itself is found: one of the two always speaks.
    dark = CameraDark().read(replace(observe(), camera=replace(GOOD, brightness=0.02))).score
    assert dark is not None
    assert dark > 0.5


def test_camera_frozen__grows_with_the_stillness(observe: Observe) -> None:
    def score(still_s: float) -> float | None:
        return CameraFrozen().read(replace(observe(SOMEBODY), camera=replace(GOOD, still_s=still_s))).score

    assert score(0.0) == 0.0
    assert score(FROZEN_S) == pytest.approx(0.5)
    assert score(9 * FROZEN_S) == 1.0


@pytest.mark.parametrize(
    "state", [replace(GOOD, brightness=0.01, still_s=60.0), replace(GOOD, detail=0.0, still_s=60.0)]
)
def test_camera_frozen__a_dark_or_blank_picture_is_not_assessable(observe: Observe, state: CameraState) -> None:
    assert CameraFrozen().read(replace(observe(SOMEBODY), camera=state)).score is None


def test_camera_frozen__an_empty_room_need_not_move(observe: Observe) -> None:
    reading = CameraFrozen().read(replace(observe(), camera=replace(GOOD, still_s=60.0)))
    assert (reading.score, reading.why) == (None, "nobody in sight who would have to move")


def test_camera_moved__is_what_the_surroundings_say(observe: Observe) -> None:
    assert CameraMoved().read(replace(observe(SOMEBODY), camera=replace(GOOD, moved=0.7))).score == pytest.approx(0.7)
    assert CameraMoved().read(replace(observe(SOMEBODY), camera=replace(GOOD, moved=None))).score is None


def test_camera_moved__somebody_who_fills_the_picture_hides_the_room(observe: Observe) -> None:
    close = ("person", (0, 0, 640, 440), 0.9)
    reading = CameraMoved().read(replace(observe(close), camera=replace(GOOD, moved=1.0)))
    assert (reading.score, reading.why) == (None, "somebody fills the picture")
