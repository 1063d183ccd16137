"""Average precision agrees with pycocotools to the last digits, and weights mean repetition."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest

from proctor_models.evaluation.matching import IOUS, Matches, coco_pair, match
from proctor_models.evaluation.precision import box_ap, frame_ap, mean_ap
from proctor_models.types import Boxes, Scores


def random_frames(seed: int, frames: int = 60) -> tuple[list[Boxes], list[tuple[Boxes, Scores]]]:
    generator = np.random.default_rng(seed)
    truths, found = [], []
    for _ in range(frames):
        corner = generator.uniform(0, 200, (generator.integers(0, 4), 2))
        boxes = np.concatenate([corner, corner + generator.uniform(20, 80, corner.shape)], 1).astype(np.float32)
        moved = boxes + generator.normal(0, 6, boxes.shape).astype(np.float32)
        corner = generator.uniform(0, 200, (generator.integers(0, 3), 2))
        false = np.concatenate([corner, corner + 40], 1).astype(np.float32)
        guesses = np.concatenate([moved[generator.random(len(moved)) < 0.8], false]).astype(np.float32)
        truths.append(boxes)
        found.append((guesses, generator.random(len(guesses)).astype(np.float32)))
    return truths, found


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_box_ap__agrees_with_pycocotools(seed: int) -> None:
    from pycocotools.cocoeval import COCOeval

    truths, found = random_frames(seed)
    with contextlib.redirect_stdout(io.StringIO()):
        library = COCOeval(*coco_pair(truths, found), iouType="bbox")
        library.evaluate()
        library.accumulate()
        library.summarize()
    matches = match(truths, found)
    assert 0.1 < box_ap(matches, 0.5) < 0.9
    assert box_ap(matches, 0.5) == pytest.approx(library.stats[1], abs=1e-9)
    assert mean_ap(matches) == pytest.approx(library.stats[0], abs=1e-9)


def test_box_ap__by_hand() -> None:
    # Best first: hit, false, hit; three labelled. Precision 1 up to recall 1/3, 2/3 up to 2/3, then 0.
    hits = np.tile(np.array([True, False, True]), (len(IOUS), 1))
    matches = Matches(np.array([0.9, 0.8, 0.7]), np.array([0, 0, 1]), hits, np.array([1, 2]))
    assert box_ap(matches, 0.5) == pytest.approx((34 * 1 + 33 * 2 / 3) / 101)


def test_box_ap__a_weight_is_a_repeated_frame() -> None:
    truths, found = random_frames(3, frames=20)
    weights = np.random.default_rng(0).integers(0, 3, 20)
    repeated = [i for i, weight in enumerate(weights) for _ in range(weight)]
    again = match([truths[i] for i in repeated], [found[i] for i in repeated])
    weighted = box_ap(match(truths, found), 0.5, weights.astype(float))
    # Repeating a frame puts steps between its copies, which a weight takes at once.
    assert weighted == pytest.approx(box_ap(again, 0.5), abs=0.02)


def test_box_ap__nothing_labelled_or_nothing_found() -> None:
    nothing = np.zeros((0, 4), np.float32)
    box = np.array([[0, 0, 9, 9]], np.float32)
    assert np.isnan(box_ap(match([nothing], [(box, np.array([0.5], np.float32))]), 0.5))
    assert box_ap(match([box], [(nothing, nothing[:, 0])]), 0.5) == 0.0
    assert np.isnan(mean_ap(match([], [])))


def test_match__of_takes_only_chosen_frames() -> None:
    truths, found = random_frames(4, frames=30)
    keep = np.arange(30) % 3 == 0
    chosen = [i for i in range(30) if keep[i]]
    alone = match([truths[i] for i in chosen], [found[i] for i in chosen])
    assert box_ap(match(truths, found).of(keep), 0.5) == pytest.approx(box_ap(alone, 0.5), abs=1e-12)


def test_frame_ap__equal_scores_are_taken_together() -> None:
    truth = np.array([True, False, True, False])
    assert frame_ap(np.array([0.5, 0.5, 0.5, 0.5]), truth) == pytest.approx(0.5)
    assert frame_ap(np.array([0.9, 0.1, 0.8, 0.2]), truth) == pytest.approx(1.0)
    assert frame_ap(np.array([0.9, 0.1, 0.8, 0.2]), truth, np.array([0.0, 1, 1, 1])) == pytest.approx(1.0)
    assert np.isnan(frame_ap(np.array([0.9, 0.8]), np.array([True, True])))
