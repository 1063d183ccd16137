"""Earphones in an ear, and headphones over a head, as solids in head coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.faces.ears import Ear
from proctor_models.synth.faces.solids import Field, Solid, ball, capsule, disc, squeezed, tube, union

Tone = tuple[float, float, float]
InEar = Literal["stem", "bud", "wired"]
IN_EAR: tuple[InEar, ...] = ("stem", "bud", "wired")

WHITE: Tone = (0.93, 0.94, 0.94)
BLACK: Tone = (0.05, 0.05, 0.05)
# Colours of shells: blue, green, red.
SHELLS: tuple[Tone, ...] = (
    BLACK, (0.1, 0.1, 0.1), (0.2, 0.19, 0.19), (0.84, 0.85, 0.86), (0.30, 0.20, 0.12), (0.14, 0.14, 0.42),
    (0.72, 0.74, 0.80), (0.42, 0.42, 0.43), (0.62, 0.58, 0.80),
)  # fmt: skip
GLOW: tuple[Tone, ...] = ((0.9, 0.5, 0.1), (0.2, 0.8, 0.2), (0.2, 0.2, 0.95), (0.8, 0.2, 0.7))
CUP_X = 8.1
CROWN_CM = (11.0, 15.5)
"""Lowest and highest band over a head, from the middle between the ears."""


@dataclass(frozen=True)
class Bud:
    """What is in one ear."""

    solids: tuple[Solid, ...]
    reach: NDArray[np.float64]
    """(n, 3) points around it."""
    cable_from: NDArray[np.float64] | None
    """Where a cable leaves it, (3,); None without."""
    tone: Tone


def draw_bud(rng: np.random.Generator, ear: Ear, style: InEar, tone: Tone) -> Bud:
    """An earphone in one ear: a bud with a stem, a bud alone, or one on a cable."""
    side = ear.side
    out = np.array([side, 1.0, 1.0])
    centre = ear.canal + out * [rng.uniform(0.1, 0.3), rng.uniform(-0.3, 0.0), rng.uniform(-0.3, 0.0)]
    body = ball(centre, (0.55, 0.66, 0.62))
    parts: list[Field] = [body]
    solids: list[Solid] = []
    cable = None
    if style == "stem":
        start = centre + out * [0.3, -0.25, 0.2]
        way = out * [rng.uniform(0.0, 0.12), -1.0, rng.uniform(0.15, 0.42)]
        end = start + way / np.linalg.norm(way) * rng.choice([1.5, 2.4])
        parts.append(capsule(start, end, 0.31, 0.28))
        solids.append(Solid(ball(start + out * [0.28, 0.05, 0.12], (0.1, 0.22, 0.12)), BLACK))
    else:
        axis = out * [1.0, 0.1, 0.35]
        parts.append(disc(centre + out * [0.35, 0, 0.1], axis, (0.62, 0.66), 0.4, 0.3))
        if style == "wired":
            cable = centre + out * [0.5, -1.7, 0.25]
            parts.append(capsule(centre + out * [0.5, -0.3, 0.2], cable, 0.24, 0.16))
        else:
            seam = disc(centre + out * [0.62, 0, 0.18], axis, (0.56, 0.6), 0.12, 0.05)
            cap = disc(centre + out * [0.76, 0, 0.22], axis, (0.46, 0.5), 0.1, 0.08)
            metal: Tone = (0.5, 0.52, 0.55)
            edge: Tone = (0.55 * tone[0], 0.55 * tone[1], 0.55 * tone[2])
            solids += [Solid(seam, edge, 0.1), Solid(cap, metal if rng.random() < 0.4 else tone, 0.6)]
    solids.insert(0, Solid(union(parts, 0.25), tone, 0.35))
    reach = centre + np.array([[x, y, z] for x in (-1.2, 1.4) for y in (-4.6, 1.4) for z in (-1.2, 1.8)])
    return Bud(tuple(solids), reach, cable, tone)


def in_ear_tone(rng: np.random.Generator, style: InEar) -> Tone:
    """White for most, as sold; else black or a colour."""
    if rng.random() < {"stem": 0.68, "bud": 0.35, "wired": 0.5}[style]:
        return WHITE
    return BLACK if rng.random() < 0.75 else SHELLS[int(rng.integers(len(SHELLS)))]


@dataclass(frozen=True)
class Headphones:
    """What is worn over a head."""

    solids: tuple[Solid, ...]
    reach: NDArray[np.float64]


def draw_headphones(rng: np.random.Generator, crown_cm: float, headset: bool) -> Headphones:
    """Headphones, or a headset with a microphone before the mouth.

    Args:
        rng: chooses size and colours.
        crown_cm: how high the hair reaches above the middle between the ears.
        headset: with a microphone on a boom, and bigger.
    """
    shell = SHELLS[int(rng.integers(len(SHELLS)))]
    pad = BLACK if rng.random() < 0.8 else tuple(0.75 * c for c in shell)
    size = rng.uniform(0.82, 1.0) * (1.1 if headset else 1.0)
    radii = (3.6 * size, 4.3 * size)
    top = float(np.clip(crown_cm, *CROWN_CM)) + 0.3
    solids = [Solid(ball((0, 1.5, 0), (7.1, 11.0, 8.8)), None)]
    for side in (-1.0, 1.0):
        toe = np.array([side, -0.06, rng.uniform(0.12, 0.3)])
        middle = np.array([side * CUP_X, -0.2, -1.4])
        solids += [
            Solid(disc(middle, toe, radii, 0.95, 0.8), _tone(pad), 0.05),
            Solid(
                disc(middle + np.array([side * 1.35, 0, 0]), toe, (radii[0] * 0.95, radii[1] * 0.95), 0.95, 0.7),
                shell,
                0.3,
            ),
        ]
        if headset and rng.random() < 0.25:
            glow = GLOW[int(rng.integers(len(GLOW)))]
            solids.append(Solid(disc(middle + np.array([side * 2.2, 0, 0.1]), toe, (0.9, 1.0), 0.2, 0.1), glow, 0.0))
    solids += _band(rng, shell, _tone(pad), top)
    if headset:
        solids += _boom(rng)
    reach = np.array([[x, y, z] for x in (-12.5, 12.5) for y in (-6.5, top + 2.2) for z in (-6.0, 3.5)])
    return Headphones(
        tuple(solids), np.concatenate([reach, [[6.0, -9.5, 9.0], [-6.0, -9.5, 9.0]]]) if headset else reach
    )


def _tone(values: tuple[float, ...]) -> Tone:
    blue, green, red = values
    return blue, green, red


def _band(rng: np.random.Generator, shell: Tone, pad: Tone, top: float) -> list[Solid]:
    """From one cup over the hair to the other: flat, padded inside at the top."""
    turn = np.linspace(0, np.pi, 17)
    side = CUP_X + 1.3
    path = np.stack([side * np.cos(turn), 1.5 + (top - 1.5) * np.sin(turn) ** 0.82, np.full(17, -0.6)], 1)
    width = float(rng.uniform(0.28, 0.5))  # the smaller, the wider: depth is measured this much shorter
    thick = float(rng.uniform(0.42, 0.62))
    path[:, 2] = -1.6 * width
    band = [Solid(squeezed(tube(path, thick), (1, 1, width)), shell, 0.3)]
    if rng.random() < 0.7:
        inner = path[4:-4] * [0.94, 0.975, 1.0]
        band.append(Solid(squeezed(tube(inner, thick * 0.95), (1, 1, width * 0.95)), pad, 0.05))
    return band


def _boom(rng: np.random.Generator) -> list[Solid]:
    side = 1.0 if rng.random() < 0.5 else -1.0
    turn = np.linspace(0, 1, 9)[:, None]
    start, bend = np.array([side * 9.2, -3.0, -0.2]), np.array([side * 9.0, -8.2, 4.0])
    end = np.array([side * rng.uniform(3.0, 5.0), rng.uniform(-8.0, -6.6), 8.0])
    path = (1 - turn) ** 2 * start + 2 * turn * (1 - turn) * bend + turn**2 * end
    return [Solid(tube(path, 0.27), BLACK, 0.2), Solid(capsule(path[-2], path[-1], 0.62), BLACK, 0.0)]
