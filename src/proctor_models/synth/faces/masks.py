"""Masks on a photographed face: surgical, cloth and folded respirators; right, under the nose, or on the chin.

A mask is painted on a canvas on which the face is large enough for folds, then laid back onto the frame. Its shape
comes from the landmarks, its light from the light on the face.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.composites.layers import Colour, Layer, Plane, Points, blur, polygon
from proctor_models.synth.composites.wear import JAW, UPPER_EDGE, Fit
from proctor_models.synth.faces.ears import CANAL
from proctor_models.synth.faces.head import Head
from proctor_models.synth.faces.look import Look

Cut = Literal["surgical", "cloth", "respirator"]
CUTS: tuple[Cut, ...] = ("surgical", "cloth", "respirator")
FITS: tuple[Fit, ...] = ("right", "under_nose", "chin")

CANVAS_PX = 640
FACE_PX = 380.0
MAX_YAW_DEG = 28.0
# Blue, green and red, 1 is white.
COLOURS: dict[Cut, tuple[tuple[float, float, float], ...]] = {
    "surgical": (
        (0.88, 0.78, 0.58), (0.86, 0.74, 0.52), (0.95, 0.95, 0.94), (0.11, 0.11, 0.11), (0.80, 0.86, 0.66),
        (0.82, 0.76, 0.92),
    ),
    "cloth": (
        (0.10, 0.10, 0.10), (0.30, 0.17, 0.10), (0.52, 0.53, 0.54), (0.16, 0.16, 0.42), (0.34, 0.40, 0.26),
        (0.72, 0.78, 0.84), (0.24, 0.20, 0.20), (0.64, 0.56, 0.30),
    ),
    "respirator": ((0.95, 0.95, 0.95), (0.93, 0.94, 0.95), (0.12, 0.12, 0.12), (0.62, 0.63, 0.64)),
}  # fmt: skip


@dataclass(frozen=True)
class _Sheet:
    """The mask's outline on the canvas, and where on it each pixel is."""

    alpha: Plane
    across: Plane
    """-1 at the left end, 0 over the nose, 1 at the right end."""
    down: Plane
    """0 at the upper edge, 1 at the lower."""
    outline: Points
    ends: tuple[Points, Points]
    """Upper and lower corner on the left and on the right, (2, 2) each."""


def mask_layers(
    rng: np.random.Generator, picture: Colour, head: Head, look: Look, fit: Fit
) -> tuple[Layer, Layer, Cut]:
    """Straps and mask as frame-sized layers, and which cut it is.

    Args:
        rng: chooses cut and colour.
        picture: the frame.
        head: whose face, turned by at most `MAX_YAW_DEG`.
        look: the light on it.
        fit: over mouth and nose, under the nose, or on the chin.
    """
    scale = FACE_PX / max(head.face_px, 1.0)
    shift = np.full(2, CANVAS_PX / 2) - scale * head.landmarks[:, :2].mean(0)
    way = np.array([[scale, 0, shift[0]], [0, scale, shift[1]], [0, 0, 1]], np.float64)
    mesh = np.asarray(head.landmarks[:, :2] * scale + shift, np.float32)
    canvas = np.asarray(
        cv2.warpPerspective(picture, way, (CANVAS_PX, CANVAS_PX), borderMode=cv2.BORDER_REPLICATE), np.float32
    )
    cut = CUTS[int(rng.choice(3, p=(0.6, 0.2, 0.2)))]
    sheet = _sheet(rng, mesh, fit, cut)
    cover = Layer(_coloured(rng, sheet, canvas, head, look, cut), sheet.alpha)
    straps = _straps(sheet, head, look, way, white=cut != "cloth")
    back, size_wh = np.asarray(np.linalg.inv(way), np.float64), (picture.shape[1], picture.shape[0])
    return straps.warped(back, size_wh), cover.warped(back, size_wh), cut


def _sheet(rng: np.random.Generator, mesh: Points, fit: Fit, cut: Cut) -> _Sheet:
    upper = np.array([(1 - t) * mesh[a] + t * mesh[b] for a, b, t in UPPER_EDGE[fit]], np.float32)
    jaw = mesh[list(JAW[2:-2] if fit == "right" else JAW[3:-3])]
    grown = float(rng.uniform(0.02, 0.06)) + (0.03 if cut == "respirator" else 0.0)
    lower = jaw + (jaw - mesh[13]) * np.float32(grown)
    if cut != "cloth":  # a pleated mask ends straight before the ears, not round the jaw
        inwards = np.float32(0.05) * (mesh[13] - lower)
        lower[:3] += inwards[:3]
        lower[-3:] += inwards[-3:]
    outline = _smooth(np.concatenate([upper, lower[::-1]]))
    alpha = polygon(outline, (CANVAS_PX, CANVAS_PX), 1.2)
    y, x = np.mgrid[0:CANVAS_PX, 0:CANVAS_PX].astype(np.float32)
    tip, chin = mesh[4], mesh[152]
    middle = tip[0] + (chin[0] - tip[0]) * (y - tip[1]) / max(float(chin[1] - tip[1]), 1.0)
    left, right = float(outline[:, 0].min()), float(outline[:, 0].max())
    across = np.where(
        x < middle, (x - middle) / np.maximum(middle - left, 8), (x - middle) / np.maximum(right - middle, 8)
    )
    columns = np.arange(CANVAS_PX, dtype=np.float32)
    inside = alpha > 0.5
    some = inside.any(0)
    top = np.where(some, inside.argmax(0), 0).astype(np.float32)
    bottom = np.where(some, CANVAS_PX - 1 - inside[::-1].argmax(0), 1).astype(np.float32)
    known = np.flatnonzero(some)
    if known.size:
        top, bottom = (np.asarray(np.interp(columns, known, e[known]), np.float32) for e in (top, bottom))
    down = (y - top) / np.maximum(bottom - top, 4)
    ends = np.stack([upper[0], lower[0]]), np.stack([upper[-1], lower[-1]])
    return _Sheet(alpha, np.asarray(across, np.float32), np.asarray(down, np.float32), outline, ends)


def _smooth(points: Points, rounds: int = 3) -> Points:
    """Cut the corners of a closed outline (Chaikin)."""
    for _ in range(rounds):
        after = np.roll(points, -1, 0)
        points = np.stack([0.75 * points + 0.25 * after, 0.25 * points + 0.75 * after], 1).reshape(-1, 2)
    return np.asarray(points, np.float32)


def _coloured(rng: np.random.Generator, sheet: _Sheet, canvas: Colour, head: Head, look: Look, cut: Cut) -> Colour:
    """The cloth in the light."""
    tone = np.asarray(COLOURS[cut][int(rng.integers(len(COLOURS[cut])))], np.float32)
    relief = _relief(rng, sheet, cut)
    level = _light(sheet, head, look, ridge=1.0 if cut == "respirator" else 0.4)
    # What else darkens the face (a hand's shadow, a brim's) darkens the mask.
    grey = blur(np.asarray(canvas.mean(2), np.float32), 0.09 * FACE_PX)
    usual = float(np.median(grey[sheet.alpha > 0.5])) if (sheet.alpha > 0.5).any() else 128.0
    level = level * np.clip(grey / max(usual, 8), 0.55, 1.3) ** 0.6
    fibre = 1 + 0.015 * rng.standard_normal(sheet.alpha.shape).astype(np.float32)
    tint = np.broadcast_to(tone, (*sheet.alpha.shape, 3)).astype(np.float32).copy()
    if cut == "surgical":  # the binding at both edges is whiter
        rim = np.clip(1 - np.minimum(np.abs(sheet.down - 0.03), np.abs(sheet.down - 0.97)) / 0.035, 0, 1)
        tint += (np.minimum(tone * 1.12 + 0.02, 0.97) - tint) * rim[..., None]
    elif cut == "cloth" and rng.random() < 0.3:
        stripes = np.sin(sheet.across * rng.uniform(14, 40) + sheet.down * rng.uniform(-20, 20)) > 0.3
        tint[stripes] = tint[stripes] * 0.6 + 0.3
    white = np.asarray(look.white, np.float32)
    return np.asarray(np.clip(tint * (level * relief * fibre)[..., None] * white, 0, 255), np.float32)


def _relief(rng: np.random.Generator, sheet: _Sheet, cut: Cut) -> Plane:
    """Folds, seams and creases as brightness around 1."""
    across, down = sheet.across, sheet.down
    relief = np.ones_like(across)
    if cut == "surgical":
        for fold in (0.27, 0.47, 0.67):
            at = down - fold - 0.03 * across**2 - 0.008 * np.sin(3 * across + rng.uniform(0, 6))
            depth = rng.uniform(0.08, 0.16) * np.clip(1.25 - np.abs(across), 0, 1)
            relief += depth * (0.35 * np.exp(-(((at + 0.028) / 0.026) ** 2)) - np.exp(-((at / 0.014) ** 2)))
        relief -= 0.07 * np.exp(-(((np.abs(across) - 0.93) / 0.02) ** 2))
    else:
        relief -= 0.16 * np.exp(-((across / 0.016) ** 2)) - 0.05 * np.exp(-(((across - 0.04) / 0.03) ** 2))
    if cut == "respirator":
        for weld in (0.08, 0.9):
            relief -= 0.08 * np.exp(-(((down - weld - 0.06 * across**2) / 0.012) ** 2))
        relief -= 0.08 * np.exp(-(((np.abs(across) - 0.88) / 0.02) ** 2))
    side = CANVAS_PX // 40
    for cells, strength in ((side // 2, 0.035), (side * 3, 0.012)):
        coarse = rng.standard_normal((cells, cells)).astype(np.float32)
        relief += strength * cv2.resize(coarse, (CANVAS_PX, CANVAS_PX), interpolation=cv2.INTER_CUBIC)
    inner = cv2.erode(sheet.alpha, np.ones((5, 5)))
    relief -= 0.12 * np.clip(sheet.alpha - cv2.GaussianBlur(inner, (0, 0), 2.0), 0, 1)
    return np.asarray(np.clip(relief, 0.6, 1.15), np.float32)


def _light(sheet: _Sheet, head: Head, look: Look, ridge: float) -> Plane:
    """Lambert's law on a sheet bent around the face; `ridge` 1 folds it sharply over the nose."""
    bend = np.clip(sheet.across, -1.1, 1.1)
    turn = np.deg2rad(62.0) * bend * (1 - 0.45 * ridge) + np.deg2rad(24.0) * ridge * np.tanh(bend * 14)
    nod = np.deg2rad(38.0) * (0.35 - np.clip(sheet.down, 0, 1.1))
    normals = np.stack([np.sin(turn) * np.cos(nod), np.sin(nod), np.cos(turn) * np.cos(nod)], -1).astype(np.float32)
    axes = head.space.axes
    lambert = np.clip((normals @ (axes @ np.asarray(look.light)) + 0.3) / 1.3, 0, 1)
    facing = np.clip(normals @ -axes[:, 2], 0, 1)
    return np.asarray((1 - look.share) * (0.66 + 0.34 * facing) + look.share * 1.1 * lambert, np.float32)


def _straps(sheet: _Sheet, head: Head, look: Look, way: NDArray[np.float64], *, white: bool) -> Layer:
    """Loops from both ends to the ears that are in sight."""
    alpha = np.zeros((CANVAS_PX, CANVAS_PX), np.float32)
    for side, corners in zip((-1, 1), sheet.ends, strict=True):
        if head.shows(side) < -0.2:
            continue
        for corner, height in zip(corners, (2.4, -1.8), strict=True):
            ear = CANAL * [side, 1, 1] + [0.35 * side, height, -0.9]
            end = head.space.seen_at(ear)[0] @ way[:2, :2].T + way[:2, 2]
            sag = (corner + end) / 2 + np.array([0, 4.0])
            turn = np.linspace(0, 1, 12)[:, None]
            path = (1 - turn) ** 2 * corner + 2 * turn * (1 - turn) * sag + turn**2 * end
            fixed = [np.rint(path * 16).astype(np.int32)]
            cv2.polylines(alpha, fixed, False, 0.9, max(2, int(FACE_PX * 0.012)), cv2.LINE_AA, shift=4)
    tone = (0.86 if white else 0.16) * np.asarray(look.white, np.float32)
    soft = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 0.8), np.float32)
    return Layer(np.broadcast_to(tone, (*alpha.shape, 3)).astype(np.float32).copy(), soft)
