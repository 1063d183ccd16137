from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from proctor_models.synth.scenes.lens import cover_of, develop, jpeg, tone
from proctor_models.synth.scenes.plans.plan import scene
from proctor_models.synth.scenes.plans.spec import CameraSpec

CAMERA = replace(scene(1, 0).cameras[0], resolution_wh=(320, 240), noise=0.01, motion_px=0.0, blur_px=0.5, covered=0.0)


def light(level: float, cast: tuple[float, float, float] = (1, 1, 1)) -> np.ndarray:
    coarse = np.random.default_rng(0).uniform(0.3, 1.7, (9, 12, 3)).astype(np.float32)
    smooth = cv2.resize(coarse, (240, 180), interpolation=cv2.INTER_CUBIC)
    return np.maximum(smooth * level * np.array(cast, np.float32), 0).astype(np.float32)


def test_develop__same_seed_same_bytes() -> None:
    one, two = (jpeg(develop(light(0.2), CAMERA, 5), 80) for _ in range(2))
    assert one == two
    assert jpeg(develop(light(0.2), CAMERA, 6), 80) != one


def test_develop__has_the_written_size() -> None:
    camera = replace(CAMERA, resolution_wh=(480, 640))
    assert develop(light(0.2)[:, :135], camera, 5).shape == (640, 480, 3)


def test_develop__exposes_dark_and_bright_alike() -> None:
    dark, bright = (float(develop(light(level), CAMERA, 5).mean()) for level in (0.004, 4.0))
    assert abs(dark - bright) < 25
    assert 90 < dark < 170


@pytest.mark.parametrize("cast", [(1.0, 0.75, 0.45), (0.7, 0.9, 1.3)])
def test_develop__takes_most_of_a_cast_out(cast: tuple[float, float, float]) -> None:
    plain, tinted = (develop(light(0.2, c), replace(CAMERA, warmth=0.0), 5).mean((0, 1)) for c in ((1, 1, 1), cast))
    assert np.abs(np.log(tinted / plain)).max() < 0.22


def test_develop__warmth_is_red_and_cold_is_blue() -> None:
    cold, warm = (develop(light(0.2), replace(CAMERA, warmth=w), 5).mean((0, 1)) for w in (-1.0, 1.0))
    assert warm[2] - warm[0] > cold[2] - cold[0] + 10


def test_develop__more_noise_is_more_noise() -> None:
    flat = np.full((180, 240, 3), 0.2, np.float32)
    shots = [develop(flat, replace(CAMERA, noise=n), 5).astype(np.float32) for n in (0.004, 0.03)]
    quiet, loud = (float((shot - cv2.GaussianBlur(shot, (0, 0), 3)).std()) for shot in shots)
    assert loud > 2 * quiet


@pytest.mark.parametrize("look", ["Standard", "Filmic", "AgX"])
def test_tone__rises_from_black_to_white(look: str) -> None:
    ramp = np.repeat(np.linspace(0, 8, 200, dtype=np.float32)[None, :, None], 3, 2)
    shown = tone(ramp, look)[0, :, 0]
    assert (np.diff(shown) >= -1e-6).all()
    assert shown[0] < 0.06
    assert shown[-1] > 0.9


@pytest.mark.parametrize("share", [0.6, 0.8])
def test_cover_of__covers_that_share(share: float) -> None:
    camera: CameraSpec = replace(CAMERA, covered=share)
    assert float((cover_of(camera, 3) > 0.5).mean()) == pytest.approx(share, abs=0.03)


def test_cover_of__all_of_it() -> None:
    assert float((cover_of(replace(CAMERA, covered=1.0), 3) > 0.5).mean()) == 1.0
    assert float(develop(light(0.2), replace(CAMERA, covered=1.0), 5).std()) < 30
