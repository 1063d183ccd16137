"""Where earphones sit on an actual head, and the curves of their parts. Needs numpy alone; rest coordinates, metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.attire.fitting import Ear, HeadFit, sign
from proctor_models.synth.scenes.attire.shells import Floats, bezier, on_quads, polar, strip_faces, through, unit
from proctor_models.synth.scenes.bodies.figure import Points
from proctor_models.synth.scenes.plans.spec import Side

Faces = list[tuple[int, int, int, int]]
CABLE_CLEARANCE = 0.006
CLOTH = 0.014
BAND_OVER_HAIR = {
    "buzz": 0.006,
    "bald": 0.004,
    "curly": 0.022,
    "afro": 0.028,
    "bob": 0.017,
    "long": 0.016,
    "side": 0.018,
}
"""How high a headband stands over the skull on each kind of hair; 0.012 on all others."""
BAND_OVER_HAT = {"cap": 0.034, "beanie": 0.026, "headscarf": 0.022, "hood": 0.012}


def revolve(
    profile: list[tuple[float, float]], origin: Points, axis: Points, segments: int = 28, tall: float = 1.0
) -> tuple[Points, Faces]:
    """A body of revolution; `profile` is (radius, height along the axis), stretched along z by `tall`.

    >>> points, faces = revolve([(1, 0), (1, 2)], np.zeros(3), np.array([1.0, 0, 0]), 4)
    >>> points.shape, len(faces), float(points[:, 0].max().round(6))
    ((8, 3), 4, 2.0)
    """
    axis = unit(np.asarray(axis, float))
    first = unit(np.cross(axis, np.array([0.0, 0.0, 1.0]) if abs(axis[2]) < 0.9 else np.array([0.0, 1.0, 0.0])))
    second = np.cross(axis, first)
    angle = np.linspace(0, 2 * np.pi, segments, endpoint=False)
    ring = np.cos(angle)[:, None] * first + np.sin(angle)[:, None] * second * tall
    rows = [np.asarray(origin) + radius * ring + height * axis for radius, height in profile]
    return np.concatenate(rows), strip_faces(len(profile), segments, closed=True)


def sweep(path: Points, across: Points, half_width: Floats | float, half_thick: Floats | float) -> tuple[Points, Faces]:
    """A strap with rounded edges along a path; `across` is the direction of its width."""
    tangent = unit(np.gradient(path, axis=0))
    width = unit(across - tangent * (across @ tangent.T if across.ndim > 1 else tangent @ across)[:, None])
    thick = np.cross(tangent, width)
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    w = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.5
    h = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** 0.7
    wide, deep = (np.broadcast_to(np.asarray(v, float), (len(path),))[:, None, None] for v in (half_width, half_thick))
    rings = path[:, None] + wide * w[None, :, None] * width[:, None] + deep * h[None, :, None] * thick[:, None]
    return rings.reshape(-1, 3), strip_faces(len(path), 12, closed=True)


def near_level(fit: HeadFit, ear: Ear, at: Points, radius: float, share: float = 1.0) -> float:
    """How far the head and ear stand out (|x|) within `radius` of a point seen from the side."""
    surface = side_points(fit, ear.side)
    near = surface[np.hypot(surface[:, 1] - at[1], surface[:, 2] - at[2]) < radius]
    return float(np.quantile(np.abs(near[:, 0]), share)) if len(near) else float(abs(at[0]))


def side_points(fit: HeadFit, side: Side) -> Points:
    """Points all over one side of the head, ear and neck."""
    faces = fit.head_faces[sign(side) * fit.figure.rest[fit.head_faces, 0].mean(1) > 0.025]
    return on_quads(fit.figure.rest, faces, 3)


@dataclass(frozen=True)
class Bud:
    """An earbud in one ear."""

    side: Side
    centre: Points
    outward: Points
    stem: Points
    """Path of the stem, (n, 3); empty where there is none."""


def place_bud(fit: HeadFit, side: Side, radius: float, stem_length: float, rng: np.random.Generator) -> Bud:
    """A bud that fills the concha, its stem hanging before the lobe, everywhere outside the skin."""
    ear, s = fit.ears[side], sign(side)
    level = near_level(fit, ear, ear.canal, 0.010, 0.6)
    centre = np.array([s * (level + 0.15 * radius), ear.canal[1] - 0.001, ear.canal[2] - 0.002])
    outward = unit(np.array([s, -0.25, -0.1]))
    if stem_length <= 0:
        return Bud(side, centre, outward, np.zeros((0, 3)))
    way = unit(np.array([s * 0.08, -0.30 + rng.normal(0, 0.06), -1.0]))
    start = centre + outward * 0.55 * radius
    path = start + way * np.linspace(0, stem_length, 8)[:, None]
    over = max(near_level(fit, ear, p, 0.004) + 0.0035 - s * p[0] for p in path[1:])
    path[:, 0] += s * max(over, 0.0) * np.linspace(0.3, 1, 8)
    return Bud(side, centre, outward, path)


def cable(fit: HeadFit, start: Points, side: Side, join: Points) -> Points:
    """From a bud down beside the jaw, sagging onto the chest, to where both cables join; (40, 3)."""
    s, down = sign(side), fit.down
    away = start + down * 0.075 + np.array([s * 0.006, -0.012, 0.0])
    over = join - down * 0.11 + np.array([s * 0.060, 0.0, 0.0])
    path = bezier(np.stack([start, away, over, join]), 40)
    for _ in range(4):
        path = keep_outside(fit, path)
        path[1:-1] = 0.25 * path[:-2] + 0.5 * path[1:-1] + 0.25 * path[2:]
    return keep_outside(fit, path, ends=False)


def keep_outside(fit: HeadFit, path: Points, ends: bool = True) -> Points:
    """Cable points moved off face, neck and chest; `ends` False leaves the first ones, in the ear, alone."""
    path = path.copy()
    beside = path[:, 2] > fit.eye[2] - 0.125
    out = fit.skull.push_out(path, CABLE_CLEARANCE)
    first = 4 if not ends else 3
    beside[:first] = False
    path[beside] = out[beside]
    low = (path[:, 2] < fit.eye[2] - 0.11) & fit.torso.covers(path)
    least = fit.torso.y(path, "front") - np.where(path[:, 2] < fit.eye[2] - 0.19, CLOTH, CABLE_CLEARANCE)
    path[low, 1] = np.minimum(path[low, 1], least[low])
    return path


def chest_point(fit: HeadFit, below_eyes: float, x: float = 0.0) -> Points:
    """A point before the chest, `below_eyes` metres under the eyes in the world."""
    at = fit.eye + fit.down * below_eyes
    at = np.array([at[0] + x, at[1], at[2]])
    at[1] = float(fit.torso.y(at, "front")) - CLOTH
    return at


def tail_cable(fit: HeadFit, join: Points, rng: np.random.Generator) -> Points:
    """From the join down to the lap, where the cable goes off to the desk; (24, 3)."""
    aside = float(rng.uniform(-0.09, 0.09))
    length = float(rng.uniform(0.22, 0.30))
    end = join + fit.down * length + np.array([aside, 0.0, 0.0])
    end[1] = float(fit.torso.y(end, "front")) - 0.03
    middle = (join + end) / 2 + np.array([-0.3 * aside, -0.01, 0.0])
    path = through(np.stack([join, middle, end]), 24)
    low = fit.torso.covers(path)
    path[low, 1] = np.minimum(path[low, 1], fit.torso.y(path, "front")[low] - CLOTH)
    return path


@dataclass(frozen=True)
class Cups:
    """Headphones on a head."""

    centres: dict[Side, Points]
    """Middle of each pad's inner face."""
    axes: dict[Side, Points]
    """Outward."""
    radius: float
    tall: float
    """How much higher than wide."""
    pad: float
    """Thickness of the pad, metres."""
    depth: float
    """Thickness of pad and cup together."""
    band: Points
    """Path of the band from the left cup over the crown to the right, (n, 3)."""
    gap: float
    """How far the band is above the skull."""


def place_cups(fit: HeadFit, radius: float, depth: float, lean_deg: float) -> Cups:
    """Cups over both ears and a band over the crown, leaning back by `lean_deg`."""
    centres, axes = {}, {}
    for side in fit.ears:
        ear, s = fit.ears[side], sign(side)
        surface = side_points(fit, side)
        middle = np.array([0.0, ear.centre[1] - 0.004, ear.centre[2] - 0.001])
        apart = np.hypot(surface[:, 1] - middle[1], (surface[:, 2] - middle[2]) / 1.12)
        ring = surface[(apart > 0.72 * radius) & (apart < radius)]
        # Where the pad is pressed: a plane through the outer parts of the ring around the ear.
        basis = np.c_[np.ones(len(ring)), ring[:, 1] - middle[1], ring[:, 2] - middle[2]]
        plane, *_ = np.linalg.lstsq(basis, np.abs(ring[:, 0]), rcond=None)
        tilt = np.clip(plane[1:], -0.28, 0.28)
        axes[side] = unit(np.array([s, -s * s * tilt[0], -tilt[1]]))
        centres[side] = np.array([s * (plane[0] + 0.003), middle[1], middle[2]])
    pad = 0.55 * depth
    gap = BAND_OVER_HAIR.get(fit.figure.spec.hair, 0.012)
    gap = BAND_OVER_HAT.get(fit.figure.spec.headwear, gap)
    return Cups(centres, axes, radius, 1.14, pad, depth, _band(fit, centres, axes, depth, gap, lean_deg), gap)


def _band(
    fit: HeadFit, centres: dict[Side, Points], axes: dict[Side, Points], depth: float, gap: float, lean_deg: float
) -> Points:
    ends = [centres[side] + axes[side] * 0.62 * depth for side in ("left", "right")]
    rx = abs(ends[0][0] - ends[1][0]) / 2
    middle = (ends[0] + ends[1]) / 2
    rz = fit.top + gap + 0.004 - middle[2]
    angle = np.linspace(0.12, np.pi - 0.12, 44)
    x = rx * np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.72
    z = rz * np.sin(angle) ** 0.92
    y = np.tan(np.radians(lean_deg)) * z
    path = middle + np.stack([x, y, z], 1)
    high = path[:, 2] > fit.eye[2] + 0.35 * fit.height
    path[high] = fit.skull.push_out(path, gap + 0.004)[high]
    for _ in range(3):
        path[1:-1] = 0.25 * path[:-2] + 0.5 * path[1:-1] + 0.25 * path[2:]
    return np.asarray(path)


def boom(fit: HeadFit, cups: Cups, side: Side, up: bool) -> Points:
    """The microphone's arm from a cup to beside the mouth, or turned up along the cup; (30, 3)."""
    s = sign(side)
    start = cups.centres[side] + cups.axes[side] * cups.depth * 0.75 + np.array([0, -0.45 * cups.radius, -0.012])
    if up:
        end = start + np.array([s * 0.004, -0.03, 0.10])
        return through(np.stack([start, (start + end) / 2 + np.array([s * 0.006, -0.012, 0]), end]), 30)
    mouth = fit.figure.landmarks.mouth
    end = np.array([s * 0.030, mouth[1] - 0.026, mouth[2] - 0.014])
    low = start + np.array([s * 0.004, -0.035, -0.048])
    bend = np.array([s * 0.074, mouth[1] + 0.012, mouth[2] - 0.022])
    path = bezier(np.stack([start, low, bend, end]), 30)
    return np.asarray(fit.skull.push_out(path, 0.010))


def press_hair(strands: Points, fit: HeadFit, cups: Cups) -> Points:
    """Hair under the band lies at the band's height, hair under the cups at the pads' inner face."""
    azimuth, elevation, radius = polar(strands - fit.skull.centre)
    line = np.interp(strands[..., 2], [cups.band[:, 2].min(), cups.band[:, 2].max()],
                     [cups.band[0, 1], cups.band[len(cups.band) // 2, 1]])  # fmt: skip
    near = np.clip((0.060 - np.abs(strands[..., 1] - line)) / 0.040, 0, 1)
    limit = fit.skull.reach(azimuth, elevation) + 0.8 * cups.gap + 0.03 * (1 - near)
    held = (near > 0) & (strands[..., 2] > fit.eye[2]) & (radius > limit)
    pressed = strands * np.where(held, limit / np.maximum(radius, 1e-6), 1.0)[..., None]
    pressed += fit.skull.centre * np.where(held, 1 - limit / np.maximum(radius, 1e-6), 0.0)[..., None]
    for side, centre in cups.centres.items():
        s = sign(side)
        away = np.hypot(pressed[..., 1] - centre[1], (pressed[..., 2] - centre[2]) / cups.tall) / (1.12 * cups.radius)
        inside: NDArray[np.bool_] = (away < 1) & (s * pressed[..., 0] > s * centre[0] + 0.004)
        pressed[..., 0] = np.where(inside, centre[0] + s * 0.004, pressed[..., 0])
    return np.asarray(pressed)
