"""The one resize and the one normalise, used by training, export, evaluation and runtime alike.

Two libraries' "bilinear" differ by several grey levels when an image shrinks, so nothing else in the
project may resize what a net sees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.boxes import square_around
from proctor_models.types import Boxes, Image

Tensor = NDArray[np.float32]  # (3, height, width), red-green-blue, normalised

_MAX_PATCH_PX = 8192  # a square around a face; a wider one is made from a smaller copy of the image


@dataclass(frozen=True)
class Letterbox:
    """How a frame was fitted into a canvas: scaled by `scale`, then shifted by (`left`, `top`) pixels."""

    scale: float
    left: int
    top: int

    def to_canvas(self, xyxy: Boxes) -> Boxes:
        """Frame pixels to canvas pixels."""
        shift = np.array([self.left, self.top, self.left, self.top], np.float32)
        moved: Boxes = (xyxy * self.scale + shift).astype(np.float32)
        return moved

    def to_frame(self, xyxy: Boxes) -> Boxes:
        """Canvas pixels to frame pixels.

        >>> Letterbox(0.5, 0, 52).to_frame(np.array([[0, 52, 10, 62]], np.float32)).tolist()
        [[0.0, 0.0, 20.0, 20.0]]
        """
        shift = np.array([self.left, self.top, self.left, self.top], np.float32)
        moved: Boxes = ((xyxy - shift) / self.scale).astype(np.float32)
        return moved


def resize(image: Image, resolution_wh: tuple[int, int]) -> Image:
    """Resize: area average to shrink, bilinear to enlarge."""
    height, width = image.shape[:2]
    if (width, height) == resolution_wh:
        return image
    shrinks = resolution_wh[0] * resolution_wh[1] < width * height
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, resolution_wh, interpolation=method), np.uint8)


def fit(frame_wh: tuple[int, int], canvas_wh: tuple[int, int]) -> Letterbox:
    """Where `letterbox` puts a frame of `frame_wh` pixels on a canvas of `canvas_wh`.

    >>> fit((640, 480), (416, 416))
    Letterbox(scale=0.65, left=0, top=52)
    """
    scale = min(canvas_wh[0] / frame_wh[0], canvas_wh[1] / frame_wh[1])
    new_w, new_h = _scaled(frame_wh, scale)
    return Letterbox(scale, (canvas_wh[0] - new_w) // 2, (canvas_wh[1] - new_h) // 2)


def _scaled(frame_wh: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(frame_wh[0] * scale)), max(1, round(frame_wh[1] * scale))


def letterbox(image: Image, resolution_wh: tuple[int, int], pad_value: int = 114) -> tuple[Image, Letterbox]:
    """Fit `image` into a canvas without changing its aspect; the rest is grey `pad_value`.

    >>> canvas, placed = letterbox(np.zeros((480, 640, 3), np.uint8), (416, 416))
    >>> canvas.shape, placed.top
    ((416, 416, 3), 52)
    """
    frame_wh = (image.shape[1], image.shape[0])
    placed = fit(frame_wh, resolution_wh)
    new_w, new_h = _scaled(frame_wh, placed.scale)
    canvas = np.full((resolution_wh[1], resolution_wh[0], 3), pad_value, np.uint8)
    canvas[placed.top : placed.top + new_h, placed.left : placed.left + new_w] = resize(image, (new_w, new_h))
    return canvas, placed


def crop_square(image: Image, xyxy: Boxes, scale: float, side_px: int, pad_value: int = 114) -> Image:
    """The square of `scale` x the longer side of the box `xyxy` (4,), resized to `side_px` pixels.

    What lies outside the image is grey `pad_value`.
    """
    square = square_around(xyxy[None], scale)[0]
    shrink = math.ceil(float(square[2] - square[0]) / _MAX_PATCH_PX)
    if shrink > 1:
        # A panorama's face may be as long as the panorama: its square would take gigabytes.
        image = resize(image, _scaled((image.shape[1], image.shape[0]), 1 / shrink))
        square = square / shrink
    x0, y0, x1, y1 = np.round(square).astype(int)
    height, width = image.shape[:2]
    patch = np.full((max(1, y1 - y0), max(1, x1 - x0), 3), pad_value, np.uint8)
    in_x0, in_y0, in_x1, in_y1 = max(0, x0), max(0, y0), min(width, x1), min(height, y1)
    if in_x1 > in_x0 and in_y1 > in_y0:
        patch[in_y0 - y0 : in_y1 - y0, in_x0 - x0 : in_x1 - x0] = image[in_y0:in_y1, in_x0:in_x1]
    return resize(patch, (side_px, side_px))


def normalise(image: Image, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """Blue-green-red bytes to a red-green-blue float tensor, ``(x / 255 - mean) / std``."""
    rgb = image[:, :, ::-1].astype(np.float32) / np.float32(255)
    scaled = (rgb - np.asarray(mean, np.float32)) / np.asarray(std, np.float32)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1))
