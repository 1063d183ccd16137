"""Rooms behind a candidate: painted from numbers, slightly out of focus as a webcam shows them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from proctor_models.synth.composites.layers import CANVAS_WH, Colour, Plane, blank, pixel, polygon, rounded

# Wall paints, blue-green-red.
WALLS = (
    (214, 222, 228), (196, 212, 222), (205, 205, 203), (222, 214, 200), (196, 210, 198), (176, 196, 214),
    (206, 196, 208), (160, 166, 172), (226, 228, 230), (150, 176, 190),
)  # fmt: skip
WOODS = ((60, 86, 122), (84, 118, 156), (42, 58, 80), (120, 150, 180), (205, 210, 214))

Furniture = Callable[[Colour, np.random.Generator, int], None]


def _rectangle(
    room: Colour, corners: tuple[float, float, float, float], colour: ArrayLike, shadow: float = 0.0
) -> None:
    """An upright board on the wall; `shadow` is how dark it throws one, to the lower right."""
    if shadow > 0:
        _cast(room, (corners[0] + 14, corners[1] + 18, corners[2] + 14, corners[3] + 18), shadow)
    x0, x1 = np.clip(np.rint([corners[0], corners[2]]).astype(int), 0, room.shape[1])
    y0, y1 = np.clip(np.rint([corners[1], corners[3]]).astype(int), 0, room.shape[0])
    room[y0:y1, x0:x1] = np.asarray(colour, np.float32)


def _cast(room: Colour, corners: tuple[float, float, float, float], strength: float, blur_px: float = 14.0) -> None:
    """Darken a box with a soft rim; only the part of the picture around it is touched."""
    margin = int(3 * blur_px)
    left, top = max(0, int(corners[0]) - margin), max(0, int(corners[1]) - margin)
    part = room[top : max(top, int(corners[3]) + margin), left : max(left, int(corners[2]) + margin)]
    if part.size == 0:
        return
    mask = np.zeros(part.shape[:2], np.float32)
    x0, y0 = max(0, int(corners[0]) - left), max(0, int(corners[1]) - top)
    mask[y0 : max(y0, int(corners[3]) - top), x0 : max(x0, int(corners[2]) - left)] = strength
    part *= 1 - np.asarray(cv2.GaussianBlur(mask, (0, 0), blur_px), np.float32)[..., None]


def smooth_noise(rng: np.random.Generator, size_wh: tuple[int, int], cells: int) -> Plane:
    """Soft random clouds in about [-1, 1], `cells` of them across."""
    rows = max(2, round(cells * size_wh[1] / size_wh[0]))
    coarse = rng.uniform(-1, 1, (rows, max(2, cells))).astype(np.float32)
    return np.asarray(cv2.resize(coarse, size_wh, interpolation=cv2.INTER_CUBIC), np.float32)


def _bookshelf(room: Colour, rng: np.random.Generator, left: int) -> None:
    width, top, rows = int(rng.integers(280, 430)), int(rng.integers(-40, 120)), 4
    wood = np.array(WOODS[rng.integers(len(WOODS))], np.float32)
    row_px = int(rng.integers(190, 230))
    _rectangle(room, (left, top, left + width, top + rows * row_px + 16), wood, 0.35)
    for row in range(rows):
        y0, y1 = top + row * row_px + 14, top + (row + 1) * row_px - 4
        _rectangle(room, (left + 14, y0, left + width - 14, y1), wood * 0.55)
        x = left + 18
        while x < left + width - 44:
            thick = int(rng.integers(12, 36))
            tall = row_px * rng.uniform(0.55, 0.85)
            if rng.random() < 0.16:
                x += int(rng.integers(20, 60))
                continue
            spine = np.float32(rng.uniform(35, 190)) * 0.6 + 0.4 * rng.uniform(35, 205, 3).astype(np.float32)
            _rectangle(room, (x, y1 - tall, x + thick - 2, y1), spine)
            _rectangle(room, (x + 2, y1 - tall * 0.8, x + thick - 4, y1 - tall * 0.7), np.clip(spine * 1.5, 0, 235))
            x += thick


def _picture(room: Colour, rng: np.random.Generator, left: int) -> None:
    width, height, top = int(rng.integers(150, 300)), int(rng.integers(140, 260)), int(rng.integers(40, 240))
    rim = np.array([(28, 28, 30), (210, 212, 214), (70, 110, 150)][rng.integers(3)], np.float32)
    _rectangle(room, (left, top, left + width, top + height), rim, 0.3)
    if rng.random() < 0.5:
        _rectangle(
            room, (left + 10, top + 10, left + width - 10, top + height - 10), np.array([228, 230, 232], np.float32)
        )
    edge = 10 if rng.random() < 0.5 else 28
    w, h = width - 2 * edge, height - 2 * edge
    sky, ground = rng.uniform(60, 230, 3), rng.uniform(30, 190, 3)
    ridge = 0.55 + 0.2 * smooth_noise(rng, (w, 1), 5)[0]
    rows = np.linspace(0, 1, h, dtype=np.float32)[:, None]
    painting = np.where((rows > ridge[None])[..., None], ground, sky) * (0.75 + 0.25 * rows[..., None])
    x0, y0 = left + edge, top + edge
    x1, y1 = min(x0 + w, CANVAS_WH[0]), min(y0 + h, CANVAS_WH[1])
    if x0 >= 0 and x1 > x0:
        room[y0:y1, x0:x1] = painting[: y1 - y0, : x1 - x0]


def _window(room: Colour, rng: np.random.Generator, left: int) -> None:
    width, top, height = int(rng.integers(300, 460)), int(rng.integers(-60, 60)), int(rng.integers(480, 640))
    _rectangle(
        room, (left - 16, top - 16, left + width + 16, top + height + 16), np.array([224, 226, 228], np.float32), 0.2
    )
    outside = np.array([250, 244, 232] if rng.random() < 0.7 else [70, 52, 40], np.float32)
    for column in range(2):
        x0 = left + column * width / 2 + 6
        _rectangle(room, (x0, top, x0 + width / 2 - 12, top + height), outside)
        _rectangle(
            room,
            (x0, top + height * 0.62, x0 + width / 2 - 12, top + height),
            outside * np.array([0.86, 0.9, 0.84], np.float32),
        )
    cloth = rng.uniform(110, 225, 3).astype(np.float32)
    for x0, x1 in ((left - 90, left + 50), (left + width - 50, left + width + 90)):
        _curtain(room, rng, (x0, x1), cloth)


def _curtain(room: Colour, rng: np.random.Generator, span: tuple[float, float], cloth: NDArray[np.float32]) -> None:
    x0, x1 = int(max(0, span[0])), int(min(CANVAS_WH[0], span[1]))
    if x1 <= x0:
        return
    x = np.arange(x0, x1, dtype=np.float32)
    folds = 0.82 + 0.14 * np.sin(x / rng.uniform(7, 12) + 1.5 * np.sin(x / 41)) + 0.05 * np.sin(x / 5)
    room[:, x0:x1] = cloth * folds[None, :, None]


def _curtain_wall(room: Colour, rng: np.random.Generator, left: int) -> None:
    _curtain(room, rng, (left, left + int(rng.integers(260, 700))), rng.uniform(120, 215, 3).astype(np.float32))


def _door(room: Colour, rng: np.random.Generator, left: int) -> None:
    paint = np.array([(205, 212, 216), (86, 118, 150), (120, 146, 172), (182, 182, 180)][rng.integers(4)], np.float32)
    width, top = int(rng.integers(300, 360)), int(rng.integers(20, 130))
    _rectangle(room, (left - 22, top - 22, left + width + 22, CANVAS_WH[1]), paint * 0.9, 0.2)
    _rectangle(room, (left, top, left + width, CANVAS_WH[1]), paint)
    for y0, y1 in ((top + 50, top + 330), (top + 400, top + 700)):
        _rectangle(room, (left + 44, y0, left + width - 44, y1), paint * 0.88)
        _rectangle(room, (left + 54, y0 + 10, left + width - 50, y1 - 6), paint * 1.02)
    cv2.circle(room, (left + width - 28, top + 470), 14, (120, 150, 165), -1, cv2.LINE_AA)


def _wardrobe(room: Colour, rng: np.random.Generator, left: int) -> None:
    wood = np.array(WOODS[rng.integers(len(WOODS))], np.float32)
    width, top = int(rng.integers(320, 520)), int(rng.integers(-30, 160))
    _rectangle(room, (left, top, left + width, CANVAS_WH[1]), wood, 0.35)
    middle = left + width / 2
    _rectangle(room, (middle - 3, top + 10, middle + 3, CANVAS_WH[1]), wood * 0.5)
    for x in (middle - 26, middle + 18):
        _rectangle(room, (x, top + 380, x + 8, top + 480), np.array([150, 160, 165], np.float32))


def _plant(room: Colour, rng: np.random.Generator, left: int) -> None:
    base = np.array([left + 90, int(rng.integers(620, 860))], np.float32)
    pot = np.array([[-60, 0], [60, 0], [42, 130], [-42, 130]], np.float32) + base
    clay = np.array([(60, 96, 168), (205, 208, 210), (60, 60, 62)][rng.integers(3)], np.float32)
    mask = polygon(pot, CANVAS_WH)[..., None]
    room += (clay - room) * mask
    for _ in range(int(rng.integers(22, 40))):
        angle, reach = rng.uniform(-2.8, -0.3), rng.uniform(70, 250)
        tip = base + reach * np.array([np.cos(angle), np.sin(angle)], np.float32)
        green = tuple(float(v) for v in np.array([60, 120, 62]) * rng.uniform(0.45, 1.25))
        cv2.line(room, pixel(base), pixel(tip), tuple(v * 0.7 for v in green), 4, cv2.LINE_AA)
        turn = float(np.rad2deg(angle) + rng.uniform(-30, 30))
        cv2.ellipse(
            room,
            pixel(tip),
            (int(rng.integers(26, 52)), int(rng.integers(9, 20))),
            turn,
            0,
            360,
            green,
            -1,
            cv2.LINE_AA,
        )


def _notes(room: Colour, rng: np.random.Generator, left: int) -> None:
    for row in range(2):
        for column in range(3):
            colour = np.array([(120, 220, 245), (150, 150, 240), (170, 225, 160)][rng.integers(3)], np.float32)
            x, y = left + column * 92 + int(rng.integers(-8, 8)), 140 + row * 96 + int(rng.integers(-8, 8))
            _rectangle(room, (x, y, x + 68, y + 68), colour, 0.15)


def _coat(room: Colour, rng: np.random.Generator, left: int) -> None:
    """A coat on a hook: what a weak net takes for a person."""
    cloth = rng.uniform(25, 130, 3).astype(np.float32)
    x, y = left + 110, int(rng.integers(90, 200))
    outline = np.array(
        [[0, 0], [46, 26], [92, 80], [120, 330], [96, 560], [-92, 566], [-124, 330], [-92, 86], [-42, 26]], np.float32
    )
    mask = polygon(outline * rng.uniform(0.75, 1.0) + np.array([x, y], np.float32), CANVAS_WH, 3)
    folds = 0.8 + 0.2 * np.sin(np.arange(CANVAS_WH[0]) / 13.0)[None, :, None]
    room += (cloth * folds - room) * mask[..., None]


def _lamp(room: Colour, rng: np.random.Generator, left: int) -> None:
    x, y = left + 80, int(rng.integers(280, 460))
    shade_quad = np.array([[x - 50, y], [x + 50, y], [x + 84, y + 120], [x - 84, y + 120]], np.float32)
    rows, columns = np.mgrid[0 : CANVAS_WH[1], 0 : CANVAS_WH[0]].astype(np.float32)
    glow = np.exp(-(((columns - x) / 220) ** 2 + ((rows - y - 60) / 220) ** 2))
    room += (np.array([150, 205, 245], np.float32) * 0.35 * glow[..., None]).astype(np.float32)
    _rectangle(room, (x - 5, y + 110, x + 5, CANVAS_WH[1]), np.array([50, 52, 56], np.float32))
    room += (np.array([190, 232, 252], np.float32) - room) * polygon(shade_quad, CANVAS_WH)[..., None]


FURNITURE: tuple[Furniture, ...] = (
    _bookshelf, _picture, _window, _door, _wardrobe, _plant, _notes, _curtain_wall, _lamp, _coat, _picture, _bookshelf,
)  # fmt: skip


def room(rng: np.random.Generator, blur_px: float | None = None) -> Colour:
    """A wall with two to four things on or before it, (960, 1280, 3).

    Args:
        rng: where the choices come from; the same state gives the same room.
        blur_px: how far out of focus, in canvas pixels; None chooses.
    """
    width, height = CANVAS_WH
    paint = np.array(WALLS[rng.integers(len(WALLS))], np.float32)
    picture = blank(width, height, paint)
    if rng.random() < 0.45:  # the room's corner: one wall is darker
        corner_x = rng.uniform(0.12, 0.3) * width * (1 if rng.random() < 0.5 else -1) % width
        lean, far_x = rng.uniform(-40, 40), 0 if corner_x < width / 2 else width
        side = np.array([[corner_x, 0], [corner_x + lean, height], [far_x, height], [far_x, 0]], np.float32)
        picture *= 1 - rng.uniform(0.08, 0.22) * polygon(side, CANVAS_WH)[..., None]
    if rng.random() < 0.3:  # ceiling
        ceiling_y = float(rng.uniform(40, 130))
        _rectangle(picture, (-10, -10, width + 10, ceiling_y), np.array([232, 234, 236], np.float32))
        _rectangle(picture, (-10, ceiling_y, width + 10, ceiling_y + 8), paint * 0.85)
    picture *= 1 + 0.015 * smooth_noise(rng, CANVAS_WH, 90)[..., None]
    slots = rng.permutation([-140, 120, 760, 1000])[: rng.integers(1, 4)]
    for slot in sorted(int(s) for s in slots):
        FURNITURE[rng.integers(len(FURNITURE))](picture, rng, slot + int(rng.integers(-40, 40)))
    x, y = np.meshgrid(np.linspace(0, 1, width, dtype=np.float32), np.linspace(0, 1, height, dtype=np.float32))
    fall = np.float32(rng.uniform(0.25, 0.6))
    lamp_x, lamp_y = np.float32(rng.uniform(-0.1, 1.1)), np.float32(rng.uniform(-0.2, 0.5))
    light: Plane = np.float32(1.08) - fall * ((x - lamp_x) ** 2 + np.float32(0.7) * (y - lamp_y) ** 2)
    picture *= np.clip(light, 0.35, 1.15)[..., None]
    sigma_px = float(rng.uniform(2.0, 7.0)) if blur_px is None else blur_px
    return np.asarray(np.clip(cv2.GaussianBlur(picture, (0, 0), sigma_px), 0, 255), np.float32)


@lru_cache(maxsize=2)
def _kept(seed: int, salt: int) -> Colour:
    return room(np.random.default_rng([seed, salt]))


def room_of(seed: int, salt: int = 12) -> Colour:
    """The room of one recording; its frames ask for it again and again."""
    return _kept(seed, salt).copy()


def chair(rng: np.random.Generator, centre_x: float, top: float, width: float) -> tuple[Colour, Plane]:
    """The back of a chair seen from the front: its colours and its mask, canvas-sized."""
    cloth = np.array(
        [(38, 38, 42), (70, 60, 52), (46, 46, 120), (120, 120, 122), (60, 84, 110)][rng.integers(5)], np.float32
    )
    shape = rounded(int(width), int(width * 1.5), width * 0.16)
    quad = np.array([[-0.44, 0], [0.44, 0], [0.56, 1.5], [-0.56, 1.5]], np.float32) * width
    quad = (quad + np.array([centre_x, top], np.float32)).astype(np.float32)
    own = np.array([[0, 0], [shape.shape[1], 0], [shape.shape[1], shape.shape[0]], [0, shape.shape[0]]], np.float32)
    mask = cv2.warpPerspective(shape, cv2.getPerspectiveTransform(own, quad), CANVAS_WH)
    across = (np.arange(CANVAS_WH[0], dtype=np.float32) - centre_x) / (width / 2)
    bulge = 0.75 + 0.45 * np.exp(-((across + 0.35) ** 2) * 3)
    seam = 1 - 0.25 * np.exp(-(((np.abs(across) - 0.7) / 0.03) ** 2))
    colours = np.broadcast_to(cloth * (bulge * seam)[None, :, None], (CANVAS_WH[1], CANVAS_WH[0], 3))
    return np.asarray(colours, np.float32), np.asarray(cv2.GaussianBlur(mask, (0, 0), 1.5), np.float32)
