"""Furniture to put things in: shelves, wardrobes, drawers; see `furniture`. Needs `bpy`."""

from __future__ import annotations

import numpy as np

from proctor_models.synth.scenes.plans.measures import chance, muted
from proctor_models.synth.scenes.world import drapery, textures, vessels
from proctor_models.synth.scenes.world.finishes import wood
from proctor_models.synth.scenes.world.paint import paint, pictured
from proctor_models.synth.scenes.world.solids import Solid

Rng = np.random.Generator


def book_row(solid: Solid, rng: Rng, left: float, right: float, level: float, high: float, depth: float) -> None:
    """Books side by side from `left` to `right`, some leaning, some gaps with other things in."""
    which = int(rng.integers(4))
    spines = pictured(f"spines {which}", lambda: textures.book_spines(chance(which, "spines")), 0.5)
    x = left
    while x < right - 0.02:
        if rng.random() < 0.045:
            x += _knick_knack(solid, rng, x, min(right - x, 0.22), (level, depth))
            continue
        wide = float(rng.uniform(0.014, 0.042))
        if x + wide > right:
            return
        tall, deep = high * rng.uniform(0.62, 0.96), depth * rng.uniform(0.62, 0.85)
        k = int(rng.integers(textures.SPINES))
        front, z = -deep - 0.02, level + tall
        a, b = x, x + wide - 0.001
        uv = (k / textures.SPINES, 0.0, (k + 1) / textures.SPINES, 1.0)
        solid.panel([(a, front, level), (b, front, level), (b, front, z), (a, front, z)], spines, uv)
        thin = (uv[0] + 0.004, 0.4, uv[0] + 0.008, 0.5)
        solid.panel([(a, front, z), (b, front, z), (b, -0.02, z), (a, -0.02, z)], spines, thin)
        solid.panel([(b, front, level), (b, -0.02, level), (b, -0.02, z), (b, front, z)], spines, thin)
        solid.panel([(a, -0.02, level), (a, front, level), (a, front, z), (a, -0.02, z)], spines, thin)
        x += wide


def _knick_knack(solid: Solid, rng: Rng, x: float, room: float, at: tuple[float, float]) -> float:
    level, depth = at
    colour, kind = paint(muted(rng, 0.03, 0.75), 0.5), int(rng.integers(4))
    middle = (x + room / 2, -depth * 0.55)
    if kind == 0 and room > 0.1:
        solid.box((room * 0.8, depth * 0.5, 0.12), (*middle, level + 0.06), colour)
    elif kind == 1:
        solid.lathe([(0, 0), (0.035, 0), (0.05, 0.06), (0.02, 0.13), (0.028, 0.15)], (*middle, level), colour, 16)
    elif kind == 2 and room > 0.16:
        vessels.foliage(solid, rng, (*middle, level), 0.18, 0.2)
    else:
        solid.ball((0.04, 0.04, 0.05), (*middle, level + 0.05), colour, 8)
    return room


def bookcase(solid: Solid, rng: Rng, width: float) -> tuple[float, float]:
    """Shelves full of books, boxes and small things."""
    high, depth, board = float(rng.uniform(1.5, 2.15)), 0.28, 0.02
    skin, levels = wood(rng), int(rng.integers(4, 7))
    for side in (-1, 1):
        solid.box((board, depth, high), (side * (width - board) / 2, -depth / 2, high / 2), skin)
    solid.box((width, 0.008, high), (0, -0.005, high / 2), skin)
    step = (high - 0.08) / levels
    for k in range(levels + 1):
        z = 0.06 + k * step
        solid.box((width - board, depth, board), (0, -depth / 2, min(z, high - board / 2)), skin)
        if k < levels and rng.random() < 0.92:
            left = -width / 2 + board
            book_row(
                solid, rng, left, left + (width - 2 * board) * rng.uniform(0.55, 1.0), z + board / 2, step - 0.05, depth
            )
    return depth, high


def wardrobe(solid: Solid, rng: Rng, width: float) -> tuple[float, float]:
    """Doors with handles; perhaps a garment hangs on one, perhaps cases lie on top."""
    high, depth = float(rng.uniform(1.9, 2.15)), 0.58
    skin, doors = wood(rng), int(rng.integers(2, 4))
    metal = paint((0.4, 0.4, 0.4), 0.3, metallic=0.8)
    solid.box((width, depth, high), (0, -depth / 2, high / 2), skin)
    for k in range(doors):
        wide = width / doors
        x = -width / 2 + (k + 0.5) * wide
        solid.box((wide - 0.01, 0.018, high - 0.12), (x, -depth - 0.009, high / 2 + 0.02), skin)
        solid.box((0.012, 0.03, 0.16), (x + wide * 0.38 * (1 if k % 2 == 0 else -1), -depth - 0.03, 1.05), metal)
    if rng.random() < 0.4:
        drapery.garment(solid, rng, (float(rng.uniform(-0.2, 0.2)) * width, -depth - 0.03, 1.86))
    for _ in range(int(rng.integers(0, 3))):
        size = (rng.uniform(0.25, 0.5), 0.4, rng.uniform(0.12, 0.28))
        x = rng.uniform(-0.5, 0.5) * (width - size[0])
        solid.box(size, (x, -depth / 2, high + size[2] / 2), paint(muted(rng, 0.05, 0.6), 0.7))
    return depth, high


def chest(solid: Solid, rng: Rng, width: float) -> tuple[float, float]:
    """A chest of drawers with things on top."""
    high, depth, skin = float(rng.uniform(0.7, 1.0)), 0.42, wood(rng)
    solid.box((width, depth, high), (0, -depth / 2, high / 2), skin)
    rows = int(rng.integers(3, 5))
    knob = paint((0.5, 0.45, 0.35), 0.3, metallic=0.7)
    for k in range(rows):
        z = 0.08 + (k + 0.5) * (high - 0.1) / rows
        solid.box((width - 0.03, 0.014, (high - 0.1) / rows - 0.015), (0, -depth - 0.007, z), skin)
        for x in (-width / 4, width / 4):
            solid.ball((0.014, 0.014, 0.014), (x, -depth - 0.025, z), knob, 6)
    book_row(solid, rng, -width / 2 + 0.03, -width / 2 + width * rng.uniform(0.1, 0.6), high, 0.25, depth)
    _knick_knack(solid, rng, width * 0.2, 0.2, (high, depth))
    return depth, high
