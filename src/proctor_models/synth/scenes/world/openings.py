"""Windows with curtains and doors with what lies behind, in the frame of their wall (see `layout`). Needs `bpy`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.plans.measures import chance, rgb
from proctor_models.synth.scenes.plans.spec import LightSpec
from proctor_models.synth.scenes.world import drapery, outside
from proctor_models.synth.scenes.world.finishes import cloth, wood
from proctor_models.synth.scenes.world.layout import NIGHT, Matrix, Piece
from proctor_models.synth.scenes.world.paint import paint, shining
from proctor_models.synth.scenes.world.solids import Solid

DOOR_HIGH_M = 2.03
REVEAL_M = 0.12
"""How deep panes sit in the wall."""


@dataclass(frozen=True)
class Opening:
    """A window or a door."""

    frame: Matrix
    """From its own frame (x along the wall, y outwards, z up from the floor) to the world."""
    width: float
    low: float
    high: float
    by_day: bool
    """Daylight stands behind it."""
    veiled: float
    """Share that curtains or blinds cover."""


def window_hole(piece: Piece, light: LightSpec) -> tuple[float, float, float, float]:
    """Left, right, sill and head of a window, metres, in the wall's frame."""
    rng = chance(piece.seed, "hole")
    low = float(rng.uniform(0.80, 1.0)) if light.kind != "backlit" else float(rng.uniform(0.6, 0.9))
    high = float(rng.uniform(2.05, 2.25))
    return piece.x - piece.width / 2, piece.x + piece.width / 2, low, high


def door_hole(piece: Piece) -> tuple[float, float, float, float]:
    """Left, right, threshold and head of a door, metres, in the wall's frame."""
    return piece.x - piece.width / 2, piece.x + piece.width / 2, 0.0, DOOR_HIGH_M


def window(piece: Piece, light: LightSpec, frame: Matrix) -> tuple[list[Any], Opening]:
    """Pane, bars, sill, curtains or a blind, moved to its wall; `frame` has its origin below the window's middle."""
    rng = chance(piece.seed, "window")
    left, right, low, high = window_hole(piece, light)
    left, right = left - piece.x, right - piece.x
    width, by_day = right - left, light.kind not in NIGHT
    which = int(rng.integers(outside.VIEWS))
    if by_day:
        glass = shining(f"window {which}", lambda: outside.view(which), "window")
    else:
        glass = shining(f"night {which}", lambda: outside.night(which), "night")
    pane = Solid("pane")
    pane.panel([(left, REVEAL_M, low), (right, REVEAL_M, low), (right, REVEAL_M, high), (left, REVEAL_M, high)], glass)
    solid = Solid("window")
    white = paint((0.72, 0.72, 0.70) if rng.random() < 0.75 else (0.25, 0.14, 0.07), 0.4)
    for x in (left, right):
        solid.box((0.04, REVEAL_M + 0.02, high - low + 0.04), (x, REVEAL_M / 2, (low + high) / 2), white)
    for z in (low, high):
        solid.box((width - 0.04, REVEAL_M + 0.018, 0.04), (0, REVEAL_M / 2, z), white)
    for k in range(1, 1 + int(rng.integers(1, 3))):
        x = left + width * k / 2 if width > 0.8 else 9.0
        if x < right - 0.1:
            solid.box((0.045, 0.05, high - low), (x, REVEAL_M - 0.03, (low + high) / 2), white)
    solid.box((width + 0.12, 0.2, 0.03), (0, 0.02, low - 0.03), white)
    if rng.random() < 0.4:
        solid.box((width * 0.8, 0.09, 0.5), (0, -0.06, 0.42), paint((0.72, 0.72, 0.72), 0.4))
    veiled = _veil(solid, rng, (left, right, low, high), by_day and light.kind != "day")
    made = [pane.made(), solid.made()]
    blend.place(made, frame)
    return made, Opening(frame, width, low, high, by_day, veiled)


def _veil(solid: Solid, rng: np.random.Generator, hole: tuple[float, float, float, float], bright: bool) -> float:
    """Curtains, a blind, or nothing; the share of the pane that they cover."""
    left, right, low, high = hole
    width, kind = right - left, rng.random()
    if kind < 0.2 and not bright:
        covered = float(rng.uniform(0.3, 1.0))
        skin = paint(rgb(rng.choice([(0.7, 0.7, 0.67), (0.4, 0.4, 0.4), (0.45, 0.3, 0.18)])), 0.6)
        z, tilt = high - 0.03, blend.turn((1, 0, 0), 35)
        while z > high - covered * (high - low):
            solid.box((width - 0.02, 0.024, 0.002), (0, 0.03, z), skin, tilt)
            z -= 0.028
        return covered * 0.6
    if kind < 0.9:
        skin = cloth(rng, 1.3)
        rail = high + 0.12
        floor = 0.04 if rng.random() < 0.6 else low - 0.12
        covered = float(rng.uniform(0.10, 0.30) if bright else rng.uniform(0.12, 0.5))
        for a, b in ((left - 0.18, left + width * covered), (right - width * covered, right + 0.18)):
            drapery.curtain(solid, (a, b), (floor, rail), -0.08, rng, skin)
        solid.rod(
            (left - 0.25, -0.08, rail + 0.02), (right + 0.25, -0.08, rail + 0.02), 0.012, paint((0.1, 0.1, 0.1), 0.4)
        )
        return 2 * covered
    return 0.0


def door(piece: Piece, is_open: bool, frame: Matrix) -> tuple[list[Any], Opening]:
    """A closed door, or an open one with a corridor behind it, dark or lit."""
    rng = chance(piece.seed, "door")
    half, high = piece.width / 2, DOOR_HIGH_M
    skin = wood(rng) if rng.random() < 0.5 else paint((0.72, 0.72, 0.70), 0.4)
    metal = paint((0.5, 0.5, 0.5), 0.25, metallic=0.9)
    solid = Solid("door")
    for x in (-half, half):
        solid.box((0.07, 0.16, high + 0.035), (x, 0.06, (high + 0.035) / 2), skin)
    solid.box((2 * half - 0.07, 0.158, 0.07), (0, 0.06, high), skin)
    leaf = Solid("leaf").box((2 * half - 0.08, 0.04, high - 0.05), (half - 0.04, 0, (high - 0.05) / 2), skin)
    for z in (0.5, 1.5):
        if rng.random() < 0.7:
            leaf.box((half * 1.2, 0.052, 0.6), (half - 0.04, 0, z), skin)
    for side in (-1, 1):
        leaf.box((0.12, 0.02, 0.02), (2 * half - 0.16, side * 0.06, 1.02), metal)
    angle = float(rng.uniform(55, 115)) if is_open else 0.0
    solid.merge(leaf, blend.turn((0, 0, 1), angle), (-half + 0.04, 0.06, 0.01))
    if not is_open and rng.random() < 0.3:
        drapery.garment(solid, rng, (0, 0.03, 1.8))
    if is_open:
        _corridor(solid, rng, half)
    made = [solid.made()]
    blend.place(made, frame)
    return made, Opening(frame, piece.width, 0.0, high, False, 0.0)


def _corridor(solid: Solid, rng: np.random.Generator, half: float) -> None:
    """Walls, floor and ceiling behind an open door; its far wall has a picture or a door of its own."""
    tone = rgb(rng.choice([(0.65, 0.62, 0.55), (0.5, 0.55, 0.58), (0.6, 0.6, 0.6), (0.35, 0.3, 0.25)]))
    lit = rng.random() < 0.5
    wall = shining(f"corridor {tone[0]:.2f}", None, "corridor", tone) if lit else paint(rgb(tone, 0.5), 0.8)
    deep, w, high = 1.5, half + 0.7, 2.4
    solid.panel([(-w, deep, 0), (w, deep, 0), (w, deep, high), (-w, deep, high)], wall)
    solid.panel([(-w, 0.13, 0), (-w, deep, 0), (-w, deep, high), (-w, 0.13, high)], wall)
    solid.panel([(w, deep, 0), (w, 0.13, 0), (w, 0.13, high), (w, deep, high)], wall)
    solid.panel([(-w, 0.13, 0), (w, 0.13, 0), (w, deep, 0), (-w, deep, 0)], wood(rng, 4))
    solid.panel([(-w, deep, high), (w, deep, high), (w, 0.13, high), (-w, 0.13, high)], paint((0.6, 0.6, 0.6), 0.9))
    if rng.random() < 0.6:
        solid.box((0.8, 0.04, 2.0), (float(rng.uniform(-0.3, 0.3)), deep - 0.03, 1.0), wood(rng))
