"""Corners and outlines of solids."""

from __future__ import annotations

import numpy as np
import pytest

from proctor_models.synth.scenes.world.outlines import BOX_FACES, box_corners, box_uv, rounded_outline, slab_rings


def test_box_faces__look_outwards() -> None:
    corners = box_corners((1.0, 2.0, 3.0))
    for face in BOX_FACES:
        a, b, c, _ = corners[list(face)]
        assert np.cross(b - a, c - b) @ (a + c) > 0


def test_box_uv__is_in_metres_along_the_longer_side() -> None:
    uv = box_uv((1.5, 0.02, 0.3)).reshape(6, 4, 2)
    assert np.ptp(uv[..., 0], axis=1).max() == pytest.approx(1.5)
    assert np.ptp(uv[..., 1], axis=1).max() == pytest.approx(0.3)


def test_rounded_outline__runs_anticlockwise_and_rounds_corners() -> None:
    outline = rounded_outline(2.0, 1.0, 0.2)
    x, y = outline.T
    area = 0.5 * float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
    assert area == pytest.approx(2 - (4 - np.pi) * 0.04, rel=0.01)
    assert np.linalg.norm(outline - [1.0, 0.5], axis=1).min() > 0.05


def test_slab_rings__caps_are_flat_and_faces_look_outwards() -> None:
    points, quads, low, high = slab_rings((0.07, 0.15, 0.008), 0.01, 0.002)
    assert np.ptp(points[low][:, 2]) == 0
    assert points[high][0, 2] == pytest.approx(0.004)
    assert points[low][0, 2] == pytest.approx(-0.004)
    np.testing.assert_allclose(np.ptp(points, axis=0), (0.07, 0.15, 0.008))
    for a, b, c, _ in quads[::7]:
        assert np.cross(points[b] - points[a], points[c] - points[b]) @ points[a] > 0
