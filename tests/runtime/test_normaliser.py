"""The table gives what the formula gives, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from proctor_models.runtime.image import normalise
from proctor_models.runtime.normaliser import Normaliser
from proctor_models.types import Image

PLAIN = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def every_colour_once() -> Image:
    """All 256 values of each channel, each in an order of its own."""
    rng = np.random.default_rng(0)
    return np.stack([rng.permutation(256) for _ in range(3)], 1).astype(np.uint8).reshape(16, 16, 3)


@pytest.mark.parametrize(("mean", "std"), [PLAIN, IMAGENET])
def test_normaliser__every_byte_becomes_the_very_number_of_the_formula(
    mean: tuple[float, ...], std: tuple[float, ...]
) -> None:
    image = every_colour_once()
    batch = np.full((2, 3, 16, 16), np.nan, np.float32)
    Normaliser(mean, std).into(batch[1], image)
    assert batch[1].tobytes() == normalise(image, mean, std).tobytes()
    assert np.isnan(batch[0]).all()


def test_normaliser__a_picture_that_is_a_window_of_a_larger_one() -> None:
    image = np.tile(every_colour_once(), (3, 3, 1))[5:38, 3:30]
    tensor = np.empty((3, *image.shape[:2]), np.float32)
    Normaliser(*IMAGENET).into(tensor, image)
    assert np.array_equal(tensor, normalise(image, *IMAGENET))
