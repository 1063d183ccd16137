from __future__ import annotations

import cv2
import numpy as np
import pytest

from proctor_models.synth.faces import look as looks
from synth.faces.people import FACE, SKIN, head, look, portrait


def test_head__looks_at_the_camera() -> None:
    seen = head()
    assert abs(seen.yaw_deg) < 1
    assert abs(seen.pitch_deg) < 1
    assert np.allclose(seen.space.seen_at([0, 0, 0])[0], [160, 104], atol=1)
    assert seen.space.seen_at([1, 0, 0])[0, 0] > 160
    assert seen.space.seen_at([0, 1, 0])[0, 1] < 104


@pytest.mark.parametrize(("yaw", "near"), [(30.0, -1), (-30.0, 1)])
def test_head__turned_shows_one_ear(yaw: float, near: int) -> None:
    seen = head(yaw)
    assert seen.yaw_deg == pytest.approx(yaw, abs=1)
    assert seen.shows(near) == pytest.approx(0.5, abs=0.02)
    assert seen.shows(-near) < 0
    # The face looks away from the ear that it shows.
    assert near * (seen.space.seen_at([0, 0, 5])[0, 0] - seen.space.seen_at([0, 0, 0])[0, 0]) < 0


@pytest.mark.parametrize("sigma", [0.8, 1.5, 2.5])
def test_softness__is_the_blur_of_an_edge(sigma: float) -> None:
    step = np.zeros((80, 80, 3), np.float32)
    step[:, 40:] = 200
    assert looks.softness(cv2.GaussianBlur(step, (0, 0), sigma)) == pytest.approx(sigma, rel=0.25)


@pytest.mark.parametrize("sigma", [1.0, 3.0, 6.0])
def test_noise_of__is_the_deviation_of_a_flat_part(sigma: float) -> None:
    grain = np.random.default_rng(0).standard_normal((120, 120, 1)).astype(np.float32) * sigma
    assert looks.noise_of(np.repeat(128 + grain, 3, 2)) == pytest.approx(sigma, rel=0.3)


@pytest.mark.parametrize("quality", [40, 60, 75, 85, 92])
def test_jpeg_quality_of__reads_what_the_file_was_written_with(quality: int) -> None:
    encoded = cv2.imencode(".jpg", portrait(), [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
    assert looks.jpeg_quality_of(encoded) == pytest.approx(quality, abs=1)
    assert looks.jpeg_quality_of(encoded[:60]) == 92


def test_measure__finds_the_skin_and_white_that_is_brighter() -> None:
    found = look()
    assert np.allclose(found.skin, SKIN, atol=6)
    assert all(white > skin for white, skin in zip(found.white, (120, 150, 170), strict=True))
    assert max(found.white) <= 252
    assert found.noise < 1


@pytest.mark.parametrize("side", [-1, 1])
def test_light_on__comes_from_the_brighter_side(side: int) -> None:
    slope = 1 + 0.4 * side * np.linspace(-1, 1, 74, dtype=np.float32)
    picture = portrait().astype(np.float32)
    x0, y0, x1, y1 = (int(v) for v in FACE)
    picture[y0:y1, x0:x1] *= slope[None, :, None]
    (x, _, _), share = looks.light_on(picture, head())
    assert np.sign(x) == side
    assert 0.15 <= share <= 0.5
