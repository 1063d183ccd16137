"""Painting in layers, and boxes from what stays visible.

Everything is painted on a canvas twice as large as the frame and averaged down at the end: edges come
out soft, as a cheap lens draws them, and masks shrink with the picture they belong to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from proctor_models.types import Image

Plane = NDArray[np.float32]  # (height, width), in [0, 1]
Colour = NDArray[np.float32]  # (height, width, 3), blue-green-red in [0, 255]
Points = NDArray[np.float32]  # (n, 2) x and y in pixels
AttributeValue = str | bool | float

FRAME_WH = (640, 480)
OVERSAMPLING = 2
CANVAS_WH = (FRAME_WH[0] * OVERSAMPLING, FRAME_WH[1] * OVERSAMPLING)


@dataclass(frozen=True)
class Layer:
    """A picture with transparency; `bgr` and `alpha` have the same height and width."""

    bgr: Colour
    alpha: Plane

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.alpha.shape
        return width, height

    def warped(self, homography: NDArray[np.float64], size_wh: tuple[int, int] = CANVAS_WH) -> Layer:
        """The layer seen through a 3 x 3 `homography`, on a canvas of `size_wh` pixels.

        Colours travel multiplied by alpha, so that what is transparent leaves no fringe.
        """
        source = np.dstack([self.bgr * self.alpha[..., None], self.alpha]).astype(np.float32)
        scale = float(np.sqrt(abs(np.linalg.det(homography[:2, :2]))))
        if 0 < scale < 0.75:  # a warp samples four pixels; blur first, or a strong reduction flickers
            source = np.asarray(cv2.GaussianBlur(source, (0, 0), 0.4 / scale), np.float32)
        moved = np.asarray(cv2.warpPerspective(source, homography, size_wh, flags=cv2.INTER_LINEAR), np.float32)
        alpha = np.clip(moved[..., 3], 0, 1)
        return Layer((moved[..., :3] / np.maximum(alpha, 1e-3)[..., None]).astype(np.float32), alpha)

    def onto_quad(self, corners: Points, size_wh: tuple[int, int] = CANVAS_WH) -> Layer:
        """The layer stretched onto four corners: top left, top right, bottom right, bottom left."""
        width, height = self.size_wh
        own = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        return self.warped(cv2.getPerspectiveTransform(own, np.asarray(corners, np.float32)), size_wh)


@dataclass
class Item:
    """Something labelled: the canvas mask of what is visible of it so far."""

    label: str
    visible: Plane
    full_area_px: float
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)


@dataclass
class Canvas:
    """A picture being painted, with the masks of everything labelled in it."""

    bgr: Colour
    items: list[Item] = field(default_factory=list)

    def paint(self, layer: Layer, joins: Sequence[Item] = (), spares: Sequence[Item] = ()) -> None:
        """Paint a canvas-sized layer over everything.

        Args:
            layer: what to paint.
            joins: items it becomes a part of (a hand belongs to its person).
            spares: items it does not hide (a mask hides skin, yet the face under it keeps its box).
        """
        alpha = layer.alpha[..., None]
        self.bgr = (self.bgr * (1 - alpha) + layer.bgr * alpha).astype(np.float32)
        for item in self.items:
            if any(item is spared for spared in spares):
                continue
            if any(item is joined for joined in joins):
                item.visible = np.maximum(item.visible, layer.alpha)
            else:
                item.visible = item.visible * (1 - layer.alpha)

    def label(
        self, name: str, mask: Plane, attributes: Mapping[str, AttributeValue] | None = None, full_area_px: float = 0
    ) -> Item:
        """Register what was just painted as an item; later layers hide it.

        `full_area_px` is the canvas area it would have if nothing were cut off; 0 takes the mask's.
        """
        item = Item(name, mask.copy(), max(full_area_px, float(mask.sum())), dict(attributes or {}))
        self.items.append(item)
        return item

    def shade(self, mask: Plane, strength: float) -> None:
        """Darken where `mask` is, for shadows; `strength` 1 is black."""
        self.bgr = (self.bgr * (1 - strength * mask[..., None])).astype(np.float32)

    def frame(self) -> Image:
        """The finished frame, averaged down, (480, 640, 3)."""
        small = cv2.resize(self.bgr, FRAME_WH, interpolation=cv2.INTER_AREA)
        return np.asarray(np.clip(np.rint(small), 0, 255), np.uint8)


def visible_box(
    item: Item, min_area_px: float = 40.0, min_share: float = 0.12, size_wh: tuple[int, int] = FRAME_WH
) -> tuple[int, int, int, int] | None:
    """The box around what is visible of an item, in frame pixels; None where too little is left of it.

    Args:
        item: the item, with its canvas-sized mask.
        min_area_px: smallest visible area, in square pixels of the frame.
        min_share: smallest visible share of the whole object.
        size_wh: frame size the mask is reduced to.
    """
    small = np.asarray(cv2.resize(item.visible, size_wh, interpolation=cv2.INTER_AREA), np.float32)
    per_frame_pixel = item.visible.size / small.size
    area_px = float(small.sum())
    if area_px < min_area_px or area_px * per_frame_pixel < min_share * item.full_area_px:
        return None
    return box_of(small)


def box_of(mask: Plane, level: float = 0.5) -> tuple[int, int, int, int] | None:
    """The xyxy box around the pixels of `mask` above `level`, specks left out; None where there are none.

    >>> mask = np.zeros((20, 30), np.float32)
    >>> mask[4:9, 10:20] = 1
    >>> box_of(mask)
    (10, 4, 20, 9)
    >>> box_of(mask * 0.3) is None
    True
    """
    solid = (mask > level).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    if count < 2:
        return None
    parts = stats[1:]
    kept = parts[parts[:, cv2.CC_STAT_AREA] >= 0.02 * parts[:, cv2.CC_STAT_AREA].sum()]
    x0, y0 = kept[:, cv2.CC_STAT_LEFT], kept[:, cv2.CC_STAT_TOP]
    x1, y1 = x0 + kept[:, cv2.CC_STAT_WIDTH], y0 + kept[:, cv2.CC_STAT_HEIGHT]
    return int(x0.min()), int(y0.min()), int(x1.max()), int(y1.max())


def blur(plane: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Gaussian blur; a wide one is worked out on a smaller picture, where nobody sees the difference."""
    if sigma_px < 8:
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma_px), np.float32)
    height, width = plane.shape[:2]
    small = cv2.resize(plane, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma_px / 4), (width, height)), np.float32)


def shifted(plane: Plane, dx: float, dy: float) -> Plane:
    """The mask moved by (`dx`, `dy`) pixels; what leaves is lost."""
    move = np.array([[1, 0, dx], [0, 1, dy]], np.float64)
    return np.asarray(cv2.warpAffine(plane, move, plane.shape[1::-1]), np.float32)


def pixel(point: ArrayLike) -> tuple[int, int]:
    """The pixel nearest to `point`, as OpenCV's drawing functions want it.

    >>> pixel([2.6, 3.2])
    (3, 3)
    """
    x, y = np.rint(np.asarray(point, np.float64)).astype(int).tolist()
    return x, y


def bgr(colour: ArrayLike) -> tuple[float, float, float]:
    """A colour as OpenCV's drawing functions want it."""
    blue, green, red = np.asarray(colour, np.float64).tolist()
    return blue, green, red


def blank(width: int, height: int, colour: ArrayLike) -> Colour:
    """A picture of one colour, (height, width, 3)."""
    return np.full((height, width, 3), np.asarray(colour, np.float32), np.float32)


def polygon(points: Points, size_wh: tuple[int, int], blur_px: float = 0.0) -> Plane:
    """The filled polygon as a mask, edges smooth to a sixteenth of a pixel.

    >>> float(polygon(np.array([[1, 1], [5, 1], [5, 5], [1, 5]], np.float32), (8, 8))[3, 3])
    1.0
    """
    mask = np.zeros((size_wh[1], size_wh[0]), np.uint8)
    fixed = np.rint(np.asarray(points, np.float64) * 16).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, shift=4)
    plane = mask.astype(np.float32) / np.float32(255)
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), blur_px), np.float32) if blur_px > 0 else plane


def rounded(width: int, height: int, radius: float) -> Plane:
    """A rectangle with round corners that fills (height, width).

    >>> mask = rounded(40, 20, 6)
    >>> float(mask[0, 0]), float(mask[10, 20])
    (0.0, 1.0)
    """
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) + np.float32(0.5)
    dx = np.maximum(np.abs(x - width / 2) - (width / 2 - radius), 0)
    dy = np.maximum(np.abs(y - height / 2) - (height / 2 - radius), 0)
    return np.asarray(np.clip(radius - np.hypot(dx, dy) + 0.5, 0, 1), np.float32)


def similarity(scale: float, degrees: float, pivot: Sequence[float], lands_at: Sequence[float]) -> NDArray[np.float64]:
    """The 3 x 3 map that turns and scales about `pivot` and puts it at `lands_at`.

    >>> (similarity(2.0, 0.0, (5, 5), (20, 30)) @ np.array([6.0, 5.0, 1.0])).tolist()
    [22.0, 30.0, 1.0]
    """
    angle = np.deg2rad(degrees)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    px, py = pivot
    return np.array(
        [[cos, -sin, lands_at[0] - cos * px + sin * py], [sin, cos, lands_at[1] - sin * px - cos * py], [0, 0, 1]]
    )


def moved(points: Points, homography: NDArray[np.float64]) -> Points:
    """Points through a 3 x 3 map, (n, 2)."""
    homogeneous = np.column_stack([points, np.ones(len(points))]) @ homography.T
    return np.asarray(homogeneous[:, :2] / homogeneous[:, 2:], np.float32)
