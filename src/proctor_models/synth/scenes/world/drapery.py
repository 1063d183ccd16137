"""Cloth that hangs: curtains, coats on hooks, garments on a chair. Needs `bpy`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.plans.measures import chance, muted, rgb
from proctor_models.synth.scenes.world import textures
from proctor_models.synth.scenes.world.paint import paint, pictured
from proctor_models.synth.scenes.world.solids import Solid

Rng = np.random.Generator
COATS = (
    (0.010, 0.010, 0.014), (0.015, 0.025, 0.07), (0.12, 0.10, 0.08), (0.28, 0.20, 0.12), (0.06, 0.07, 0.04),
    (0.30, 0.03, 0.03), (0.35, 0.35, 0.36), (0.10, 0.22, 0.30), (0.55, 0.40, 0.08), (0.60, 0.57, 0.50),
)  # fmt: skip


def garment_cloth(rng: Rng) -> Any:
    """What coats and shirts are made of: plain or checked."""
    which = int(rng.integers(len(COATS)))
    if rng.random() < 0.78:
        return paint(rgb(COATS[which]), 0.85, sheen=0.2)
    return pictured(f"garment {which}", lambda: textures.cloth(chance(which, "garment"), COATS[which]), 0.9, sheen=0.2)


def hanging_cloth(solid: Solid, at: Any, size: tuple[float, float], rng: Rng, skin: Any) -> None:
    """A towel or shirt over a bar: its lower left corner at `at`, `size` wide and high, facing -y."""
    u, v = np.meshgrid(np.linspace(0, 1, 14), np.linspace(0, 1, 8))
    sway = 0.012 * np.sin(u * rng.uniform(6, 14) + rng.uniform(0, 6)) * (1.2 - v)
    base = np.asarray(at, float)
    x = base[0] + size[0] * (u + 0.03 * np.sin(5 * v) * (1 - v))
    solid.grid(np.stack([x, base[1] + sway - 0.01, base[2] + size[1] * v], -1), skin)


def garment(solid: Solid, rng: Rng, hook: Any, skin: Any = None) -> None:
    """A coat, jacket or hooded jumper that hangs at a hook and looks like somebody's back.

    `hook` is where its neck hangs; it falls 0.6 to 1.1 m and stands 0.25 m out towards -y.
    """
    cloth = skin or garment_cloth(rng)
    long = float(rng.choice([rng.uniform(0.58, 0.75), rng.uniform(0.85, 1.1)]))
    shoulder, deep = float(rng.uniform(0.17, 0.23)), float(rng.uniform(0.055, 0.085))
    hanger = rng.random() < 0.5
    t = np.linspace(0, 1, 15)[:, None]
    a = np.linspace(0, 2 * math.pi, 29)[None]
    slope = 0.10 if hanger else 0.24
    spread = np.clip(t / slope, 0, 1) ** 0.6
    wide = (
        0.055 + (shoulder - 0.055) * spread + 0.05 * t * rng.uniform(-0.3, 1.0) - (0 if hanger else 0.05 * t * (1 - t))
    )
    depth = 0.045 + (deep - 0.045) * spread + 0.03 * t
    folds = 1 + (0.03 + 0.10 * t) * np.sin(a * rng.integers(4, 8) + rng.uniform(0, 6) + 1.5 * t)
    x = wide * np.cos(a) * folds + 0.02 * np.sin(3 * t + rng.uniform(0, 6))
    y = -0.10 + depth * np.sin(a) * folds
    z = -long * t + 0 * a
    base = np.asarray(hook, float)
    solid.grid(np.stack([x, y, z], -1)[::-1] + base, cloth, (1.5, 2))
    for side in (-1, 1):
        _sleeve(solid, rng, base, (side, shoulder, long, slope), cloth)
    _collar(solid, rng, base, cloth)
    if rng.random() < 0.5:  # the opening, with buttons or a zip
        dark = paint((0.01, 0.01, 0.012), 0.5)
        front = np.add(base, [0.0, -0.10 - deep - 0.018, 0.0])
        solid.box((0.008, 0.012, long * 0.8), front - [0, 0, long * 0.52], dark)


def _sleeve(solid: Solid, rng: Rng, base: NDArray[np.float64], how: tuple[int, float, float, float], skin: Any) -> None:
    side, shoulder, long, slope = how
    length = float(rng.uniform(0.52, 0.62))
    s = np.linspace(0, 1, 9)
    top = np.array([side * shoulder * 0.92, -0.10, -long * slope * 0.75])
    out = side * rng.uniform(0.02, 0.07)
    path = top + np.stack([out * np.sin(s * 2.2), -0.03 * np.sin(s * 3) + 0 * s, -length * s], 1)
    radius = 0.062 - 0.018 * s
    angle = np.linspace(0, 2 * math.pi, 13)
    wobble = 1 + 0.09 * np.sin(3 * angle[None] + 9 * s[:, None])
    ring = np.stack(
        [np.cos(angle)[None] * radius[:, None] * wobble, np.sin(angle)[None] * radius[:, None] * wobble], -1
    )
    points = path[:, None] + np.concatenate([ring, np.zeros((*ring.shape[:2], 1))], -1)
    solid.grid(points[::-1] + base, skin, (0.6, 1.2))


def _collar(solid: Solid, rng: Rng, base: NDArray[np.float64], skin: Any) -> None:
    """A collar, a hood, or a hat left on the same hook."""
    kind = rng.random()
    if kind < 0.4:  # a hood that keeps its shape: the most like a head
        solid.ball((0.095, 0.085, 0.115), np.add(base, [0, -0.10, 0.01]), skin, 8)
    elif kind < 0.8:
        ring = [(0.062, -0.02), (0.078, 0.02), (0.070, 0.055), (0.058, 0.05)]
        solid.lathe(ring, np.add(base, [0, -0.10, -0.01]), skin, 18)
    else:
        tone = paint(rgb(COATS[int(rng.integers(len(COATS)))]), 0.85)
        solid.ball((0.10, 0.11, 0.085), np.add(base, [0, -0.11, 0.07]), tone, 8)
        solid.box((0.15, 0.10, 0.012), np.add(base, [0, -0.23, 0.04]), tone)


def curtain(
    solid: Solid, span: tuple[float, float], levels: tuple[float, float], y: float, rng: Rng, skin: Any
) -> None:
    """One half of a pair: from `span` left to right, from `levels` below to above, at depth `y`."""
    left, right = span
    folds = max(3, round((right - left) / 0.07))
    u, v = np.meshgrid(np.linspace(0, 1, folds * 5 + 1), np.linspace(0, 1, 6))
    phase = rng.uniform(0, 6)
    out = 0.022 * np.sin(u * folds * 2 * math.pi + phase) * (1.1 - 0.4 * v) + 0.006 * np.sin(17 * u + 3 * v)
    x = left + (right - left) * u + 0.01 * np.sin(9 * v + phase) * (1 - v)
    z = levels[0] + (levels[1] - levels[0]) * v
    solid.grid(np.stack([x, y + out, z], -1), skin, ((right - left) / 0.5, (levels[1] - levels[0]) / 0.5))


def over_back(solid: Solid, rng: Rng, width: float, levels: tuple[float, float], y: float) -> None:
    """A jacket over the back of a chair: the back is at `y`, `levels` from seat to top."""
    skin, y = garment_cloth(rng), y + 0.035  # backs lean and bulge
    low, high = levels[0] + rng.uniform(-0.12, 0.1), levels[1] + 0.012
    u = np.linspace(-1, 1, 17)[None]
    half = width / 2 + rng.uniform(0.02, 0.07)
    lines = []
    for t in np.linspace(0, 1, 17):
        s = (t - 0.5) * 2
        across = np.sign(s) * min(1.0, abs(s) / 0.15) * 0.09
        down = max(0.0, abs(s) - 0.12) / 0.88
        z = high - (high - low) * down + (0.012 if abs(s) < 0.15 else 0.0)
        fold = 0.016 * np.sin(6 * u + 5 * t) * down
        lines.append(
            np.stack(
                [u * half * (1 - 0.12 * (1 - down)), y + across + np.sign(s) * np.abs(fold), z - 0.04 * u**2 + 0 * u],
                -1,
            )[0]
        )
    solid.grid(np.asarray(lines), skin, (1, 2))
    for side in (-1, 1):
        _sleeve(solid, rng, np.array([0.0, y + 0.14, high]), (side, half, 0.25, 0.3), skin)
    solid.lathe([(0.085, -0.03), (0.092, 0.0), (0.075, 0.02)], (0, y + 0.03, high), skin, 16)


def coat_hooks(solid: Solid, rng: Rng, width: float, level: float) -> None:
    """A board with hooks and one to four garments and a bag on it, facing -y."""
    wood = paint(rgb(((0.3, 0.18, 0.09), (0.7, 0.7, 0.68), (0.05, 0.04, 0.04))[int(rng.integers(3))]), 0.5)
    solid.box((width, 0.02, 0.09), (0, -0.01, level), wood)
    metal = paint((0.35, 0.35, 0.35), 0.3, metallic=0.8)
    places = max(1, int(width / 0.3))
    for k in range(places):
        x = -width / 2 + (k + 0.5) * width / places
        solid.rod((x, -0.02, level), (x, -0.08, level + 0.03), 0.007, metal)
        if rng.random() < 0.75 or places == 1:
            garment(solid, rng, (x + rng.normal(0, 0.02), -0.02, level - 0.01))
        elif rng.random() < 0.5:
            bag = paint(muted(rng, 0.01, 0.4), 0.7)
            part = Solid("bag").slab((0.28, 0.36, 0.10), (0, 0, 0), 0.05, 0.03, bag)
            solid.merge(part, blend.turn((1, 0, 0), 90), (x, -0.08, level - 0.6))
            solid.cord(
                [(x - 0.06, -0.06, level - 0.45), (x, -0.08, level), (x + 0.06, -0.06, level - 0.45)], 0.012, bag
            )


def coat_stand(solid: Solid, rng: Rng) -> None:
    """A stand with two or three garments around it, about (0, -0.25)."""
    wood = paint((0.12, 0.07, 0.04), 0.5)
    solid.lathe([(0, 0), (0.2, 0), (0.19, 0.02), (0.02, 0.05), (0.018, 1.78), (0, 1.8)], (0, -0.28, 0), wood, 16)
    for k in range(int(rng.integers(1, 4))):
        part = Solid("coat")
        garment(part, rng, (0, 0, 0))
        turned = blend.turn((0, 0, 1), float(rng.uniform(-40, 40) + 120 * k))
        at = np.array([0.0, -0.28, float(rng.uniform(1.55, 1.7))]) + turned @ np.array([0.0, 0.03, 0.0])
        solid.merge(part, turned, at)
