"""What light and camera did to a photograph, measured, so that a thing painted into it gets the same."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.composites.layers import Colour, Plane, polygon
from proctor_models.synth.composites.wear import OVAL
from proctor_models.synth.faces.head import Head
from proctor_models.types import Image

# Centres of forehead, bridge of the nose, cheeks: skin on nearly every face. A mask leaves the first ones.
BARE_POINTS = (151, 108, 337, 9, 107, 336, 6)
SKIN_POINTS = (*BARE_POINTS, 50, 280, 117, 346, 205, 425, 195, 36, 266, 101, 330)
# IJG's luminance table, on which the quality of nearly every JPEG file is based; its sum at quality 50.
_IJG_SUM = 3689
REBLUR_PX = 1.2
SLOPE_VARIANCE = 0.6
"""What taking the slope adds to the blur it is measured with, in square pixels (Sobel, and 0.3 px before it)."""


@dataclass(frozen=True)
class Look:
    """Light and camera at one face."""

    softness_px: float
    """Standard deviation of the blur at the sharpest edges of the head."""
    noise: float
    """Standard deviation of the noise, in grey levels."""
    jpeg_quality: int
    white: tuple[float, float, float]
    """Blue, green and red of white plastic in the light that falls on the face."""
    light: tuple[float, float, float]
    """Unit vector to the light in picture coordinates (x right, y down, z away from the camera)."""
    share: float
    """Share of the light that comes from there, 0 to 1."""
    skin: tuple[float, float, float]
    """Median blue, green and red of the skin."""


def measure(image: Image, head: Head, jpeg_quality: int, *, masked: bool = False) -> Look:
    """Measure blur, noise, colour of the light and where it comes from, at the face."""
    picture = image.astype(np.float32)
    x0, y0, x1, y1 = _around(image, head)
    part = picture[y0:y1, x0:x1]
    light, share = light_on(picture, head)
    skin = skin_samples(picture, head, BARE_POINTS if masked else SKIN_POINTS)
    return Look(
        softness_px=softness(part),
        noise=noise_of(part),
        jpeg_quality=jpeg_quality,
        white=white_of(picture, skin),
        light=light,
        share=share,
        skin=tuple(np.median(skin, 0).tolist()),
    )


def _around(image: Image, head: Head) -> tuple[int, int, int, int]:
    flat = head.landmarks[:, :2]
    low, high = flat.min(0), flat.max(0)
    margin = 0.15 * (high - low)
    x0, y0 = np.maximum(low - margin, 0).astype(int).tolist()
    x1, y1 = np.minimum(high + margin, image.shape[1::-1]).astype(int).tolist()
    return x0, y0, max(x1, x0 + 8), max(y1, y0 + 8)


def skin_samples(picture: Colour, head: Head, points_of: tuple[int, ...] = SKIN_POINTS) -> NDArray[np.float32]:
    """Colours of the skin around points that no beard or glasses cover, (n, 3)."""
    soft = cv2.GaussianBlur(picture, (0, 0), max(0.6, 0.012 * head.face_px))
    points = np.rint(head.landmarks[list(points_of), :2]).astype(int)
    inside = (points >= 0).all(1) & (points < picture.shape[1::-1]).all(1)
    found = np.asarray(soft[points[inside, 1], points[inside, 0]], np.float32)
    return found if len(found) else np.full((1, 3), 128, np.float32)


def softness(part: Colour) -> float:
    """Blur of the sharpest edges, in pixels, between 0.3 and 3.

    The picture is blurred once more by a known amount: how much weaker its edges become says how soft they were (Zhuo
    and Sim, "Defocus map estimation from a single image", 2011).
    """
    grey = part.mean(2)
    again = cv2.GaussianBlur(grey, (0, 0), REBLUR_PX)
    before, after = (_slope(plane) for plane in (cv2.GaussianBlur(grey, (0, 0), 0.3), again))
    strong = before >= max(float(np.percentile(before, 98.5)), 4.0)
    if not strong.any():
        return 1.0
    ratio = float(np.median(before[strong] / np.maximum(after[strong], 1e-3)))
    variance = REBLUR_PX**2 / max(ratio**2 - 1, 0.02) - SLOPE_VARIANCE
    return float(np.clip(np.sqrt(max(variance, 0.0)), 0.3, 3.0))


def _slope(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    dx, dy = cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1)
    return np.asarray(np.hypot(dx, dy), np.float32)


def noise_of(part: Colour) -> float:
    """Standard deviation of the noise in grey levels, from the flattest fifth of the picture.

    The mask is Immerkaer's ("Fast noise variance estimation", 1996), which a plane and a slope leave at 0.
    """
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
    grey = part.mean(2)
    rough = np.abs(cv2.filter2D(grey, -1, mask))
    busy = cv2.blur(rough, (9, 9))
    flat = rough[busy <= np.percentile(busy, 20)]
    return float(np.clip(np.sqrt(np.pi / 2) * flat.mean(), 0.2, 9.0))


def white_of(picture: Colour, skin: NDArray[np.float32]) -> tuple[float, float, float]:
    """What white plastic would look like beside the skin: bright, tinted as the light.

    The tint is half that of the picture's bright parts, as a camera has balanced most of it already. Brightness is
    between what light skin and what the brightest parts of the picture say; either alone fails, on dark skin and on
    a lamp in the picture.
    """
    shades = np.asarray((picture[::4, ::4].reshape(-1, 3).astype(np.float64) ** 6).mean(0) ** (1 / 6))
    tint = np.sqrt(np.clip(shades / shades.mean(), 0.7, 1.4))
    face = float(np.percentile(skin.mean(1), 75))
    bright = float(np.percentile(picture[::2, ::2].mean(2), 95))
    level = np.clip(0.5 * 1.6 * face + 0.5 * bright, 1.25 * face, min(2.7 * face + 25, 246))
    blue, green, red = np.minimum(level * tint, 252).tolist()
    return blue, green, red


def light_on(picture: Colour, head: Head) -> tuple[tuple[float, float, float], float]:
    """Where the light on a face comes from, and the share of it that does.

    Brightness at the landmarks is fitted by a constant and the normals of an ellipsoid (Lambert); what does not fit
    (brows, beard, lips) loses weight in four rounds.
    """
    grey = cv2.GaussianBlur(picture.mean(2), (0, 0), max(1.0, 0.02 * head.face_px))
    axes = head.space.axes
    normals = head.in_head / np.array([7.6, 10.0, 7.5]) ** 2
    normals = (normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)) @ axes
    flat = np.rint(head.landmarks[:, :2]).astype(int)
    inside = (flat >= 0).all(1) & (flat < picture.shape[1::-1]).all(1) & (normals[:, 2] < 0.1)
    if inside.sum() < 40:
        return (0.0, -0.6, -0.8), 0.35
    values = grey[flat[inside, 1], flat[inside, 0]].astype(np.float64)
    columns = np.column_stack([np.ones(len(values)), normals[inside]])
    weights, fit = np.ones(len(values)), np.zeros(4)
    for _ in range(4):
        ridge = np.diag([1e-3, 2.0, 2.0, 2.0])
        fit = np.linalg.solve(columns.T @ (columns * weights[:, None]) + ridge, columns.T @ (weights * values))
        off = (values - columns @ fit) / max(0.12 * float(np.median(values)), 1.0)
        weights = 1 / (1 + off**2)
    strength = float(np.linalg.norm(fit[1:]))
    if strength < 1e-3:
        return (0.0, -0.6, -0.8), 0.2
    x, y, z = (fit[1:] / strength).round(4).tolist()
    return (x, y, z), float(np.clip(strength / max(fit[0] + strength, 1.0), 0.15, 0.5))


def jpeg_quality_of(data: bytes) -> int:
    """Quality of a JPEG file by its first quantisation table, IJG's scale; 92 for what is none.

    >>> jpeg_quality_of(b"not a picture")
    92
    """
    at = data.find(b"\xff\xdb")
    if not data.startswith(b"\xff\xd8") or at < 0 or len(data) < at + 69 or data[at + 4] >> 4:
        return 92
    scale = 100 * sum(data[at + 5 : at + 69]) / _IJG_SUM
    quality = (200 - scale) / 2 if scale <= 100 else 5000 / scale
    return int(np.clip(round(quality), 30, 97))


def face_area(head: Head, size_wh: tuple[int, int]) -> Plane:
    """The face, its oval; frame-sized."""
    return polygon(head.landmarks[list(OVAL), :2], size_wh)
