"""Arithmetic on boxes; everything is xyxy in pixels unless the name says otherwise."""

from __future__ import annotations

import numpy as np

from proctor_models.types import Boxes, Scores


def area(xyxy: Boxes) -> Scores:
    """Area of each box in square pixels; an inverted box has area 0.

    >>> area(np.array([[0, 0, 4, 5], [3, 3, 1, 9]], np.float32)).tolist()
    [20.0, 0.0]
    """
    wh = np.clip(xyxy[:, 2:] - xyxy[:, :2], 0, None)
    product: Scores = wh[:, 0] * wh[:, 1]
    return product


def _intersection(a: Boxes, b: Boxes) -> Boxes:
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    wh = np.clip(bottom_right - top_left, 0, None)
    overlap: Boxes = wh[..., 0] * wh[..., 1]
    return overlap


def iou(a: Boxes, b: Boxes) -> Boxes:
    """Intersection over union of every pair, shape (len(a), len(b)).

    >>> a = np.array([[0, 0, 2, 2]], np.float32)
    >>> iou(a, np.array([[0, 0, 2, 2], [0, 0, 4, 2], [5, 5, 6, 6]], np.float32)).tolist()
    [[1.0, 0.5, 0.0]]
    """
    overlap = _intersection(a, b)
    union = area(a)[:, None] + area(b)[None] - overlap
    ratio: Boxes = np.where(union > 0, overlap / np.maximum(union, 1e-9), 0).astype(np.float32)
    return ratio


def covered(a: Boxes, b: Boxes) -> Boxes:
    """Share of each box of `a` that lies inside each box of `b`, shape (len(a), len(b)).

    >>> face, person = np.array([[2, 2, 4, 4]], np.float32), np.array([[0, 0, 3, 9]], np.float32)
    >>> covered(face, person).tolist()
    [[0.5]]
    """
    share = _intersection(a, b) / np.maximum(area(a)[:, None], 1e-9)
    return np.asarray(share, np.float32)


def clip(xyxy: Boxes, resolution_wh: tuple[int, int]) -> Boxes:
    """The boxes cut to an image of `resolution_wh` pixels.

    >>> clip(np.array([[-3, 2, 50, 9]], np.float32), (40, 30)).tolist()
    [[0.0, 2.0, 40.0, 9.0]]
    """
    width, height = resolution_wh
    limit = np.array([width, height, width, height], np.float32)
    clipped: Boxes = np.clip(xyxy, 0, limit).astype(np.float32)
    return clipped


def from_cxcywh(cxcywh: Boxes) -> Boxes:
    """Centre-and-size boxes as corners.

    >>> from_cxcywh(np.array([[5, 5, 4, 2]], np.float32)).tolist()
    [[3.0, 4.0, 7.0, 6.0]]
    """
    half = cxcywh[:, 2:] / 2
    corners: Boxes = np.concatenate([cxcywh[:, :2] - half, cxcywh[:, :2] + half], 1)
    return corners


def square_around(xyxy: Boxes, scale: float) -> Boxes:
    """The square of side `scale` x the longer side, around each box's centre; may leave the image.

    >>> square_around(np.array([[10, 10, 20, 30]], np.float32), 2.0).tolist()
    [[-5.0, 0.0, 35.0, 40.0]]
    """
    centre = (xyxy[:, :2] + xyxy[:, 2:]) / 2
    half = (xyxy[:, 2:] - xyxy[:, :2]).max(1, keepdims=True) * scale / 2
    square: Boxes = np.concatenate([centre - half, centre + half], 1).astype(np.float32)
    return square
