"""Skin tones and faces in numbers."""

from __future__ import annotations

import numpy as np
import pytest

from proctor_models.synth.scenes.bodies.faces import (
    OVAL,
    SIZE,
    corner_uv,
    landmark_pixels,
    landmark_uv,
    project,
    region,
)
from proctor_models.synth.scenes.bodies.skin import (
    bgr_to_lab,
    detail,
    lab_to_bgr,
    linear_rgb,
    monk_lab,
    retone,
    tone_lab,
)


def test_tone_lab__lightness_follows_the_scale() -> None:
    swatches = [float(monk_lab(tone)[0]) for tone in range(1, 11)]
    ours = [float(tone_lab(tone)[0]) for tone in range(1, 11)]
    assert np.argsort(ours).tolist() == np.argsort(swatches).tolist()
    assert ours[0] > 70
    assert ours[-1] < 30


@pytest.mark.parametrize("tone", range(1, 11))
def test_tone_lab__is_a_colour_of_skin(tone: int) -> None:
    red, green, blue = linear_rgb(tone_lab(tone))
    assert 1 > red > green > blue > 0


def test_lab_to_bgr__round_trip() -> None:
    bgr = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    assert np.abs(lab_to_bgr(bgr_to_lab(bgr)).astype(int) - bgr).max() <= 1


@pytest.mark.parametrize("tone", [1, 5, 10])
def test_retone__a_lit_portrait_of_another_tone_leaves_no_patch(tone: int) -> None:
    ramp = np.linspace(-15, 15, 128, dtype=np.float32)[None, :, None]
    lab = np.full((128, 128, 3), (60, 14, 18), np.float32) + ramp * np.array([1, 0.1, 0.3], np.float32)
    lab[40:44] -= (12, 0, 0)  # a wrinkle
    weight = np.ones((128, 128), np.float32)
    made = retone(*detail(lab, weight, 20.0), tone_lab(tone), 60.0)
    plain = made[70:120]
    assert np.abs(plain.mean(0) - tone_lab(tone)).max() < 5  # of 15
    assert np.abs(plain[:, 30:-30].mean(0) - tone_lab(tone)).max() < 2
    assert made[41].mean(0)[0] < plain.mean((0, 1))[0] - 1


def test_project__left_is_right_in_the_texture_and_up_is_up() -> None:
    uv = project(np.array([[0.03, -0.15, 0.72], [-0.03, -0.15, 0.72], [0, -0.15, 0.65]]))
    assert uv[0, 0] > 0.5 > uv[1, 0]
    assert uv[2, 1] < uv[0, 1]


def test_corner_uv__the_seam_and_the_body_take_the_plain_rim() -> None:
    behind = np.array([[0.01, 0.1, 0.7], [-0.01, 0.1, 0.7], [-0.01, 0.1, 0.72], [0.01, 0.1, 0.72]])
    front = behind * (1, -1.4, 1)
    points, faces = np.concatenate([behind, front]), np.array([[0, 1, 2, 3], [4, 5, 6, 7]])
    made = corner_uv(points, faces, np.ones(8, bool))
    assert (made[0] == 2).all()
    assert ((made[1] > 0) & (made[1] < 1)).all()
    assert (corner_uv(points, faces, np.zeros(8, bool)) == 2).all()


def test_landmark_uv__eyes_above_mouth_and_symmetric() -> None:
    numbers, uv = landmark_uv()
    assert len(numbers) == len(set(numbers.tolist())) > 450
    left, right, mouth = landmark_pixels((263, 33, 13))
    assert abs(left[0] + right[0] - SIZE) < 8
    assert left[1] < mouth[1]
    assert uv.min() > 0
    assert uv.max() < 1


def test_region__covers_the_face_but_not_the_rim() -> None:
    mask = region(OVAL)
    assert mask[SIZE // 2, SIZE // 2] == 1
    assert mask[:8].max() == mask[:, :8].max() == 0
