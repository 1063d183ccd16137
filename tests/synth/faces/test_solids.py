from __future__ import annotations

import numpy as np
import pytest

from proctor_models.synth.faces.head import UPRIGHT, Space
from proctor_models.synth.faces.solids import Field, Solid, ball, capsule, disc, render, slab, squeezed, tube, union
from synth.faces.people import SIZE_WH, look

SPACE = Space(np.array([160.0, 120.0]), UPRIGHT, 8.0)
AROUND = np.array([[x, y, z] for x in (-8, 8) for y in (-8, 8) for z in (-8, 8)], np.float64)
WHITE = (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("field", "area_cm2"),
    [
        (ball((0, 0, 0), 3.0), np.pi * 9),
        (ball((0, 0, 0), (4.0, 2.0, 1.0)), np.pi * 8),
        (capsule((-3, 0, 0), (3, 0, 0), 1.0), 12 + np.pi),
        (tube([(-3, 0, 0), (0, 0, 0), (3, 0, 0)], 1.0), 12 + np.pi),
        (disc((0, 0, 0), (0, 0, 1), (3.0, 4.0), 0.5, 0.2), np.pi * 12),
        (slab((3.0, 6.0, 0.5), 0.5, 0.1), 72 - (4 - np.pi) * 0.25),
        (squeezed(ball((0, 0, 0), 2.0), (0.5, 1.0, 1.0)), np.pi * 8),
        (union([ball((-4, 0, 0), 2.0), ball((4, 0, 0), 2.0)]), np.pi * 8),
    ],
)
def test_render__covers_what_the_solid_would(field: Field, area_cm2: float) -> None:
    painted = render([Solid(field, WHITE)], SPACE, look(), AROUND, SIZE_WH)
    assert painted is not None
    assert painted.layer.alpha.sum() / SPACE.px_per_cm**2 == pytest.approx(area_cm2, rel=0.06)


def test_render__hides_what_lies_behind() -> None:
    near, far = Solid(ball((0, 0, 4), 1.5), (0.1, 0.1, 0.1)), Solid(ball((0, 0, -3), 3.0), WHITE)
    painted = render([far, near], SPACE, look(), AROUND, SIZE_WH)
    assert painted is not None
    behind, before = (part.sum() / SPACE.px_per_cm**2 for part in painted.parts)
    assert before == pytest.approx(np.pi * 2.25, rel=0.06)
    assert behind == pytest.approx(np.pi * (9 - 2.25), rel=0.06)
    middle = tuple(np.array(painted.layer.alpha.shape) // 2)
    assert painted.layer.bgr[middle].max() < 80


def test_render__leaves_out_what_only_hides() -> None:
    head = Solid(ball((0, 0, 4), 1.5), None)
    painted = render([Solid(ball((0, 0, -3), 3.0), WHITE), head], SPACE, look(), AROUND, SIZE_WH)
    assert painted is not None
    assert painted.layer.alpha.sum() / SPACE.px_per_cm**2 == pytest.approx(np.pi * (9 - 2.25), rel=0.06)


def test_render__is_nothing_outside_the_frame() -> None:
    away = Space(np.array([-400.0, 120.0]), UPRIGHT, 8.0)
    assert render([Solid(ball((0, 0, 0), 3.0), WHITE)], away, look(), AROUND, SIZE_WH) is None


def test_union__flows_together_where_bodies_touch() -> None:
    apart = [ball((-1.5, 0, 0), 1.4), ball((1.5, 0, 0), 1.4)]
    middle = np.zeros((1, 3), np.float32)
    assert union(apart)(middle)[0] == pytest.approx(0.1, abs=1e-5)
    assert union(apart, 1.0)(middle)[0] < 0


def test_render__is_brighter_towards_the_light() -> None:
    painted = render([Solid(ball((0, 0, 0), 3.0), WHITE, 0.0)], SPACE, _lit_from((-1.0, 0.0, 0.0)), AROUND, SIZE_WH)
    assert painted is not None
    bright = painted.layer.bgr.mean(2)
    row, wide = bright.shape[0] // 2, bright.shape[1]
    assert bright[row, wide // 2 - 14] > 1.1 * bright[row, wide // 2 + 14]


def _lit_from(light: tuple[float, float, float]) -> object:
    from dataclasses import replace

    return replace(look(), light=light, share=0.5)
