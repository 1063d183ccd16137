"""Patterns of cloth as small pictures that repeat: stripes, checks, dots, weave; and prints. numpy and OpenCV."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Pattern = Literal["plain", "stripes", "thin_stripes", "upright", "check", "gingham", "dots", "melange"]
Bgr = NDArray[np.uint8]
TILE_M = 0.16
"""Metres that one picture covers."""
SIZE = 192


def srgb_bgr(colour: tuple[float, float, float]) -> NDArray[np.float64]:
    """Linear RGB in 0 to 1 as sRGB bytes, blue first.

    >>> srgb_bgr((1.0, 0.0, 0.2140)).round().tolist()
    [127.0, 0.0, 255.0]
    """
    linear = np.clip(np.asarray(colour, float), 0, 1)
    return np.asarray(255 * np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))[::-1]


def second_colour(colour: tuple[float, float, float], rng: np.random.Generator) -> tuple[float, float, float]:
    """A colour that goes with another: white, dark, or a shade of it."""
    kind = rng.random()
    if kind < 0.45:
        value = float(rng.choice([0.72, 0.012]))
        return (value, value, value) if abs(value - sum(colour) / 3) > 0.15 else (0.25, 0.27, 0.32)
    if kind < 0.75:
        shade = float(rng.choice([0.3, 2.2]))
        return (min(0.8, shade * colour[0]), min(0.8, shade * colour[1]), min(0.8, shade * colour[2]))
    warm, green, cool = (float(v) for v in rng.uniform(0.02, 0.5, 3))
    return (warm, green, cool)


def tile(
    pattern: Pattern, colour: tuple[float, float, float], other: tuple[float, float, float], rng: np.random.Generator
) -> Bgr:
    """A square picture that repeats without a seam."""
    a, b = srgb_bgr(colour), srgb_bgr(other)
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    count = int(rng.choice([3, 4, 6]))
    share = _shares(pattern, x, y, count)
    made = a + (b - a) * share[..., None]
    grain = cv2.GaussianBlur(rng.normal(0, 1, (SIZE, SIZE)), (0, 0), 0.8, borderType=cv2.BORDER_REFLECT_101)
    made = made * (1 + (0.10 if pattern == "melange" else 0.025) * grain[..., None])
    return np.asarray(np.clip(made, 0, 255), np.uint8)


def _shares(pattern: Pattern, x: NDArray[np.float64], y: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """How much of the second colour each pixel has."""

    def band(v: NDArray[np.float64], n: int, width: float) -> NDArray[np.float64]:
        return (np.mod(v * n, 1) < width).astype(float)

    wide = 0.45 * (band(x, 2, 0.5) + band(y, 2, 0.5))
    lines = np.maximum(band(x + 0.2, 2, 0.05), band(y + 0.2, 2, 0.05))
    n = 2 * count
    u, v = np.mod(x * n + 0.5 * np.floor(y * n), 1) - 0.5, np.mod(y * n, 1) - 0.5
    shares = {
        "stripes": band(y, count, 0.5), "thin_stripes": band(y, n, 0.22), "upright": band(x, 4 * count, 0.3),
        "gingham": 0.5 * (band(x, 3 * count, 0.5) + band(y, 3 * count, 0.5)),
        "check": np.clip(wide + 0.5 * lines, 0, 1), "dots": (np.hypot(u, v) < 0.24).astype(float),
    }  # fmt: skip
    return shares.get(pattern, np.zeros_like(x))


def print_picture(colour: tuple[float, float, float], rng: np.random.Generator) -> Bgr:
    """A chest print on cloth of a colour: letters, a badge or blobs."""
    ground = srgb_bgr(colour)
    ink = srgb_bgr(second_colour(colour, rng))
    made = np.empty((160, 200, 3), np.uint8)
    made[:] = np.clip(ground, 0, 255).astype(np.uint8)
    kind, paint = int(rng.integers(3)), tuple(float(v) for v in ink)
    if kind == 0:
        word = "".join(rng.choice(list("ABCDEHKLMNORSTUX"), int(rng.integers(3, 7))))
        scale = 200 / (46 * len(word))
        cv2.putText(
            made, word, (10, 90), cv2.FONT_HERSHEY_DUPLEX, 2.0 * scale, paint, max(2, int(6 * scale)), cv2.LINE_AA
        )
    elif kind == 1:
        cv2.circle(made, (100, 80), 62, paint, -1, cv2.LINE_AA)
        cv2.circle(made, (100, 80), 44, tuple(float(v) for v in ground), -1, cv2.LINE_AA)
        cv2.fillPoly(made, [rng.integers((60, 45), (140, 115), (4, 2)).astype(np.int32)], paint, cv2.LINE_AA)
    else:
        for _ in range(6):
            centre = (int(rng.integers(35, 165)), int(rng.integers(30, 130)))
            shade = tuple(float(v) for v in rng.integers(0, 256, 3))
            axes = (int(rng.integers(8, 36)), int(rng.integers(8, 30)))
            cv2.ellipse(made, centre, axes, int(rng.integers(180)), 0, 360, shade, -1, cv2.LINE_AA)
    return made
