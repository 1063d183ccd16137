"""Leading strands from their roots: the fields of directions, what they must stay off, and locks. Needs numpy alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.attire.hair_locks import CLOTH, NECK_BELOW_EYES, curl, frizz, gather
from proctor_models.synth.scenes.attire.hair_styles import HANGING, PULLED, Cut, Growth, along, towards_face_edge
from proctor_models.synth.scenes.attire.shells import Floats, from_polar, polar, unit
from proctor_models.synth.scenes.bodies.figure import Points

Rng = np.random.Generator
Field = Callable[[Growth, Points, Points, float], Points]


def grow(growth: Growth, cut: Cut, rng: Rng) -> Points:
    """Strands (n, steps, 3) in rest coordinates."""
    k = cut.numbers.steps
    lengths = strand_lengths(growth, rng) / (k - 1)
    field = FIELDS[cut.style]
    points = growth.roots - 0.002 * growth.normals
    flat = 0.15 if cut.style in HANGING or cut.style in PULLED else 0.9
    way = unit(growth.normals * flat + along(growth.normals, field(growth, points, growth.normals, 0.0)))
    made = [points]
    for i in range(1, k):
        t = i / (k - 1)
        outward = unit(points - growth.fit.centre)
        wanted = unit(field(growth, points, outward, t))
        way = unit(0.35 * way + 0.65 * wanted)
        points = keep_off(growth, points + way * lengths[:, None], t)
        made.append(points)
    # Vector units may give other last bits from call to call; nothing after this depends on them.
    return np.stack(made, 1).round(5)


def hair_of(growth: Growth, cut: Cut, rng: Rng) -> Points:
    """Grown, gathered into locks, curled and frizzed: (n, steps, 3)."""
    strands = grow(growth, cut, rng)
    if cut.style in HANGING:
        strands = trim(strands, growth, rng)
    if cut.numbers.locks:
        strands = gather(strands, growth, rng)
    if cut.style in ("curly", "afro") or cut.wave > 0.002:
        strands = curl(strands, cut, rng)
    strands = frizz(strands, cut.numbers.frizz, rng)
    return strands[~_across_throat(growth, strands)] if cut.style in HANGING else strands


def _across_throat(growth: Growth, strands: Points) -> NDArray[np.bool_]:
    """Strays that gathering has drawn over the throat: (n,)."""
    fit = growth.fit
    low = (strands[..., 2] < fit.eye[2] - 0.105) & (strands[..., 1] < fit.centre[1] - 0.005)
    return np.asarray((low & (np.abs(strands[..., 0]) < 0.043)).any(1))


def strand_lengths(growth: Growth, rng: Rng) -> Floats:
    """Length of each strand, metres: shorter at the temples, a fringe to the brows."""
    numbers = growth.cut.numbers
    n = len(growth.roots)
    lengths = numbers.sides + (numbers.length - numbers.sides) * growth.top
    lengths = lengths * rng.uniform(0.86, 1.04, n)
    brow = growth.fit.eye[2] + 0.014
    if growth.cut.style in ("short", "side"):
        least = np.clip((growth.roots[:, 2] - growth.fit.eye[2]) / growth.fit.height, -0.9, 0.3)
        lengths *= np.clip(1.0 + 0.55 * np.minimum(least, 0), 0.5, 1)
    if growth.fringe.any():
        drop = growth.roots[growth.fringe, 2] - brow
        factor = 1.0 if growth.cut.fringe == "full" else 1.45
        lengths[growth.fringe] = drop * factor * rng.uniform(0.92, 1.04, int(growth.fringe.sum())) + 0.012
    return lengths


def trim(strands: Points, growth: Growth, rng: Rng) -> Points:
    """Hanging hair cut to a hem: strands end where they first fall below it."""
    n, k, _ = strands.shape
    fit, bob = growth.fit, growth.cut.style == "bob"
    hem = float(rng.uniform(0.088, 0.140) if bob else rng.uniform(0.24, 0.42))
    hem = growth.cut.hem or hem
    depth = ((strands - fit.eye) * fit.down).sum(-1)
    over = depth > hem + rng.normal(0, 0.005 if bob else 0.014, (n, 1))
    first = np.where(over.any(1), np.argmax(over, axis=1), k - 1).clip(min=2)
    at = np.linspace(0, 1, k)[None] * first[:, None]
    low = np.minimum(at.astype(int), k - 2)
    share = (at - low)[..., None]
    rows = np.arange(n)[:, None]
    return np.asarray(strands[rows, low] * (1 - share) + strands[rows, low + 1] * share)


def _short(growth: Growth, points: Points, outward: Points, t: float) -> Points:
    n = len(points)
    manner = growth.cut.manner
    ahead = {"forward": (0.25, -1.0, 0.1), "up": (0.1, 0.55, 1.0), "messy": (0.3, -0.4, 0.3)}[manner]
    over = np.stack([growth.side * ahead[0], np.full(n, ahead[1]), np.full(n, ahead[2])], 1)
    beside = np.stack([np.zeros(n), np.full(n, 0.45), np.full(n, -1.0)], 1)
    combed = along(outward, over * growth.top[:, None] + beside * (1 - growth.top[:, None]))
    stand = {"forward": 0.5, "up": 0.95, "messy": 0.75}[manner] * (0.35 + 0.65 * growth.top) * (1 - 0.75 * t)
    return combed + outward * stand[:, None] + growth.wild * (0.5 if manner == "messy" else 0.22)


def _side(growth: Growth, points: Points, outward: Points, t: float) -> Points:
    n = len(points)
    across = np.where(growth.side == growth.cut.sweep, 1.0, 0.55) * growth.side
    over = np.stack([across, np.full(n, 0.15 - 0.3 * t), np.full(n, 0.1)], 1)
    beside = np.stack([np.zeros(n), np.full(n, 0.5), np.full(n, -1.0)], 1)
    combed = along(outward, over * growth.top[:, None] + beside * (1 - growth.top[:, None]))
    stand = (0.15 + 0.75 * growth.top) * (1 - 1.35 * t)
    return combed + outward * stand[:, None] + growth.wild * 0.12


def _buzz(growth: Growth, _points: Points, outward: Points, _t: float) -> Points:
    return np.asarray(outward + np.array([0, 0.1, -0.25]) + 0.2 * growth.wild)


def _curly(growth: Growth, points: Points, outward: Points, t: float) -> Points:
    hang = growth.fit.down * (0.35 + 0.9 * t * (1 - 0.5 * growth.top[:, None]))
    aside = np.stack([growth.side * 0.25, np.full(len(points), -0.1), np.zeros(len(points))], 1)
    return np.asarray(outward * (1.0 - 0.45 * t) + hang + aside + 0.45 * growth.wild)


def _afro(growth: Growth, _points: Points, outward: Points, _t: float) -> Points:
    return np.asarray(outward + np.array([0, 0.05, 0.12]) + 0.3 * growth.wild)


def _combed_down(growth: Growth, points: Points, outward: Points, t: float) -> Points:
    """From the parting to the side and back over the head, then hanging."""
    front = np.clip((growth.fit.centre[1] + 0.01 - growth.roots[:, 1]) / 0.07, 0, 1)
    over_x = growth.side * (0.35 + 0.9 * growth.top + 0.5 * front)
    back = np.where(growth.front, 0.05, 0.75) + 0.35 * front
    over = np.stack([over_x, back, -0.25 - 1.2 * (1 - growth.top)], 1)
    combed = along(outward, over) + outward * (0.22 * (1 - t))
    high = np.clip((points[:, 2] - growth.fit.centre[2] + 0.005) / 0.03, 0, 1)[:, None]
    hang = growth.fit.down + 0.06 * growth.wild
    if growth.cut.style == "bob":  # ends turn in
        hang = hang - outward * np.array([1, 1, 0]) * 0.5 * max(0.0, t - 0.6)
    return np.asarray(combed * high + hang * (1 - high))


def _tucked(growth: Growth, points: Points, outward: Points, t: float) -> Points:
    """As hanging hair, but what grows before the ears goes over and behind them first."""
    way = _combed_down(growth, points, outward, t)
    ear = growth.fit.ears["left"]
    target = np.stack([np.sign(points[:, 0]) * (ear.out - 0.014), np.full(len(points), ear.back[1] + 0.006),
                       np.full(len(points), ear.centre[2] + 0.012)], 1)  # fmt: skip
    ahead = points[:, 1] < ear.back[1] + 0.002
    led = along(outward, target - points) + 0.05 * outward
    return np.where((ahead & (points[:, 2] > ear.centre[2] - 0.03))[:, None], led, way)


def _pulled(growth: Growth, points: Points, outward: Points, _t: float) -> Points:
    reach = growth.tie - points
    far = np.linalg.norm(reach, axis=1, keepdims=True)
    return np.where(far > 0.03, along(outward, reach) + 0.03 * growth.wild, reach / np.maximum(far, 1e-6))


def _with_fringe(field: Field) -> Field:
    """Strands of the fringe fall ahead to the brows instead."""

    def led(growth: Growth, points: Points, outward: Points, t: float) -> Points:
        way = field(growth, points, outward, t)
        if not growth.fringe.any():
            return way
        n = len(points)
        aside = growth.cut.sweep * 0.85 if growth.cut.fringe == "swept" else 0.0
        ahead = np.stack([np.full(n, aside) + 0.12 * np.sign(points[:, 0]), np.full(n, -0.9 + 0.9 * t),
                          np.full(n, -0.4 - 1.2 * t)], 1)  # fmt: skip
        fall = along(outward, ahead) + outward * (0.3 * (1 - 1.6 * t)) + 0.08 * growth.wild
        return np.where(growth.fringe[:, None], fall, way)

    return led


FIELDS: dict[str, Field] = {
    "buzz": _buzz, "short": _with_fringe(_short), "side": _side, "curly": _curly, "afro": _afro,
    "bob": _with_fringe(_combed_down), "long": _with_fringe(_combed_down), "long_tucked": _with_fringe(_tucked),
    "tied": _with_fringe(_pulled), "bun": _with_fringe(_pulled),
}  # fmt: skip


def keep_off(growth: Growth, points: Points, t: float) -> Points:
    """Points moved off the head, the face and the shoulders."""
    fit, cut = growth.fit, growth.cut
    lift = 0.0015 + cut.numbers.lift * growth.layer * growth.off_part * _volume(growth, points, t)
    lift = np.where(growth.fringe, 0.003 + 0.006 * growth.layer, lift)
    over_ears = cut.style in ("bob", "long", "curly")
    shell = fit.head if over_ears else fit.skull
    near = (points[:, 2] > fit.eye[2] - NECK_BELOW_EYES) | (cut.style in PULLED)
    azimuth, elevation, radius = polar(points - shell.centre)
    reach = shell.reach(azimuth, elevation)
    held = np.clip(radius, reach + lift, reach + np.maximum(_ceiling(growth), lift))
    pushed = shell.centre + from_polar(azimuth, elevation, held)
    points = np.where(near[:, None], pushed, points)
    if cut.style in HANGING:
        free = towards_face_edge(fit, points, cut.face_deg)
        points = np.where(growth.fringe[:, None], points, free)
        points = _off_shoulders(growth, points)
    return points


def _ceiling(growth: Growth) -> Floats:
    """How far hair may stand off the head."""
    cut = growth.cut
    loose = {"up": 2.6, "messy": 1.8}.get(cut.manner, 1.3) if cut.style == "short" else 1.4
    loose = 1.0 if cut.style == "side" else loose
    spread = 0.55 + 0.45 * growth.layer
    standing = growth.top if cut.style in ("short", "side") else 1.0
    ceiling = 0.005 + cut.numbers.lift * loose * spread * (0.25 + 0.75 * standing) * growth.off_part
    return np.where(growth.fringe, 0.007 + 0.009 * growth.layer, ceiling)


def _volume(growth: Growth, points: Points, t: float) -> Floats:
    """How much of the style's lift holds at points: little at the root, all from a third of the length on."""
    rise = min(1.0, 3.0 * t)
    if growth.cut.style in ("short", "side"):
        return np.asarray(rise * (0.25 + 0.75 * growth.top) * (1 - 0.5 * t))
    return np.full(len(points), rise)


def _off_shoulders(growth: Growth, points: Points) -> Points:
    """Hanging hair lies before or behind the body, never in it."""
    torso = growth.fit.torso
    low = (points[:, 2] < growth.fit.eye[2] - NECK_BELOW_EYES) & torso.covers(points)
    margin = (0.004 if growth.cut.style == "bob" else CLOTH) + 0.018 * growth.layer
    ahead = np.minimum(points[:, 1], torso.y(points, "front") - margin)
    behind = np.maximum(points[:, 1], torso.y(points, "back") + margin)
    points = points.copy()
    points[:, 1] = np.where(low, np.where(growth.front, ahead, behind), points[:, 1])
    sunk = np.clip((growth.fit.eye[2] - 0.06 - points[:, 2]) / 0.14, 0, 1)
    beside = growth.side * np.maximum(growth.side * points[:, 0], 0.046 + 0.075 * growth.spread * sunk)
    neck = growth.front & (points[:, 2] < growth.fit.eye[2] - 0.06)
    points[:, 0] = np.where(neck, beside, points[:, 0])
    return points
