"""Collars, plackets, hoods, cords and prints, built on the torso and on the finished cloth. Needs numpy alone.

All points are rest coordinates of the torso (see `cloth_shapes.BodyFit`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.attire.cloth_shapes import BodyFit, Cloth, Neck
from proctor_models.synth.scenes.attire.earphone_shapes import Faces, revolve, sweep
from proctor_models.synth.scenes.attire.shells import Floats, Relief, on_quads, strip_faces, through
from proctor_models.synth.scenes.bodies.figure import Points

Part = tuple[Points, Faces]
ALL_ROUND = np.linspace(-np.pi, np.pi, 72, endpoint=False)


def _rows(rows: list[Points], closed: bool) -> Part:
    return np.concatenate(rows), strip_faces(len(rows), len(rows[0]), closed)


def _outward(azimuth: Floats) -> Points:
    return np.stack([np.sin(azimuth), -np.cos(azimuth), np.zeros_like(azimuth)], -1)


def crew_band(fit: BodyFit, neck: Neck, width: float) -> Part:
    """The ribbed band around a neckline."""
    edge = fit.neck_curve(neck, ALL_ROUND, 0.006)
    out = _outward(ALL_ROUND)
    down = np.array([0, 0, -1.0])
    return _rows([edge + 0.4 * width * (-down) + 0.001 * out, edge + 0.003 * out, edge + 0.5 * width * (down + out),
                  edge + width * (0.75 * down + 0.8 * out)], closed=True)  # fmt: skip


def high_collar(fit: BodyFit, height: float) -> Part:
    """A turtleneck's folded tube."""
    low = fit.neck_curve("high", ALL_ROUND, 0.008)
    rows = [low - np.array([0, 0, 0.012]) + 0.012 * _outward(ALL_ROUND)]
    for share, lift in ((0.0, 0.008), (0.5, 0.008), (1.0, 0.007), (1.02, 0.011), (0.7, 0.013), (0.25, 0.014)):
        rows.append(fit.around_neck(ALL_ROUND, low[:, 2] + share * height, lift))
    return _rows(rows, closed=True)


def shirt_collar(fit: BodyFit, size: float) -> Part:
    """Stand and folded leaf, open at the throat, with two points."""
    azimuth = np.linspace(0.13, 2 * np.pi - 0.13, 64)
    azimuth = np.where(azimuth > np.pi, azimuth - 2 * np.pi, azimuth)
    base = fit.neck_curve("crew", azimuth, 0.006)
    ahead = np.clip(1.25 - np.abs(azimuth) / 1.1, 0, 1)
    out, up = _outward(azimuth), np.array([0, 0, 1.0])
    side = np.sign(azimuth)[:, None] * np.array([1.0, 0, 0])
    stand = 0.030 * size * (1 - 0.35 * ahead)[:, None]
    top = fit.around_neck(azimuth, base[:, 2] + stand[:, 0], 0.006)
    tip = ahead[:, None] ** 3
    leaf = 0.040 * size * (1 + 0.6 * tip)
    rows = [
        base - 0.006 * up, (base + top) / 2, top, top + 0.003 * up + 0.003 * out,
        top - 0.35 * leaf * up + (0.007 + 0.35 * leaf * 0.25) * out,
        top - 0.75 * leaf * up + (0.010 + 0.75 * leaf * 0.42) * out + 0.008 * tip * side,
        top - leaf * up + (0.010 + leaf * 0.5) * out + 0.016 * tip * side,
    ]  # fmt: skip
    return _rows(rows, closed=False)


def front_of(fit: BodyFit, cloth: Cloth) -> Relief:
    """Front and back of the finished cloth over the trunk."""
    trunk = cloth.faces[cloth.along_arm[cloth.faces].max(1) < 0]
    return Relief.of(on_quads(fit.to_rest(cloth.points), trunk, 3), 0.012, 1)


def placket(fit: BodyFit, cloth: Cloth) -> tuple[Part, list[Part]]:
    """The strip down the front of a shirt and its buttons."""
    relief = front_of(fit, cloth)
    z = np.linspace(fit.notch - 0.045, fit.waist - 0.05, 40)
    columns = []
    for x in (-0.016, -0.0155, 0.0155, 0.016):
        line = np.stack([np.full(len(z), x), np.zeros(len(z)), z], 1)
        line[:, 1] = relief.y(line, "front") - (0.0030 if abs(x) > 0.0157 else 0.0062)
        columns.append(line)
    strip = np.stack(columns, 1).reshape(-1, 3), strip_faces(len(z), 4)
    buttons = []
    for height in np.arange(fit.notch - 0.062, fit.waist, -0.082):
        at = np.array([0.0, 0.0, height])
        at[1] = float(relief.y(at, "front")) - 0.0065
        buttons.append(revolve([(0.0052, 0.0), (0.0052, 0.0015), (0.0035, 0.0022), (1e-4, 0.0016)], at,
                               np.array([0.0, -1.0, 0.0]), 12))  # fmt: skip
    return strip, buttons


def cords(fit: BodyFit, cloth: Cloth, rng: np.random.Generator) -> list[Part]:
    """The two cords of a hood, hanging on the chest, as thin straps."""
    relief = front_of(fit, cloth)
    made = []
    for s in (1.0, -1.0):
        length = float(rng.uniform(0.12, 0.22))
        z = np.linspace(0, length, 16)
        line = np.stack([s * (0.035 + 0.02 * z / length + 0.006 * np.sin(9 * z / length)), np.zeros(16),
                         fit.notch + 0.02 - z], 1)  # fmt: skip
        line[:, 1] = relief.y(line, "front") - 0.009
        line[:3, 1] -= np.array([0.014, 0.008, 0.003])
        made.append(sweep(line, np.array([1.0, 0.0, 0.0]), 0.0030, 0.0026))
    return made


def hood_down(fit: BodyFit, seed: int) -> Part:
    """A hood that lies around the neck and on the back: a thick fold that hangs lower behind."""
    rng = np.random.default_rng(seed)
    azimuth = np.linspace(0.16, 2 * np.pi - 0.16, 60)
    azimuth = np.where(azimuth > np.pi, azimuth - 2 * np.pi, azimuth)
    back = np.clip((np.abs(azimuth) - 0.5) / (np.pi - 0.5), 0, 1) ** 1.3
    base = fit.neck_curve("crew", azimuth, 0.012)
    out = _outward(azimuth)
    wide = 0.016 + 0.030 * back
    high = 0.020 + 0.034 * back
    ripple = 1 + 0.10 * np.sin(5 * azimuth + rng.uniform(0, 6)) + 0.06 * np.sin(11 * azimuth + rng.uniform(0, 6))
    middle = base + (wide * 0.9)[:, None] * out + (0.012 - 0.035 * back)[:, None] * np.array([0, 0, 1.0])
    rows = []
    for angle in np.linspace(0.75 * np.pi, -1.05 * np.pi, 13):
        sag = 1 + 0.55 * back * (angle < 0) * np.abs(np.sin(angle))
        reach = (wide * ripple * np.cos(angle))[:, None] * out
        rows.append(middle + reach + (high * ripple * sag * np.sin(angle))[:, None] * np.array([0, 0, 1.0]))
    return _rows(rows, closed=False)


def chest_print(fit: BodyFit, cloth: Cloth, size: tuple[float, float]) -> tuple[Points, Faces, NDArray[np.float32]]:
    """A patch on the chest that follows the cloth, with texture coordinates."""
    relief = front_of(fit, cloth)
    width, height = size
    u, v = np.meshgrid(np.linspace(0, 1, 16), np.linspace(0, 1, 12))
    points = np.stack([(u - 0.5) * width, 0 * u, fit.notch - 0.075 - (1 - v) * height], -1).reshape(-1, 3)
    points[:, 1] = relief.y(points, "front") - 0.0058
    faces = strip_faces(12, 16)
    flat = np.stack([u, v], -1).reshape(-1, 2)
    return points, faces, np.asarray([flat[i] for face in faces for i in face], np.float32)


def seam(points: Points, count: int = 40) -> Points:
    """A smooth line through a few points of a seam."""
    return through(points, count)
