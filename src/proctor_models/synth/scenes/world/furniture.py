"""Furniture in the frame of its wall (see `layout`): its back at y = 0, facing -y, z up. Needs `bpy`.

Every maker takes the mesh it adds to, random numbers and its width, and returns how deep and high it is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.plans.measures import chance, muted, rgb
from proctor_models.synth.scenes.world import drapery, shelving, textures, upholstery, vessels
from proctor_models.synth.scenes.world.finishes import cloth, wood
from proctor_models.synth.scenes.world.paint import paint, pictured, shining
from proctor_models.synth.scenes.world.screens import computer_screen
from proctor_models.synth.scenes.world.solids import Solid

Rng = np.random.Generator
Maker = Callable[[Solid, Rng, float], tuple[float, float]]


def nightstand(solid: Solid, rng: Rng, width: float) -> tuple[float, float]:
    """A small table with a lamp."""
    high, depth, skin = 0.52, 0.4, wood(rng)
    solid.box((width, depth, high), (0, -depth / 2, high / 2), skin)
    solid.box((width - 0.04, 0.014, 0.2), (0, -depth - 0.007, high - 0.14), skin)
    solid.lathe([(0, 0), (0.06, 0), (0.02, 0.03), (0.012, 0.22)], (0, -0.2, high), paint((0.5, 0.45, 0.4), 0.4), 16)
    shade = shining("lamp shade warm", None, "shade", (1.0, 0.8, 0.55))
    solid.lathe([(0.12, 0.2), (0.08, 0.38)], (0, -0.2, high), shade, 20)
    return depth, high + 0.4


def _screen_on(solid: Solid, rng: Rng, at: tuple[float, float, float], size: tuple[float, float], lit: bool) -> None:
    """A monitor's or TV's picture in a dark frame, facing -y; `at` is its middle."""
    solid = solid.part("screen")
    x, y, z = at
    w, h = size[0] / 2, size[1] / 2
    solid.box((size[0] + 0.02, 0.03, size[1] + 0.02), (x, y + 0.017, z), paint((0.012, 0.012, 0.013), 0.3))
    which = int(rng.integers(6))
    face = paint((0.004, 0.004, 0.005), 0.1, coat=0.6)
    if lit:
        face = shining(
            f"far screen {which}", lambda: computer_screen(chance(which, "far screen"), (320, 180)), "screen"
        )
    solid.panel([(x - w, y, z - h), (x + w, y, z - h), (x + w, y, z + h), (x - w, y, z + h)], face)


def office_desk(solid: Solid, rng: Rng, width: float) -> tuple[float, float]:
    """Somebody else's desk: a monitor, papers, a chair pushed in."""
    depth, skin = 0.7, wood(rng)
    solid.box((width, depth, 0.03), (0, -depth / 2, 0.72), skin)
    metal = paint((0.3, 0.3, 0.3), 0.4, metallic=0.6)
    for x in (-width / 2 + 0.05, width / 2 - 0.05):
        for y in (-0.05, -depth + 0.05):
            solid.rod((x, y, 0), (x, y, 0.71), 0.02, metal)
    x = float(rng.uniform(-0.2, 0.2))
    solid.box((0.04, 0.04, 0.2), (x, -0.2, 0.83), metal)
    solid.box((0.22, 0.18, 0.012), (x, -0.22, 0.742), metal)
    _screen_on(solid, rng, (x, -0.25, 1.04), (0.52, 0.30), bool(rng.random() < 0.4))
    solid.part("keyboard").box((0.42, 0.13, 0.02), (x, -0.5, 0.745), paint((0.02, 0.02, 0.02), 0.6))
    for _ in range(int(rng.integers(1, 4))):
        high = rng.uniform(0.01, 0.1)
        solid.part("book_paper").box(
            (0.21, 0.29, high),
            (rng.uniform(-0.4, 0.4) * width, -0.3, 0.735 + high / 2),
            paint(muted(rng, 0.3, 0.85), 0.8),
        )
    back = cloth(rng)
    solid.slab((0.44, 0.46, 0.08), (x, -depth - 0.1, 0.47), 0.08, 0.03, back)
    solid.box((0.42, 0.06, 0.5), (x, -depth - 0.36, 0.82), back)
    solid.rod((x, -depth - 0.1, 0.05), (x, -depth - 0.1, 0.45), 0.03, metal)
    return depth + 0.4, 1.2


def kitchen(solid: Solid, rng: Rng, width: float) -> tuple[float, float]:
    """Cupboards below and above a worktop, tiles between, hob, tap and kitchen things."""
    skin = (
        wood(rng)
        if rng.random() < 0.5
        else paint(rgb(rng.choice([(0.75, 0.74, 0.7), (0.12, 0.2, 0.22), (0.5, 0.1, 0.08), (0.3, 0.38, 0.3)])), 0.35)
    )
    metal = paint((0.55, 0.55, 0.55), 0.25, metallic=0.9)
    doors = max(3, round(width / 0.55))
    wide = width / doors
    solid.box((width, 0.56, 0.86), (0, -0.28, 0.43), skin)
    solid.box((width, 0.62, 0.04), (0, -0.31, 0.88), wood(rng))
    which = int(rng.integers(5))
    tile = pictured(f"tiles {which}", lambda: textures.tiles(chance(which, "tiles"), (0.7, 0.7, 0.66)), 0.2)
    w = width / 2
    solid.panel([(-w, -0.01, 0.9), (w, -0.01, 0.9), (w, -0.01, 1.45), (-w, -0.01, 1.45)], tile, (0, 0, width, 0.55))
    hole = int(rng.integers(doors))
    for k in range(doors):
        x = -w + (k + 0.5) * wide
        solid.box((wide - 0.012, 0.02, 0.7), (x, -0.57, 0.47), skin)
        solid.box((wide * 0.5, 0.02, 0.012), (x, -0.59, 0.78), metal)
        if k != hole:
            solid.box((wide - 0.004, 0.32, 0.68), (x, -0.16, 1.79), skin)
            solid.box((wide - 0.012, 0.018, 0.66), (x, -0.33, 1.79), skin)
            solid.box((0.012, 0.02, 0.12), (x + wide * 0.38, -0.35, 1.56), metal)
        else:
            solid.box((wide * 0.9, 0.3, 0.12), (x, -0.18, 1.6), metal)
    for _ in range(int(rng.integers(4, 8))):
        at = (float(rng.uniform(-0.45, 0.45)) * width, -0.18, 0.9)
        r, high = rng.uniform(0.03, 0.07), rng.uniform(0.08, 0.28)
        jar = solid.part("bottle") if high > 2.6 * r else solid
        jar.lathe([(0, 0), (r, 0), (r, high * 0.7), (r * 0.5, high * 0.85), (r * 0.5, high), (0, high)], at,
                    paint(muted(rng, 0.03, 0.8), 0.35), 16)  # fmt: skip
    return 0.62, 2.13


def box_piece(
    depth: float, low: float, high: float, doors: int, colours: tuple[tuple[float, float, float], ...]
) -> Maker:
    """A maker of plain upright boxes with doors or drawers: fridge, cabinet, locker."""

    def make(solid: Solid, rng: Rng, width: float) -> tuple[float, float]:
        tall = float(rng.uniform(low, high))
        skin = paint(rgb(colours[int(rng.integers(len(colours)))]), 0.35)
        metal = paint((0.4, 0.4, 0.4), 0.3, metallic=0.8)
        solid.box((width, depth, tall), (0, -depth / 2, tall / 2), skin)
        for k in range(doors):
            z = (k + 0.5) * tall / doors
            solid.box((width - 0.012, 0.02, tall / doors - 0.012), (0, -depth - 0.01, z), skin)
            solid.box((0.016, 0.03, 0.12), (width * 0.4, -depth - 0.03, z), metal)
        for _ in range(int(rng.integers(0, 3))):
            s = rng.uniform(0.1, 0.28, 3)
            solid.box(
                s, (rng.uniform(-0.25, 0.25) * width, -depth / 2, tall + s[2] / 2), paint(muted(rng, 0.05, 0.7), 0.7)
            )
        return depth, tall

    return make


def tv_stand(solid: Solid, rng: Rng, width: float) -> tuple[float, float]:
    """A low board with a television, mostly off."""
    skin = wood(rng)
    solid.box((width, 0.4, 0.46), (0, -0.2, 0.25), skin)
    for k in range(3):
        solid.box((width / 3 - 0.02, 0.012, 0.36), (-width / 2 + (k + 0.5) * width / 3, -0.406, 0.25), skin)
    wide = width * 0.78
    _screen_on(solid, rng, (0, -0.16, 0.58 + wide * 0.28), (wide, wide * 0.5625), bool(rng.random() < 0.3))
    solid.box((wide * 0.4, 0.2, 0.06), (0, -0.16, 0.5), paint((0.012, 0.012, 0.013), 0.3))
    return 0.42, 0.6 + wide * 0.6


def plant(solid: Solid, rng: Rng, width: float) -> tuple[float, float]:
    """A pot plant on the floor."""
    high = float(rng.uniform(0.9, 1.5))
    vessels.foliage(solid, rng, (0, -0.28, 0), width * 1.3, high)
    return 0.5, high


def floor_lamp(solid: Solid, rng: Rng, width: float) -> tuple[float, float]:
    """A lamp on a pole."""
    high = float(rng.uniform(1.45, 1.75))
    metal = paint((0.03, 0.03, 0.03) if rng.random() < 0.5 else (0.6, 0.55, 0.4), 0.35, metallic=0.7)
    solid.lathe([(0, 0), (0.15, 0), (0.15, 0.02), (0.014, 0.03), (0.012, high)], (0, -width / 2, 0), metal, 20)
    shade = shining("lamp shade warm", None, "shade", (1.0, 0.8, 0.55))
    solid.lathe([(0.19, high - 0.12), (0.13, high + 0.16)], (0, -width / 2, 0), shade, 24)
    return width, high + 0.16


def boxes(solid: Solid, rng: Rng, width: float) -> tuple[float, float]:
    """Cardboard boxes and bags, piled up."""
    level = 0.0
    for _ in range(int(rng.integers(2, 4))):
        s = (width * rng.uniform(0.6, 0.95), rng.uniform(0.3, 0.42), rng.uniform(0.22, 0.36))
        tone = (0.45, 0.31, 0.18) if rng.random() < 0.6 else muted(rng)
        solid.box(
            s,
            (rng.normal(0, 0.03), -0.22, level + s[2] / 2),
            paint(rgb(tone), 0.8),
            blend.turn((0, 0, 1), rng.normal(0, 5)),
        )
        level += s[2]
    return 0.44, level


def drying_rack(solid: Solid, rng: Rng, width: float) -> tuple[float, float]:
    """Laundry on a rack."""
    metal = paint((0.7, 0.7, 0.7), 0.4)
    for side in (-1, 1):
        for y in (-0.05, -0.5):
            solid.rod((side * width / 2, -0.28, 1.0), (side * width / 2, y, 0.0), 0.01, metal)
    for k in range(4):
        y = -0.08 - 0.14 * k
        solid.rod((-width / 2, y, 1.0), (width / 2, y, 1.0), 0.006, metal)
        wide = width * rng.uniform(0.3, 0.7)
        high = float(rng.uniform(0.35, 0.7))
        drapery.hanging_cloth(
            solid, (rng.uniform(-0.5, 0.5) * (width - wide), y, 1.0 - high), (wide, high), rng, cloth(rng)
        )
    return 0.55, 1.0


CABINETS = ((0.5, 0.5, 0.5), (0.7, 0.69, 0.66), (0.1, 0.12, 0.15), (0.45, 0.3, 0.18))
MAKERS: dict[str, Maker] = {
    "bookcase": shelving.bookcase,
    "wardrobe": shelving.wardrobe,
    "chest": shelving.chest,
    "bed": upholstery.bed,
    "bunk": upholstery.bunk,
    "sofa": upholstery.sofa,
    "nightstand": nightstand,
    "office_desk": office_desk,
    "kitchen": kitchen,
    "tv_stand": tv_stand,
    "plant": plant,
    "floor_lamp": floor_lamp,
    "boxes": boxes,
    "drying_rack": drying_rack,
    "fridge": box_piece(0.62, 1.5, 1.9, 2, ((0.75, 0.75, 0.75), (0.35, 0.36, 0.37), (0.02, 0.02, 0.02))),
    "cabinet": box_piece(0.45, 0.7, 1.15, 3, CABINETS),
    "locker": box_piece(0.5, 1.75, 1.95, 2, ((0.35, 0.42, 0.45), (0.55, 0.55, 0.55), (0.12, 0.2, 0.32))),
}
"""By the names of `arrange.PIECES`."""
