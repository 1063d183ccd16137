"""Writing without meaning: what print and handwriting look like from a metre away. Pixels, BGR."""

from __future__ import annotations

import cv2
import numpy as np

from proctor_models.types import Image

Rng = np.random.Generator
_PARTS = ("ta", "ren", "mi", "sol", "ka", "ver", "on", "li", "da", "nor", "pe", "sin", "ur", "tho", "we", "als", "i")


def word(rng: Rng, parts: int = 3) -> str:
    """A word that means nothing.

    >>> word(np.random.default_rng(0)).isalpha()
    True
    """
    return "".join(_PARTS[int(k)] for k in rng.integers(0, len(_PARTS), int(rng.integers(1, parts + 1))))


def name(rng: Rng) -> str:
    """A capitalised word."""
    return word(rng).capitalize()


def say(
    picture: Image, text: str, at_xy: tuple[int, int], scale: float, ink: tuple[int, int, int], thick: int = 1
) -> None:
    """Letters; `at_xy` is where the line begins, on its base line."""
    cv2.putText(picture, text, at_xy, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, thick, cv2.LINE_AA)


def paragraph(
    picture: Image,
    rng: Rng,
    box_xyw: tuple[int, int, int],
    lines: int,
    step: int,
    ink: tuple[int, int, int],
) -> None:
    """Lines of words `step` pixels apart; the first stands on y, the last ends early."""
    left, top, wide = box_xyw
    for line in range(lines):
        text, end = "", wide if line < lines - 1 else int(wide * rng.uniform(0.3, 0.9))
        room = max(2, int(end / (step * 0.46)))
        while len(text) < room:
            text += word(rng) + " "
        say(picture, text[:room], (left, top + step * line), step / 38, ink)


def handwriting(picture: Image, rng: Rng, box_xyw: tuple[int, int, int], lines: int, step: int) -> None:
    """Loops and strokes in pen."""
    left, top, wide = box_xyw
    ink = ((140, 60, 20), (40, 40, 40), (150, 40, 40))[int(rng.integers(3))]
    for line in range(lines):
        x, end = float(left), left + wide * (rng.uniform(0.6, 1.0) if rng.random() < 0.7 else rng.uniform(0.1, 0.4))
        while x < end:
            length = rng.uniform(0.8, 3.2) * step
            t = np.arange(0, length, 1.5)
            wave = np.sin(t / step * rng.uniform(7, 11) + rng.uniform(0, 6))
            wave *= rng.uniform(0.12, 0.24) * step * (1 + 0.8 * (np.sin(t / step * 2.3 + rng.uniform(0, 6)) > 0.7))
            points = np.stack([x + t + wave * 0.3, top + step * line - step * 0.18 + wave], 1)
            cv2.polylines(picture, [np.rint(points * 8).astype(np.int32)], False, ink, 1, cv2.LINE_AA, 3)
            x += length + step * rng.uniform(0.3, 0.6)


def printed_page(rng: Rng, size_wh: tuple[int, int] = (256, 360)) -> Image:
    """A page of a book, a hand-out or a worksheet."""
    width, height = size_wh
    picture = np.full((height, width, 3), 0, np.uint8)
    tint = rng.uniform(0.9, 1.0)
    picture[:] = np.array([243 * tint, 246, 247]).astype(np.uint8)
    y, ink = int(height * 0.09), (55, 55, 58)
    if rng.random() < 0.5:
        say(picture, f"{name(rng)} {word(rng)}", (int(width * 0.1), y), 0.6, (40, 40, 40), 2)
        y += 24
    while y < height * 0.9:
        if rng.random() < 0.16 and y < height * 0.66:
            high = int(rng.integers(40, 80))
            cv2.rectangle(picture, (int(width * 0.15), y), (int(width * 0.85), y + high), (190, 180, 170), -1)
            cv2.rectangle(picture, (int(width * 0.15), y), (int(width * 0.85), y + high), (120, 120, 120), 1)
            y += high + 16
        lines = min(int(rng.integers(3, 9)), int((height * 0.92 - y) // 11))
        if lines <= 0:
            break
        paragraph(picture, rng, (int(width * 0.1), y, int(width * 0.8)), lines, 11, ink)
        y += 11 * lines + 9
    return picture


def written_page(rng: Rng, size_wh: tuple[int, int] = (256, 360)) -> Image:
    """A sheet with handwriting, ruled, squared or plain, perhaps half empty."""
    width, height = size_wh
    picture = np.full((height, width, 3), 246, np.uint8)
    step = int(rng.integers(13, 20))
    rule = rng.random()
    for y in range(step * 2, height, step if rule < 0.7 else step // 2):
        if rule < 0.85:
            cv2.line(picture, (0, y), (width, y), (228, 214, 200), 1)
    for x in range(step, width, step // 2):
        if 0.7 <= rule < 0.85:
            cv2.line(picture, (x, 0), (x, height), (228, 214, 200), 1)
    lines = int(rng.integers(3, max(4, height // step - 3)))
    handwriting(picture, rng, (int(width * 0.1), step * 3, int(width * 0.8)), lines, step)
    return picture
