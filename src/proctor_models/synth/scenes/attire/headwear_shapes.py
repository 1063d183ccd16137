"""Caps, beanies, hoods and headscarves as grids over the actual head. Needs numpy alone; rest coordinates, metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from proctor_models.synth.scenes.attire.earphone_shapes import Faces
from proctor_models.synth.scenes.attire.fitting import HeadFit, to_rest
from proctor_models.synth.scenes.attire.mask_shapes import taut
from proctor_models.synth.scenes.attire.shells import (
    Floats,
    fill,
    from_polar,
    on_quads,
    polar,
    smooth,
    strip_faces,
    unit,
)
from proctor_models.synth.scenes.bodies.figure import Points

Part = tuple[Points, Faces]
AROUND = 72
AZIMUTH = np.linspace(-np.pi, np.pi, AROUND, endpoint=False)


@dataclass(frozen=True)
class Rim:
    """Height of a hat's lower edge over the eyes, metres."""

    front: float
    back: float
    over_ear: float
    """Over the top of the ear."""


CAP = Rim(0.046, 0.008, 0.012)
BEANIE = Rim(0.044, -0.030, -0.022)


def rim_z(fit: HeadFit, rim: Rim, azimuth: Floats) -> Floats:
    """Height (z) of the lower edge by azimuth."""
    front, back = float(fit.eye[2]) + rim.front, float(fit.eye[2]) + rim.back
    side = float(fit.ears["left"].top[2]) + rim.over_ear
    even = (front + back) / 4 + side / 2
    return np.asarray(
        even + (front - back) / 2 * np.cos(azimuth) + ((front + back) / 4 - side / 2) * np.cos(2 * azimuth)
    )


def rim_elevation(fit: HeadFit, rim: Rim, azimuth: Floats) -> Floats:
    """Elevation about the head's middle at which the skull meets the rim."""
    wanted = rim_z(fit, rim, azimuth) - fit.centre[2]
    elevation = np.zeros_like(azimuth)
    for _ in range(8):
        elevation = np.arcsin(np.clip(wanted / fit.skull.reach(azimuth, elevation), -0.95, 0.95))
    return elevation


def crown(fit: HeadFit, rim: Rim, lift: Floats, slouch: float) -> Part:
    """The part of a hat that covers the skull; `lift` (rows,) is its height over it from the rim to the top."""
    low = rim_elevation(fit, rim, AZIMUTH)
    share = np.linspace(0, 1, len(lift))[:, None]
    elevation = low + (np.pi / 2 - 0.01 - low) * share
    azimuth = np.broadcast_to(AZIMUTH, elevation.shape)
    radius = smooth(fit.skull.reach(azimuth, elevation), 2, True) + np.asarray(lift)[:, None]
    points = fit.centre + from_polar(azimuth, elevation, radius)
    points[..., 2] += slouch * share**2
    points[..., 1] += 0.7 * slouch * share**2
    return points.reshape(-1, 3), strip_faces(len(lift), AROUND, closed=True)


def band(fit: HeadFit, rim: Rim, height: float, lift: float, ribs: int) -> Part:
    """A folded cuff: a ribbed ring that bulges over the rim."""
    low = rim_elevation(fit, rim, AZIMUTH)
    rows = []
    for share, more in ((-0.02, 0.0), (0.05, 0.004), (0.35, 0.006), (0.7, 0.006), (1.0, 0.004), (1.02, -0.002)):
        elevation = low + share * height / 0.09
        radius = fit.skull.reach(AZIMUTH, elevation) + lift + more + 0.0010 * np.cos(ribs * AZIMUTH)
        rows.append(fit.centre + from_polar(AZIMUTH, elevation, radius))
    return np.concatenate(rows), strip_faces(len(rows), AROUND, closed=True)


def brim(fit: HeadFit, rim: Rim, lift: float, length: float, curved: float, turned: bool) -> Part:
    """A cap's brim, ahead or (`turned`) behind."""
    half = np.radians(64)
    azimuth = np.linspace(-half, half, 33)
    edge_at = azimuth + np.pi if turned else azimuth
    elevation = rim_elevation(fit, rim, np.angle(np.exp(1j * edge_at)))
    edge = fit.skull.at(edge_at, elevation, lift)
    ahead = np.array([0.0, 1.0 if turned else -1.0, 0.0])
    side = edge - np.array([0.0, fit.centre[1], 0.0])
    side = unit(side * np.array([1.0, 1.0, 0.0]))
    way = unit(ahead + 0.25 * side)
    reach = length * np.sqrt(np.clip(1 - (azimuth / half) ** 2, 0, 1))[:, None]
    rows = []
    for share in np.linspace(0, 1, 7):
        drop = share * reach[:, 0] * 0.16 + curved * share * (np.sin(azimuth) ** 2) * (reach[:, 0] > 0)
        rows.append(edge + share * reach * way - np.array([0, 0, 1.0]) * (drop + 0.002)[:, None])
    return np.concatenate(rows), strip_faces(7, 33)


@dataclass(frozen=True)
class Wrap:
    """A scarf or hood around the face. Metres and radians."""

    half_width: float
    """Half of the face's opening, radians of azimuth."""
    over_eyes: float
    """Upper edge of the opening above the eyes."""
    under_chin: float
    """Lower edge below the chin."""
    lift: float
    back: float
    """What it stands off behind, more than ahead."""
    fall: tuple[float, float, float]
    """How far the drape reaches under the eyes: ahead, on the shoulders, behind."""
    spread: float
    """Greatest distance of the drape from the neck's axis."""
    folds: float


SCARF = Wrap(0.96, 0.054, 0.006, 0.010, 0.016, (0.35, 0.245, 0.31), 0.170, 0.0070)
HOOD = Wrap(1.12, 0.075, 0.030, 0.020, 0.030, (0.215, 0.19, 0.20), 0.115, 0.0035)


def over_head(fit: HeadFit, wrap: Wrap, seed: int) -> Part:
    """From the opening of the face over the head to its back."""
    rng = np.random.default_rng(seed)
    low = float(fit.figure.landmarks.chin[2]) - wrap.under_chin
    high = float(fit.eye[2]) + wrap.over_eyes
    middle, half = (low + high) / 2, (high - low) / 2
    around = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
    azimuth = wrap.half_width * np.sign(np.sin(around)) * np.abs(np.sin(around)) ** 0.85
    z = middle + half * np.sign(np.cos(around)) * np.abs(np.cos(around)) ** 0.9
    elevation = np.zeros(AROUND)
    for _ in range(8):
        elevation = np.arcsin(np.clip((z - fit.centre[2]) / fit.head.reach(azimuth, elevation), -0.95, 0.95))
    first = from_polar(azimuth, elevation, np.ones(AROUND))
    last = from_polar(np.array(np.pi), np.array(-0.25), np.array(1.0))
    angle = np.arccos(np.clip(first @ last, -1, 1))[None, :, None]
    share = np.linspace(0, 0.985, 22)[:, None, None]
    ways = (np.sin((1 - share) * angle) * first + np.sin(share * angle) * last) / np.sin(angle)
    az, el, _ = polar(ways)
    grow = wrap.lift * np.minimum(1, 0.45 + 3 * share[..., 0]) + wrap.back * share[..., 0]
    radius = fit.head.reach(az, el)
    radius = np.maximum(smooth(radius, 6, True), radius) + grow
    ripple = np.sin(4 * around + 9 * share[..., 0] + rng.uniform(0, 6)) + 0.6 * np.sin(9 * around - 5 * share[..., 0])
    radius = radius + 0.35 * wrap.folds * ripple * np.minimum(1, 4 * share[..., 0])
    points = fit.centre + from_polar(az, el, radius)
    hem = points[0] - 0.004 * unit(points[0] - fit.centre)  # turned in at the face
    return np.concatenate([hem[None], points]).reshape(-1, 3), strip_faces(23, AROUND, closed=True)


def around_neck(fit: HeadFit, wrap: Wrap, seed: int) -> Part:
    """The drape from the jaw over the neck to the shoulders."""
    rng = np.random.default_rng(seed + 1)
    axis = np.array([0.0, fit.centre[1] + 0.015, 0.0])
    grid, low, step = _around(fit, axis, max(wrap.fall) + 0.03)
    rows = len(grid)
    z = (low + (np.arange(rows) + 0.5) * step)[:, None] * np.ones(AROUND)
    hung = taut(z, np.minimum(grid, wrap.spread))
    hung = np.maximum(smooth(0.75 * hung + 0.25 * grid.clip(max=wrap.spread), 2, True), 0)
    front = 0.5 + 0.5 * np.cos(AZIMUTH)
    side = np.sin(AZIMUTH) ** 2
    ahead, shoulder, behind = wrap.fall
    bottom = fit.eye[2] - (front * ahead + (1 - front) * behind) * (1 - side) - shoulder * side
    chin = float(fit.figure.landmarks.chin[2]) - wrap.under_chin
    top = chin + (float(fit.eye[2]) - 0.045 - chin) * np.clip((np.abs(AZIMUTH) - 0.5) / 0.7, 0, 1)
    share = np.linspace(0, 1, 26)[:, None]
    level = top + (bottom - top) * share
    row = np.clip((level - low) / step - 0.5, 0, rows - 1)
    below = np.floor(row).astype(int)
    above = np.minimum(below + 1, rows - 1)
    columns = np.arange(AROUND)
    part = row - below
    radius = hung[below, columns] * (1 - part) + hung[above, columns] * part
    skin = grid[below, columns] * (1 - part) + grid[above, columns] * part
    waves = np.sin(6 * AZIMUTH + 11 * share + rng.uniform(0, 6)) ** 3 + 0.6 * np.sin(
        13 * AZIMUTH - 7 * share + rng.uniform(0, 6)
    )
    draped = np.abs(np.sin(9 * share + 1.5 * np.abs(AZIMUTH) + rng.uniform(0, 3))) ** 3  # sagging folds under the chin
    waves = waves + 1.6 * draped * (0.5 + 0.5 * np.cos(AZIMUTH)) * (1 - share)
    radius = radius + 0.004 + 0.8 * wrap.lift + wrap.folds * waves * (0.3 + share)
    tucked = np.clip(share / 0.22, 0, 1)  # the upper edge lies on the skin, inside what covers the head
    radius = tucked * radius + (1 - tucked) * (skin + 0.5 * wrap.lift)
    points = np.stack([radius * np.sin(AZIMUTH), axis[1] - radius * np.cos(AZIMUTH), level], -1)
    return _on_shoulders(fit, points.reshape(-1, 3), 0.5 * wrap.lift), strip_faces(26, AROUND, closed=True)


def _on_shoulders(fit: HeadFit, points: Points, lift: float) -> Points:
    """Cloth that would sink into the chest or the back, laid on the clothes there."""
    clear = 0.016 + lift
    low = fit.torso.covers(points) & (points[:, 2] < fit.eye[2] - 0.13)
    ahead = points[:, 1] < fit.centre[1] + 0.015
    front = np.minimum(points[:, 1], fit.torso.y(points, "front") - clear)
    back = np.maximum(points[:, 1], fit.torso.y(points, "back") + clear)
    points = points.copy()
    points[:, 1] = np.where(low, np.where(ahead, front, back), points[:, 1])
    return points


def _around(fit: HeadFit, axis: Points, reach: float) -> tuple[Floats, float, float]:
    """Outermost distance of head and torso from a vertical axis by (z, azimuth)."""
    figure, step = fit.figure, 0.008
    low, high = float(fit.eye[2]) - reach, float(fit.eye[2]) - 0.02
    head = on_quads(figure.rest, fit.head_faces, 3)
    head = head[head[:, 2] > fit.eye[2] - 0.11]
    torso = to_rest(figure, on_quads(figure.world, fit.trunk_faces, 4))
    points = np.concatenate([head, torso]) - axis
    points = points[(points[:, 2] > low) & (points[:, 2] < high)]
    row = ((points[:, 2] - low) / step).astype(int)
    column = np.round((np.arctan2(points[:, 0], -points[:, 1]) / (2 * np.pi) + 0.5) * AROUND).astype(int) % AROUND
    grid = np.full((int((high - low) / step) + 1, AROUND), -1.0)
    np.maximum.at(grid, (row, column), np.hypot(points[:, 0], points[:, 1]))
    return fill(np.where(grid < 0, np.nan, grid), True), low, step
