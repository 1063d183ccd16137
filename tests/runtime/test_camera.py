"""What is said of the camera, on a drawn room with somebody who moves in it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from proctor_models.runtime.camera import CameraWatch
from proctor_models.runtime.surroundings import ADAPT_S, READY_S
from proctor_models.types import CameraState, Image

STEP_S = 0.5


def room(shift_px: int = 0, light: float = 1.0) -> Image:
    """Furniture, pictures and books, drawn by a seed; `shift_px` is where the camera points."""
    chance = np.random.default_rng(3)
    wide = np.full((480, 1600, 3), 150, np.uint8)
    for _ in range(260):
        x, y = int(chance.integers(0, 1500)), int(chance.integers(0, 420))
        w, h = (int(value) for value in chance.integers(15, 90, 2))
        cv2.rectangle(wide, (x, y), (x + w, y + h), tuple(int(v) for v in chance.integers(20, 240, 3)), -1)
    seen = wide[:, 480 + shift_px : 1120 + shift_px]
    return np.asarray(np.clip(seen * light, 0, 255), np.uint8)


def somebody(image: Image, i: int) -> Image:
    """A person in the foreground who sways: a head, and a body with stripes."""
    image, x = image.copy(), 320 + int(60 * np.sin(i / 2))
    cv2.rectangle(image, (x - 110, 240), (x + 110, 479), (60, 60, 140), -1)
    for stripe in range(250, 480, 30):
        cv2.line(image, (x - 110, stripe), (x + 110, stripe + 8), (200, 200, 220), 5)
    cv2.ellipse(image, (x, 170), (55, 75), 0, 0, 360, (140, 170, 210), -1)
    return image


def watch(*parts: tuple[float, Image]) -> list[CameraState]:
    """Seconds of each background, one after the other, with somebody in front."""
    camera = CameraWatch()
    states: list[CameraState] = []
    for seconds, background in parts:
        for _ in range(round(seconds / STEP_S)):
            states.append(camera.observe(somebody(background, len(states)), len(states) * STEP_S))
    return states


def moved(states: list[CameraState]) -> list[float]:
    return [state.moved for state in states if state.moved is not None]


def test_observe__nothing_is_said_of_the_first_seconds() -> None:
    states = watch((READY_S + 5, room()))
    unknown = [i * STEP_S for i, state in enumerate(states) if state.moved is None]
    assert unknown == [i * STEP_S for i in range(len(unknown))]
    assert READY_S <= unknown[-1] <= READY_S + 2 * STEP_S


def test_observe__somebody_who_moves_moves_no_camera() -> None:
    assert max(moved(watch((30, room())))) < 0.2


@pytest.mark.parametrize("shift_px", [40, 120, 400])
def test_observe__a_camera_that_is_moved_and_stays(shift_px: int) -> None:
    states = watch((20, room()), (25, room(shift_px)))
    after = [state.moved or 0.0 for state in states[40:]]
    high = [score >= 0.5 for score in after]
    # Long enough for a rule with a duration, and then the new place is the usual one.
    assert ADAPT_S <= STEP_S * sum(high) <= ADAPT_S + 3
    assert all(high[: round(ADAPT_S / STEP_S)])
    assert max(after[-10:]) < 0.2


@pytest.mark.parametrize("light", [0.5, 0.7, 1.2])
def test_observe__light_moves_no_camera(light: float) -> None:
    assert max(moved(watch((20, room()), (10, room(light=light))))) < 0.5


def test_observe__somebody_who_comes_close_moves_no_camera() -> None:
    close = room().copy()
    cv2.rectangle(close, (90, 60), (550, 479), (90, 110, 160), -1)
    assert max(moved(watch((20, room()), (10, close)))) < 0.5


def test_observe__a_covered_camera_has_no_detail_and_is_not_said_to_have_moved() -> None:
    camera = CameraWatch()
    states = [camera.observe(somebody(room(), i), i * STEP_S) for i in range(40)]
    hand = np.full((480, 640, 3), (40, 50, 120), np.uint8)
    covered = [camera.observe(hand, (40 + i) * STEP_S) for i in range(10)]
    assert min(state.detail for state in states) > 0.4
    assert {state.detail for state in covered} == {0.0}
    assert {state.moved for state in covered} == {None}


def test_observe__stillness_is_counted_from_the_last_change() -> None:
    camera = CameraWatch()
    times = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    frames = [somebody(room(), i) for i in (0, 1, 1, 1, 1, 2)]
    assert [camera.observe(one, t).still_s for one, t in zip(frames, times, strict=True)] == [0, 0, 1, 2, 3, 0]


def test_observe__an_encoder_s_noise_is_stillness_and_a_blink_is_none() -> None:
    camera, image = CameraWatch(), somebody(room(), 0)
    encoded = [cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, q])[1], 1) for q in (90, 70, 80)]
    assert [camera.observe(np.asarray(one, np.uint8), float(t)).still_s for t, one in enumerate(encoded)] == [0, 1, 2]
    blink = image.copy()
    cv2.rectangle(blink, (300, 160), (318, 168), (60, 80, 110), -1)
    assert camera.observe(blink, 3.0).still_s == 0


def test_observe__brightness_and_contrast() -> None:
    dark = CameraWatch().observe(np.zeros((480, 640, 3), np.uint8), 0.0)
    assert (dark.brightness, dark.contrast, dark.detail) == (0, 0, 0)
    half = np.zeros((480, 640, 3), np.uint8)
    half[:, 320:] = 255
    state = CameraWatch().observe(half, 0.0)
    assert state.brightness == pytest.approx(0.5, abs=0.02)
    assert state.contrast == 1.0


@pytest.mark.parametrize("shape", [(1, 1, 3), (30, 2000, 3), (640, 480, 3)])
def test_observe__any_size_of_picture(shape: tuple[int, ...]) -> None:
    camera = CameraWatch()
    assert camera.observe(np.full(shape, 90, np.uint8), 0.0).brightness == pytest.approx(90 / 255, abs=0.01)
    assert camera.observe(np.full((48, 64, 3), 90, np.uint8), 1.0).still_s == 1.0
