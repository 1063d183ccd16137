"""Skin tones: the Monk scale as reflectance, and a portrait's detail laid over a tone. Needs numpy and OpenCV.

Source of the scale: E. Monk, "The Monk Skin Tone Scale", 2023 (skintone.google, CC BY 4.0): ten swatches.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Lab = NDArray[np.float32]
"""CIE L* (0 to 100), a*, b*; (3,) or (h, w, 3)."""
MONK_HEX = (
    "f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134", "3a312a", "292420",
)  # fmt: skip
"""The published swatches, tone 1 to 10."""
MOST_L, LEAST_L = 76.0, 25.0
"""Lightness of skin's reflectance that swatches 1 and 10 stand for: a swatch shows lit skin, brighter and duller."""


def monk_lab(tone: int) -> Lab:
    """A published swatch in Lab.

    >>> monk_lab(1).round(0).tolist()
    [94.0, 2.0, 5.0]
    """
    code = MONK_HEX[tone - 1]
    rgb = np.array([[[int(code[k : k + 2], 16) / 255 for k in (0, 2, 4)]]], np.float32)
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB)[0, 0])


def tone_lab(tone: int, jitter: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Lab:
    """Colour of a person's skin before light falls on it.

    Lightness follows the swatches' order within the range of real reflectance; hue keeps the swatch's, pulled towards
    the blood's red, and chroma has at least what skin of that lightness has.

    >>> [round(float(tone_lab(t)[0])) for t in (1, 5, 10)]
    [76, 66, 25]
    """
    lightness, a, b = (float(v) for v in monk_lab(tone))
    first, last = float(monk_lab(1)[0]), float(monk_lab(10)[0])
    share = (lightness - last) / (first - last)
    target = LEAST_L + (MOST_L - LEAST_L) * share
    redness = float(np.interp(target, (25, 45, 62, 76), (8.5, 13.5, 14.0, 12.5)))
    yellow = float(np.interp(target, (25, 45, 62, 76), (11.5, 18.5, 20.5, 18.0)))
    made = (target, 0.25 * a + 0.75 * redness, 0.3 * b + 0.7 * yellow)
    return np.asarray(np.array(made) + np.array(jitter), np.float32)


def lab_to_bgr(lab: Lab) -> NDArray[np.uint8]:
    """(h, w, 3) Lab to sRGB bytes in OpenCV's order."""
    bgr = cv2.cvtColor(np.ascontiguousarray(lab, np.float32), cv2.COLOR_LAB2BGR)
    return np.asarray(np.clip(bgr * 255 + 0.5, 0, 255), np.uint8)


def bgr_to_lab(bgr: NDArray[np.uint8]) -> Lab:
    """Bytes in OpenCV's order to (h, w, 3) Lab."""
    return np.asarray(cv2.cvtColor(bgr.astype(np.float32) / 255, cv2.COLOR_BGR2LAB))


def linear_rgb(lab: Lab) -> tuple[float, float, float]:
    """A colour for a shader."""
    r, g, b = (float(v) for v in cv2.cvtColor(lab.reshape(1, 1, 3).astype(np.float32), cv2.COLOR_LAB2LRGB)[0, 0])
    return max(r, 0.0), max(g, 0.0), max(b, 0.0)


def rgb_lab(colour: tuple[float, float, float]) -> Lab:
    """Lab of a linear colour."""
    return np.asarray(cv2.cvtColor(np.array(colour, np.float32).reshape(1, 1, 3), cv2.COLOR_LRGB2LAB)[0, 0])


def spread(values: NDArray[np.float32], weight: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Blur that looks only at weighted pixels: a smooth field through the skin, under brows and lips as well."""
    small = max(1, int(sigma // 6))
    size = (weight.shape[1] // small, weight.shape[0] // small)
    w = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    v = cv2.resize(values * (weight[..., None] if values.ndim == 3 else weight), size, interpolation=cv2.INTER_AREA)
    top, below = cv2.GaussianBlur(v, (0, 0), sigma / small), cv2.GaussianBlur(w, (0, 0), sigma / small)
    wide, base = cv2.GaussianBlur(v, (0, 0), 4 * sigma / small), cv2.GaussianBlur(w, (0, 0), 4 * sigma / small)
    if values.ndim == 3:
        below, base = below[..., None], base[..., None]
    mixed = (top + 0.02 * wide) / np.maximum(below + 0.02 * base, 1e-5)
    return np.asarray(cv2.resize(mixed.astype(np.float32), weight.shape[::-1], interpolation=cv2.INTER_LINEAR))


def detail(lab: Lab, weight: NDArray[np.float32], sigma: float = 26.0) -> tuple[Lab, Lab]:
    """Split a portrait into its fine detail and its slow changes about their mean, (h, w, 3) each.

    On plain skin, detail of lightness is kept within some units: more is a lamp's shine or a strand of hair.

    Args:
        lab: (h, w, 3) the portrait in the face texture.
        weight: (h, w) 1 on plain skin, 0 on brows, eyes, lips, hair and outside.
        sigma: pixels; slower than this is light, faster is detail.
    """
    slow = spread(lab, weight, sigma)
    own = (lab * weight[..., None]).sum((0, 1)) / max(float(weight.sum()), 1.0)
    fine = lab - slow
    tame = 5 * np.tanh(fine / 5)
    fine = np.where(weight[..., None] > 0, fine + weight[..., None] * (tame - fine), fine)
    fine[..., 0] = np.where(fine[..., 0] > 0, 8 * np.tanh(fine[..., 0] / 8), fine[..., 0])
    fine[..., 1:] *= 1 - 0.5 * weight[..., None]  # a shine on skin has no colour
    return np.asarray(fine, np.float32), np.asarray(np.clip(slow - own, -12, 12), np.float32)


def retone(fine: Lab, drift: Lab, tone: Lab, own_l: float, keep: float = 0.06) -> Lab:
    """Detail over a tone: nothing of the portrait's own tone or light is left, but for a share of its slow changes.

    Detail of lightness shrinks on dark skin, as contrast of a reflectance does.

    Args:
        fine: (h, w, 3) from `detail`.
        drift: (h, w, 3) from `detail`.
        tone: (3,) target.
        own_l: lightness of the portrait's skin.
        keep: share of the slow changes that stays, or cheeks and brow would be flat.
    """
    gain = np.array([np.clip(0.9 * (tone[0] / max(own_l, 1)) ** 0.8, 0.3, 0.9), 0.9, 0.9], np.float32)
    gain[1:] *= np.clip(tone[0] / 62, 0.55, 1.0)
    share = np.array([keep, 0.5 * keep + 0.1, 0.5 * keep], np.float32)
    return np.asarray(tone + gain * (fine + share * drift), np.float32)
