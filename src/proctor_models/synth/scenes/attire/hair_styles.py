"""How hair grows: strands as polylines in the rest coordinates of the head. Needs numpy alone.

Each strand starts on the scalp and is led step by step by a field of directions (combed from a parting, brushed
forward, pulled to a tie, hanging), kept off the head, the shoulders and the face, and then gathered into locks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.attire.fitting import HeadFit
from proctor_models.synth.scenes.attire.shells import Floats, from_polar, polar, unit
from proctor_models.synth.scenes.bodies.figure import Points
from proctor_models.synth.scenes.plans.spec import Hair

Rng = np.random.Generator

HAIRLINE_DEG = (0, 25, 45, 60, 70, 78, 88, 102, 112, 125, 150, 180)
HAIRLINE = (0.62, 0.62, 0.56, 0.40, 0.25, 0.02, -0.06, 0.06, -0.25, -0.52, -0.72, -0.76)
"""Height of the hairline over the eyes by azimuth, in heights of the forehead and crown (eyes to crown = 1)."""


@dataclass(frozen=True)
class Style:
    """Lengths in metres."""

    length: float
    sides: float
    """Length at the temples and the nape."""
    strands: int
    steps: int
    lift: float
    """How far the hair stands off the scalp."""
    locks: int
    """How many locks strands gather into."""
    gather: float
    """0 loose to 1: how close a lock is at its tip."""
    frizz: float
    root_radius: float


STYLES: dict[Hair, Style] = {
    "buzz": Style(0.007, 0.005, 9000, 3, 0.002, 0, 0.0, 0.0, 0.00030),
    "short": Style(0.042, 0.014, 8000, 7, 0.010, 420, 0.55, 0.002, 0.00034),
    "side": Style(0.085, 0.020, 8000, 10, 0.016, 260, 0.6, 0.002, 0.00036),
    "curly": Style(0.080, 0.048, 7500, 18, 0.030, 260, 0.85, 0.002, 0.00046),
    "afro": Style(0.075, 0.065, 9000, 10, 0.045, 700, 0.35, 0.005, 0.00040),
    "bob": Style(0.25, 0.17, 7500, 20, 0.021, 280, 0.42, 0.003, 0.00050),
    "long": Style(0.45, 0.36, 8000, 26, 0.020, 300, 0.42, 0.004, 0.00055),
    "long_tucked": Style(0.45, 0.36, 8000, 26, 0.014, 300, 0.42, 0.004, 0.00055),
    "tied": Style(0.22, 0.17, 8000, 16, 0.006, 240, 0.4, 0.0015, 0.00042),
    "bun": Style(0.20, 0.16, 8000, 14, 0.006, 240, 0.4, 0.0015, 0.00042),
}
HANGING = ("bob", "long", "long_tucked")
PULLED = ("tied", "bun")


@dataclass(frozen=True)
class Cut:
    """What one person's hair is like beyond its style."""

    style: Hair
    numbers: Style
    part: float
    """x of the parting, metres."""
    sweep: float
    """-1 or 1: where a side parting combs to."""
    fringe: str
    """``none``, ``full`` or ``swept``."""
    manner: str
    """Short hair: ``forward``, ``up`` or ``messy``."""
    face_deg: float
    """Azimuth that hanging hair leaves free."""
    front: tuple[bool, bool]
    """Whether hanging hair lies before the left and the right shoulder."""
    recede: float
    """How far the hairline has moved up, in heights of the head."""
    wave: float
    """Width of the waves of long hair, metres."""
    hem: float | None = None
    """Where hanging hair ends below the eyes, metres; None: drawn."""


def draw_cut(hair: Hair, female: bool, age: int, rng: Rng) -> Cut:
    """The details of a person's hair; the same generator state gives the same hair."""
    size = rng.uniform(0.85, 1.18)
    numbers = STYLES[hair]
    numbers = replace(
        numbers, length=numbers.length * size, sides=numbers.sides * size, lift=numbers.lift * rng.uniform(0.8, 1.3)
    )
    sweep = float(rng.choice([-1.0, 1.0]))
    middle = rng.random() < (0.45 if female else 0.1)
    fringe = str(rng.choice(["none", "full", "swept"], p=[0.5, 0.22, 0.28])) if female or hair == "short" else "none"
    if hair in PULLED:
        fringe = str(rng.choice(["none", "full", "swept"], p=[0.7, 0.12, 0.18]))
    front = rng.random(2) < 0.7
    recede = 0.0 if female else max(0.0, float(rng.normal(0.02 + 0.002 * max(0, age - 35), 0.03)))
    return Cut(
        style=hair, numbers=numbers, part=0.0 if middle else -sweep * float(rng.uniform(0.018, 0.038)), sweep=sweep,
        fringe=fringe, manner=str(rng.choice(["forward", "up", "messy"], p=[0.4, 0.3, 0.3])),
        face_deg=float(rng.uniform(57, 70)), front=(bool(front[0]), bool(front[1])), recede=min(recede, 0.14),
        wave=float(rng.choice([0.001, 0.004, 0.009], p=[0.45, 0.35, 0.2])),
    )  # fmt: skip


def hairline(fit: HeadFit, azimuth: Floats, recede: float = 0.0) -> Floats:
    """Height (z) of the hairline in a direction about the head's middle."""
    degrees = np.degrees(np.abs(azimuth))
    line = np.interp(degrees, HAIRLINE_DEG, HAIRLINE)
    bays = recede * (1 + 0.8 * np.exp(-(((degrees - 38) / 16) ** 2)))
    return np.asarray(fit.eye[2] + fit.height * (line + np.where(degrees < 75, bays, 0.0)))


def on_scalp(fit: HeadFit, points: Points, recede: float = 0.0) -> Floats:
    """How surely hair grows at points of the skin, 0 to 1: soft over a centimetre at the hairline."""
    azimuth, _, _ = polar(points - fit.centre)
    ragged = 0.0025 * np.sin(azimuth * 31) + 0.002 * np.sin(azimuth * 57 + 1)
    over = points[..., 2] - hairline(fit, azimuth, recede) + ragged
    return np.asarray(np.clip(over / 0.011 + 0.5, 0, 1))


def draw_roots(fit: HeadFit, count: int, recede: float, rng: Rng) -> tuple[Points, Points]:
    """Places on the scalp and their outward normals, (count, 3) each, evenly by area."""
    faces, rest = fit.skull_faces, fit.figure.rest
    corners = rest[faces]
    likely = on_scalp(fit, corners.mean(1), recede)
    faces_on, corners = np.nonzero(likely > 0)[0], corners[likely > 0]
    across = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    area = np.linalg.norm(across, axis=1)
    chosen = rng.choice(len(faces_on), count, p=area / area.sum())
    u, w = rng.random((2, count, 1))
    a, b, c, d = (corners[chosen, i] for i in range(4))
    points = a * (1 - u) * (1 - w) + b * u * (1 - w) + c * u * w + d * (1 - u) * w
    kept = rng.random(count) < on_scalp(fit, points, recede)
    return points[kept], unit(across[chosen])[kept]


@dataclass
class Growth:
    """Strands while they grow: what a field of directions may look at."""

    fit: HeadFit
    cut: Cut
    roots: Points
    normals: Points
    side: Floats
    """-1 or 1: which side of the parting."""
    top: Floats
    """0 at the temples to 1 at the crown."""
    fringe: NDArray[np.bool_]
    front: NDArray[np.bool_]
    """Whether it hangs before the shoulder."""
    layer: Floats
    """0 inner to 1 outer hair."""
    spread: Floats
    """0 to 1: where before the shoulder it hangs, from the neck outward."""
    off_part: Floats
    """Less than 1 next to the parting, where hair lies flat."""
    tie: Points
    wild: Points
    """A random direction for each lock."""


def start(fit: HeadFit, cut: Cut, rng: Rng) -> Growth:
    """Roots and all that stays the same along a strand."""
    roots, normals = draw_roots(fit, cut.numbers.strands, cut.recede, rng)
    n = len(roots)
    side = np.where(roots[:, 0] - cut.part + rng.normal(0, 0.002, n) > 0, 1.0, -1.0)
    top = np.clip(((roots[:, 2] - fit.eye[2]) / fit.height - 0.42) / 0.3, 0, 1)
    azimuth, _, _ = polar(roots - fit.centre)
    ahead = (np.abs(azimuth) < np.radians(46)) & (roots[:, 2] < fit.eye[2] + 0.93 * fit.height)
    depth = rng.uniform(0.45, 0.75)
    ahead &= roots[:, 1] < fit.centre[1] - depth * 0.085
    before = roots[:, 1] < fit.centre[1] + 0.006 + rng.normal(0, 0.013, n)
    chosen = np.where(roots[:, 0] > 0, cut.front[0], cut.front[1])
    spread = np.clip((roots[:, 1] - fit.centre[1] + 0.075) / 0.09 + rng.normal(0, 0.15, n), 0, 1)
    off_part = np.ones(n) if cut.style in ("afro", "curly", "buzz") else _off_part(cut, roots)
    ear = fit.ears["left"]
    tie_z = fit.eye[2] + fit.height * (rng.uniform(0.0, 0.55) if cut.style == "tied" else rng.uniform(0.05, 0.75))
    back = fit.skull.at(np.array(np.pi), np.arctan2(tie_z - fit.centre[2], ear.back[1] + 0.07 - fit.centre[1]), 0.006)
    return Growth(
        fit, cut, roots, normals, side, top, ahead & (cut.fringe != "none"), before & chosen, rng.random(n),
        spread, off_part, back, unit(rng.normal(0, 1, (n, 3))),
    )  # fmt: skip


def _off_part(cut: Cut, roots: Points) -> Floats:
    """0.3 at the parting to 1 from three centimetres beside it."""
    return np.asarray(np.clip(0.3 + np.abs(roots[:, 0] - cut.part) / 0.042, 0.3, 1))


def along(normal: Points, way: Points) -> Points:
    """The part of a direction that runs along the surface, at length 1."""
    return unit(way - normal * (way * normal).sum(1, keepdims=True))


def towards_face_edge(fit: HeadFit, points: Points, face_deg: float) -> Points:
    """Points over the face, below the brow, turned aside to the edge of the face."""
    azimuth, elevation, radius = polar(points - fit.centre)
    low = np.clip((fit.eye[2] + 0.42 * fit.height - points[:, 2]) / (0.35 * fit.height), 0, 1)
    least = np.radians(face_deg) * low
    over = (np.abs(azimuth) < least) & (points[:, 2] > fit.eye[2] - 0.17)
    turned = np.where(over, np.where(azimuth >= 0, least, -least), azimuth)
    return np.asarray(fit.centre + from_polar(turned, elevation, radius))
