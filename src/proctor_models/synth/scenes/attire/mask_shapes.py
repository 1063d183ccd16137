"""The surface of a mask on the actual face. Needs numpy alone; rest coordinates, metres.

It is the head's own surface, seen by direction around a vertical axis, made taut from top to bottom (a mask spans from
the nose to the chin) and moved off the skin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from proctor_models.synth.scenes.attire.fitting import SIDES, HeadFit, sign
from proctor_models.synth.scenes.attire.shells import Floats, fill, on_quads, sample, smooth, through
from proctor_models.synth.scenes.bodies.figure import Points
from proctor_models.synth.scenes.plans.spec import MaskKind, MaskPlace

ROWS, COLUMNS = 29, 45
STEP = 0.004


@dataclass(frozen=True)
class FaceMap:
    """Distance of the face from a vertical axis by (z, azimuth)."""

    axis: Points
    low: float
    grid: Floats

    @classmethod
    def of(cls, fit: HeadFit) -> FaceMap:
        """From the skin of the face and the throat, ears left out."""
        rest = fit.figure.rest
        axis = np.array([0.0, fit.ears["left"].canal[1] - 0.025, 0.0])
        low, high = float(fit.eye[2]) - 0.19, float(fit.eye[2]) + 0.03
        points = on_quads(rest, fit.skull_faces, 4) - axis
        points = points[(points[:, 2] > low) & (points[:, 2] < high)]
        row = ((points[:, 2] - low) / STEP).astype(int)
        column = ((np.arctan2(points[:, 0], -points[:, 1]) / (2 * np.pi) + 0.5) * 120).astype(int) % 120
        grid = np.full((int((high - low) / STEP) + 1, 120), -1.0)
        np.maximum.at(grid, (row, column), np.hypot(points[:, 0], points[:, 1]))
        return cls(axis, low, smooth(fill(np.where(grid < 0, np.nan, grid), True), 1, True))

    def reach(self, azimuth: Floats, z: Floats) -> Floats:
        """Distance of the skin from the axis."""
        column = (azimuth / (2 * np.pi) + 0.5) * 120 - 0.5
        return sample(self.grid, (z - self.low) / STEP - 0.5, column, wrap=True)

    def at(self, azimuth: Floats, z: Floats, radius: Floats) -> Points:
        """Rest points at a distance from the axis."""
        return np.stack([radius * np.sin(azimuth), self.axis[1] - radius * np.cos(azimuth), z], -1)


def taut(z: Floats, radius: Floats) -> Floats:
    """The least curve over (z, radius) that nowhere bends inward: cloth pulled from end to end, by column.

    >>> taut(np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [0.0], [3.0]])).ravel().tolist()
    [1.0, 2.0, 3.0]
    """
    made = radius.copy()
    for j in range(radius.shape[1]):
        hull: list[int] = [0]
        for i in range(1, len(radius)):
            while len(hull) > 1 and _sags(z[:, j], radius[:, j], hull[-2], hull[-1], i):
                hull.pop()
            hull.append(i)
        made[:, j] = np.interp(z[:, j], z[hull, j], radius[hull, j])
    return made


def _sags(z: Floats, r: Floats, a: int, b: int, c: int) -> bool:
    return bool((r[b] - r[a]) * (z[c] - z[a]) <= (r[c] - r[a]) * (z[b] - z[a]))


def span(fit: HeadFit, kind: MaskKind, place: MaskPlace) -> tuple[float, float, float]:
    """Upper and lower edge (z, metres) before the face and half the width (radians)."""
    marks = fit.figure.landmarks
    nose, bridge, mouth, chin = (float(p[2]) for p in (marks.nose_tip, marks.nose_bridge, marks.mouth, marks.chin))
    below_chin = chin - 0.006
    half = {"surgical": 1.32, "cloth": 1.22, "respirator": 1.16}[kind]
    if place == "right":
        return nose + 0.62 * (bridge - nose), below_chin, half
    if place == "under_nose":
        return nose - 0.35 * (nose - mouth) - 0.004, below_chin - 0.004, half
    return mouth - 0.45 * (mouth - chin), below_chin - 0.022, half


def mask_surface(fit: HeadFit, kind: MaskKind, place: MaskPlace) -> tuple[Points, Floats]:
    """The mask's outer surface.

    Returns:
        (ROWS, COLUMNS, 3) rest points from its lower to its upper edge, and (ROWS, COLUMNS, 2) texture coordinates in
        metres.
    """
    face = FaceMap.of(fit)
    top, bottom, half = span(fit, kind, place)
    azimuth = np.linspace(-half, half, COLUMNS)[None]
    share = np.linspace(0, 1, ROWS)[:, None]
    aside = np.abs(azimuth) / half
    worn = place == "right"
    upper = (
        top
        - (0.030 if worn else 0.006) * aside**1.5
        + (0.004 if worn else 0.0) * np.cos(np.pi * azimuth) * (aside < 0.5)
    )
    lower = bottom + (0.034 if kind != "respirator" else 0.042) * aside**1.6
    z = lower + (upper - lower) * share
    azimuth, z = np.broadcast_arrays(azimuth, z)
    skin = face.reach(azimuth, z)
    radius = taut(z, skin)
    radius = np.maximum(smooth(radius, 3, False), skin) + 0.0030
    front = np.cos(azimuth) ** 2 * (np.abs(azimuth) < 1.35)
    radius = radius + _shape(kind, place, share, front)
    points = face.at(azimuth, z, radius)
    return points, np.stack([azimuth * 0.1, z], -1)


def _shape(kind: MaskKind, place: MaskPlace, share: Floats, front: Floats) -> Floats:
    """What the kind adds: pleats, the keel of a folded respirator, or folds where it is bunched on the chin."""
    bulge = np.sin(np.pi * share)
    if place == "chin":
        return np.asarray(0.0035 * np.sin(share * 22) * front + 0.006 * bulge * front)
    if kind == "surgical":
        pleats = sum(np.clip(1 - (share - at) / 0.10, 0, 1) * (share >= at) for at in (0.30, 0.47, 0.64))
        return np.asarray((0.0030 * pleats + 0.0035 * bulge) * np.sqrt(front))
    if kind == "respirator":
        return np.asarray(0.016 * bulge**0.7 * front**2.2 + 0.004 * bulge)
    return np.asarray(0.008 * bulge * front**1.5)


def ear_loops(fit: HeadFit, grid: Points) -> list[Points]:
    """Paths of the loops: from the upper corner over the ear's root, behind it and back to the lower corner."""
    paths = []
    for side in SIDES:
        ear, s = fit.ears[side], sign(side)
        edge = grid[:, -1 if s > 0 else 0]
        upper, lower = edge[-3], edge[3]
        root = abs(float(ear.canal[0]))
        over = np.array([s * (root + 0.001), ear.top[1] - 0.002, ear.top[2] + 0.0005])
        behind = np.array([s * (root - 0.001), ear.back[1] - 0.005, ear.centre[2] + 0.006])
        under = np.array([s * (root - 0.003), ear.lobe[1] + 0.007, ear.lobe[2] + 0.006])
        path = through(np.stack([upper, 0.5 * (upper + over) + np.array([0, 0, 0.001]), over, behind, under,
                                 0.5 * (under + lower), lower]), 48)  # fmt: skip
        paths.append(fit.skull.push_out(path, 0.0022))
    return paths
