"""Things the size of a phone that are none, and earphones that nobody wears. Needs `bpy`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.plans.measures import chance, is_open, resting_size, rgb
from proctor_models.synth.scenes.plans.spec import ThingSpec
from proctor_models.synth.scenes.world import devices
from proctor_models.synth.scenes.world.paint import paint
from proctor_models.synth.scenes.world.solids import Solid

Made = list[Any]
DARK = (0.012, 0.012, 0.013)


def remote(spec: ThingSpec) -> Made:
    """A remote control: rows of round or square keys."""
    rng = chance(spec.seed, "remote")
    width, length, thick = resting_size(spec)
    light = rng.random() < 0.25
    body = paint((0.7, 0.7, 0.68) if light else rgb((DARK, (0.05, 0.05, 0.055))[int(rng.integers(2))]), 0.5)
    solid = Solid("remote").slab((width, length, thick), (0, 0, thick / 2), width * rng.uniform(0.1, 0.45), 0.004, body)
    keys = [paint(c, 0.6) for c in ((0.25, 0.25, 0.26), (0.5, 0.5, 0.5), (0.5, 0.02, 0.02), (0.02, 0.1, 0.4))]
    rows, columns = int(rng.integers(6, 13)), int(rng.integers(2, 5))
    pad = int(rng.integers(1, 4))
    for row in range(rows):
        y = length * (0.42 - 0.78 * row / rows)
        if row in (pad, pad + 1):
            continue
        for column in range(columns):
            x = width * 0.66 * (column / (columns - 1) - 0.5)
            key = keys[0] if rng.random() < 0.85 else keys[int(rng.integers(1, 4))]
            solid.box((width * 0.13, length * 0.028, 0.002), (x, y, thick + 0.0006), key)
    y = length * (0.42 - 0.78 * (pad + 0.5) / rows)
    solid.lathe(
        [(width * 0.32, 0), (width * 0.30, 0.0018), (width * 0.14, 0.0016)], (0, y, thick - 0.0002), keys[0], 20
    )
    solid.lathe([(width * 0.12, 0.0018), (0, 0.0020)], (0, y, thick - 0.0002), keys[1], 16)
    return [solid.made()]


def calculator(spec: ThingSpec) -> Made:
    """A pocket calculator with a grey display."""
    rng = chance(spec.seed, "calculator")
    width, length, thick = resting_size(spec)
    body = paint(rgb((DARK, (0.06, 0.07, 0.09), (0.6, 0.6, 0.6), (0.6, 0.35, 0.4))[int(rng.integers(4))]), 0.5)
    solid = Solid("calculator").slab((width, length, thick), (0, 0, thick / 2), 0.008, 0.003, body)
    solid.slab((width * 0.86, length * 0.17, 0.001), (0, length * 0.34, thick), 0.002, 0.0003, paint(DARK, 0.2))
    solid.plate(
        (width * 0.78, length * 0.12),
        (0, length * 0.34, thick + 0.0008),
        0.001,
        paint((0.30, 0.36, 0.28), 0.15, coat=0.4),
    )
    shades = [paint(c, 0.5) for c in ((0.03, 0.03, 0.035), (0.4, 0.4, 0.42), (0.6, 0.2, 0.02))]
    rows, columns = int(rng.integers(5, 9)), int(rng.integers(4, 6))
    for row in range(rows):
        for column in range(columns):
            x = width * 0.74 * (column / (columns - 1) - 0.5)
            y = length * (0.18 - 0.60 * row / (rows - 1))
            key = shades[2] if column == columns - 1 and row > rows - 4 else shades[0 if row < 3 else 1]
            size = (width * 0.62 / columns, length * 0.42 / rows, 0.002)
            solid.box(size, (x, y, thick + 0.0008), key)
    return [solid.made()]


def wallet(spec: ThingSpec) -> Made:
    """A folded wallet with a seam, perhaps with cards that show."""
    rng = chance(spec.seed, "wallet")
    width, length, thick = resting_size(spec)
    tone = rgb(
        ((0.05, 0.02, 0.01), (0.15, 0.06, 0.03), DARK, (0.02, 0.03, 0.08), (0.3, 0.03, 0.05))[int(rng.integers(5))]
    )
    leather = paint(tone, 0.45, sheen=0.1)
    solid = Solid("wallet")
    solid.slab((width, length, thick * 0.46), (0, 0, thick * 0.23), 0.006, 0.003, leather)
    solid.slab((width, length, thick * 0.46), (0.001, 0, thick * 0.75), 0.006, 0.003, leather)
    if rng.random() < 0.4:
        solid.box(
            (width * 0.6, length * 0.55, 0.001),
            (width * 0.26, 0, thick * 0.5),
            paint(rgb(rng.uniform(0.1, 0.8, 3)), 0.3),
        )
    if rng.random() < 0.4:
        solid.lathe(
            [(0.007, 0), (0.006, 0.002), (0, 0.0025)],
            (width * 0.38, 0, thick * 0.97),
            paint((0.6, 0.5, 0.3), 0.3, metallic=0.9),
            12,
        )
    return [solid.made()]


def power_bank(spec: ThingSpec) -> Made:
    """A power bank, perhaps with its cable."""
    rng = chance(spec.seed, "bank")
    width, length, thick = resting_size(spec)
    tones = (DARK, (0.75, 0.75, 0.75), (0.3, 0.3, 0.32), (0.03, 0.05, 0.15), (0.6, 0.4, 0.42))
    body = paint(tones[int(rng.integers(5))], 0.35, metallic=float(rng.choice([0.0, 0.5])))
    solid = Solid("power bank")
    solid.slab((width, length, thick), (0, 0, thick / 2), float(rng.choice([0.006, thick])), thick * 0.3, body)
    for k in range(4):
        solid.lathe(
            [(0.0012, 0), (0, 0.0004)], (width * 0.2 + 0.005 * k, length * 0.4, thick), paint((0.6, 0.75, 0.9), 0.3), 8
        )
    solid.box((0.013, 0.004, 0.006), (0, length / 2, thick / 2), paint(DARK, 0.5))
    made = solid.made()
    if rng.random() < 0.5:
        t = np.linspace(0, 1, 18)[:, None]
        path = np.hstack(
            [0.05 * np.sin(5 * t) * t, length / 2 + 0.005 + 0.16 * t, 0.003 + (thick / 2 - 0.003) * (1 - t) ** 4]
        )
        devices.follow(Solid("cable").cord(path, 0.0018, paint((0.75, 0.75, 0.75), 0.6)).made(), made)
    return [made]


def glasses_case(spec: ThingSpec) -> Made:
    """A hard case for glasses."""
    rng = chance(spec.seed, "case")
    width, length, thick = resting_size(spec)
    tone = paint(rgb((DARK, (0.06, 0.03, 0.02), (0.25, 0.03, 0.04), (0.03, 0.06, 0.14))[int(rng.integers(4))]), 0.4)
    solid = Solid("glasses case")
    solid.slab((width, length, thick), (0, 0, thick / 2), width * 0.45, thick * 0.45, tone)
    solid.slab(
        (width + 0.0006, length + 0.0006, 0.0014),
        (0, 0, thick * 0.5),
        width * 0.45,
        0.0004,
        paint((0.3, 0.28, 0.2), 0.3, metallic=0.6),
    )
    return [solid.made()]


def earphone_case(spec: ThingSpec) -> Made:
    """The charging case of wireless earbuds, shut, or open with its lid back."""
    rng = chance(spec.seed, "pods")
    width, length, thick = resting_size(spec)
    white = rng.random() < 0.65
    shell = paint(
        (0.82, 0.82, 0.82) if white else rgb((DARK, (0.03, 0.04, 0.1), (0.5, 0.3, 0.32))[int(rng.integers(3))]),
        0.22,
        coat=0.4,
    )
    solid = Solid("earphone case")
    if not is_open(spec):
        solid.slab((width, length, thick), (0, 0, thick / 2), length * 0.45, thick * 0.42, shell)
        solid.slab(
            (width + 0.0004, 0.0006, thick * 0.8),
            (0, length * 0.16, thick / 2),
            0.0001,
            0.0001,
            paint((0.3, 0.3, 0.3), 0.5),
        )
        solid.lathe([(0.001, 0), (0, 0.0004)], (0, -length * 0.1, thick), paint((0.1, 0.6, 0.1), 0.4), 8)
        return [solid.made()]
    solid.slab(
        (width, length, thick * 0.72),
        (0, 0, thick * 0.36),
        length * 0.45,
        thick * 0.3,
        shell,
        paint((0.5, 0.5, 0.5), 0.4),
    )
    lid = Solid("earphone case lid").slab((width, length, thick * 0.4), (0, 0, 0), length * 0.45, thick * 0.2, shell)
    made = lid.made()
    blend.place([made], blend.pose(blend.turn((1, 0, 0), 80), (0, length * 0.5, thick * 0.72 + length * 0.40)))
    for side in (-1, 1):
        _bud(solid, np.array([side * width * 0.2, 0.0, thick * 0.74]), rng, shell, stem=False)
    return [solid.made(), made]


def _bud(solid: Solid, at: Any, rng: np.random.Generator, shell: Any, stem: bool) -> None:
    solid.ball((0.0085, 0.0095, 0.0075), at, shell, 8)
    heading = rng.uniform(0, 2 * math.pi)
    way = np.array([math.cos(heading), math.sin(heading), 0.0])
    if stem:
        solid.rod(at + way * 0.004 - [0, 0, 0.002], at + way * 0.030 - [0, 0, 0.003], 0.0032, shell)
    solid.ball((0.0050, 0.0050, 0.0045), at - way * 0.008, paint((0.25, 0.25, 0.25), 0.7), 6)


def loose_earphones(spec: ThingSpec) -> Made:
    """A pair of earbuds on the desk, or wired earphones in a tangle."""
    rng = chance(spec.seed, "loose")
    width, depth, _ = resting_size(spec)
    shell = paint((0.82, 0.82, 0.82) if rng.random() < 0.65 else DARK, 0.25, coat=0.4)
    solid, wired = Solid("loose earphones"), rng.random() < 0.4
    for side in (-1, 1):
        at = np.array([side * width * rng.uniform(0.2, 0.5), depth * rng.uniform(-0.3, 0.3), 0.0075])
        _bud(solid, at, rng, shell, stem=bool(rng.random() < 0.7) and not wired)
        if wired:
            t = np.linspace(0, 1, 40)
            loop = np.stack([
                at[0] * (1 - t) + 0.05 * np.sin(9 * t + side) * t,
                at[1] * (1 - t) + 0.06 * np.cos(8 * t) * t - 0.05 * t,
                np.full(40, 0.003) + 0.002 * np.sin(7 * t),
            ], 1)  # fmt: skip
            solid.cord(loop, 0.0013, shell)
    return [solid.made()]


def loose_headphones(spec: ThingSpec) -> Made:
    """Headphones that lie on the desk: cups down, the band behind them."""
    rng = chance(spec.seed, "headphones")
    width, depth, _ = resting_size(spec)
    shell, pad = paint(rgb(spec.colour), 0.35, coat=0.2), paint(rgb(spec.colour, 0.45), 0.85)
    radius = rng.uniform(0.034, 0.041)
    solid = Solid("headphones")
    for side in (-1, 1):
        turned = blend.turn((0, 1, 0), side * 68) @ blend.turn((1, 0, 0), 8)
        at = (side * (width / 2 - 0.012), -depth * 0.22, radius * 1.0)
        cup = [(0, 0.026), (radius * 0.75, 0.025), (radius, 0.012), (radius, 0.0)]
        solid.lathe(cup, at, shell, 24, turned)
        ring = [
            (radius * 1.02, 0.002),
            (radius * 1.02, -0.012),
            (radius * 0.75, -0.016),
            (radius * 0.5, -0.004),
            (0, -0.002),
        ]
        solid.lathe(ring, at, pad, 24, turned)
    a = np.linspace(0, math.pi, 24)
    band = np.stack(
        [(width / 2) * np.cos(a), -depth * 0.2 + depth * 0.75 * np.sin(a), radius * 1.2 - 0.028 * np.sin(a)], 1
    )
    solid.cord(band, 0.006, shell, 8)
    solid.cord(band[4:-4] - [0, 0.006, 0], 0.009, pad, 8)
    return [solid.made()]
