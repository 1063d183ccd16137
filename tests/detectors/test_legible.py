"""Heads of a few pixels: asked about masks, and about nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proctor_models.detectors.earphone import Earphone
from proctor_models.detectors.ears_covered import EarsCovered
from proctor_models.detectors.face_occluded import FaceOccluded
from proctor_models.detectors.hat import Hat
from proctor_models.detectors.heads import LEGIBLE_PX
from proctor_models.detectors.mask import Mask
from proctor_models.runtime.predict import boxes_of
from proctor_models.types import Observation

Observe = Callable[..., Observation]
SMALL = (200, 100, 200 + LEGIBLE_PX - 6, 100 + LEGIBLE_PX - 1)
WORN = {"mask": 0.9, "mask_incorrect": 0.8, "hat": 0.9, "earphone_in_ear": 0.9, "ears_covered": 0.1, "face_occluded": 1}


def test_read__masks_alone(observe: Observe) -> None:
    seen = observe(("face_masked", SMALL, 0.8), heads=[(SMALL, WORN)])
    assert Mask().read(seen).score == pytest.approx(0.6 * 0.9 + 0.4 * 0.9)
    for detector in (Hat(), Earphone(), EarsCovered(), FaceOccluded()):
        reading = detector.read(seen)
        assert (detector.name, reading.score) == (detector.name, None)
        assert reading.why


def test_read__a_large_head_beside_it_speaks(observe: Observe) -> None:
    large = (400, 100, 500, 220)
    seen = observe(("face", SMALL, 0.8), ("face", large, 0.8), heads=[(SMALL, WORN), (large, {"hat": 0.2})])
    assert Hat().read(seen).score == pytest.approx(0.2)


def test_boxes_of__of_a_small_head_its_mask_is_written(observe: Observe) -> None:
    (row,) = boxes_of(observe(("face_masked", SMALL, 0.8), heads=[(SMALL, WORN)]))
    assert row["attributes"] == {"mask": pytest.approx(0.9), "mask_incorrect": pytest.approx(0.8)}
