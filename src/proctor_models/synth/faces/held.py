"""Phones, and things that are none, in a drawn hand: as solids, so that fingers lie around them rightly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from proctor_models.synth.composites import props
from proctor_models.synth.composites.layers import Layer
from proctor_models.synth.faces.earphones import BLACK, WHITE, Tone
from proctor_models.synth.faces.look import Look
from proctor_models.synth.faces.solids import Field, Paint, Solid, ball, capsule, slab, tube, union

Grip = Literal["around", "behind", "edge"]
FOREARM_CM = 34.0
FINGERS = (0.86, 1.0, 0.97, 0.8)
"""Lengths against the longest, the little finger (lowest) first."""
FINGER_STEP_CM = 1.72


@dataclass(frozen=True)
class Thing:
    """A thing to hold, around the origin; its front looks along z."""

    name: str
    solid: Solid
    half_cm: tuple[float, float, float]


def phone(rng: np.random.Generator, face: Literal["back", "screen"]) -> Thing:
    """A telephone that shows its back (camera, case) or its screen."""
    half = (float(rng.uniform(3.4, 3.95)), float(rng.uniform(7.1, 8.1)), float(rng.uniform(0.42, 0.62)))
    picture = props.phone(rng, face)
    return _thing("phone", picture, half, 0.95, rng.uniform(0.15, 0.5))


def no_phone(rng: np.random.Generator, name: str) -> Thing:
    """Something held like a phone: see `NO_PHONES`."""
    return NO_PHONES[name](rng)


def notebook(rng: np.random.Generator) -> Thing:
    """A closed notebook between A6 and A5."""
    half = (float(rng.uniform(5.2, 7.4)), float(rng.uniform(7.2, 10.5)), float(rng.uniform(0.3, 0.9)))
    return _thing("notebook", props.notebook(rng), half, 0.5, rng.uniform(0.05, 0.3))


def _thing(name: str, picture: Layer, half: tuple[float, float, float], corner_cm: float, gloss: float) -> Thing:
    field = slab(half, corner_cm, min(0.25, 0.8 * half[2]))
    return Thing(name, Solid(field, BLACK, float(gloss), textured(picture, half)), half)


def textured(picture: Layer, half_cm: tuple[float, float, float]) -> Paint:
    """A picture stretched over the front of a slab; its rims take the picture's edge, its back is dark."""
    colours = np.asarray(cv2.GaussianBlur(picture.bgr, (0, 0), 1.2), np.float32) / 255
    # Transparent corners have the thing's own colour on its rims.
    high, wide = colours.shape[:2]

    def paint(points: NDArray[np.float32]) -> NDArray[np.float32]:
        u = np.clip((points[:, 0] / half_cm[0] + 1) / 2 * wide, 2, wide - 3).astype(int)
        v = np.clip((1 - points[:, 1] / half_cm[1]) / 2 * high, 2, high - 3).astype(int)
        front = (points[:, 2] > 0)[:, None]
        return np.asarray(np.where(front, colours[v, u], 0.06), np.float32)

    return paint


def _wallet(rng: np.random.Generator) -> Thing:
    return _thing("wallet", props.wallet(rng), (5.6, 4.4, 0.9), 0.5, 0.1)


def _remote(rng: np.random.Generator) -> Thing:
    return _thing("remote", props.remote(rng), (2.3, float(rng.uniform(7.5, 9.0)), 0.9), 0.9, 0.2)


def _calculator(rng: np.random.Generator) -> Thing:
    return _thing("calculator", props.calculator(rng), (4.0, 7.0, 0.7), 0.6, 0.15)


def _earphone_case(rng: np.random.Generator) -> Thing:
    tone = WHITE if rng.random() < 0.7 else BLACK
    half = (3.0, 2.35, 1.05)
    body = slab(half, 1.5, 0.9)
    line = slab((3.03, 0.04, 1.08), 0.03, 0.02)

    def cut(points: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(np.maximum(body(points), -line(points - np.array([0, 0.8, 0], np.float32))), np.float32)

    return Thing("earphone_case", Solid(cut, tone, 0.5), half)


def _glasses_case(rng: np.random.Generator) -> Thing:
    tones: tuple[Tone, ...] = (BLACK, (0.16, 0.2, 0.34), (0.3, 0.16, 0.1), (0.2, 0.2, 0.22), (0.16, 0.12, 0.4))
    half = (3.2, 8.0, 2.0)
    return Thing("glasses_case", Solid(slab(half, 2.6, 1.8), tones[int(rng.integers(len(tones)))], 0.25), half)


NO_PHONES: dict[str, Callable[[np.random.Generator], Thing]] = {
    "wallet": _wallet,
    "remote": _remote,
    "calculator": _calculator,
    "earphone_case": _earphone_case,
    "glasses_case": _glasses_case,
}


@dataclass(frozen=True)
class _Hold:
    """A hand without its arm."""

    flesh: list[Field]
    nails: list[Field]
    wrist: NDArray[np.float64]


def hand(
    rng: np.random.Generator, thing: Thing, side: int, grip: Grip, towards: ArrayLike, look: Look, sleeve: Tone | None
) -> list[Solid]:
    """A hand that holds `thing`, and its forearm.

    Args:
        rng: chooses where along the thing it holds.
        thing: what it holds.
        side: 1 where the hand comes from the right of the thing, -1 from the left.
        grip: `around` lays the fingers across the front, which the camera sees; `behind` shows only their tips; `edge`
            pinches what is too wide for a hand, with the thumb on its front.
        towards: (3,) direction of the forearm in the thing's space.
        look: the light, and whose skin.
        sleeve: colour of a sleeve from the wrist on; None for a bare arm.
    """
    out = np.array([side, 1.0, 1.0])
    low = -min(thing.half_cm[1] - 0.5, 5.6 + float(rng.uniform(-0.6, 0.8)))
    if grip == "around":
        held = _around(rng, thing, out, low)
    else:
        held = _behind(thing, out, low) if grip == "behind" else _edge(thing, out, low)
    way = np.asarray(towards, np.float64)
    way = way / max(float(np.linalg.norm(way)), 1e-6)
    elbow = held.wrist + way * FOREARM_CM
    bare = capsule(held.wrist, held.wrist + 5 * way, 2.35, 2.5) if sleeve else capsule(held.wrist, elbow, 2.35, 4.0)
    tone = np.asarray(look.skin) / np.maximum(np.asarray(look.white), 1)
    solids = [Solid(union([*held.flesh, bare], 0.55), BLACK, 0.06, _skin(rng, tone))]
    if held.nails:
        solids.append(Solid(union(held.nails), BLACK, 0.25, _flat(np.clip(tone * [1.08, 1.04, 1.03], 0, 1))))
    if sleeve is not None:
        cuff = held.wrist + way * float(rng.uniform(1.0, 4.0))
        cloth = union([capsule(cuff, elbow, 3.1, 4.9), capsule(cuff, cuff + 0.8 * way, 3.3)], 0.4)
        solids.append(Solid(cloth, BLACK, 0.0, _cloth(rng, np.asarray(sleeve))))
    return solids


def _around(rng: np.random.Generator, thing: Thing, out: NDArray[np.float64], low: float) -> _Hold:
    """Four fingers across the front, the back of the hand beside it, the thumb along the edge."""
    wide, _, deep = thing.half_cm
    rise, z = float(rng.uniform(0.2, 1.0)), deep + 0.7
    flesh: list[Field] = []
    for i, length in enumerate(FINGERS):
        y = low + FINGER_STEP_CM * i
        nodes = [(wide + 1.2, y - 0.5, z - 0.5), (0.35 * wide, y, z + 0.25)]
        nodes += [(wide - 1.5 * wide * length, y + 0.5 * rise, z + 0.1)]
        nodes += [(-wide * (2 * length - 1) - 0.1, y + rise, z - 0.5)]
        flesh.append(tube(np.array(nodes) * out, 0.78 if i else 0.68))
    middle = low + 2.4
    thumb = [(wide + 1.9, middle - 2.5, -0.4), (wide + 1.0, middle + 2.6, -0.7), (wide + 0.5, middle + 4.6, 0)]
    flesh.append(tube(np.array(thumb) * out, 0.85))
    flesh.append(ball(np.array([wide + 2.0, middle - 0.9, deep - 0.2]) * out, (2.3, 4.3, 1.5)))
    return _Hold(flesh, [], np.array([wide + 2.0, middle - 5.2, deep - 0.4]) * out)


def _behind(thing: Thing, out: NDArray[np.float64], low: float) -> _Hold:
    """Fingertips around one edge, the thumb around the other, the palm behind."""
    wide, _, deep = thing.half_cm
    flesh: list[Field] = []
    nails: list[Field] = []
    for i, length in enumerate(FINGERS):
        y = low + FINGER_STEP_CM * i
        tip = np.array([wide - 0.7 - 0.5 * length, y + 0.3, deep + 0.45])
        nodes = [(wide + 0.9, y, -deep - 1.0), (wide + 0.75, y + 0.1, deep), tip]
        flesh.append(tube(np.array(nodes) * out, 0.72))
        nails.append(ball((tip + np.array([0.02, 0.05, 0.58])) * out, (0.55, 0.42, 0.22)))
    thumb = [
        (-0.5 * wide, low - 2.6, -deep - 1.2),
        (-wide - 0.8, low + 0.4, -0.2),
        (-wide + 0.5, low + 3.2, deep + 0.5),
    ]
    flesh.append(tube(np.array(thumb) * out, 0.88))
    nails.append(ball(np.array([-wide + 0.5, low + 3.3, deep + 1.2]) * out, (0.6, 0.75, 0.22)))
    flesh.append(ball(np.array([0.3, low + 0.4, -deep - 1.6]) * out, (wide + 0.6, 4.4, 1.6)))
    return _Hold(flesh, nails, np.array([0.2, low - 4.4, -deep - 2.0]) * out)


def _edge(thing: Thing, out: NDArray[np.float64], low: float) -> _Hold:
    """The thumb on the front, the fingers behind, the palm beside."""
    wide, _, deep = thing.half_cm
    middle = low + 2.4
    flesh: list[Field] = []
    for i in range(len(FINGERS)):
        y = low + FINGER_STEP_CM * i
        flesh.append(tube(np.array([(wide + 1.3, y - 0.3, -deep - 0.6), (wide - 2.5, y, -deep - 0.9)]) * out, 0.75))
    thumb = [(wide + 1.7, middle - 2.4, -0.2), (wide + 0.5, middle + 0.2, deep + 0.5)]
    tip = np.array([wide - 2.2, middle + 1.7, deep + 0.55])
    flesh.append(tube(np.array([*thumb, tip]) * out, 0.88))
    flesh.append(ball(np.array([wide + 1.6, middle - 1.2, -deep - 0.5]) * out, (1.7, 4.0, 1.5)))
    nails = [ball((tip + np.array([-0.05, 0.1, 0.7])) * out, (0.7, 0.6, 0.22))]
    return _Hold(flesh, nails, np.array([wide + 2.2, middle - 5.2, -deep - 0.6]) * out)


def _flat(tone: NDArray[np.float64]) -> Paint:
    return lambda points: np.broadcast_to(np.asarray(tone, np.float32), points.shape).astype(np.float32)


def _skin(rng: np.random.Generator, tone: NDArray[np.float64]) -> Paint:
    """Skin is redder here and paler there."""
    waves = rng.uniform(0.5, 2.2, (3, 4)).astype(np.float32)
    shifts = rng.uniform(0, 6, 4).astype(np.float32)

    def paint(points: NDArray[np.float32]) -> NDArray[np.float32]:
        mottle = np.sin(points @ waves + shifts).mean(1)[:, None]
        return np.asarray(tone * 1.1 * (1 + mottle * np.array([0.07, 0.06, 0.035])), np.float32)

    return paint


def _cloth(rng: np.random.Generator, tone: NDArray[np.float64]) -> Paint:
    """Cloth has folds across."""
    waves = rng.uniform(0.4, 1.1, (3, 3)).astype(np.float32)

    def paint(points: NDArray[np.float32]) -> NDArray[np.float32]:
        bent = points + 0.6 * np.sin(points[:, [1, 2, 0]] * 0.9)
        folds = np.sin(bent @ waves).mean(1)[:, None]
        return np.asarray(tone * (0.92 + 0.16 * folds), np.float32)

    return paint
