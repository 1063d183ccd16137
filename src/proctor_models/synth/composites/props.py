"""Things on a desk or in a hand, drawn flat at high resolution; the scene puts them in perspective.

Each function returns a `Layer` whose edges are the thing's edges. Phones, books and paper are labelled;
mugs, remotes, calculators and wallets are not: they are what a net must not take for a phone.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.composites.layers import Colour, Layer, bgr, blank, rounded

PHONE_WH = (220, 450)
CASES = (
    (28, 28, 30),
    (60, 58, 56),
    (226, 226, 224),
    (120, 84, 48),
    (140, 140, 214),
    (170, 196, 160),
    (150, 168, 206),
    (40, 40, 150),
)


def _gloss(picture: Colour, rng: np.random.Generator, strength: float) -> Colour:
    """A window's reflection: one broad slanting band, lighter."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    along = (x / width + rng.uniform(-0.8, 0.8) * y / height - rng.uniform(-0.2, 1.2)) / rng.uniform(0.12, 0.5)
    band = np.exp(-(along**2)) * strength
    return np.asarray(picture + (245 - picture) * band[..., None], np.float32)


def _screen(rng: np.random.Generator, width: int, height: int) -> Colour:
    """What a phone shows: a chat, a page of text, or icons."""
    style = int(rng.integers(4))
    if style == 3:  # switched off
        return blank(width, height, (18, 16, 16))
    dark = rng.random() < 0.35
    paper, ink = ((38, 32, 30), (190, 190, 190)) if dark else ((246, 244, 240), (96, 92, 90))
    page = blank(width, height, paper)
    cv2.rectangle(page, (0, 0), (width, height // 12), bgr(rng.uniform(60, 225, 3)), -1)
    if style == 0:
        y = height // 10
        while y < height * 0.9:
            mine, tall = rng.random() < 0.5, int(rng.integers(22, 56))
            x0 = int(width * (0.35 if mine else 0.06))
            colour = (120, 214, 150) if mine else (215, 215, 215)
            cv2.rectangle(page, (x0, y), (x0 + int(width * rng.uniform(0.35, 0.58)), y + tall), colour, -1, cv2.LINE_AA)
            y += tall + 14
    elif style == 1:
        for y in range(height // 9, int(height * 0.94), 13):
            cv2.line(page, (14, y), (int(width * rng.uniform(0.55, 0.93)), y), ink, 4, cv2.LINE_AA)
    else:
        for row in range(6):
            for column in range(4):
                x, y = int(width * (0.06 + 0.235 * column)), int(height * (0.12 + 0.13 * row))
                cv2.rectangle(page, (x, y), (x + width // 6, y + width // 6), bgr(rng.uniform(40, 240, 3)), -1)
    return page


def phone(rng: np.random.Generator, face: str = "back") -> Layer:
    """A telephone seen from its `back` (camera bump) or its `screen`; about 75 x 155 mm."""
    width, height = PHONE_WH
    case = np.array(CASES[rng.integers(len(CASES))], np.float32)
    body = blank(width, height, case)
    alpha = rounded(width, height, 30)
    rim = np.asarray(cv2.erode(alpha, np.ones((9, 9))), np.float32)
    body = body * (0.7 + 0.3 * rim[..., None])
    if face == "screen":
        glass = _screen(rng, width - 18, height - 18)
        inner = rounded(width - 18, height - 18, 22)[..., None]
        body[9:-9, 9:-9] = body[9:-9, 9:-9] * (1 - inner) + glass * inner
        cv2.circle(body, (width // 2, 24), 6, (12, 12, 12), -1, cv2.LINE_AA)
        return Layer(np.clip(_gloss(body, rng, rng.uniform(0.05, 0.4)), 0, 255), alpha)
    _camera_bump(body, rng, case)
    if rng.random() < 0.5:
        cv2.circle(body, (width // 2, height // 2), 15, bgr(case * 0.75 + 20), -1, cv2.LINE_AA)
    return Layer(np.clip(_gloss(body, rng, rng.uniform(0.1, 0.5)), 0, 255).astype(np.float32), alpha)


def _camera_bump(body: Colour, rng: np.random.Generator, case: NDArray[np.float32]) -> None:
    width = body.shape[1]
    style = int(rng.integers(3))
    if style == 0:  # square island, top left
        island = rounded(96, 96, 24)[..., None]
        body[16:112, 16:112] = body[16:112, 16:112] * (1 - island) + (case * 0.82 + 14) * island
        lenses = ((46, 44), (46, 86), (84, 64))
    elif style == 1:  # a column of lenses
        lenses = ((40, 44), (40, 92), (40, 140))
    else:  # a bar across
        cv2.rectangle(body, (6, 44), (width - 6, 104), bgr(case * 0.6), -1, cv2.LINE_AA)
        lenses = ((56, 74), (104, 74), (152, 74))
    for x, y in lenses:
        cv2.circle(body, (x, y), 21, bgr(case * 0.5 + 30), -1, cv2.LINE_AA)
        cv2.circle(body, (x, y), 17, (14, 14, 16), -1, cv2.LINE_AA)
        cv2.circle(body, (x, y), 9, (58, 40, 34), -1, cv2.LINE_AA)
        cv2.circle(body, (x - 5, y - 6), 4, (210, 205, 200), -1, cv2.LINE_AA)


def _text(page: Colour, rng: np.random.Generator, span: tuple[int, int, int, int], step: int) -> None:
    """Grey strokes where lines of print would be, with paragraphs and gaps between words."""
    x0, y0, x1, y1 = span
    ink = rng.uniform(50, 120)
    for y in range(y0, y1, step):
        if rng.random() < 0.1:
            continue
        x, end = x0, x0 + int((x1 - x0) * (rng.uniform(0.4, 0.8) if rng.random() < 0.2 else rng.uniform(0.94, 1.0)))
        while x < end:
            word = int(rng.integers(10, 40))
            cv2.line(page, (x, y), (min(x + word, end), y), (ink, ink, ink), max(2, step // 4), cv2.LINE_AA)
            x += word + 8


def sheet(rng: np.random.Generator) -> Layer:
    """A sheet of A4 with print or handwriting on it."""
    width, height = 424, 600
    tint = np.array([(244, 246, 248), (232, 240, 244), (210, 236, 244)][rng.integers(3)], np.float32)
    page = blank(width, height, tint)
    if rng.random() < 0.3:  # squared paper
        for v in range(0, height, 22):
            cv2.line(page, (0, v), (width, v), (220, 205, 190), 1)
            cv2.line(page, (v, 0), (v, height), (220, 205, 190), 1)
    _text(page, rng, (40, 50, width - 40, height - 40), int(rng.integers(17, 28)))
    if rng.random() < 0.4:
        cv2.rectangle(page, (60, 320), (220, 440), (150, 140, 130), 3, cv2.LINE_AA)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    wave = 1 - 0.05 * np.sin(x / 130 + y / 90 + rng.uniform(0, 6))
    return Layer(np.clip(page * wave[..., None], 0, 255).astype(np.float32), np.ones((height, width), np.float32))


def open_book(rng: np.random.Generator) -> Layer:
    """An open book or exercise book, two pages and the gutter between them."""
    width, height = 760, 520
    page = blank(width, height, np.array([(226, 238, 244), (240, 242, 244)][rng.integers(2)]))
    for left in (36, width // 2 + 30):
        _text(page, rng, (left, 50, left + width // 2 - 70, height - 46), int(rng.integers(16, 24)))
    x = np.abs(np.arange(width, dtype=np.float32) - width / 2) / (width / 2)
    page *= (0.62 + 0.38 * np.clip(x * 5, 0, 1) ** 0.6 - 0.08 * x**3)[None, :, None]
    cover = rng.uniform(30, 180, 3).astype(np.float32)
    whole = blank(width + 24, height + 20, cover)
    whole[8:-12, 12:-12] = page
    alpha = rounded(width + 24, height + 20, 10)
    return Layer(np.clip(whole, 0, 255).astype(np.float32), alpha)


def closed_book(rng: np.random.Generator) -> Layer:
    """A closed book or exercise book seen from its cover."""
    width, height = 400, 560
    cover = blank(width, height, rng.uniform(25, 190, 3))
    ink = (235, 235, 235)
    cv2.rectangle(cover, (60, 90), (340, 210), bgr(rng.uniform(120, 245, 3)), -1, cv2.LINE_AA)
    for y in (125, 155, 185):
        cv2.line(cover, (84, y), (84 + int(rng.integers(90, 230)), y), (40, 40, 40), 8, cv2.LINE_AA)
    if rng.random() < 0.5:  # spiral binding
        for y in range(14, height, 22):
            cv2.line(cover, (0, y), (20, y + 5), ink, 4, cv2.LINE_AA)
    cover[:, -8:] = 225
    return Layer(np.clip(_gloss(cover, rng, 0.15), 0, 255).astype(np.float32), rounded(width, height, 12))


def notebook(rng: np.random.Generator) -> Layer:
    """A notebook seen from its cover, most often black and plain: what is taken for a phone."""
    width, height = 400, 560
    cover = blank(width, height, rng.uniform(14, 52, 3) if rng.random() < 0.65 else rng.uniform(25, 190, 3))
    if rng.random() < 0.4:  # an elastic band
        cv2.rectangle(cover, (340, 0), (352, height), bgr(cover[0, 0] * 0.6), -1)
    elif rng.random() < 0.4:  # spiral binding
        for y in range(14, height, 22):
            cv2.line(cover, (0, y), (20, y + 5), bgr(rng.uniform(90, 225, 3)), 4, cv2.LINE_AA)
    if rng.random() < 0.25:
        cv2.rectangle(cover, (90, 120), (310, 200), bgr(rng.uniform(90, 240, 3)), -1, cv2.LINE_AA)
    return Layer(np.clip(_gloss(cover, rng, 0.2), 0, 255).astype(np.float32), rounded(width, height, 14))


def mug(rng: np.random.Generator) -> Layer:
    """A mug with its handle; not labelled."""
    width, height = 300, 300
    colour = rng.uniform(60, 235, 3).astype(np.float32)
    alpha = np.zeros((height, width), np.float32)
    cv2.ellipse(alpha, (222, 150), (58, 76), 0, -95, 95, 1.0, 24, cv2.LINE_AA)
    body = rounded(190, 280, 26)
    alpha[10:290, 24:214] = np.maximum(alpha[10:290, 24:214], body)
    across = (np.arange(width, dtype=np.float32) - 119) / 95
    light = np.clip(1.05 - 0.5 * (across + 0.25) ** 2, 0.35, 1.1)
    picture = np.broadcast_to(colour * light[None, :, None], (height, width, 3)).astype(np.float32).copy()
    cv2.ellipse(picture, (119, 26), (92, 15), 0, 0, 360, bgr(colour * 0.35), -1, cv2.LINE_AA)
    return Layer(np.clip(picture, 0, 255), np.clip(alpha, 0, 1))


def _keys(
    picture: Colour, span: tuple[int, int, int, int], grid: tuple[int, int], colour: tuple[float, float, float]
) -> None:
    x0, y0, x1, y1 = span
    columns, rows = grid
    for row in range(rows):
        for column in range(columns):
            x, y = x0 + (x1 - x0) * (column + 0.5) / columns, y0 + (y1 - y0) * (row + 0.5) / rows
            half = np.array([0.34 * (x1 - x0) / columns, 0.3 * (y1 - y0) / rows])
            corner = (np.array([x, y]) - half).astype(int), (np.array([x, y]) + half).astype(int)
            cv2.rectangle(picture, tuple(corner[0].tolist()), tuple(corner[1].tolist()), colour, -1, cv2.LINE_AA)


def remote(rng: np.random.Generator) -> Layer:
    """A remote control; not labelled."""
    width, height = 130, 480
    picture = blank(width, height, np.array([(36, 36, 38), (70, 70, 72), (215, 215, 215)][rng.integers(3)]))
    cv2.circle(picture, (65, 150), 40, (110, 110, 112), 10, cv2.LINE_AA)
    cv2.circle(picture, (34, 36), 12, (50, 50, 210), -1, cv2.LINE_AA)
    _keys(picture, (16, 220, 114, 450), (3, 6), (140, 140, 142))
    return Layer(_gloss(picture, rng, 0.15), rounded(width, height, 34))


def calculator(rng: np.random.Generator) -> Layer:
    """A pocket calculator; not labelled."""
    width, height = 230, 400
    picture = blank(width, height, np.array([(52, 50, 50), (150, 146, 140), (90, 70, 60)][rng.integers(3)]))
    cv2.rectangle(picture, (22, 26), (width - 22, 104), (150, 176, 166), -1)
    _keys(picture, (16, 124, width - 16, height - 18), (5, 6), (224, 224, 226))
    return Layer(_gloss(picture, rng, 0.1), rounded(width, height, 18))


def wallet(rng: np.random.Generator) -> Layer:
    """A closed wallet; not labelled."""
    width, height = 330, 250
    leather = np.array([(30, 44, 74), (26, 26, 28), (40, 62, 110)][rng.integers(3)], np.float32)
    picture = blank(width, height, leather)
    picture += rng.normal(0, 5, (height, width, 1)).astype(np.float32)
    cv2.rectangle(picture, (10, 10), (width - 10, height - 10), bgr(leather * 1.7), 2, cv2.LINE_AA)
    cv2.line(picture, (0, height // 2), (width, height // 2 + 8), bgr(leather * 0.5), 5, cv2.LINE_AA)
    return Layer(np.clip(_gloss(picture, rng, 0.2), 0, 255).astype(np.float32), rounded(width, height, 22))


HARD_NEGATIVES: dict[str, Callable[[np.random.Generator], Layer]] = {
    "mug": mug,
    "remote": remote,
    "calculator": calculator,
    "wallet": wallet,
}
