"""Pasting: boxes lie where the thing was laid, what it hides is gone, and nothing is pasted that was not asked for."""

from __future__ import annotations

import numpy as np

from proctor_models.data.paste import MIN_SEEN, MOST_GROWN, Paster, Piece, paste

GREY = np.full((480, 640, 3), 120, np.uint8)
THING = np.full((100, 100, 3), 120, np.uint8)
THING[30:70, 40:60] = (0, 0, 255)
BOX = (40.0, 30.0, 60.0, 70.0)


def is_red(canvas: np.ndarray) -> np.ndarray:
    return (canvas[..., 2].astype(int) - canvas[..., 0]) > 100


def test_paste__the_box_lies_around_what_was_laid() -> None:
    laid = [paste(GREY, THING, BOX, np.random.default_rng(seed)) for seed in range(30)]
    fitting = [(canvas, box) for canvas, box in laid if box is not None]
    assert len(fitting) > 15
    for canvas, box in fitting:
        rows, columns = np.nonzero(is_red(canvas))
        found = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        # A turned box is drawn a little tighter than all its corners; the rest is interpolation.
        assert np.abs(found - box).max() <= 0.12 * max(box[2] - box[0], box[3] - box[1]) + 2


def test_paste__nothing_is_blown_up() -> None:
    for seed in range(30):
        _, box = paste(GREY, THING, BOX, np.random.default_rng(seed))
        assert box is None or max(box[2] - box[0], box[3] - box[1]) <= 1.1 * MOST_GROWN * 40


def test_paste__the_canvas_given_is_left_as_it_was() -> None:
    before = GREY.copy()
    paste(GREY, THING, BOX, np.random.default_rng(0))
    assert (before == GREY).all()


def test_paste__boxes_stay_in_the_picture_and_are_mostly_seen() -> None:
    for seed in range(60):
        _, box = paste(GREY, THING, BOX, np.random.default_rng(seed))
        if box is not None:
            assert box[0] >= 0
            assert box[1] >= 0
            assert box[2] <= 640
            assert box[3] <= 480
            assert (box[2] - box[0]) * (box[3] - box[1]) >= MIN_SEEN * 4 * 4


def paster(share: float) -> Paster:
    return Paster({3: [Piece(0, BOX, 3)]}, {3: share}, lambda _: THING)


def test_paster__share_zero_pastes_nothing_and_one_pastes_the_class_asked() -> None:
    nothing, no_ids = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    same, boxes, ids = paster(0.0)(GREY, nothing, no_ids, np.random.default_rng(1))
    assert same is GREY
    assert len(boxes) == len(ids) == 0
    laid, boxes, ids = paster(1.0)(GREY, nothing, no_ids, np.random.default_rng(1))
    assert ids.tolist() == [3]
    assert boxes.shape == (1, 4)
    assert is_red(laid).any()


def test_paster__a_box_that_is_covered_is_gone_and_one_that_is_not_stays() -> None:
    rng_seed = 1
    _, boxes, _ = paster(1.0)(
        GREY, np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.random.default_rng(rng_seed)
    )
    x0, y0, x1, y1 = boxes[0]
    hidden = np.array([x0 + 1, y0 + 1, x1 - 1, y1 - 1])
    around = np.array([0, 0, 640, 480])
    there = np.stack([hidden, around]).astype(np.float32)
    _, boxes, ids = paster(1.0)(GREY, there, np.array([1, 0]), np.random.default_rng(rng_seed))
    assert ids.tolist() == [0, 3]
    assert boxes.shape == (2, 4)


def test_paster__a_class_without_pieces_is_passed_over() -> None:
    empty = Paster({}, {3: 1.0}, lambda _: THING)
    canvas, boxes, _ = empty(GREY, np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.random.default_rng(1))
    assert canvas is GREY
    assert len(boxes) == 0
