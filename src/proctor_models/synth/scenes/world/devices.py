"""Phones and other electronics as solids; all in the resting frame of `measures`. Needs `bpy`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.plans import measures
from proctor_models.synth.scenes.plans.measures import PHONE_THICK_M, chance, muted, resting_size, rgb, screen_of
from proctor_models.synth.scenes.plans.spec import ThingSpec
from proctor_models.synth.scenes.world import screens, textures
from proctor_models.synth.scenes.world.paint import paint, pictured, shining
from proctor_models.synth.scenes.world.solids import Solid

Rng = np.random.Generator
Made = list[Any]
GLASS = (0.004, 0.004, 0.005)
BODIES = (
    (0.010, 0.010, 0.012), (0.05, 0.05, 0.055), (0.60, 0.60, 0.61), (0.80, 0.80, 0.78), (0.04, 0.09, 0.20),
    (0.06, 0.13, 0.09), (0.72, 0.55, 0.42), (0.68, 0.42, 0.44), (0.36, 0.30, 0.52), (0.42, 0.02, 0.03),
    (0.35, 0.50, 0.62), (0.78, 0.68, 0.30),
)  # fmt: skip
"""Colours that phones are sold in, linear."""


def phone(spec: ThingSpec) -> Made:
    """A phone, perhaps in a case: screen up, its camera bump below."""
    rng = chance(spec.seed, "phone")
    width, length, thick = resting_size(spec)
    which = int(rng.integers(2)) if rng.random() < 0.3 else int(rng.integers(len(BODIES)))
    body = rgb(BODIES[which], rng.uniform(0.85, 1.15))
    metal = paint(body, 0.28, metallic=float(rng.choice([0.0, 0.6])), coat=0.4)
    back = paint(body, float(rng.choice([0.08, 0.25, 0.5])), coat=float(rng.choice([0.0, 0.7])))
    radius, edge = rng.uniform(0.007, 0.013), float(rng.choice([0.0012, 0.0030]))
    solid = Solid("phone")
    middle = (0.0, 0.0, thick / 2)
    solid.slab((width, length, thick), middle, radius, edge, metal, paint(GLASS, 0.05, coat=1.0), back)
    bezel = rng.uniform(0.0012, 0.0032)
    inner = (width - 2 * bezel, length - 2 * bezel * rng.uniform(1.0, 1.8))
    solid.plate(inner, (0, 0, thick + 0.00015), radius - bezel / 2, _phone_glass(spec))
    for y in (length * 0.16, length * 0.24):
        solid.box((0.0012, 0.014, thick * 0.3), (width / 2, y, thick / 2), metal)
    depth = 0.0
    if rng.random() < 0.6:
        depth = _case(solid, rng, spec, (width, length, thick), radius)
    _camera(solid, rng, (width, length, -depth), (metal, back))
    return [solid.made()]


def _phone_glass(spec: ThingSpec) -> Any:
    if not spec.lit:
        return paint(GLASS, 0.05, coat=1.0)
    key = f"phone screen {spec.seed}"
    return shining(key, lambda: screens.phone_screen(chance(spec.seed, "screen")), "phone_screen")


def _case(solid: Solid, rng: Rng, spec: ThingSpec, size: tuple[float, float, float], radius: float) -> float:
    """A case around back and sides; how far it lies below the phone."""
    width, length, thick = size
    depth, wall = 0.0014, rng.uniform(0.0012, 0.0028)
    share = rng.random()  # most cases are dark
    colour = spec.colour if share < 0.2 else muted(rng, 0.006, 0.06) if share < 0.6 else muted(rng, 0.01, 0.75)
    sides = paint(rgb(colour), 0.65)
    back = sides
    if rng.random() < 0.35:
        back = pictured(f"phone case {spec.seed}", lambda: textures.pattern(chance(spec.seed, "case")), 0.5)
    outer = (width + 2 * wall, length + 2 * wall, thick + depth - 0.0004)
    solid.slab(outer, (0, 0, (thick - depth - 0.0004) / 2), radius + wall, 0.0025, sides, None, back)
    extra = rng.random()
    if extra < 0.15:
        solid.lathe([(0, -depth - 0.006), (0.02, -depth - 0.006), (0.02, -depth - 0.004), (0.008, -depth)],
                    (0, -length * 0.08, 0), paint(muted(rng), 0.4))  # fmt: skip
    elif extra < 0.3:
        solid.box((0.056, 0.086, 0.001), (0, -length * 0.12, -depth - 0.0004), paint(muted(rng, 0.1, 0.8), 0.4))
    return depth


def _camera(solid: Solid, rng: Rng, at: tuple[float, float, float], coats: tuple[Any, Any]) -> None:
    """A camera bump under the back, in one of the layouts that phones have."""
    width, length, z = at
    metal, back = coats
    glass = paint((0.003, 0.003, 0.004), 0.04, coat=1.0)
    island = back if rng.random() < 0.6 else glass
    kind, rise = int(rng.integers(7)), rng.uniform(0.0012, 0.0028)
    side = width / 2 - 0.020  # seen from the back the bump is usually on the left, so on +x from the front
    top = length / 2 - 0.020
    lenses: list[tuple[float, float, float]] = []
    if kind == 0:  # a square of three
        solid.slab((0.034, 0.034, rise), (side, top, z - rise / 2), 0.009, 0.0006, metal, None, island)
        lenses = [(side + dx, top + dy, 0.0068) for dx, dy in ((0.008, 0.008), (0.008, -0.008), (-0.008, 0.0))]
    elif kind == 1:  # a square of two across
        solid.slab((0.030, 0.030, rise), (side, top, z - rise / 2), 0.008, 0.0006, metal, None, island)
        lenses = [(side + 0.006, top + 0.006, 0.0062), (side - 0.006, top - 0.006, 0.0062)]
    elif kind == 2:  # lone rings below each other
        lenses = [(side + 0.006, top - k * 0.019 + 0.004, 0.0065) for k in range(3)]
    elif kind == 3:  # a bar across
        solid.slab((width * 0.96, 0.022, rise), (0, top - 0.006, z - rise / 2), 0.010, 0.0006, metal, None, island)
        lenses = [(width * f, top - 0.006, 0.0062) for f in (0.30, 0.14)]
    elif kind == 4:  # a disc of four
        solid.lathe([(0, z - rise), (0.021, z - rise), (0.022, z)], (0, top - 0.008, 0), island, 32)
        around = [(dx, dy) for dx in (-0.008, 0.008) for dy in (-0.008, 0.008)]
        lenses = [(dx, top - 0.008 + dy, 0.0055) for dx, dy in around]
    elif kind == 5:  # an upright pill
        solid.slab((0.020, 0.044, rise), (side + 0.004, top - 0.008, z - rise / 2), 0.010, 0.0006, metal, None, island)
        lenses = [(side + 0.004, top + dy, 0.0066) for dy in (0.002, -0.018)]
    else:
        lenses = [(side + 0.006, top + 0.004, 0.0055)]
    low = z - (rise if kind in (0, 1, 3, 4, 5) else 0.0)
    ring = paint((0.35, 0.35, 0.36), 0.3, metallic=0.8)
    for x, y, radius in lenses:
        solid.lathe([(radius, low), (radius, low - 0.0010), (radius * 0.86, low - 0.0012)], (x, y, 0), ring, 16)
        solid.lathe([(0, low - 0.0009), (radius * 0.86, low - 0.0009)], (x, y, 0), glass, 16)
    x, y = (
        (side - 0.008, top + 0.010), (side - 0.006, top + 0.006), (side - 0.009, top - 0.006), (0.0, top - 0.006),
        (0.0, top - 0.008), (side + 0.004, top + 0.0095), (side - 0.007, top + 0.004),
    )[kind]  # fmt: skip
    solid.ball((0.0022, 0.0022, 0.0005), (x, y, low), paint((0.85, 0.83, 0.72), 0.3), 6)


def tablet(spec: ThingSpec) -> Made:
    """A tablet, screen up."""
    rng = chance(spec.seed, "tablet")
    width, length, thick = resting_size(spec)
    body = paint(rgb(BODIES[int(rng.integers(4))]), 0.3, metallic=0.6)
    solid = Solid("tablet")
    face = paint(GLASS if rng.random() < 0.7 else (0.8, 0.8, 0.8), 0.06, coat=1.0)
    solid.slab((width, length, thick), (0, 0, thick / 2), 0.011, 0.002, body, face, body)
    picture = paint(GLASS, 0.05, coat=1.0)
    if spec.lit:
        key = f"tablet screen {spec.seed}"
        picture = shining(key, lambda: screens.computer_screen(chance(spec.seed, "screen"), (320, 420)), "screen")
    bezel = rng.uniform(0.006, 0.013)
    solid.plate((width - 2 * bezel, length - 2 * bezel), (0, 0, thick + 0.0002), 0.006, picture)
    solid.lathe([(0.006, 0), (0.006, -0.001), (0, -0.001)], (width / 2 - 0.016, length / 2 - 0.016, 0), face, 16)
    return [solid.made()]


def laptop(spec: ThingSpec) -> Made:
    """An open laptop, webcam in the lid."""
    rng = chance(spec.seed, "laptop")
    width, depth, thick = resting_size(spec)
    shade = rgb(BODIES[int(rng.choice([0, 1, 2, 2, 3]))])
    body, dark = paint(shade, 0.35, metallic=0.5), paint((0.012, 0.012, 0.013), 0.5)
    base = Solid("laptop base")
    base.slab((width, depth, thick), (0, 0, thick / 2), 0.010, 0.003, body)
    key = f"laptop keys {int(shade[0] * 99)}"
    keys = pictured(key, lambda: textures.keyboard_face(chance(1, key), (420, 160), shade[0] > 0.3), 0.5)
    base.plate((width - 0.030, depth * 0.48), (0, depth * 0.17, thick + 0.0004), 0.004, keys)
    base.plate((width * 0.32, depth * 0.30), (0, -depth * 0.28, thick + 0.0003), 0.004, paint(rgb(shade, 0.85), 0.3))
    screen, tilt = screen_of(spec), math.radians(measures.lid_tilt_deg(spec))
    lean = blend.turn((1, 0, 0), 90 - math.degrees(tilt))
    lid = Solid("laptop lid")
    lid.slab((width, depth, measures.LID_THICK_M), (0, 0, 0), 0.010, 0.002, body, dark, body)
    picture = (
        shining(f"laptop screen {spec.seed}", _computer(spec), "screen") if spec.lit else paint(GLASS, 0.12, coat=0.4)
    )
    lid.plate(screen.size_wh, (0, 0.001, measures.LID_THICK_M / 2 + 0.0004), 0.003, picture)
    lid.lathe(
        [(0.0022, 0.0), (0, 0.0)], (0, depth / 2 - 0.006, measures.LID_THICK_M / 2 + 0.0006), paint(GLASS, 0.05), 12
    )
    made = lid.made()
    at = np.asarray(screen.centre) - np.asarray(screen.normal) * (measures.LID_THICK_M / 2)
    blend.place([made], blend.pose(lean, tuple(at)))
    return [base.made(), made]


def _computer(spec: ThingSpec) -> Any:
    return lambda: screens.computer_screen(chance(spec.seed, "screen"))


def monitor(spec: ThingSpec, picture: Any = None) -> Made:
    """A monitor on its stand, a webcam clipped on top; `picture` is the material of its screen if not drawn here."""
    rng = chance(spec.seed, "monitor")
    screen, (width, depth, height) = screen_of(spec), resting_size(spec)
    dark = paint((0.012, 0.012, 0.013) if rng.random() < 0.75 else (0.6, 0.6, 0.6), 0.4)
    tall = screen.size_wh[1] + 0.022
    solid = Solid("monitor")
    solid.box((width, 0.030, tall), (0, -0.005, height - tall / 2), dark)
    solid.box((width * 0.5, 0.03, tall * 0.5), (0, 0.02, height - tall / 2), dark)
    solid.box((0.05, 0.02, height - tall * 0.5), (0, 0.035, (height - tall * 0.5) / 2), dark)
    solid.slab((0.24, depth, 0.012), (0, 0.02, 0.006), 0.02, 0.002, dark)
    glass = picture or (
        shining(f"monitor screen {spec.seed}", _computer(spec), "screen") if spec.lit else paint(GLASS, 0.15)
    )
    w, h = screen.size_wh[0] / 2, screen.size_wh[1] / 2
    x, y, z = screen.centre
    solid.panel([(x - w, y, z - h), (x + w, y, z - h), (x + w, y, z + h), (x - w, y, z + h)], glass)
    lens = measures.webcam(spec)
    solid.slab((0.075, 0.024, 0.026), (0, lens[1] + 0.018, lens[2]), 0.010, 0.004, paint((0.02, 0.02, 0.02), 0.4))
    turned = blend.turn((1, 0, 0), 90)
    solid.lathe(
        [(0.009, 0), (0.007, 0.004), (0, 0.003)], (0, lens[1] + 0.006, lens[2]), paint(GLASS, 0.05, coat=1), 16, turned
    )
    return [solid.made(bevel=0.002)]


def keyboard(spec: ThingSpec) -> Made:
    """A keyboard."""
    rng = chance(spec.seed, "keyboard")
    width, depth, thick = resting_size(spec)
    light = bool(rng.random() < 0.35)
    shade = (0.7, 0.7, 0.7) if light else (0.02, 0.02, 0.022)
    key = f"keyboard {light} {width > 0.36}"
    face = pictured(key, lambda: textures.keyboard_face(chance(2, key), (440, 150), light), 0.55)
    solid = Solid("keyboard").slab((width, depth, thick), (0, 0, thick / 2), 0.006, 0.003, paint(shade, 0.5))
    solid.plate((width - 0.012, depth - 0.012), (0, 0, thick + 0.0004), 0.004, face)
    return [solid.made()]


def mouse(spec: ThingSpec) -> Made:
    """A mouse, its cable end away from the user."""
    rng = chance(spec.seed, "mouse")
    width, length, high = resting_size(spec)
    shade = (0.02, 0.02, 0.022) if rng.random() < 0.6 else (0.7, 0.7, 0.7)
    angles = np.linspace(0, math.pi / 2, 8)
    profile = [(math.cos(a) ** 0.7, math.sin(a)) for a in angles]
    solid = Solid("mouse")
    solid.lathe(profile, (0, 0, 0), paint(shade, 0.4), 28, np.diag([width / 2, length / 2, high]))
    solid.lathe([(0, -0.004), (0.008, -0.004), (0.008, 0.004), (0, 0.004)], (0, length * 0.25, high * 0.86),
                paint((0.1, 0.1, 0.1), 0.6), 16, blend.turn((0, 1, 0), 90))  # fmt: skip
    made = solid.made()
    if rng.random() < 0.5:
        t = np.linspace(0, 1, 16)[:, None]
        path = np.hstack([0.06 * np.sin(4 * t) * t, length / 2 + 0.32 * t, 0.004 + 0 * t])
        follow(Solid("cable").cord(path, 0.0018, paint((0.02, 0.02, 0.02), 0.6)).made(), made)
    return [made]


def follow(cable: Any, thing: Any) -> None:
    """Let an unlabelled cable go wherever its thing is placed: it would make the thing's box far too large."""
    cable.parent = thing


def thickness_below(spec: ThingSpec) -> float:
    """How far a phone's case and bump reach below its back, so that it can be set down on them."""
    return 0.0042 if spec.kind == "phone" else 0.001 if spec.kind == "tablet" else 0.0


__all__ = ["PHONE_THICK_M", "keyboard", "laptop", "monitor", "mouse", "phone", "tablet", "thickness_below"]
