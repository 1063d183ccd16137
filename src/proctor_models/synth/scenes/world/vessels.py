"""Mugs, bottles and other small things of a desk that nobody mistakes for a phone for long. Needs `bpy`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from proctor_models.synth.scenes.plans.measures import chance, resting_size, rgb
from proctor_models.synth.scenes.plans.spec import ThingSpec
from proctor_models.synth.scenes.world import textures
from proctor_models.synth.scenes.world.paint import paint, pictured, shining
from proctor_models.synth.scenes.world.solids import Solid

Made = list[Any]


def mug(spec: ThingSpec) -> Made:
    """A mug with a handle towards +x, or a paper cup."""
    rng = chance(spec.seed, "mug")
    width, _, high = resting_size(spec)
    r = width / 2
    side = paint(rgb(spec.colour), 0.25, coat=0.3)
    if rng.random() < 0.35:
        side = pictured(f"mug {spec.seed}", lambda: textures.pattern(chance(spec.seed, "print")), 0.3)
    solid = Solid("mug")
    if rng.random() < 0.25:
        solid.lathe([(0, 0), (r * 0.7, 0), (r, high), (r * 0.96, high), (r * 0.9, high * 0.85), (0, high * 0.85)],
                    (0, 0, 0), side)  # fmt: skip
        solid.lathe([(r * 1.03, high), (r * 1.03, high + 0.006), (r * 0.8, high + 0.008), (0, high + 0.008)], (0, 0, 0),
                    paint((0.02, 0.02, 0.02) if rng.random() < 0.5 else (0.8, 0.8, 0.8), 0.4))  # fmt: skip
        return [solid.made()]
    solid.lathe(
        [(0, 0), (r * 0.86, 0), (r, high * 0.12), (r, high), (r * 0.94, high), (r * 0.92, high * 0.8)], (0, 0, 0), side
    )
    solid.lathe([(r * 0.92, high * 0.8), (0, high * 0.8)], (0, 0, 0), paint((0.03, 0.012, 0.006), 0.1))
    a = np.linspace(-math.pi / 2, math.pi / 2, 12)
    path = np.stack([r * 0.95 + 0.026 * np.cos(a), 0 * a, high * 0.5 + high * 0.3 * np.sin(a)], 1)
    solid.cord(path, 0.0048, side, 8)
    return [solid.made()]


def bottle(spec: ThingSpec) -> Made:
    """A water bottle: clear with a label, steel, or a can."""
    rng = chance(spec.seed, "bottle")
    width, _, high = resting_size(spec)
    r, kind = width / 2, rng.random()
    solid = Solid("bottle")
    if kind < 0.5:
        body = paint((0.55, 0.68, 0.72), 0.08, coat=0.6)
        shoulder = [(r, high * 0.66), (r * 0.4, high * 0.88), (r * 0.38, high * 0.92)]
        solid.lathe([(0, 0), (r * 0.9, 0), (r, 0.01), *shoulder], (0, 0, 0), body)
        label = pictured(f"label {spec.seed % 9}", lambda: textures.pattern(chance(spec.seed % 9, "label")), 0.4)
        solid.lathe([(r * 1.01, high * 0.25), (r * 1.01, high * 0.52)], (0, 0, 0), label)
    else:
        body = paint(rgb(spec.colour), 0.25, metallic=0.5, coat=0.3)
        solid.lathe([(0, 0), (r * 0.96, 0), (r, 0.008), (r, high * 0.8), (r * 0.6, high * 0.9), (r * 0.6, high * 0.92)],
                    (0, 0, 0), body)  # fmt: skip
    neck = r * (0.42 if kind < 0.5 else 0.64)
    cap = paint(rgb(rng.uniform(0.01, 0.8, 3)), 0.5)
    solid.lathe([(neck, high * 0.9), (neck, high), (0, high)], (0, 0, 0), cap)
    return [solid.made()]


def lamp(spec: ThingSpec) -> Made:
    """A desk lamp: foot, stem, shade, and a bulb that `lights` may turn on."""
    rng = chance(spec.seed, "lamp")
    width, _, high = resting_size(spec)
    shade = paint(rgb(spec.colour), 0.6)
    metal = paint((0.03, 0.03, 0.03) if rng.random() < 0.5 else (0.6, 0.6, 0.58), 0.35, metallic=0.6)
    solid = Solid("lamp")
    solid.lathe([(0, 0), (width * 0.42, 0), (width * 0.42, 0.012), (0.012, 0.018)], (0, 0, 0), metal)
    bulb = shining("bulb", None, "bulb", (1.0, 0.72, 0.42))
    if rng.random() < 0.5:
        solid.rod((0, 0, 0.01), (0, 0, high * 0.8), 0.007, metal)
        cone = [(width * 0.5, high * 0.58), (width * 0.32, high), (width * 0.31, high), (width * 0.49, high * 0.58)]
        linen = rgb([0.55 * 0.75 + 0.45 * c for c in spec.colour])  # shades are pale, whatever their hue
        solid.lathe(cone, (0, 0, 0), shining(f"lamp shade {linen}", None, "shade", linen))
        solid.ball((0.028, 0.028, 0.032), (0, 0, high * 0.75), bulb, 8)
        return [solid.made()]
    elbow, head = (0, 0.10, high * 0.62), (0, -0.06, high)
    solid.rod((0, 0, 0.01), elbow, 0.006, metal)
    solid.rod(elbow, head, 0.006, metal)
    solid.lathe([(0.058, -0.07), (0.030, 0.0), (0.012, 0.02), (0, 0.02)], head, shade)
    solid.ball((0.026, 0.026, 0.026), (head[0], head[1], head[2] - 0.045), bulb, 8)
    return [solid.made()]


def plant(spec: ThingSpec) -> Made:
    """A pot with leaves."""
    rng = chance(spec.seed, "plant")
    width, _, high = resting_size(spec)
    return [foliage(Solid("plant"), rng, (0, 0, 0), width, high).made()]


def foliage(solid: Solid, rng: np.random.Generator, at: Any, width: float, high: float) -> Solid:
    """A pot at `at` with leaves that arch outwards; used on desks and floors."""
    r, pot = (
        width * 0.3,
        paint(rgb(rng.choice([(0.5, 0.2, 0.1), (0.75, 0.75, 0.72), (0.06, 0.06, 0.07), (0.2, 0.3, 0.35)])), 0.5),
    )
    base = np.asarray(at, float)
    solid.lathe([(0, 0), (r * 0.75, 0), (r, high * 0.32), (r * 0.9, high * 0.32), (0, high * 0.30)], base, pot, 16)
    green = rgb((0.03 * rng.uniform(0.5, 2), 0.13 * rng.uniform(0.6, 1.5), 0.03 * rng.uniform(0.4, 1.6)))
    leaves = [paint(rgb(green, f), 0.5) for f in (0.7, 1.0, 1.35)]
    slim = rng.uniform(0.05, 0.24)
    for k in range(int(rng.integers(14, 30))):
        heading, reach = rng.uniform(0, 2 * math.pi), rng.uniform(0.3, 0.62) * width
        rise, t = high * rng.uniform(0.35, 0.75), np.linspace(0, 1, 6)
        way = np.array([math.cos(heading), math.sin(heading), 0.0])
        aside = np.array([-way[1], way[0], 0.0])
        spine = np.add(base, [0, 0, high * 0.3]) + np.outer(t * reach, way)
        spine[:, 2] += rise * np.sin(t * rng.uniform(1.4, 2.7))
        half = (width * slim * np.sin(math.pi * np.clip(t, 0.06, 0.97)) * 0.5)[:, None] * aside
        solid.grid(np.stack([spine - half, spine + half]), leaves[k % 3])
    return solid


def tissue_box(spec: ThingSpec) -> Made:
    """A box of tissues with one that sticks out."""
    rng = chance(spec.seed, "tissues")
    x, y, z = resting_size(spec)
    tone = rgb(spec.colour)
    key = f"tissues {spec.seed} {tone}"
    skin = pictured(key, lambda: textures.cloth(chance(spec.seed, "tissues"), tone), 0.5)
    solid = Solid("tissue box").box((x, y, z), (0, 0, z / 2), skin)
    u, v = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(0, 1, 6))
    wave = 0.014 * np.sin(u * 6 + rng.uniform(0, 6)) * v
    points = np.stack([wave, u * 0.035 * (1 + 0.6 * v), z + 0.055 * v * (1 - 0.3 * u**2)], -1)
    solid.grid(points, paint((0.85, 0.85, 0.85), 0.9))
    return [solid.made()]


def pen(spec: ThingSpec) -> Made:
    """A pen that lies."""
    width, length, _ = resting_size(spec)
    r = width / 2
    along = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])
    solid = Solid("pen")
    tip = -length / 2
    profile = [(0, tip), (r * 0.4, tip + 0.004), (r, tip + 0.016), (r, length / 2), (0, length / 2)]
    solid.lathe(profile, (0, 0, r), paint(rgb(spec.colour), 0.3), 12, along)
    solid.box((0.003, length * 0.28, 0.002), (0, length * 0.3, 2 * r), paint((0.5, 0.5, 0.5), 0.3, metallic=0.7))
    return [solid.made()]
