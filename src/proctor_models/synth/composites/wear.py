"""Things worn on a head: masks, headphones, earphones; drawn by the face's landmarks.

Landmarks are the 468 points of MediaPipe's face mesh, in canvas pixels. Nothing here needs MediaPipe.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.composites.layers import CANVAS_WH, Colour, Layer, Plane, Points, bgr, blur, pixel, polygon

Fit = Literal["right", "under_nose", "chin"]

JAW = (93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323)
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
    136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
# Where the upper edge of a mask runs, from one ear to the other.
UPPER_EDGE: dict[Fit, tuple[tuple[int, int, float], ...]] = {
    "right": (
        (234, 93, 0.6), (116, 123, 0.5), (118, 101, 0.55), (197, 195, 0.2), (347, 330, 0.55), (345, 352, 0.5),
        (454, 323, 0.6),
    ),
    "under_nose": (
        (93, 132, 0.7), (205, 207, 0.2), (203, 206, 0.6), (2, 164, 0.4), (423, 426, 0.6), (425, 427, 0.2),
        (323, 361, 0.7),
    ),
    "chin": (
        (58, 172, 0.3), (214, 210, 0.3), (204, 194, 0.6), (18, 200, 0.45), (424, 418, 0.6), (434, 430, 0.3),
        (288, 397, 0.3),
    ),
}  # fmt: skip
FABRICS = (
    (226, 200, 142), (236, 236, 234), (38, 38, 40), (178, 168, 216), (190, 206, 150), (120, 84, 60), (148, 150, 152),
)  # fmt: skip
SHELLS = ((30, 30, 32), (212, 214, 214), (58, 58, 62), (120, 96, 70), (90, 96, 190), (196, 190, 220))


@dataclass(frozen=True)
class Head:
    """Where the parts of one head are, in canvas pixels."""

    landmarks: Points  # (468, 2)
    crown: tuple[float, float]  # highest point of the hair above the face

    @property
    def face_px(self) -> float:
        """From the top of the forehead to the chin."""
        return float(np.linalg.norm(self.landmarks[10] - self.landmarks[152]))

    @property
    def up(self) -> Points:
        """Unit vector from the chin to the forehead, (2,)."""
        return np.asarray((self.landmarks[10] - self.landmarks[152]) / self.face_px, np.float32)

    def ears(self) -> tuple[Points, Points]:
        """Where both ear canals are, (2,) each."""
        mesh = self.landmarks
        return (
            np.asarray(0.3 * mesh[127] + 0.7 * mesh[234], np.float32),
            np.asarray(0.3 * mesh[356] + 0.7 * mesh[454], np.float32),
        )

    def outward(self, ear: Points) -> Points:
        """Unit vector from the middle of the face to `ear`, (2,)."""
        away = ear - self.landmarks[[234, 454]].mean(0)
        return np.asarray(away / max(float(np.linalg.norm(away)), 1e-6), np.float32)


def face_mask(head: Head) -> Plane:
    """The face: its oval, from the forehead to the chin; canvas-sized."""
    return polygon(head.landmarks[list(OVAL)], CANVAS_WH)


def _smooth(points: Points, rounds: int = 3) -> Points:
    """Cut the corners of a closed outline."""
    for _ in range(rounds):
        following = np.roll(points, -1, 0)
        points = np.stack([0.75 * points + 0.25 * following, 0.25 * points + 0.75 * following], 1).reshape(-1, 2)
    return np.asarray(points, np.float32)


def _shading(picture: Colour, mask: Plane, blur_px: float) -> Plane:
    """How the light falls where `mask` is: brightness over its own average there."""
    grey = blur(picture.mean(2), blur_px)
    inside = grey[mask > 0.5]
    level = float(np.percentile(inside, 70)) if inside.size else 128.0
    return np.asarray(np.clip(grey / max(level, 8.0), 0.35, 1.2), np.float32)


def face_covering(rng: np.random.Generator, picture: Colour, head: Head, fit: Fit) -> tuple[Layer, Layer]:
    """A mask on a face: the straps, to be painted first, and the mask.

    Args:
        rng: chooses fabric and cut.
        picture: the canvas with the face, whose light the mask takes over.
        head: where the face is.
        fit: over mouth and nose, under the nose, or on the chin.
    """
    mesh, size = head.landmarks, head.face_px
    upper = np.array([(1 - t) * mesh[a] + t * mesh[b] for a, b, t in UPPER_EDGE[fit]], np.float32)
    centre = mesh[13]
    jaw = mesh[list(JAW[2:-2] if fit == "right" else JAW[3:-3])]
    jaw = jaw + (jaw - centre) * np.float32(rng.uniform(0.03, 0.08))
    outline = _smooth(np.concatenate([upper, jaw[::-1]]))
    mask = polygon(outline, CANVAS_WH, size * 0.004)
    fabric = np.array(FABRICS[rng.integers(len(FABRICS))], np.float32) * np.float32(rng.uniform(0.85, 1.04))
    light = _shading(picture, mask, size * 0.07) * 0.8 + 0.2
    yx = np.mgrid[0 : CANVAS_WH[1], 0 : CANVAS_WH[0]].astype(np.float32)
    from_centre = np.stack([yx[1] - centre[0], yx[0] - centre[1]], -1)
    up = head.up
    along: Plane = np.asarray(-(from_centre @ up) / size, np.float32)
    across: Plane = np.asarray((from_centre @ np.array([-up[1], up[0]], np.float32)) / size, np.float32)
    round_off = np.clip(1.05 - 0.9 * across**2 - 0.25 * np.maximum(along, 0) ** 2, 0.5, 1.08)
    pleats = _pleats(rng, along, across)
    grain = 1 + 0.012 * rng.standard_normal(mask.shape).astype(np.float32)
    colours = fabric * (light * round_off * pleats * grain)[..., None]
    rim = mask - np.asarray(cv2.erode(mask, np.ones((7, 7))), np.float32)
    colours = colours * (1 - 0.28 * np.clip(rim, 0, 1)[..., None])
    straps = _straps(head, upper, jaw, size)
    return straps, Layer(np.clip(colours, 0, 255).astype(np.float32), mask)


def _pleats(rng: np.random.Generator, along: Plane, across: Plane) -> Plane:
    """Three folds across, or one seam down the middle."""
    if rng.random() < 0.6:
        fold = (along + 0.25 * across**2 + 0.02) / 0.11
        depth = np.where(np.abs(fold) < 1.6, 1.0, 0.0)
        return np.asarray(1 - 0.12 * depth * np.exp(-(((fold % 1.0) - 0.5) ** 2) / 0.012), np.float32)
    return np.asarray(1 - 0.16 * np.exp(-((across / 0.012) ** 2)) + 0.05 * np.tanh(across * 9), np.float32)


def _straps(head: Head, upper: Points, jaw: Points, size: float) -> Layer:
    alpha = np.zeros((CANVAS_WH[1], CANVAS_WH[0]), np.uint8)
    for ear, corners in zip(head.ears(), ((upper[0], jaw[0]), (upper[-1], jaw[-1])), strict=True):
        end = ear + head.outward(ear) * size * 0.01
        for corner, lift in zip(corners, (0.05, -0.03), strict=True):
            target = end + head.up * size * lift
            cv2.line(
                alpha,
                pixel(corner),
                pixel(target),
                170,
                max(2, int(size * 0.009)),
                cv2.LINE_AA,
            )
    plane = np.asarray(cv2.GaussianBlur(alpha.astype(np.float32) / 255, (0, 0), 1.0), np.float32)
    return Layer(np.full((*plane.shape, 3), 196, np.float32), plane)


def headphones(rng: np.random.Generator, picture: Colour, head: Head) -> Layer:
    """Over-ear headphones: a band over the hair and a cup on each ear."""
    size = head.face_px
    shell = np.array(SHELLS[rng.integers(len(SHELLS))], np.float32)
    colours = np.zeros((CANVAS_WH[1], CANVAS_WH[0], 3), np.float32)
    alpha = np.zeros((CANVAS_WH[1], CANVAS_WH[0]), np.float32)
    arc = [np.rint(_band(head) * 16).astype(np.int32)]
    thick = size * float(rng.uniform(0.055, 0.1))
    for width, gain in ((thick, 0.55), (thick * 0.72, 0.95), (thick * 0.25, 1.3)):
        cv2.polylines(colours, arc, False, bgr(shell * gain), max(2, int(width)), cv2.LINE_AA, shift=4)
    cv2.polylines(alpha, arc, False, 1.0, max(2, int(thick)), cv2.LINE_AA, shift=4)
    reach = np.array([rng.uniform(0.085, 0.13), rng.uniform(0.19, 0.25)]) * size
    for ear in head.ears():
        _cup(colours, alpha, head, ear, reach, shell)
    light = _shading(picture, alpha, size * 0.12)
    glow = np.asarray(cv2.GaussianBlur(colours, (0, 0), 1.5), np.float32) * light[..., None] + 8
    return Layer(np.clip(glow, 0, 255), np.asarray(cv2.GaussianBlur(alpha, (0, 0), 1.2), np.float32))


def _band(head: Head) -> Points:
    """The arc from one ear over the hair to the other, (60, 2)."""
    size, (left, right) = head.face_px, head.ears()
    middle, span = (left + right) / 2, max(float(np.linalg.norm(right - left)), 1e-6)
    rise = float(np.clip((np.array(head.crown, np.float32) - middle) @ head.up, 0.62 * size, 0.98 * size))
    turn = np.linspace(0, np.pi, 60, dtype=np.float32)[:, None]
    sideways = np.cos(turn) * (span / 2 + 0.045 * size) * (right - left) / span
    upwards = np.maximum(np.sin(turn), 0) ** 0.85 * (rise + 0.03 * size) * head.up
    return np.asarray(middle + sideways + upwards, np.float32)


def _cup(
    colours: Colour, alpha: Plane, head: Head, ear: Points, reach: NDArray[np.float64], shell: NDArray[np.float32]
) -> None:
    """Draw one cup of headphones; `reach` is half its width and height in pixels."""
    out, (left, right) = head.outward(ear), head.ears()
    tilt = float(np.rad2deg(np.arctan2(right[1] - left[1], right[0] - left[0])))
    spot = ear + out * head.face_px * 0.055 - head.up * head.face_px * 0.01
    for shrink, gain in ((1.0, 0.5), (0.86, 0.9), (0.45, 1.12)):
        centre = pixel(spot + out * reach[0] * (1 - shrink) * 0.5)
        cv2.ellipse(colours, centre, pixel(reach * shrink), tilt, 0, 360, bgr(shell * gain), -1, cv2.LINE_AA)
    cv2.ellipse(alpha, pixel(spot), pixel(reach), tilt, 0, 360, 1.0, -1, cv2.LINE_AA)


def earphones(rng: np.random.Generator, picture: Colour, head: Head, style: str) -> tuple[Layer, Layer]:
    """One earphone in each ear, as two layers.

    `style` is `stem` (a bud with a stem), `round` (a bud alone) or `wired` (a bud on a thin cable).
    """
    plastic = np.array((224, 226, 226) if rng.random() < 0.7 else (34, 34, 36), np.float32)
    buds = []
    for ear in head.ears():
        alpha = _bud(head, ear, style)
        light = _shading(picture, alpha, head.face_px * 0.05)
        shape = 0.82 + 0.18 * np.asarray(cv2.GaussianBlur(alpha, (0, 0), head.face_px * 0.012), np.float32)
        colours = np.clip(plastic * (light * shape)[..., None], 0, 255).astype(np.float32)
        buds.append(Layer(colours, np.asarray(cv2.GaussianBlur(alpha, (0, 0), 1.0), np.float32)))
    return buds[0], buds[1]


def _bud(head: Head, ear: Points, style: str) -> Plane:
    """The outline of one earphone, canvas-sized."""
    size, up, out = head.face_px, head.up, head.outward(ear)
    alpha = np.zeros((CANVAS_WH[1], CANVAS_WH[0]), np.float32)
    spot = ear + out * size * 0.02 - up * size * 0.015
    radii = np.array([0.032, 0.04]) * size * (1.25 if style == "round" else 1.0)
    cv2.ellipse(alpha, pixel(spot), pixel(radii), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    if style == "stem":
        end = spot - up * size * 0.16 - out * size * 0.02
        cv2.line(alpha, pixel(spot), pixel(end), 1.0, max(3, int(size * 0.036)), cv2.LINE_AA)
    elif style == "wired":
        fall = np.linspace(0, 1, 24, dtype=np.float32)[:, None]
        target = head.landmarks[152] - up * size * 0.9
        line = spot * (1 - fall) + target * fall + out * size * 0.22 * np.sin(fall * np.pi) * (1 - 0.4 * fall)
        path = [np.rint(line * 16).astype(np.int32)]
        cv2.polylines(alpha, path, False, 1.0, max(2, int(size * 0.014)), cv2.LINE_AA, shift=4)
    return alpha
