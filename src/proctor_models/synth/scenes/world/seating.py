"""The candidate's desk and chair, in the world. Needs `bpy`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.blend import Tagged
from proctor_models.synth.scenes.plans.measures import chance, muted, resting_size, rgb
from proctor_models.synth.scenes.plans.spec import RoomSpec, ThingSpec
from proctor_models.synth.scenes.world import devices, drapery, reading, vessels
from proctor_models.synth.scenes.world.finishes import cloth, wood
from proctor_models.synth.scenes.world.layout import DESK_MIDDLE, second_monitor_side
from proctor_models.synth.scenes.world.paint import paint
from proctor_models.synth.scenes.world.solids import Solid

Rng = np.random.Generator
DESK_DEPTH_M = 0.70


def desk_width(spec: RoomSpec) -> float:
    """How wide the candidate's desk is, metres."""
    return float(chance(spec.seed, "desk width").uniform(1.3, 1.7))


def desk(spec: RoomSpec) -> Tagged:
    """A desk: top, legs or drawers, perhaps a mat and a cable that runs down."""
    rng, width = chance(spec.seed, "desk"), desk_width(spec)
    x, y, top = DESK_MIDDLE
    skin = wood(rng)
    leg = paint(rgb(((0.03, 0.03, 0.03), (0.6, 0.6, 0.6), (0.75, 0.74, 0.72))[int(rng.integers(3))]), 0.4)
    solid = Solid("desk").box((width, DESK_DEPTH_M, 0.03), (x, y, top - 0.015), skin)
    for side in (-1, 1):
        if rng.random() < 0.4:
            solid.box(
                (0.03, DESK_DEPTH_M - 0.04, top - 0.03), (x + side * (width / 2 - 0.02), y, (top - 0.03) / 2), skin
            )
        else:
            for end in (-1, 1):
                at = (x + side * (width / 2 - 0.05), y + end * (DESK_DEPTH_M / 2 - 0.05))
                solid.box((0.045, 0.045, top - 0.03), (*at, (top - 0.03) / 2), leg)
    if rng.random() < 0.45:
        side = int(rng.choice([-1, 1]))
        solid.box((0.36, 0.5, 0.5), (x + side * (width / 2 - 0.22), y, top - 0.28), skin)
    if rng.random() < 0.5:
        solid.box((width - 0.1, 0.015, 0.35), (x, y - DESK_DEPTH_M / 2 + 0.02, top - 0.2), skin)
    if rng.random() < 0.3:
        mat = paint(muted(rng, 0.01, 0.3), 0.8)
        solid.box((rng.uniform(0.6, 0.9), 0.36, 0.002), (x, y + 0.12, top + 0.001), mat)
    return Tagged("desk", [solid.made(bevel=0.003)], {})


def clutter(spec: RoomSpec) -> list[Tagged]:
    """What always lies at the far edge of the desk: cables, a pen pot, a lamp or a plant, a pile of books."""
    rng, width = chance(spec.seed, "clutter"), desk_width(spec)
    x, y, top = DESK_MIDDLE
    dark = paint((0.015, 0.015, 0.015), 0.6) if rng.random() < 0.6 else paint((0.7, 0.7, 0.7), 0.6)
    cables = Solid("cables")
    for _ in range(int(rng.integers(1, 4))):
        t = np.linspace(0, 1, 24)
        start, end = rng.uniform(-0.4, 0.4), rng.uniform(-0.5, 0.5) * width
        wave = 0.04 * np.sin(t * rng.uniform(5, 11) + rng.uniform(0, 6)) * np.sin(math.pi * t)
        path = np.stack([x + start + (end - start) * t, y - 0.20 - 0.13 * t + wave, np.full(24, top + 0.003)], 1)
        cables.cord(path, 0.0024, dark)
    made = [Tagged("cable", [cables.made()], {})]
    side = float(rng.choice([-1, 1]))
    if spec.second_monitor:
        side = -float(second_monitor_side(spec))
    edge = width / 2 - 0.12
    if rng.random() < 0.5:
        made.append(_pot(rng, (x + side * edge, y - 0.24, top)))
    if rng.random() < 0.5:
        kind = "lamp" if rng.random() < 0.6 else "plant"
        thing = ThingSpec(kind, "desk", spec.seed, _tone(rng), (0, 0), 0)  # type: ignore[arg-type]
        objects = vessels.lamp(thing) if kind == "lamp" else vessels.plant(thing)
        blend.place(
            objects, blend.pose(blend.turn((0, 0, 1), 180 + side * 40), (x + side * (edge - 0.12), y - 0.22, top))
        )
        made.append(Tagged(kind, objects, {"on_desk": True}))
    elif rng.random() < 0.5:
        made.append(_pile(rng, spec.seed, (x + side * edge, y - 0.2, top)))
    return made


def _tone(rng: Rng) -> tuple[float, float, float]:
    return muted(rng, 0.03, 0.7)


def _pot(rng: Rng, at: tuple[float, float, float]) -> Tagged:
    solid = Solid("pen pot")
    solid.lathe([(0, 0), (0.038, 0), (0.040, 0.1), (0.036, 0.1), (0.036, 0.01)], at, paint(_tone(rng), 0.5), 18)
    for _ in range(int(rng.integers(3, 7))):
        lean = rng.normal(0, 0.02, 2)
        end = np.add(at, [lean[0] * 1.6, lean[1] * 1.6, rng.uniform(0.13, 0.17)])
        solid.rod(np.add(at, [lean[0] * 0.4, lean[1] * 0.4, 0.01]), end, 0.004, paint(_tone(rng), 0.4), 6)
    return Tagged("pen_pot", [solid.made()], {})


def _pile(rng: Rng, seed: int, at: tuple[float, float, float]) -> Tagged:
    """Closed books on top of each other: they count as books on the desk."""
    level, made = at[2], []
    for k in range(int(rng.integers(2, 5))):
        book = ThingSpec("book", "desk", seed + k, _tone(rng), (0, 0), 0, face_down=True)
        objects = reading.book(book)
        blend.place(objects, blend.pose(blend.turn((0, 0, 1), float(rng.normal(180, 12))), (at[0], at[1], level)))
        level += resting_size(book)[2]
        made += objects
    return Tagged("book_paper", made, {"thing": "book"})


def second_monitor(spec: RoomSpec) -> Tagged:
    """A second monitor at a far corner of the desk, turned to the candidate."""
    rng, side = chance(spec.seed, "other screen"), second_monitor_side(spec)
    thing = ThingSpec("monitor", "desk", spec.seed + 1, (0, 0, 0), (0, 0), 0, lit=bool(rng.random() < 0.7))
    objects = devices.monitor(thing)
    x, y, top = DESK_MIDDLE
    blend.place(objects, blend.pose(blend.turn((0, 0, 1), 180 - side * 28), (x + side * 0.47, y - 0.20, top)))
    return Tagged("screen", objects, {"thing": "monitor"})


SEATS = (
    (0.012, 0.012, 0.014), (0.05, 0.05, 0.06), (0.30, 0.30, 0.30), (0.25, 0.03, 0.03), (0.03, 0.06, 0.16),
    (0.70, 0.68, 0.64),
)  # fmt: skip
BACKS = ((0.95, 1.10), (1.10, 1.32), (0.82, 0.95), (0.85, 1.00))
"""How high the backs of chairs reach: office chair, high-backed chair, low task chair, wooden chair."""


def chair(spec: RoomSpec) -> list[Tagged]:
    """The candidate's chair at the origin, its back towards +y, and the jacket over it if the room has one."""
    solid = Solid("chair")
    width, y, top = _chair(solid, chance(spec.seed, "chair"))
    made = [Tagged("chair", [solid.made(bevel=0.004)], {})]
    if "clothes_on_chair" in spec.decor:
        jacket = Solid("clothes on chair")
        drapery.over_back(jacket, chance(spec.seed, "jacket"), width, (0.5, top), y)
        made.append(Tagged("clothes_on_chair", [jacket.made()], {}))
    return made


def extra_chair(seed: int, at_xy: tuple[float, float], turned_deg: float) -> Tagged:
    """A chair for somebody else, as seats are placed: 0 degrees faces -y."""
    solid = Solid("chair")
    _chair(solid, chance(seed, "extra chair"))
    made = [solid.made(bevel=0.004)]
    blend.place(made, blend.pose(blend.turn((0, 0, 1), turned_deg), (*at_xy, 0.0)))
    return Tagged("chair", made, {})


def _chair(solid: Solid, rng: Rng) -> tuple[float, float, float]:
    """A chair about the origin; width, depth and top of its back."""
    kind = int(rng.integers(4))
    skin = paint(SEATS[int(rng.integers(len(SEATS)))], 0.75, sheen=0.2) if rng.random() < 0.6 else cloth(rng)
    top, width, y = float(rng.uniform(*BACKS[kind])), 0.46 if kind < 2 else 0.42, 0.27
    solid.slab((0.50, 0.48, 0.08), (0, 0.0, 0.43), 0.09, 0.03, skin)
    if kind == 3:
        timber = wood(rng)
        for x in (-0.2, 0.2):
            solid.box((0.035, 0.035, top), (x, y, top / 2), timber)
            solid.box((0.035, 0.035, 0.43), (x, -0.2, 0.21), timber)
        for k in range(3):
            solid.box((0.4, 0.02, 0.07), (0, y, 0.62 + k * (top - 0.68) / 2), timber)
        return width, y, top
    _padded_back(solid, (width, y, top), skin, wings=kind == 1)
    metal = paint((0.03, 0.03, 0.03), 0.4, metallic=0.3)
    solid.rod((0, 0.02, 0.08), (0, 0.02, 0.4), 0.028, metal)
    solid.box((0.06, 0.03, 0.24), (0, y + 0.03, 0.48), metal)
    for k in range(5):
        a = 2 * math.pi * k / 5
        solid.rod((0, 0.02, 0.09), (0.3 * math.cos(a), 0.02 + 0.3 * math.sin(a), 0.05), 0.018, metal)
        solid.ball((0.028, 0.028, 0.028), (0.3 * math.cos(a), 0.02 + 0.3 * math.sin(a), 0.028), metal, 6)
    if kind < 2 and rng.random() < 0.7:
        for side in (-1, 1):
            solid.box((0.05, 0.26, 0.03), (side * 0.30, 0.05, 0.66), metal)
            solid.box((0.03, 0.04, 0.24), (side * 0.30, 0.09, 0.54), metal)
    return width, y, top


def _padded_back(solid: Solid, size: tuple[float, float, float], skin: Any, wings: bool) -> None:
    width, y, top = size
    high = top - 0.5
    u, v = np.meshgrid(np.linspace(-1, 1, 13), np.linspace(0, 1, 11))
    half = (
        width
        / 2
        * (1 - 0.16 * np.clip(v - 0.75, 0, 1) / 0.25)
        * (1 + (0.18 * np.exp(-(((v - 0.55) / 0.2) ** 2)) if wings else 0))
    )
    bend = 0.05 * u**2 * (1 if wings else 0.6) - 0.03 * np.sin(v * 3.0)
    for front in (0, 1):
        thick = (0.035 if front else -0.035) * np.clip((1 - u**6) * (1 - (2 * v - 1) ** 8), 0, 1) ** 0.4
        points = np.stack([u * half, y - bend - thick + 0.06 * v, 0.5 + high * v], -1)
        solid.grid(points, skin, (2, 2))
