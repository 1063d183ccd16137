"""Things cut out of some frames and laid into others, so that a net learns the thing and not the room it lay in.

Copy-paste without outlines (Dwibedi et al., "Cut, Paste and Learn", ICCV 2017): a labelled box is cut with a margin
of what is around it, most often the fingers that hold it, turned, scaled, brought to the light of the place it goes
to, and blended in with a soft rim. Distractors are pasted by the same rule, so that the rim itself says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.boxes import clip, covered
from proctor_models.types import Boxes, ClassIds, Image

MIN_SIDE_PX = 20.0
"""Boxes thinner than this, in frame pixels, are too coarse to be cut out."""
MARGIN = (0.08, 0.30)
"""How much of what is around a box comes along, as a share of its longer side."""
LONG_SIDE = (0.10, 0.50)
"""Longer side of a pasted box, as a share of the canvas's height."""
MOST_GROWN = 1.6
"""A piece is never enlarged more: a blown-up one would teach that blur is the thing."""
TURN_DEG = 20.0
MIN_SEEN = 0.4
"""Share of a pasted box that stays in the picture."""
HIDES = 0.6
"""A box of which a pasted one covers more is gone."""
LIGHT_SHARE = 0.6
"""How far a pasted thing goes from its own brightness to that of the place it is laid on."""


@dataclass(frozen=True)
class Piece:
    """A labelled box of one frame."""

    frame: int
    """Which frame, by the number `read` takes."""
    xyxy: tuple[float, float, float, float]
    class_id: int


@dataclass(frozen=True)
class Paster:
    """Pastes pieces of some classes into canvases."""

    pieces: Mapping[int, Sequence[Piece]]
    """Class to its pieces."""
    shares: Mapping[int, float]
    """Class to the share of canvases into which one of its pieces goes."""
    read: Callable[[int], Image]
    """The pixels of a frame by its number."""

    def __call__(
        self, canvas: Image, xyxy: Boxes, class_ids: ClassIds, rng: np.random.Generator
    ) -> tuple[Image, Boxes, ClassIds]:
        """The canvas with what chance pastes, and its boxes (n, 4) in canvas pixels with their classes (n,)."""
        for class_id, share in self.shares.items():
            mine = self.pieces.get(class_id, ())
            if not mine or rng.random() >= share:
                continue
            piece = mine[int(rng.integers(len(mine)))]
            canvas, box = paste(canvas, self.read(piece.frame), piece.xyxy, rng)
            if box is None:
                continue
            left = covered(xyxy, box[None])[:, 0] <= HIDES
            xyxy = np.concatenate([xyxy[left], box[None]])
            class_ids = np.append(class_ids[left], class_id)
        return canvas, xyxy, class_ids


def paste(
    canvas: Image, image: Image, xyxy: tuple[float, float, float, float], rng: np.random.Generator
) -> tuple[Image, Boxes | None]:
    """One box of `image` laid into a copy of `canvas`: the new canvas and the box (4,) there, None if it did not fit.

    >>> white, black = np.full((90, 120, 3), 255, np.uint8), np.zeros((60, 60, 3), np.uint8)
    >>> laid, box = paste(white, black, (20, 15, 40, 45), np.random.default_rng(3))
    >>> int(laid.min()) < 128, bool((box[2:] > box[:2]).all())
    (True, True)
    """
    height, width = canvas.shape[:2]
    x0, y0, x1, y1 = xyxy
    long_px = max(x1 - x0, y1 - y0)
    scale = min(float(np.exp(rng.uniform(*np.log(LONG_SIDE)))) * height / long_px, MOST_GROWN)
    place = rng.uniform((0.0, 0.15), (1.0, 1.05)) * (width, height)
    turn = np.deg2rad(rng.uniform(-TURN_DEG, TURN_DEG))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ np.diag([mirror, 1.0])
    centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    affine = np.column_stack([matrix, place - matrix @ centre])
    box = _moved(xyxy, affine)
    inside = clip(box[None], (width, height))[0]
    whole, seen = float(np.prod(box[2:] - box[:2])), float(np.prod(np.clip(inside[2:] - inside[:2], 0, None)))
    if seen < MIN_SEEN * whole or min(inside[2:] - inside[:2]) < 4:
        return canvas, None
    return _laid(canvas, image, xyxy, affine, float(rng.uniform(*MARGIN)) * long_px), inside


def _laid(
    canvas: Image,
    image: Image,
    xyxy: tuple[float, float, float, float],
    affine: NDArray[np.float64],
    margin_px: float,
) -> Image:
    """A copy of the canvas with the box of `image` blended in; only the part of the canvas it reaches is touched."""
    height, width = canvas.shape[:2]
    around = np.array([xyxy], np.float32) + np.float32(margin_px) * np.array([-1, -1, 1, 1], np.float32)
    grown = clip(around, (image.shape[1], image.shape[0]))[0]
    left, top, right, bottom = (int(v) for v in (*np.floor(grown[:2]), *np.ceil(grown[2:])))
    cut = image[top:bottom, left:right]
    x0, y0, x1, y1 = xyxy
    soft = _soft_rim(cut.shape[:2], (x0 - left, y0 - top, x1 - left, y1 - top), margin_px)
    corners = np.array([[left, top], [right, top], [left, bottom], [right, bottom]]) @ affine[:, :2].T + affine[:, 2]
    low = np.clip(np.floor(corners.min(0)), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(corners.max(0)), 0, (width, height)).astype(int)
    shift = affine.copy()
    shift[:, 2] += affine[:, :2] @ (left, top) - low
    size = tuple((high - low).tolist())
    alpha = cv2.warpAffine(soft, shift, size)[..., None]
    laid = cv2.warpAffine(_smoothed(cut, affine), shift, size, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    out = canvas.copy()
    there = out[low[1] : high[1], low[0] : high[0]]
    laid = np.clip(laid * _gain(there, laid, alpha), 0, 255)
    there[:] = (there * (1 - alpha) + laid * alpha).astype(np.uint8)
    return out


def _smoothed(cut: Image, affine: NDArray[np.float64]) -> Image:
    """The cut without what a smaller picture cannot show: warping takes single pixels and would leave jagged edges."""
    shrink = 1 / max(float(np.sqrt(abs(np.linalg.det(affine[:, :2])))), 1e-6)
    return cut if shrink < 1.5 else np.asarray(cv2.GaussianBlur(cut, (0, 0), 0.35 * shrink), np.uint8)


def _moved(xyxy: tuple[float, float, float, float], affine: NDArray[np.float64]) -> Boxes:
    """Smallest upright box (4,) around the moved one; a turned box would be too large, so its sides' middles count."""
    x0, y0, x1, y1 = xyxy
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
    corners = np.array([[x0, y0], [x1, y0], [x0, y1], [x1, y1]])
    middles = np.array([[x0, middle_y], [x1, middle_y], [middle_x, y0], [middle_x, y1]])
    around = [points @ affine[:, :2].T + affine[:, 2] for points in (corners, middles)]
    low = np.mean([points.min(0) for points in around], 0)
    high = np.mean([points.max(0) for points in around], 0)
    return np.array([*low, *high], np.float32)


def _soft_rim(shape: tuple[int, ...], xyxy: tuple[float, float, float, float], margin_px: float) -> NDArray[np.float32]:
    """1 in the box, falling to 0 at `margin_px` around it."""
    x0, y0, x1, y1 = (round(v) for v in xyxy)
    core = np.ones(shape, np.uint8)
    core[max(y0, 0) : max(y1, 1), max(x0, 0) : max(x1, 1)] = 0
    away = cv2.distanceTransform(core, cv2.DIST_L2, 3)
    return np.asarray(np.clip(1 - away / max(margin_px, 1.0), 0, 1), np.float32)


def _gain(canvas: Image, laid: NDArray[np.float32], alpha: NDArray[np.float32]) -> float:
    """Factor that brings the thing's surroundings towards the light of the place; fingers and room, not the thing."""
    rim = (alpha[..., 0] > 0.02) & (alpha[..., 0] < 0.98)
    if rim.sum() < 16:
        return 1.0
    here, there = float(canvas[rim].mean()), float(laid[rim].mean())
    return float(np.clip((max(here, 8.0) / max(there, 8.0)) ** LIGHT_SHARE, 0.55, 1.4))
