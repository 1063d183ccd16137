"""Frames by time and by change."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor_models.data.changes import Look, Sampler, Sampling, changed_share, look_at


def room(seed: int = 0) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(60, 200, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC)


def noisy(image: np.ndarray, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 12, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def with_phone(image: np.ndarray, x: int = 100) -> np.ndarray:
    held = image.copy()
    cv2.rectangle(held, (x, 250), (x + 80, 400), (10, 10, 10), -1)
    return held


def taken(sampling: Sampling, frames: list[tuple[float, np.ndarray]]) -> list[float]:
    sampler = Sampler(sampling)
    return [t for t, image in frames if sampler.due(t) and sampler.take(t, image)]


def test_sampler__by_time_alone_takes_all_that_is_due() -> None:
    frames = [(t / 10, room()) for t in range(31)]
    assert taken(Sampling(every_s=1.0), frames) == [0.0, 1.0, 2.0, 3.0]


def test_sampler__a_phone_is_a_change_noise_and_light_are_none() -> None:
    still = room()
    brighter = cv2.convertScaleAbs(still, alpha=1.0, beta=18)
    views = [still, noisy(still, 1), brighter, with_phone(still), noisy(with_phone(still), 2)]
    assert taken(Sampling(min_change=0.02), list(enumerate(views))) == [0, 3]


def test_sampler__a_scene_seen_before_in_the_clip_is_not_taken_again() -> None:
    a, b = room(1), room(2)
    views = [a, b, noisy(a, 1), noisy(b, 2)]
    assert taken(Sampling(change_bits=12), list(enumerate(views))) == [0, 1]
    assert taken(Sampling(min_change=0.05), list(enumerate(views))) == [0, 1]


def test_sampler__a_still_scene_gives_a_frame_now_and_then() -> None:
    frames = [(float(t), noisy(room(), t)) for t in range(25)]
    assert taken(Sampling(min_change=0.02, max_gap_s=10.0), frames) == [0, 10, 20]


def test_sampling__either_measure_is_enough() -> None:
    grid = np.zeros((24, 32), np.float32)
    a, b = Look(0, grid), Look(0b1111, grid)
    assert Sampling(change_bits=4).differ(a, b)
    assert not Sampling(change_bits=5).differ(a, b)
    assert Sampling(change_bits=4, min_change=0.9).differ(a, b)


def test_look_at__a_portrait_frame_has_the_same_grid() -> None:
    assert look_at(np.rot90(room()).copy()).cells.shape == (24, 32)


@given(st.integers(0, 24 * 32), st.floats(-60, 60))
def test_changed_share__counts_cells_whatever_the_exposure(cells: int, light: float) -> None:
    before = np.zeros((24, 32), np.float32)
    after = before + np.float32(light)
    after.reshape(-1)[:cells] += 80
    expected = cells if 2 * cells <= before.size else before.size - cells
    if 2 * cells != before.size:
        assert changed_share(before, after) == pytest.approx(expected / before.size)
