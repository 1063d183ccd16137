"""Where a thing ends, as a net sees it that is asked from close by.

A detector that looks again at its own box places it better ("Cascade R-CNN", Cai and Vasconcelos, CVPR 2018). A scene
net that has learnt phones from a few hundred frames draws the hand along with what it holds; COCO's own net does not.
"""

from __future__ import annotations

import numpy as np

from proctor_models.boxes import iou, square_around
from proctor_models.types import Boxes, Scores

SAME_IOU = 0.3
"""A box drawn from close by shows the same thing if it overlaps the one before by this much."""
FULL_SCORE = 0.3
"""From here on a box drawn anew counts in full, below it less and less."""


def to_frame(boxes: Boxes, around: Boxes, scale: float, side_px: int) -> Boxes:
    """Boxes (n, 4) in pixels of the crop that `crop_square` cut around the box `around` (4,), in pixels of the image.

    Of a crop so large that `crop_square` shrinks the image first, they are right to a pixel of the shrunken one.

    >>> to_frame(np.array([[0, 0, 32, 64]], np.float32), np.array([10, 10, 20, 20], np.float32), 2.0, 64).tolist()
    [[5.0, 5.0, 15.0, 25.0]]
    """
    cut = np.round(square_around(around[None], scale)[0])  # rounded by corner: it may be a pixel from square
    sides = np.maximum(1.0, cut[2:] - cut[:2])
    placed: Boxes = (boxes * (np.tile(sides, 2) / side_px) + np.tile(cut[:2], 2)).astype(np.float32)
    return placed


def drawn_anew(box: Boxes, found: Boxes, scores: Scores) -> Boxes:
    """The box (4,), drawn to what was found of the same thing from close by, as far as that is sure.

    Args:
        box: what was drawn before.
        found: boxes (n, 4) in the same pixels.
        scores: (n,); the one counts whose score times overlap is largest.

    >>> box, found = np.array([0, 0, 10, 20], np.float32), np.array([[0, 0, 10, 10], [50, 0, 60, 10]], np.float32)
    >>> drawn_anew(box, found, np.array([0.15, 0.9], np.float32)).tolist()
    [0.0, 0.0, 10.0, 15.0]
    """
    overlap = iou(box[None], found)[0]
    worth = np.where(overlap >= SAME_IOU, scores * overlap, 0.0)
    if not worth.any():
        return box
    best = int(worth.argmax())
    share = min(1.0, float(scores[best]) / FULL_SCORE)
    anew: Boxes = (box + np.float32(share) * (found[best] - box)).astype(np.float32)
    return anew


def same_company(box: Boxes, anew: Boxes, surer: Boxes, limits: Scores) -> bool:
    """Whether a box (4,) drawn anew lies on the same surer boxes (n, 4) as before, by the overlap each asks for (n,).

    Suppression, and detectors in which classes compete for a spot, have decided or will decide by that: two boxes
    must not become one thing, nor one that was outdone stand alone.

    >>> box, surer = np.array([0, 0, 10, 20], np.float32), np.array([[0, 0, 10, 20]], np.float32)
    >>> same_company(box, np.array([0, 0, 10, 10], np.float32), surer, np.array([0.6], np.float32))
    False
    """
    before, after = (iou(one[None], surer)[0] > limits for one in (box, anew))
    return bool((before == after).all())
