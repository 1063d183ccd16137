"""Surfaces as small pictures: wood, wallpaper, cloth, tiles, spines of books, keys. Pixels, BGR; they repeat."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.world import scenery, words
from proctor_models.types import Image

Rng = np.random.Generator
Bgr = NDArray[np.float64]
SIDE = 256


def srgb(linear: tuple[float, float, float] | Bgr) -> Bgr:
    """Linear RGB in [0, 1] to BGR in [0, 255].

    >>> srgb((1.0, 0.0, 0.0)).round().tolist()
    [0.0, 0.0, 255.0]
    """
    c = np.clip(np.asarray(linear, float), 0, 1)
    made = np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055)
    return np.asarray(made[::-1] * 255)


def _bytes(picture: NDArray[np.floating]) -> Image:
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def wood(rng: Rng, linear: tuple[float, float, float], boards: int = 1) -> Image:
    """Boards along u, each in its own shade of the colour.

    >>> wood(np.random.default_rng(0), (.3, .2, .1), 4).shape
    (256, 256, 3)
    """
    base = srgb(linear)
    fine, broad = scenery.smooth(rng, (SIDE, SIDE), (7, 200)), scenery.smooth(rng, (SIDE, SIDE), (2, 26))
    picture = base * (0.86 + 0.14 * fine + 0.14 * broad)
    high = SIDE // boards
    if boards > 1:
        for k in range(boards):
            rows = slice(k * high, (k + 1) * high)
            picture[rows] *= rng.uniform(0.82, 1.14)
            picture[rows] = np.roll(picture[rows], int(rng.integers(SIDE)), 1)
            picture[k * high] *= 0.55
            picture[rows, int(rng.integers(SIDE))] *= 0.6
    return _bytes(picture)


def plaster(rng: Rng, linear: tuple[float, float, float]) -> Image:
    """A painted wall: a little uneven, a few scuffs."""
    base = srgb(linear)
    uneven = 0.965 + 0.05 * scenery.fractal(rng, (SIDE, SIDE), 3) + 0.02 * rng.random((SIDE, SIDE))
    return _bytes(base * uneven[..., None])


def wallpaper(rng: Rng, linear: tuple[float, float, float]) -> Image:
    """Stripes, dots, lozenges, leaves, bricks or panels on the wall's colour."""
    base = srgb(linear)
    other = np.clip(base * rng.uniform(0.72, 1.12) + rng.normal(0, 12, 3), 15, 250)
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE * 2 * np.pi
    kind, n = int(rng.integers(6)), int(rng.integers(2, 7))
    if kind == 0:
        mark = np.sin(n * x) > rng.uniform(-0.4, 0.7)
    elif kind == 1:
        mark = np.sin(n * x) * np.sin(n * y) > 0.72
    elif kind == 2:
        mark = np.abs(np.sin(n * (x + y) / 2) * np.sin(n * (x - y) / 2)) < 0.10
    elif kind == 3:
        mark = np.sin(n * x + 1.4 * np.sin(n * y)) * np.sin(n * y + np.sin(2 * x)) > 0.35
    elif kind == 4:
        return bricks(rng, linear)
    else:
        mark = (np.abs(np.sin(n * x / 2)) < 0.05) | (np.abs(np.sin(y)) < 0.03)
    soft = cv2.GaussianBlur(mark.astype(np.float32), (0, 0), 0.8)[..., None]
    picture = base * (1 - soft) + other * soft
    return _bytes(picture * (0.97 + 0.05 * scenery.fractal(rng, (SIDE, SIDE), 4))[..., None])


def bricks(rng: Rng, linear: tuple[float, float, float]) -> Image:
    """Bricks, painted or bare; also tiles."""
    base, rows, columns = srgb(linear), 12, 4
    picture = np.empty((SIDE, SIDE, 3))
    picture[:] = base * rng.uniform(0.7, 1.1)
    high, wide = SIDE // rows, SIDE // columns
    for row in range(rows):
        for column in range(columns + 1):
            x = column * wide - (wide // 2 if row % 2 else 0)
            tone = base * rng.uniform(0.86, 1.1)
            picture[row * high + 1 : (row + 1) * high - 1, max(x + 1, 0) : max(x + wide - 1, 0)] = tone
    return _bytes(picture * (0.9 + 0.2 * scenery.fractal(rng, (SIDE, SIDE), 8))[..., None])


def tiles(rng: Rng, linear: tuple[float, float, float], across: int = 6) -> Image:
    """Square tiles with joints."""
    picture = np.empty((SIDE, SIDE, 3))
    base, side = srgb(linear), SIDE / across
    for row in range(across):
        for column in range(across):
            at = (slice(int(row * side), int((row + 1) * side)), slice(int(column * side), int((column + 1) * side)))
            picture[at] = base * rng.uniform(0.94, 1.04)
            picture[at][:2] = picture[at][:, :2] = base * 0.72
    return _bytes(picture)


def cloth(rng: Rng, linear: tuple[float, float, float]) -> Image:
    """Woven cloth: plain, striped, checked, dotted or flowered."""
    base = srgb(linear)
    tone = rng.uniform(20, 240)
    other = tone + rng.uniform(0, 0.5) * (rng.uniform(0, 255, 3) - tone) if rng.random() < 0.6 else base * 0.55
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE * 2 * np.pi
    n, kind = int(rng.integers(2, 9)), int(rng.integers(6))
    if kind <= 1:
        mark = np.zeros((SIDE, SIDE))
    elif kind == 2:
        mark = (np.sin(n * x) > rng.uniform(-0.2, 0.8)).astype(float)
    elif kind == 3:
        mark = 0.5 * (np.sin(n * x) > 0.1) + 0.5 * (np.sin(n * y) > 0.1)
    elif kind == 4:
        mark = (np.sin(n * x) * np.sin(n * y) > 0.6).astype(float)
    else:
        mark = (np.sin(n * x + 2 * np.sin(n * y)) * np.sin(n * y + 2 * np.cos(n * x)) > 0.45).astype(float)
    weave = 0.92 + 0.10 * rng.random((SIDE, SIDE)) + 0.06 * (scenery.fractal(rng, (SIDE, SIDE), 3) - 0.5)
    return _bytes((base * (1 - mark[..., None]) + other * mark[..., None]) * weave[..., None])


def pattern(rng: Rng) -> Image:
    """A print as on a phone case or a notebook's cover."""
    kind = rng.random()
    if kind < 0.4:
        return cloth(rng, tuple(rng.uniform(0.02, 0.8, 3)))
    if kind < 0.7:
        return scenery.gradient(rng, (96, 192))
    return scenery.painting(rng, (96, 192))


def book_cover(rng: Rng, linear: tuple[float, float, float]) -> Image:
    """Front of a book: title, perhaps a picture, perhaps an author."""
    picture = np.empty((288, 208, 3), np.uint8)
    base = srgb(linear)
    picture[:] = _bytes(base)
    ink = (245, 245, 245) if base.mean() < 140 else (25, 25, 25)
    if rng.random() < 0.6:
        top = int(rng.integers(20, 130))
        high = int(rng.integers(80, 150))
        picture[top : top + high, 14:194] = scenery.painting(rng, (180, high))
    y = int(rng.choice([40, 70, 200]))
    for k in range(int(rng.integers(1, 4))):
        words.say(picture, words.name(rng), (18, y + 28 * k), rng.uniform(0.6, 1.1), ink, 2)
    words.say(picture, f"{words.name(rng)} {words.name(rng)}", (18, 276), 0.42, ink)
    return picture


SPINES = 24
"""Spines on one picture, side by side; spine k covers u from k / SPINES to (k + 1) / SPINES."""


def book_spines(rng: Rng) -> Image:
    """Spines of `SPINES` books."""
    picture = np.zeros((192, 480, 3), np.uint8)
    wide = 480 // SPINES
    for k in range(SPINES):
        tone = rng.uniform(20, 225)
        base = tone + rng.uniform(0, 0.45) * (rng.uniform(0, 255, 3) - tone)
        picture[:, k * wide : (k + 1) * wide] = _bytes(base)
        ink = (240, 240, 235) if base.mean() < 130 else (25, 25, 30)
        sideways = np.zeros((wide, 192, 3), np.uint8)
        sideways[:] = _bytes(base)
        words.say(sideways, f"{words.name(rng)} {words.word(rng)}", (int(rng.integers(10, 60)), wide - 6), 0.45, ink)
        picture[:, k * wide : (k + 1) * wide] = np.rot90(sideways)
        for _ in range(int(rng.integers(0, 3))):
            band = int(rng.integers(4, 180))
            picture[band : band + int(rng.integers(2, 9)), k * wide : (k + 1) * wide] = _bytes(rng.uniform(20, 240, 3))
    return picture


def page_edges(rng: Rng) -> Image:
    """The cut edge of a block of pages."""
    rows = rng.uniform(0.80, 1.0, (64, 1, 1))
    return _bytes(np.repeat(rows, 64, 1) * np.array([205.0, 222.0, 228.0]))


def keyboard_face(rng: Rng, size_wh: tuple[int, int], light: bool) -> Image:
    """Rows of keys."""
    width, height = size_wh
    ground, key, ink = (200, 222, 90) if light else (22, 44, 190)
    picture = np.full((height, width, 3), ground, np.uint8)
    rows = 6
    high = height / rows
    for row in range(rows):
        x = 0.0
        while x < width - 4:
            wide = high * (1.0 if rng.random() < 0.82 else 1.7)
            if row == rows - 1 and width * 0.22 < x < width * 0.3:
                wide = width * 0.34
            wide = min(wide, width - x)
            a = (int(x + 2), int(row * high + 2))
            b = (int(x + wide - 2), int((row + 1) * high - 3))
            cv2.rectangle(picture, a, b, (key, key, key), -1)
            if wide < high * 1.3:
                words.say(picture, chr(65 + int(rng.integers(26))), (a[0] + 4, b[1] - 6), 0.3, (ink, ink, ink))
            x += wide
    return picture
