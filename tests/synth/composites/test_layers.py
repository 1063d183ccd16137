from __future__ import annotations

import numpy as np
import pytest

from proctor_models.synth.composites.layers import (
    CANVAS_WH,
    Canvas,
    Layer,
    blank,
    box_of,
    polygon,
    similarity,
    visible_box,
)

WIDTH, HEIGHT = CANVAS_WH


def rectangle(x0: float, y0: float, x1: float, y1: float, colour: tuple[int, int, int] = (0, 0, 255)) -> Layer:
    corners = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
    return Layer(blank(WIDTH, HEIGHT, colour), polygon(corners, CANVAS_WH))


def test_visible_box__is_in_frame_pixels() -> None:
    canvas = Canvas(blank(WIDTH, HEIGHT, (90, 90, 90)))
    layer = rectangle(200, 100, 400, 300)
    canvas.paint(layer)
    item = canvas.label("phone", layer.alpha)
    assert np.allclose(visible_box(item) or (0, 0, 0, 0), (100, 50, 200, 150), atol=1)


def test_visible_box__shrinks_when_something_is_painted_over() -> None:
    canvas = Canvas(blank(WIDTH, HEIGHT, (90, 90, 90)))
    layer = rectangle(200, 100, 400, 300)
    canvas.paint(layer)
    item = canvas.label("phone", layer.alpha)
    canvas.paint(rectangle(0, 0, 300, HEIGHT))
    box = visible_box(item)
    assert box is not None
    assert np.allclose(box, (151, 50, 200, 150), atol=1)


def test_visible_box__is_none_when_hidden_or_out_of_the_frame() -> None:
    canvas = Canvas(blank(WIDTH, HEIGHT, (90, 90, 90)))
    layer = rectangle(200, 100, 400, 300)
    hidden = canvas.label("phone", layer.alpha)
    canvas.paint(rectangle(0, 0, 390, HEIGHT))
    assert visible_box(hidden) is None
    outside = canvas.label("phone", rectangle(WIDTH - 20, 0, WIDTH + 380, 400).alpha, full_area_px=400 * 400)
    assert visible_box(outside) is None


def test_paint__joins_extend_an_item_and_spares_leave_it() -> None:
    canvas = Canvas(blank(WIDTH, HEIGHT, (90, 90, 90)))
    person = canvas.label("person", rectangle(200, 200, 400, 600).alpha)
    face = canvas.label("face", rectangle(220, 210, 380, 400).alpha)
    phone = canvas.label("phone", rectangle(300, 300, 500, 500).alpha)
    canvas.paint(rectangle(350, 300, 600, 400), joins=[person], spares=[face])
    assert visible_box(person) == (100, 100, 301, 301)
    assert face.visible[350, 370] == 1
    assert phone.visible[350, 400] == 0


def test_box_of__leaves_specks_out() -> None:
    mask = np.zeros((100, 100), np.float32)
    mask[20:60, 30:70] = 1
    mask[95, 95] = 1
    assert box_of(mask) == (30, 20, 70, 60)


def test_frame__averages_two_by_two() -> None:
    picture = blank(WIDTH, HEIGHT, (0, 0, 0))
    picture[::2] = 200
    frame = Canvas(picture).frame()
    assert frame.shape == (HEIGHT // 2, WIDTH // 2, 3)
    assert frame.dtype == np.uint8
    assert set(np.unique(frame).tolist()) == {100}


def test_warped__leaves_no_dark_fringe() -> None:
    layer = Layer(blank(40, 40, (200, 200, 200)), np.ones((40, 40), np.float32))
    moved = layer.warped(similarity(3.0, 20.0, (20, 20), (200, 200)), (400, 400))
    inside = moved.alpha > 0.05
    assert inside.sum() > 10_000
    assert moved.bgr[inside].min() == pytest.approx(200, abs=1)
