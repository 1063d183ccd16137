"""Glasses as solids in head coordinates: their arms end where an earphone would be, and are none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.faces.earphones import BLACK, Tone
from proctor_models.synth.faces.ears import CANAL, UPPER_CM, Ear
from proctor_models.synth.faces.head import EYE_CORNERS, NOSE_BRIDGE, Head
from proctor_models.synth.faces.solids import Field, Solid, ball, tube, union

# Colours of plastic and of metal: blue, green, red.
PLASTIC: tuple[Tone, ...] = (
    BLACK, BLACK, (0.10, 0.10, 0.11), (0.08, 0.14, 0.26), (0.12, 0.22, 0.40), (0.30, 0.14, 0.08), (0.10, 0.08, 0.34),
    (0.55, 0.58, 0.62), (0.16, 0.16, 0.17),
)  # fmt: skip
METAL: tuple[Tone, ...] = ((0.08, 0.08, 0.09), (0.55, 0.57, 0.58), (0.35, 0.55, 0.68), (0.45, 0.50, 0.72))
WRAP = 0.011
"""How far a front bends back: centimetres for each square centimetre from the middle."""
AROUND = 21
"""Points of a rim."""


@dataclass(frozen=True)
class Glasses:
    """What is worn on nose and ears."""

    solids: tuple[Solid, ...]
    panes: tuple[Solid, ...]
    """Lenses, to be painted thinly over what is behind them."""
    reach: NDArray[np.float64]
    """(n, 3) points around it."""
    style: str


def draw_glasses(rng: np.random.Generator, head: Head, ears: Sequence[Ear]) -> Glasses:
    """Glasses that sit on this nose, with arms to the ears; where an ear is not bare, the arm ends under the hair.

    Args:
        rng: chooses shape and colour.
        head: whose face it is.
        ears: those that are bare.
    """
    plastic = bool(rng.random() < 0.65)
    tone = (PLASTIC if plastic else METAL)[int(rng.integers(len(PLASTIC if plastic else METAL)))]
    rim_cm = float(rng.uniform(0.13, 0.24) if plastic else rng.uniform(0.06, 0.1))
    arm_cm = float(rng.uniform(0.17, 0.3) if plastic else rng.uniform(0.08, 0.13))
    rimless = not plastic and rng.random() < 0.25
    half = np.array([rng.uniform(2.3, 2.8), rng.uniform(1.6, 2.4)])
    squareness = float(rng.uniform(2.0, 4.5))
    eyes = head.in_head[list(EYE_CORNERS)].reshape(2, 2, 3).mean(1)
    front = float(head.in_head[NOSE_BRIDGE, 2]) + float(rng.uniform(0.1, 0.6))
    fields: list[Field] = []
    panes = []
    middles = [max(abs(x), half[0] + 0.75) for x in eyes[:, 0].tolist()]  # of the lenses, from the nose outwards
    for side, middle, y in zip((-1.0, 1.0), middles, eyes[:, 1].tolist(), strict=True):
        centre = np.array([side * middle, y - 0.25])
        rim = _rim(centre, half, squareness, front)
        if not rimless:
            fields.append(tube(rim, rim_cm))
        panes.append(Solid(ball((*centre, front - WRAP * centre[0] ** 2 - 0.15), (*half, 0.25)), (0.9, 0.9, 0.9), 0.6))
    inner = float(np.abs(eyes[:, 0]).mean()) - half[0]
    level = float(eyes[:, 1].mean()) + float(rng.uniform(0.1, 0.7))
    across = np.linspace(-1, 1, 7) * max(inner, 0.75)
    bridge = np.stack([across, level + 0.35 * (1 - np.linspace(-1, 1, 7) ** 2), np.full(7, front)], 1)
    fields.append(tube(bridge, max(rim_cm * 0.9, 0.09)))
    bare = {ear.side: ear for ear in ears}
    for side, middle in zip((-1, 1), middles, strict=True):
        hinge = _hinge(side, middle + half[0], level, front)
        fields.append(tube(_arm(rng, side, hinge, bare.get(side)), arm_cm))
    skull = Solid(ball((0, 1.5, -1.5), (7.05, 11.0, 6.5)), None)
    shells = [Solid(ball(ear.canal + np.array([ear.side * 0.7, 0.1, -0.9]), (0.8, 2.5, 1.0)), None) for ear in ears]
    reach = np.array([[x, y, z] for x in (-9.4, 9.4) for y in (-3.2, level + 3.4) for z in (-4.5, front + 0.8)])
    body = Solid(union(fields), tone, 0.35 if plastic else 0.7)
    style = "rimless" if rimless else "plastic" if plastic else "metal"
    return Glasses((body, skull, *shells), tuple(panes), reach, style)


def _rim(
    centre: NDArray[np.float64], half: NDArray[np.float64], squareness: float, front: float
) -> NDArray[np.float64]:
    """Points around a lens: a superellipse, round at squareness 2."""
    turn = np.linspace(0, 2 * np.pi, AROUND)
    wave = np.stack([np.cos(turn), np.sin(turn)], 1)
    flat = centre + half * np.sign(wave) * np.abs(wave) ** (2 / squareness)
    return np.column_stack([flat, front - WRAP * flat[:, 0] ** 2])


def _hinge(side: int, x: float, level: float, front: float) -> NDArray[np.float64]:
    return np.array([side * x, level, front - WRAP * x**2])


def _arm(rng: np.random.Generator, side: int, hinge: NDArray[np.float64], ear: Ear | None) -> NDArray[np.float64]:
    """From the hinge to the top of the ear, and down behind it."""
    lift = ear.lift_cm if ear is not None else 0.0
    top = CANAL * [side, 1, 1] + np.array([0.15 * side, UPPER_CM - 0.1 + lift, -0.3])
    corner = hinge + np.array([0.35 * side, 0.0, -0.7])
    if ear is None:
        return np.stack([hinge, corner, corner + (top - corner) * float(rng.uniform(0.45, 0.7))])
    behind = top + np.array([0.25 * side, -0.35, -1.5])
    end = behind + np.array([-0.1 * side, -float(rng.uniform(1.6, 3.2)), -0.5])
    return np.stack([hinge, corner, top, behind, end])
