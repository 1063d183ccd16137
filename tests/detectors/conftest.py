"""Observations by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from proctor_models.types import HEAD_ATTRIBUTES, SCENE_CLASSES, Detections, HeadReading, Observation, View

Found = tuple[str, Sequence[float], float]  # class, xyxy, score
Read = tuple[Sequence[float], Mapping[str, float]]  # face xyxy, attributes
Observe = Callable[..., Observation]


@pytest.fixture(scope="session")
def observe() -> Observe:
    """Call with what `scene` found and what `head` read; a frame of 640 x 480, of the first view unless said."""

    def make(*found: Found, heads: Sequence[Read] = (), view: View = "first") -> Observation:
        found = tuple(sorted(found, key=lambda one: -one[2]))
        scene = Detections(
            np.array([xyxy for _, xyxy, _ in found], np.float32).reshape(-1, 4),
            np.array([score for _, _, score in found], np.float32),
            np.array([SCENE_CLASSES.index(name) for name, _, _ in found], np.int64),
            SCENE_CLASSES,
        )
        readings = tuple(
            HeadReading(np.array(xyxy, np.float32), dict.fromkeys(HEAD_ATTRIBUTES, 0.0) | dict(attributes))
            for xyxy, attributes in heads
        )
        return Observation(0.0, view, (640, 480), scene, readings)

    return make
