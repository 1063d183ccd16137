"""Beds and sofas with their cushions; see `furniture`. Needs `bpy`."""

from __future__ import annotations

from typing import Any

import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.plans.measures import rgb
from proctor_models.synth.scenes.world import drapery
from proctor_models.synth.scenes.world.finishes import cloth, wood
from proctor_models.synth.scenes.world.paint import paint
from proctor_models.synth.scenes.world.solids import Solid

Rng = np.random.Generator


def _bedding(solid: Solid, rng: Rng, size: tuple[float, float], level: float, depth: float) -> None:
    """Mattress, blanket in folds, pillows at one end; `size` along and across."""
    long, wide = size
    solid.box((long - 0.04, wide - 0.04, 0.18), (0, -depth / 2, level + 0.09), paint((0.75, 0.74, 0.72), 0.9))
    head = float(rng.choice([-1.0, 1.0]))
    top = level + 0.19
    u, v = np.meshgrid(np.linspace(0, 1, 34), np.linspace(0, 1, 22))
    ends = long * rng.uniform(0.62, 0.8)
    x = head * (-long / 2 + u * ends)
    across = (v - 0.5) * (wide + 0.10)
    lumps = sum(
        rng.uniform(0.006, 0.022) * np.sin(rng.uniform(2, 13) * u + rng.uniform(2, 11) * v + rng.uniform(0, 6))
        for _ in range(6)
    )
    fall = np.clip(np.abs(v - 0.5) * 2 - 0.88, 0, 1) / 0.12
    z = top + 0.035 + lumps - 0.2 * fall
    solid.grid(np.stack([x, -depth / 2 + across, z], -1), cloth(rng), (2, 1))
    count = int(rng.integers(1, 4))
    for k in range(count):
        y = -depth / 2 + (k + 0.5 - count / 2) * wide * 0.8 / count
        at = (head * (long / 2 - 0.26 - 0.05 * rng.random()), y, top + 0.08)
        pillow(solid, rng, at, (0.26, wide * 0.42 / count + 0.12, 0.085), float(rng.uniform(-20, 35)) * -head)


def pillow(solid: Solid, rng: Rng, at: Any, half: tuple[float, float, float], lean_deg: float) -> None:
    """A cushion about `at`, tipped about y."""
    u, v = np.meshgrid(np.linspace(-1, 1, 13), np.linspace(-1, 1, 13))
    swell = np.clip((1 - u**4) * (1 - v**4), 0, 1) ** 0.5
    turned = blend.turn((0, 1, 0), lean_deg)
    skin = cloth(rng) if rng.random() < 0.6 else paint((0.75, 0.75, 0.76), 0.9)
    for side in (-1, 1):
        z = side * half[2] * swell * (1 + 0.08 * np.sin(5 * u + 3 * v))
        points = np.stack([u * half[0] * (1 - 0.06 * v**2), v * half[1] * (1 - 0.06 * u**2), z], -1)
        solid.grid(points @ turned.T + np.asarray(at, float), skin)


def bed(solid: Solid, rng: Rng, width: float) -> tuple[float, float]:
    """A bed along the wall."""
    depth, level = float(rng.uniform(0.9, 1.35)), float(rng.uniform(0.25, 0.36))
    frame = wood(rng)
    solid.box((width, depth, 0.14), (0, -depth / 2, level - 0.07), frame)
    for side in (-1, 1):
        solid.box(
            (0.04, depth, level + rng.uniform(0.1, 0.6)), (side * width / 2, -depth / 2, (level + 0.3) / 2), frame
        )
    _bedding(solid, rng, (width, depth), level, depth)
    return depth, level + 0.32


def bunk(solid: Solid, rng: Rng, width: float) -> tuple[float, float]:
    """Two beds above each other with a ladder."""
    depth = 0.95
    metal = paint(
        rgb(((0.05, 0.06, 0.08), (0.45, 0.45, 0.46), (0.05, 0.12, 0.25))[int(rng.integers(3))]), 0.4, metallic=0.4
    )
    for x in (-width / 2, width / 2):
        for y in (-0.03, -depth):
            solid.rod((x, y, 0), (x, y, 1.95), 0.022, metal)
        solid.rod((x, -0.03, 1.9), (x, -depth, 1.9), 0.018, metal)
    for level in (0.35, 1.35):
        solid.box((width, depth, 0.05), (0, -depth / 2, level - 0.02), metal)
        _bedding(solid, rng, (width, depth), level, depth)
    for z in (1.62, 1.80):
        solid.rod((-width / 2, -depth, z), (width * 0.2, -depth, z), 0.014, metal)
    for k in range(6):
        solid.rod(
            (width * 0.28, -depth - 0.02, 0.3 + 0.28 * k), (width * 0.46, -depth - 0.02, 0.3 + 0.28 * k), 0.014, metal
        )
    if rng.random() < 0.5:
        drapery.hanging_cloth(solid, (rng.uniform(-0.6, 0.1), -depth - 0.03, 1.35), (0.5, 0.6), rng, cloth(rng))
    return depth, 1.95


def sofa(solid: Solid, rng: Rng, width: float) -> tuple[float, float]:
    """A sofa with cushions, perhaps a throw."""
    depth, skin = 0.85, cloth(rng)
    solid.box((width, depth, 0.24), (0, -depth / 2, 0.2), skin)
    solid.box((width, 0.22, 0.5), (0, -0.13, 0.56), skin)
    for side in (-1, 1):
        solid.box((0.18, depth, 0.42), (side * (width / 2 - 0.09), -depth / 2, 0.42), skin)
    seats = 2 if width < 1.8 else 3
    wide = (width - 0.4) / seats
    for k in range(seats):
        x = -width / 2 + 0.2 + (k + 0.5) * wide
        pillow(solid, rng, (x, -0.50, 0.42), (wide * 0.5, 0.32, 0.10), 0)
        if rng.random() < 0.75:
            _upright_pillow(solid, rng, (x + rng.uniform(-0.1, 0.1), -0.32, 0.70))
    return depth, 0.82


def _upright_pillow(solid: Solid, rng: Rng, at: Any) -> None:
    u, v = np.meshgrid(np.linspace(-1, 1, 11), np.linspace(-1, 1, 11))
    swell = np.clip((1 - u**4) * (1 - v**4), 0, 1) ** 0.5
    skin = cloth(rng)
    turned = blend.turn((0, 1, 0), float(rng.uniform(-25, 25))) @ blend.turn((1, 0, 0), -18)
    for side in (-1, 1):
        points = np.stack([u * 0.21, side * 0.07 * swell, v * 0.21], -1)
        solid.grid(points @ turned.T + np.asarray(at, float), skin)
