"""Photographs, charts and paintings that mean nothing, and portraits of people who do not exist. Pixels, BGR."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.types import Image

Rng = np.random.Generator
LEFT_OUT = ("P003",)
"""Portraits that resemble a known person."""
PORTRAITS = ("studio_portrait", "amateur_selfie", "amateur_posture", "studio_posture")
_KEPT_PX = 384


def smooth(rng: Rng, size_wh: tuple[int, int], cells: tuple[int, int], channels: int = 1) -> NDArray[np.float32]:
    """Soft noise in [0, 1], (h, w, channels); `cells` is how many lumps across and down."""
    coarse = rng.random((cells[1], cells[0], channels)).astype(np.float32)
    made = cv2.resize(coarse, size_wh, interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(made.reshape(size_wh[1], size_wh[0], channels), 0, 1), np.float32)


def fractal(rng: Rng, size_wh: tuple[int, int], cells: int = 3, octaves: int = 5) -> NDArray[np.float32]:
    """Noise with finer and finer lumps, in [0, 1], (h, w)."""
    total = np.zeros((size_wh[1], size_wh[0]), np.float32)
    weight = 0.0
    for octave in range(octaves):
        n = cells * 2**octave
        total += 0.5**octave * smooth(rng, size_wh, (n, n))[..., 0]
        weight += 0.5**octave
    return total / weight


def gradient(rng: Rng, size_wh: tuple[int, int]) -> Image:
    """A wallpaper of a few colours that run into each other.

    >>> gradient(np.random.default_rng(0), (20, 30)).shape
    (30, 20, 3)
    """
    return np.asarray(255 * smooth(rng, size_wh, (2, 3), 3), np.uint8)


def photograph(rng: Rng, size_wh: tuple[int, int]) -> Image:
    """A picture with the colours and lumps of a photograph: a landscape, a street, a dish, a person.

    >>> photograph(np.random.default_rng(0), (40, 30)).shape
    (30, 40, 3)
    """
    kind = rng.random()
    if kind < 0.2 and min(size_wh) >= 40:
        face = face_picture(rng, size_wh)
        if face is not None:
            return face
    if kind < 0.55:
        return _landscape(rng, size_wh)
    if kind < 0.75:
        return _street(rng, size_wh)
    return _still_life(rng, size_wh)


def _shade(
    rng: Rng, top: tuple[int, int, int], low: tuple[int, int, int], size_wh: tuple[int, int]
) -> NDArray[np.float32]:
    share = np.linspace(0, 1, size_wh[1], dtype=np.float32)[:, None, None]
    tint = rng.uniform(0.8, 1.1, 3).astype(np.float32)
    ends = np.array([top, low], np.float32) * tint
    return np.repeat(ends[0] * (1 - share) + ends[1] * share, size_wh[0], 1)


def _landscape(rng: Rng, size_wh: tuple[int, int]) -> Image:
    width, height = size_wh
    skies = (((230, 150, 80), (245, 225, 200)), ((120, 90, 190), (110, 170, 250)), ((200, 190, 180), (225, 220, 215)))
    top, low = skies[int(rng.integers(len(skies)))]
    picture = _shade(rng, top, low, size_wh)
    picture += 40 * (fractal(rng, size_wh, 2)[..., None] - 0.5)
    rows = np.arange(height, dtype=np.float32)[:, None]
    for k, level in enumerate(np.sort(rng.uniform(0.35, 0.85, 3))):
        line = level * height + height * 0.1 * (fractal(rng, (width, 1), 2)[0] - 0.5) * (3 - k)
        land = rng.uniform(30, 120) * rng.uniform([0.4, 0.8, 0.6], [0.9, 1.15, 1.1]) * (0.7 + 0.2 * k)
        texture = 0.7 + 0.6 * fractal(rng, size_wh, 6, 4)
        picture = np.where((rows > line[None])[..., None], land[None, None] * texture[..., None], picture)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _street(rng: Rng, size_wh: tuple[int, int]) -> Image:
    width, height = size_wh
    picture = _shade(rng, (235, 215, 190), (245, 240, 235), size_wh).astype(np.uint8)
    x = -int(rng.integers(0, 20))
    while x < width:
        wide, top = int(rng.integers(max(8, width // 8), width // 3 + 9)), int(rng.uniform(0.1, 0.6) * height)
        wall = tuple(int(c) for c in rng.uniform(70, 200) * rng.uniform(0.75, 1.1, 3))
        cv2.rectangle(picture, (x, top), (x + wide, height), wall, -1)
        for wx in range(x + 3, x + wide - 5, 8):
            for wy in range(top + 5, height - 8, 11):
                lit = (170, 230, 250) if rng.random() < 0.2 else (90, 80, 70)
                cv2.rectangle(picture, (wx, wy), (wx + 4, wy + 6), lit, -1)
        x += wide
    picture[int(height * 0.9) :] = 90
    return picture


def _still_life(rng: Rng, size_wh: tuple[int, int]) -> Image:
    width, height = size_wh
    picture = (
        (rng.uniform(60, 220, 3) * (0.75 + 0.5 * fractal(rng, size_wh, 3))[..., None]).clip(0, 255).astype(np.uint8)
    )
    for _ in range(int(rng.integers(2, 8))):
        at = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        axes = (int(rng.integers(width // 10, width // 3) + 1), int(rng.integers(height // 12, height // 4) + 1))
        grey = rng.uniform(30, 220)
        colour = tuple(int(c) for c in grey + rng.uniform(0.2, 0.7) * (rng.uniform(10, 250, 3) - grey))
        cv2.ellipse(picture, at, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
        shine = tuple(min(255, c + 60) for c in colour)
        spot, small = (at[0] - axes[0] // 4, at[1] - axes[1] // 4), (axes[0] // 3, axes[1] // 3)
        cv2.ellipse(picture, spot, small, 0, 0, 360, shine, -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.2))


def painting(rng: Rng, size_wh: tuple[int, int]) -> Image:
    """Something in a frame on the wall: a print, an abstract, a map, a photograph.

    >>> painting(np.random.default_rng(3), (32, 24)).dtype
    dtype('uint8')
    """
    kind = rng.random()
    if kind < 0.45:
        return _landscape(rng, size_wh) if rng.random() < 0.6 else _street(rng, size_wh)
    picture = np.full((size_wh[1], size_wh[0], 3), 0, np.uint8)
    greys = rng.uniform(25, 235, (5, 1))
    palette = (greys + rng.uniform(0.1, 0.6) * (rng.uniform(10, 245, (5, 3)) - greys)).astype(int)
    if kind < 0.75:
        levels = (fractal(rng, size_wh, 2, 3) * 7).astype(int) % 5
        return np.asarray(palette[levels], np.uint8)
    picture[:] = palette[0]
    for k in range(int(rng.integers(4, 12))):
        a, b = (tuple(int(v) for v in rng.integers(0, (size_wh[0], size_wh[1]))) for _ in range(2))
        colour = tuple(int(c) for c in palette[1 + k % 4])
        if rng.random() < 0.5:
            cv2.rectangle(picture, a, b, colour, -1)
        else:
            cv2.circle(picture, a, int(rng.integers(4, max(6, size_wh[0] // 4))), colour, -1, cv2.LINE_AA)
    return picture


def chart(rng: Rng, size_wh: tuple[int, int]) -> Image:
    """A figure of an exam question."""
    picture = np.full((size_wh[1], size_wh[0], 3), 255, np.uint8)
    width, height = size_wh
    cv2.line(picture, (10, 4), (10, height - 8), (60, 60, 60), 1)
    cv2.line(picture, (10, height - 8), (width - 4, height - 8), (60, 60, 60), 1)
    x = np.linspace(12, width - 6, 24)
    y = height - 10 - np.cumsum(rng.uniform(-0.3, 1.0, 24)).clip(0, None) / 14 * (height - 20)
    points = np.rint(np.stack([x, y.clip(4, height)], 1)).astype(np.int32)
    cv2.polylines(picture, [points], False, (200, 90, 30), 2, cv2.LINE_AA)
    return picture


@lru_cache(maxsize=1)
def portrait_files() -> tuple[Path, ...]:
    """The made-up people's photographs that are installed, none if the package is not."""
    found = importlib.util.find_spec("openpeople")
    if found is None or found.origin is None:
        return ()
    people = sorted((Path(found.origin).parent / "data" / "curated").glob("P*"))
    files = [
        person / "assets" / f"{name}.jpg" for person in people if person.name not in LEFT_OUT for name in PORTRAITS
    ]
    return tuple(path for path in files if path.is_file())


@lru_cache(maxsize=24)
def _portrait(path: Path) -> Image:
    read: Any = cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_4)
    scale = _KEPT_PX / min(read.shape[:2])
    small = cv2.resize(read, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def face_picture(rng: Rng, size_wh: tuple[int, int]) -> Image | None:
    """A portrait that fills `size_wh`, cut around head and shoulders; None where no portraits are installed."""
    files = portrait_files()
    pick, zoom, shift = int(rng.integers(1 << 30)), rng.uniform(0.55, 0.95), rng.uniform(-0.1, 0.1)
    if not files:
        return None
    path = files[pick % len(files)]
    whole = _portrait(path)
    high, wide = whole.shape[:2]
    head_xy = _HEADS[path.stem]
    width = wide * zoom * (0.5 if "posture" in path.stem else 1.0)
    width = min(width, wide, high * size_wh[0] / size_wh[1])
    height = width * size_wh[1] / size_wh[0]
    left = float(np.clip(wide * (head_xy[0] + shift * 0.3) - width / 2, 0, wide - width))
    top = float(np.clip(high * head_xy[1] - height * 0.42, 0, high - height))
    cut = whole[int(top) : int(top + height), int(left) : int(left + width)]
    return np.asarray(cv2.resize(cut, size_wh, interpolation=cv2.INTER_AREA), np.uint8)


_HEADS = {
    "studio_portrait": (0.5, 0.44), "amateur_selfie": (0.52, 0.30), "amateur_posture": (0.47, 0.12),
    "studio_posture": (0.5, 0.12),
}  # fmt: skip
"""Where the middle of the face usually is, as a share of width and height."""
