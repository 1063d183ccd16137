"""Cutting figures out of photographs; numpy and OpenCV only."""

from __future__ import annotations

import cv2
import numpy as np

from proctor_models.synth.composites.layers import Colour, Plane


def _powers(width: int, height: int) -> np.ndarray:
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return np.stack([np.ones_like(x), x, y, x * y, x**2, y**2], -1).reshape(-1, 6)


def backdrop(picture: Colour, likely_figure: Plane) -> Colour:
    """The plain studio backdrop behind a figure, as a smooth surface fitted where no figure is.

    Args:
        picture: (h, w, 3) photograph before a plain backdrop.
        likely_figure: (h, w) where the figure probably is, 0 to 1.
    """
    height, width = likely_figure.shape
    small = (96, max(8, round(96 * height / width)))
    colours = cv2.resize(picture, small, interpolation=cv2.INTER_AREA).reshape(-1, 3).astype(np.float64)
    free = cv2.resize(likely_figure, small, interpolation=cv2.INTER_AREA).reshape(-1) < 0.03
    powers = _powers(*small)
    weights = free.astype(np.float64)
    surface = np.zeros_like(colours)
    for _ in range(4):  # look again without what does not fit: shoulders that were missed
        fitted, *_ = np.linalg.lstsq(powers * weights[:, None], colours * weights[:, None], rcond=None)
        surface = powers @ fitted
        off = np.abs(colours - surface).max(1)
        weights = free / (1 + (off / 8) ** 2)
    return np.asarray(
        cv2.resize(surface.reshape(small[1], small[0], 3).astype(np.float32), (width, height)), np.float32
    )


def key_out(picture: Colour, likely_figure: Plane, tolerance: float = 14) -> tuple[Colour, Plane]:
    """Cut a figure out of a studio photograph: its own colours, and its transparency.

    The network's coarse guess says where to look; the difference from the backdrop gives the edge,
    down to single curls. Grey levels within `tolerance` of the backdrop count as backdrop.
    """
    behind = backdrop(picture, likely_figure)
    difference = np.linalg.norm(picture - behind, axis=2).astype(np.float32)
    edge = np.clip((difference - tolerance) / 34, 0, 1)
    if tolerance > 20:
        edge = np.asarray(
            cv2.morphologyEx(edge.astype(np.float32), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), np.float32
        )
    reach = max(9, picture.shape[1] // 22) | 1
    near = np.asarray(
        cv2.dilate(
            (likely_figure > 0.25).astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
        ),
        np.float32,
    )
    near = np.asarray(cv2.GaussianBlur(near, (0, 0), reach / 6), np.float32)
    core = np.asarray(
        cv2.erode(
            (likely_figure > 0.9).astype(np.uint8),
            cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach // 2 | 1, reach // 2 | 1)),
        ),
        np.float32,
    )
    alpha = np.clip(np.maximum(edge * near, np.asarray(cv2.GaussianBlur(core, (0, 0), 2.0), np.float32)), 0, 1)
    alpha = _largest(alpha)
    own = (picture - (1 - alpha[..., None]) * behind) / np.maximum(alpha[..., None], 0.15)
    return np.asarray(np.clip(own, 0, 255), np.float32), np.asarray(alpha, np.float32)


def _largest(alpha: Plane) -> Plane:
    """Only the largest connected part."""
    count, names, stats, _ = cv2.connectedComponentsWithStats((alpha > 0.1).astype(np.uint8), connectivity=8)
    if count < 3:
        return alpha
    biggest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return np.asarray(alpha * (names == biggest), np.float32)


def guided(picture: Colour, coarse: Plane, radius: int, smoothness: float = 60.0) -> Plane:
    """A coarse mask drawn to the edges of the picture (a guided filter on brightness)."""
    guide = picture.mean(2).astype(np.float32)
    window = (2 * radius + 1, 2 * radius + 1)

    def mean(plane: np.ndarray) -> np.ndarray:
        return np.asarray(cv2.boxFilter(plane, -1, window), np.float32)

    average, average_mask = mean(guide), mean(coarse)
    slope = (mean(guide * coarse) - average * average_mask) / (mean(guide * guide) - average**2 + smoothness)
    offset = average_mask - slope * average
    refined = mean(slope) * guide + mean(offset)
    return np.asarray(np.clip((refined - 0.2) / 0.65, 0, 1), np.float32)


def cut_out(picture: Colour, likely_figure: Plane) -> tuple[Colour, Plane]:
    """Cut a figure out of a photograph taken anywhere; a little tighter than the figure, to leave no halo."""
    reach = max(5, picture.shape[1] // 120)
    alpha = guided(picture, likely_figure, reach * 2)
    alpha = np.asarray(cv2.GaussianBlur(cv2.erode(alpha, np.ones((reach, reach))), (0, 0), reach / 3), np.float32)
    return picture, _largest(np.clip(alpha, 0, 1))


def white_cloth(picture: Colour, alpha: Plane, below_y: float) -> Plane:
    """Where a white shirt is, so that it can be dyed; nothing above `below_y` counts."""
    hsv = cv2.cvtColor(np.clip(picture, 0, 255).astype(np.uint8), cv2.COLOR_BGR2HSV).astype(np.float32)
    pale = np.clip((62 - hsv[..., 1]) / 22, 0, 1) * np.clip((hsv[..., 2] - 60) / 25, 0, 1)
    rows = np.arange(picture.shape[0], dtype=np.float32)[:, None]
    cloth = pale * np.clip((rows - below_y) / 6, 0, 1) * alpha
    solid = cv2.morphologyEx((cloth > 0.4).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    return np.asarray(cv2.GaussianBlur(solid.astype(np.float32), (0, 0), 1.6), np.float32) * alpha


def skin(picture: Colour, alpha: Plane) -> Plane:
    """Where skin is, in a photograph under neutral light; 0 or 1."""
    colour = cv2.cvtColor(np.clip(picture, 0, 255).astype(np.uint8), cv2.COLOR_BGR2YCrCb).astype(np.float32)
    red, blue = colour[..., 1], colour[..., 2]
    is_skin = (red > 136) & (red < 182) & (blue > 84) & (blue < 127) & (alpha > 0.4)
    return np.asarray(cv2.morphologyEx(is_skin.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), np.float32)


def dye(rng: np.random.Generator, picture: Colour, cloth: Plane) -> Colour:
    """The picture with its white cloth dyed: plain, striped or checked."""
    colour = DYES[rng.integers(len(DYES))] * np.float32(rng.uniform(0.8, 1.1))
    brightness = np.clip(picture.mean(2) / 232, 0, 1.08) ** 1.25
    height, width = cloth.shape
    tint = np.broadcast_to(colour, (height, width, 3)).astype(np.float32).copy()
    pattern, step = float(rng.random()), width / rng.uniform(14, 30)
    rows, columns = np.arange(height)[:, None] / step, np.arange(width)[None] / step
    second = np.asarray(DYES[rng.integers(len(DYES))], np.float32)
    if pattern < 0.18:
        tint[(rows % 1 < 0.4).repeat(width, 1)] = second
    elif pattern < 0.32:
        bars = (rows % 1 < 0.35).astype(np.float32) * 0.5 + (columns % 1 < 0.35).astype(np.float32) * 0.5
        tint += (second - tint) * bars[..., None] * 0.7
    dyed = tint * brightness[..., None] + 10 * (1 - brightness[..., None])
    return np.asarray(picture + (dyed - picture) * cloth[..., None], np.float32)


DYES = np.array(
    [
        (40, 38, 40), (92, 60, 38), (60, 50, 140), (70, 96, 60), (150, 150, 152), (176, 130, 84), (96, 110, 180),
        (228, 230, 232), (60, 40, 70), (52, 60, 66), (120, 170, 205), (160, 120, 160),
    ],
    np.float32,
)  # fmt: skip
