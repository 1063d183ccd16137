"""A camera turned through drawn panoramas: how far it says it was turned, and with whom in the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from proctor_models.runtime.scan import FAST_HZ, EnvironmentScan, ScanResult
from proctor_models.types import Boxes, Image

WH = (320, 240)
PERSON = np.array([[100, 60, 220, 240]], np.float32)
NOBODY = np.zeros((0, 4), np.float32)
PX_PER_DEG = 8
DEEP_PX = 720


@pytest.fixture(scope="module")
def room() -> Image:
    """All 360 degrees of a room: furniture, pictures and books of every size, drawn by a seed."""
    chance = np.random.default_rng(5)
    room = np.full((DEEP_PX, 360 * PX_PER_DEG, 3), 170, np.uint8)
    for _ in range(900):
        x, y = (int(chance.integers(0, most)) for most in (360 * PX_PER_DEG - 90, DEEP_PX - 90))
        w, h = (int(value) for value in chance.integers(8, 90, 2))
        colour = tuple(int(value) for value in chance.integers(0, 255, 3))
        cv2.rectangle(room, (x, y), (x + w, y + h), colour, -1 if chance.random() < 0.6 else 2)
    return room


def look(room: Image, at_deg: float, hfov_deg: float = 67.0, light: float = 1.0) -> Image:
    """What a camera sees that points `at_deg` to the right of the start."""
    width, height = WH
    focal_px = width / 2 / np.tan(np.radians(hfov_deg / 2))
    x, y = np.meshgrid(np.arange(width) - width / 2, np.arange(height) - height / 2)
    bearing = (at_deg + np.degrees(np.arctan2(x, focal_px))) * PX_PER_DEG
    tilt = np.degrees(np.arctan2(y, np.hypot(x, focal_px))) * PX_PER_DEG + DEEP_PX / 2
    seen = cv2.remap(room, np.mod(bearing, room.shape[1]).astype(np.float32), tilt.astype(np.float32), cv2.INTER_LINEAR)
    return np.asarray(seen * light, np.uint8)


def with_person(image: Image) -> Image:
    """Somebody who carries the camera round: always in the same place, with a pattern on the shirt."""
    x0, y0, x1, y1 = (int(value) for value in PERSON[0])
    shirt = np.random.default_rng(1).integers(0, 255, (30, 20, 3)).astype(np.uint8)
    image = image.copy()
    image[y0 + 60 : y1, x0:x1] = cv2.resize(shirt, (x1 - x0, y1 - y0 - 60), interpolation=cv2.INTER_NEAREST)
    cv2.ellipse(image, ((x0 + x1) // 2, y0 + 35), (26, 35), 0, 0, 360, (150, 170, 210), -1)
    return image


def scan(
    room: Image, angles: Sequence[float] | NDArray[np.float64], persons: Boxes = PERSON, **looks: float
) -> EnvironmentScan:
    made = EnvironmentScan(120.0)
    for i, at_deg in enumerate(angles):
        image = look(room, at_deg, **looks)
        made.observe(with_person(image) if len(persons) else image, i / FAST_HZ, persons)
    return made


def turn(to_deg: float, seconds: float = 10.0) -> NDArray[np.float64]:
    return np.linspace(0, to_deg, round(seconds * FAST_HZ))


def told(result: ScanResult) -> float:
    assert result.turn_deg is not None, result.why
    return result.turn_deg


@pytest.mark.parametrize(("to_deg", "seconds", "hfov_deg"), [(360, 10, 67), (-380, 20, 55), (360, 10, 78)])
def test_result__a_full_turn_is_closed(room: Image, to_deg: float, seconds: float, hfov_deg: float) -> None:
    result = scan(room, turn(to_deg, seconds), hfov_deg=hfov_deg).result()
    assert result.is_closed
    assert (result.turn_deg, result.candidate_share) == (360.0, 1.0)


@pytest.mark.parametrize("to_deg", [90.0, -180.0])
def test_result__part_of_a_turn_is_told_within_its_uncertainty(room: Image, to_deg: float) -> None:
    result = scan(room, turn(to_deg)).result()
    assert not result.is_closed
    assert told(result) == pytest.approx(abs(to_deg), abs=result.plus_minus_deg)
    assert told(result) == pytest.approx(abs(to_deg), rel=0.05)


@pytest.mark.parametrize("hfov_deg", [60.0, 75.0])
def test_result__another_angle_of_view_stays_within_the_uncertainty(room: Image, hfov_deg: float) -> None:
    result = scan(room, turn(180), hfov_deg=hfov_deg).result()
    assert told(result) == pytest.approx(180, abs=result.plus_minus_deg)


def test_result__back_and_forth_is_no_full_turn(room: Image) -> None:
    angles = np.concatenate([turn(100, 6), turn(100, 6)[::-1], turn(-80, 5), turn(-80, 5)[::-1], turn(100, 6)])
    result = scan(room, angles).result()
    assert not result.is_closed
    assert told(result) == pytest.approx(180, rel=0.08)


def test_result__a_camera_that_stands_still_has_not_turned(room: Image) -> None:
    result = scan(room, [0.0] * 20).result()
    assert told(result) < 2
    assert result.candidate_share == 1.0


def test_result__a_turn_without_the_candidate_counts_as_one(room: Image) -> None:
    result = scan(room, turn(360), NOBODY).result()
    assert result.is_closed
    assert result.candidate_share == 0.0


def test_result__the_share_is_of_what_is_turned_not_of_the_time(room: Image) -> None:
    made = EnvironmentScan(300.0)
    angles = np.concatenate([turn(180, 6), [180.0] * 40])
    for i, at_deg in enumerate(angles):
        persons = PERSON if at_deg < 90 else NOBODY
        image = look(room, at_deg)
        made.observe(with_person(image) if len(persons) else image, i / FAST_HZ, persons)
    assert made.result().candidate_share == pytest.approx(0.5, abs=0.05)


def test_result__somebody_nobody_boxed_does_not_hide_the_turn(room: Image) -> None:
    made = EnvironmentScan(120.0)
    for i, at_deg in enumerate(turn(360)):
        made.observe(with_person(look(room, at_deg)), i / FAST_HZ, PERSON if i % 3 else NOBODY)
    assert made.result().is_closed


@pytest.mark.parametrize(
    ("frames", "light", "why"), [(4, 1.0, "only 4 frames"), (20, 0.05, "too dark"), (0, 1.0, "only 0 frames")]
)
def test_result__too_few_or_too_dark_is_not_told(room: Image, frames: int, light: float, why: str) -> None:
    result = scan(room, turn(360)[:frames], light=light).result()
    assert result.turn_deg is None
    assert why in result.why


def test_result__a_turn_too_fast_to_follow_is_not_told(room: Image) -> None:
    result = scan(room, np.linspace(0, 1455, 16)).result()
    assert result.turn_deg is None
    assert "too few frames to follow" in result.why


def test_wants_fast__until_the_turn_is_closed_or_the_time_is_up(room: Image) -> None:
    made = EnvironmentScan(120.0)
    assert made.wants_fast(0.0, "second")
    assert not made.wants_fast(0.0, "first")
    made.observe(look(room, 0), 5.0, NOBODY)
    assert made.wants_fast(125.0, "second")
    assert not made.wants_fast(125.1, "second")
    assert not scan(room, turn(360)).wants_fast(21.0, "second")


def test_observe__after_its_time_changes_nothing(room: Image) -> None:
    made = scan(room, turn(90))
    before = made.result()
    for image in frames_of(room):
        made.observe(image, 500.0, PERSON)
    assert made.result() == before


def frames_of(room: Image) -> Iterator[Image]:
    return (look(room, at_deg) for at_deg in (100.0, 110.0, 120.0))
