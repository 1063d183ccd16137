"""Pictures on screens, drawn with numbers from a seed: phone apps, exam pages, desktops. Pixels, BGR."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.world import scenery, words
from proctor_models.types import Image

Rng = np.random.Generator
Colour = tuple[int, int, int]
PHONE_WH = (180, 384)
_ACCENTS: tuple[Colour, ...] = (
    (96, 174, 39), (219, 152, 52), (60, 76, 231), (182, 89, 155), (18, 156, 243), (133, 160, 22), (80, 62, 44),
    (200, 130, 0), (70, 70, 220),
)  # fmt: skip


def phone_screen(seed_rng: Rng, app: str | None = None) -> Image:
    """What a lit phone shows; `app` is one of `PHONE_APPS`, or drawn.

    >>> phone_screen(np.random.default_rng(1), "chat").shape
    (384, 180, 3)
    """
    name = app or str(seed_rng.choice(sorted(PHONE_APPS)))
    dark = bool(seed_rng.random() < 0.35)
    picture = np.full((PHONE_WH[1], PHONE_WH[0], 3), 24 if dark else 250, np.uint8)
    PHONE_APPS[name](picture, seed_rng, dark)
    _status_bar(picture, seed_rng, dark)
    return picture


def _status_bar(picture: Image, rng: Rng, dark: bool) -> None:
    ink = (235, 235, 235) if dark or picture[:14].mean() < 110 else (30, 30, 30)
    words.say(picture, f"{rng.integers(0, 24)}:{rng.integers(10, 60)}", (12, 13), 0.3, ink)
    cv2.rectangle(picture, (152, 6), (166, 13), ink, 1)
    cv2.rectangle(picture, (153, 7), (153 + int(rng.integers(4, 12)), 12), ink, -1)
    style = rng.random()
    if style < 0.45:
        cv2.circle(picture, (90, 10), 5, (0, 0, 0), -1)
    elif style < 0.75:
        cv2.ellipse(picture, (90, 9), (24, 7), 0, 0, 360, (0, 0, 0), -1)
    cv2.line(picture, (62, 379), (118, 379), ink, 2)


def _accent(rng: Rng) -> Colour:
    return _ACCENTS[int(rng.integers(len(_ACCENTS)))]


def _chat(picture: Image, rng: Rng, dark: bool) -> None:
    accent = _accent(rng)
    if rng.random() < 0.5:
        picture[:] = (40, 32, 20) if dark else (220, 229, 236)
    picture[:46] = accent if rng.random() < 0.5 else (60, 60, 60) if dark else (245, 245, 245)
    cv2.circle(picture, (28, 31), 11, _accent(rng), -1)
    words.say(picture, words.name(rng), (46, 35), 0.4, (255, 255, 255) if picture[40].mean() < 130 else (20, 20, 20))
    y = 56
    while y < 336:
        mine, lines = rng.random() < 0.5, int(rng.integers(1, 4))
        wide, high = int(rng.integers(60, 128)), 12 * lines + 8
        left = PHONE_WH[0] - 8 - wide if mine else 8
        fill = accent if mine else ((62, 58, 56) if dark else (255, 255, 255))
        cv2.rectangle(picture, (left, y), (left + wide, y + high), fill, -1)
        ink = (250, 250, 250) if mine or dark else (40, 40, 40)
        words.paragraph(picture, rng, (left + 6, y + 12, wide - 12), lines, 12, ink)
        y += high + int(rng.integers(6, 14))
    picture[346:] = (48, 44, 42) if dark else (242, 242, 242)
    cv2.rectangle(picture, (12, 352), (140, 371), (80, 80, 80) if dark else (255, 255, 255), -1)
    cv2.circle(picture, (160, 361), 10, accent, -1)


def _video(picture: Image, rng: Rng, dark: bool) -> None:
    if rng.random() < 0.4:
        picture[:] = scenery.photograph(rng, PHONE_WH)
        for k in range(4):
            cv2.circle(picture, (164, 190 + 38 * k), 9, (250, 250, 250), -1)
        words.paragraph(picture, rng, (10, 340, 120), 2, 13, (250, 250, 250))
        return
    picture[20:122] = scenery.photograph(rng, (PHONE_WH[0], 102))
    cv2.line(picture, (0, 122), (int(rng.integers(30, 170)), 122), (40, 40, 235), 3)
    ink = (230, 230, 230) if dark else (40, 40, 40)
    words.paragraph(picture, rng, (8, 140, 164), 2, 13, ink)
    for k in range(3):
        top = 172 + 68 * k
        picture[top : top + 54, 8:92] = scenery.photograph(rng, (84, 54))
        words.paragraph(picture, rng, (98, top + 12, 76), 3, 13, ink)


def _photo(picture: Image, rng: Rng, dark: bool) -> None:
    if rng.random() < 0.5:
        picture[:] = 0 if dark else 255
        high = int(rng.integers(120, 250))
        top = (PHONE_WH[1] - high) // 2
        picture[top : top + high] = scenery.photograph(rng, (PHONE_WH[0], high))
        return
    for row in range(6):
        for column in range(3):
            at = (slice(20 + row * 60, 78 + row * 60), slice(column * 60 + 1, column * 60 + 59))
            picture[at] = scenery.photograph(rng, (58, 58))


def _browser(picture: Image, rng: Rng, dark: bool) -> None:
    ink = (225, 225, 225) if dark else (50, 50, 50)
    cv2.rectangle(picture, (10, 22), (170, 40), (60, 60, 60) if dark else (232, 232, 232), -1)
    words.paragraph(picture, rng, (18, 34, 110), 1, 12, ink)
    words.say(picture, words.name(rng), (10, 62), 0.55, ink)
    y = 78
    while y < 350:
        if rng.random() < 0.3 and y < 270:
            picture[y : y + 72, 10:170] = scenery.photograph(rng, (160, 72))
            y += 86
        else:
            lines = int(rng.integers(2, 6))
            words.paragraph(picture, rng, (10, y, 160), lines, 12, ink)
            y += 12 * lines + 10


def _call(picture: Image, rng: Rng, dark: bool) -> None:
    shade = np.linspace(0.35, 0.9, PHONE_WH[1])[:, None, None]
    picture[:] = (shade * np.array(_accent(rng))[None, None] * (0.5 if dark else 1)).astype(np.uint8)
    face = scenery.face_picture(rng, (84, 84)) if rng.random() < 0.4 else None
    cv2.circle(picture, (90, 120), 44, (210, 200, 190), -1)
    if face is not None:
        round_mask = cv2.circle(np.zeros((84, 84), np.uint8), (42, 42), 41, 1, -1)[..., None] > 0
        spot = picture[78:162, 48:132]
        spot[:] = np.where(round_mask, face, spot)
    words.say(picture, words.name(rng), (52, 62), 0.55, (255, 255, 255))
    for k, colour in enumerate(((80, 80, 80), (60, 60, 230), (90, 200, 80))):
        cv2.circle(picture, (40 + 50 * k, 318), 19, colour, -1)


def _home(picture: Image, rng: Rng, dark: bool) -> None:
    base = scenery.photograph(rng, PHONE_WH) if rng.random() < 0.6 else scenery.gradient(rng, PHONE_WH)
    picture[:] = (base * (0.5 if dark else 1.0)).astype(np.uint8)
    rows = int(rng.integers(3, 7))
    for row in (*range(rows), 7):
        for column in range(4):
            x, y = 16 + column * 40, 40 + row * 44
            cv2.rectangle(picture, (x, y), (x + 26, y + 26), _accent(rng), -1)
            cv2.circle(picture, (x + 13, y + 13), int(rng.integers(4, 9)), (250, 250, 250), int(rng.choice([-1, 2])))


def _lock(picture: Image, rng: Rng, dark: bool) -> None:
    base = scenery.photograph(rng, PHONE_WH) if rng.random() < 0.5 else scenery.gradient(rng, PHONE_WH)
    picture[:] = (base * (0.4 if dark else 0.9)).astype(np.uint8)
    words.say(picture, f"{rng.integers(10, 24)}:{rng.integers(10, 60)}", (34, 92), 1.3, (255, 255, 255), 2)
    for k in range(int(rng.integers(0, 4))):
        cv2.rectangle(picture, (10, 180 + 44 * k), (170, 216 + 44 * k), (215, 215, 215), -1)
        words.paragraph(picture, rng, (18, 194 + 44 * k, 140), 2, 13, (60, 60, 60))


def _notes(picture: Image, rng: Rng, dark: bool) -> None:
    ink = (220, 220, 220) if dark else (60, 60, 60)
    words.say(picture, words.name(rng), (12, 46), 0.6, ink)
    words.paragraph(picture, rng, (12, 66, 156), int(rng.integers(8, 24)), 13, ink)


PHONE_APPS: dict[str, Callable[[Image, Rng, bool], None]] = {
    "browser": _browser, "call": _call, "chat": _chat, "home": _home, "lock": _lock, "notes": _notes,
    "photo": _photo, "video": _video,
}  # fmt: skip


def computer_screen(rng: Rng, size_wh: tuple[int, int] = (448, 272)) -> Image:
    """What the exam computer shows: mostly an exam page, else a document, code or a desktop.

    >>> computer_screen(np.random.default_rng(2)).shape
    (272, 448, 3)
    """
    width, height = size_wh
    picture = np.full((height, width, 3), 246, np.uint8)
    kind = rng.random()
    if kind < 0.6:
        _exam(picture, rng)
    elif kind < 0.8:
        _document(picture, rng)
    elif kind < 0.9:
        _code(picture, rng)
    else:
        picture[:] = scenery.photograph(rng, size_wh)
        picture[-16:] = (40, 36, 34)
        for k in range(8):
            cv2.rectangle(picture, (120 + k * 24, height - 14), (134 + k * 24, height - 3), _accent(rng), -1)
    return picture


def _exam(picture: Image, rng: Rng) -> None:
    height, width = picture.shape[:2]
    accent = _accent(rng)
    picture[:24] = accent
    words.say(picture, f"{words.name(rng)}  exam", (12, 17), 0.45, (255, 255, 255))
    words.say(picture, f"0{rng.integers(1, 3)}:{rng.integers(10, 60)}:{rng.integers(10, 60)}", (width - 84, 17), 0.42,
              (255, 255, 255))  # fmt: skip
    picture[24:, : width // 6] = 228
    for k in range(24):
        x, y = 10 + (k % 4) * 15, 40 + (k // 4) * 17
        cv2.rectangle(picture, (x, y), (x + 11, y + 11), accent if rng.random() < 0.4 else (255, 255, 255), -1)
    left = width // 6 + 18
    words.paragraph(picture, rng, (left, 48, width - left - 30), int(rng.integers(2, 5)), 14, (40, 40, 40))
    if rng.random() < 0.35:
        picture[106:176, left : left + 130] = scenery.chart(rng, (130, 70))
    for k in range(int(rng.integers(3, 6))):
        y = 118 + 28 * k
        cv2.circle(picture, (left + 148, y), 5, (120, 120, 120), 1)
        words.paragraph(picture, rng, (left + 160, y + 4, 120), 1, 12, (60, 60, 60))
    cv2.rectangle(picture, (width - 90, height - 26), (width - 20, height - 8), accent, -1)


def _document(picture: Image, rng: Rng) -> None:
    width = picture.shape[1]
    picture[:] = 190
    picture[:26] = (120, 80, 40) if rng.random() < 0.5 else (235, 235, 235)
    picture[34:, width // 5 : width * 4 // 5] = 255
    words.paragraph(picture, rng, (width // 5 + 24, 60, width * 3 // 5 - 48), 15, 14, (50, 50, 50))


def _code(picture: Image, rng: Rng) -> None:
    picture[:] = 30
    for line in range(picture.shape[0] // 12 - 1):
        x = 40 + 14 * int(rng.integers(0, 4))
        for _ in range(int(rng.integers(0, 7))):
            wide = int(rng.integers(8, 44))
            cv2.line(picture, (x, 16 + 12 * line), (x + wide, 16 + 12 * line), _accent(rng), 3)
            x += wide + 6


def blank(size_wh: tuple[int, int], value: int = 0) -> NDArray[np.uint8]:
    """One grey."""
    return np.full((size_wh[1], size_wh[0], 3), value, np.uint8)
