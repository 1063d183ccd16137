"""How big things are, where their screens and webcams sit, and how a hand holds them: numbers from the seed alone.

The resting frame of every thing: metres, z up, its underside at z = 0, its middle above the origin. Whoever uses it is
at -y: the top of a phone or of a page is towards +y, screens that stand look to -y.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.plans.spec import ThingSpec

Matrix = NDArray[np.float64]  # (4, 4)
Size = tuple[float, float, float]

PHONE_THICK_M = 0.008
LID_THICK_M = 0.006
_RANGES: dict[str, tuple[Size, Size]] = {
    "phone": ((0.065, 0.140, 0.007), (0.078, 0.165, 0.009)),
    "tablet": ((0.150, 0.220, 0.006), (0.195, 0.265, 0.008)),
    "book": ((0.125, 0.185, 0.010), (0.195, 0.270, 0.045)),
    "paper": ((0.205, 0.290, 0.0004), (0.216, 0.297, 0.0020)),
    "earphone_case": ((0.048, 0.046, 0.021), (0.064, 0.052, 0.027)),
    "loose_earphones": ((0.060, 0.050, 0.012), (0.090, 0.080, 0.016)),
    "loose_headphones": ((0.165, 0.180, 0.075), (0.185, 0.200, 0.085)),
    "laptop": ((0.300, 0.210, 0.014), (0.360, 0.245, 0.020)),
    "monitor": ((0.490, 0.200, 0.430), (0.610, 0.240, 0.490)),
    "keyboard": ((0.280, 0.115, 0.016), (0.440, 0.140, 0.024)),
    "mouse": ((0.056, 0.098, 0.032), (0.066, 0.118, 0.040)),
    "mug": ((0.072, 0.072, 0.085), (0.092, 0.092, 0.110)),
    "bottle": ((0.060, 0.060, 0.190), (0.075, 0.075, 0.260)),
    "remote": ((0.038, 0.140, 0.014), (0.054, 0.215, 0.022)),
    "calculator": ((0.070, 0.135, 0.011), (0.085, 0.165, 0.017)),
    "wallet": ((0.085, 0.095, 0.012), (0.100, 0.190, 0.022)),
    "power_bank": ((0.060, 0.100, 0.012), (0.076, 0.150, 0.024)),
    "glasses_case": ((0.055, 0.150, 0.032), (0.068, 0.168, 0.044)),
    "pen": ((0.008, 0.130, 0.008), (0.012, 0.150, 0.012)),
    "lamp": ((0.150, 0.150, 0.380), (0.190, 0.190, 0.480)),
    "plant": ((0.140, 0.140, 0.200), (0.240, 0.240, 0.380)),
    "tissue_box": ((0.110, 0.110, 0.070), (0.130, 0.240, 0.110)),
}
_NOTEBOOKS: tuple[tuple[Size, Size], ...] = (
    ((0.070, 0.120, 0.006), (0.092, 0.150, 0.012)),  # no bigger than a phone
    ((0.140, 0.200, 0.007), (0.150, 0.212, 0.018)),
    ((0.180, 0.245, 0.006), (0.212, 0.297, 0.014)),
)
_TALL = ("mug", "bottle")
_FLAT = ("tablet", "book", "paper", "notebook")


@dataclass(frozen=True)
class Screen:
    """A screen in the resting frame."""

    centre: Size
    normal: Size
    size_wh: tuple[float, float]


def chance(seed: int, word: str) -> np.random.Generator:
    """Random numbers for one purpose: another purpose's draws do not shift them.

    >>> bool(chance(3, "door").random() == chance(3, "door").random()), bool(chance(3, "a") == chance(3, "b"))
    (True, False)
    """
    return np.random.default_rng([seed & 0x7FFFFFFF, zlib.crc32(word.encode())])


def resting_size(spec: ThingSpec) -> Size:
    """Width, depth and height in metres of a thing as it lies; of a laptop the base, of an open book one half.

    >>> from proctor_models.synth.scenes.plans.spec import ThingSpec
    >>> x, y, z = resting_size(ThingSpec("phone", "desk", 4, (0, 0, 0), (0, 0), 0))
    >>> .065 <= x <= .078 and .14 <= y <= .165 and .007 <= z <= .009
    True
    """
    rng = chance(spec.seed, "size")
    low, high = _RANGES[spec.kind] if spec.kind != "notebook" else _NOTEBOOKS[int(rng.integers(3))]
    share = rng.random(3)
    x, y, z = (float(a + (b - a) * s) for a, b, s in zip(low, high, share, strict=True))
    if spec.kind in _TALL or spec.kind in ("lamp", "plant"):
        y = x
    return x, y, z


def is_open(spec: ThingSpec) -> bool:
    """Whether a book, notebook or earphone case is open."""
    share = {"book": 0.6, "notebook": 0.45, "earphone_case": 0.4}.get(spec.kind, 0.0)
    return bool(chance(spec.seed, "open").random() < share) and not (spec.kind == "book" and spec.face_down)


def lid_tilt_deg(spec: ThingSpec) -> float:
    """How far a laptop's lid leans back from the upright."""
    return float(chance(spec.seed, "lid").uniform(8, 24))


def screen_of(spec: ThingSpec) -> Screen:
    """Where the picture of a laptop or a monitor is.

    >>> from proctor_models.synth.scenes.plans.spec import ThingSpec
    >>> screen = screen_of(ThingSpec("laptop", "desk", 4, (0, 0, 0), (0, 0), 0))
    >>> screen.normal[1] < -.9 and screen.centre[2] > .1
    True
    """
    x, y, z = resting_size(spec)
    if spec.kind == "monitor":
        height = (x - 0.016) * 9 / 16
        return Screen((0.0, -0.022, z - 0.010 - height / 2), (0.0, -1.0, 0.0), (x - 0.016, height))
    tilt = math.radians(lid_tilt_deg(spec))
    up = np.array([0.0, math.sin(tilt), math.cos(tilt)])
    out = np.array([0.0, -math.cos(tilt), math.sin(tilt)])
    middle = np.array([0.0, y / 2, z]) + up * (y / 2 + 0.003) + out * (LID_THICK_M / 2 + 0.0006)
    return Screen(_triple(middle), _triple(out), (x - 0.014, y - 0.026))


def webcam(spec: ThingSpec) -> Size:
    """The lens of a laptop's or monitor's webcam, in the resting frame.

    >>> from proctor_models.synth.scenes.plans.spec import ThingSpec
    >>> x, y, z = webcam(ThingSpec("laptop", "desk", 4, (0, 0, 0), (0, 0), 0))
    >>> x, .18 < z < .27
    (0.0, True)
    """
    if spec.kind == "monitor":
        return (0.0, -0.040, resting_size(spec)[2] + 0.016)
    screen = screen_of(spec)
    tilt = math.radians(lid_tilt_deg(spec))
    rise = screen.size_wh[1] / 2 + 0.006
    return (0.0, screen.centre[1] + rise * math.sin(tilt), screen.centre[2] + rise * math.cos(tilt))


def in_grip(spec: ThingSpec) -> Matrix:
    """From the resting frame to the palm frame of the hand that holds it (see `Figure.grips`).

    The front looks out of the palm, or the back with `face_down`; the top goes along the fingers. Flat things larger
    than a phone are held near their lower edge; mugs and bottles stand upright in the fist.

    >>> from proctor_models.synth.scenes.plans.spec import ThingSpec
    >>> there = in_grip(ThingSpec("phone", "hand", 4, (0, 0, 0), (0, 0), 0))
    >>> (there[:3, :3] @ [0, 0, 1]).tolist(), round(float(np.linalg.det(there)), 6)
    ([0.0, 1.0, 0.0], 1.0)
    """
    x, y, z = resting_size(spec)
    made = np.eye(4)
    if spec.kind in _TALL:
        up = 1.0 if spec.hand == "left" else -1.0
        made[:3, :3] = np.array([[0.0, 0.0, up], [0.0, 1.0, 0.0], [-up, 0.0, 0.0]])
        held = np.array([0.0, -x / 2, z / 2])
    else:
        side = 1.0 if spec.face_down else -1.0
        made[:3, :3] = np.array([[side, 0.0, 0.0], [0.0, 0.0, -side], [0.0, 1.0, 0.0]])
        low = -y / 2 + 0.055 if spec.kind in _FLAT and y > 0.17 else 0.0
        near = z - PHONE_THICK_M / 2 if spec.face_down else PHONE_THICK_M / 2
        held = np.array([0.0, low, near])
    made[:3, 3] = -made[:3, :3] @ held
    return made


def rgb(colour: Sequence[float] | NDArray[np.float64], factor: float = 1.0) -> tuple[float, float, float]:
    """A colour, brighter or darker, within [0, 1]."""
    r, g, b = (min(max(float(c) * factor, 0.0), 1.0) for c in colour)
    return r, g, b


def muted(rng: np.random.Generator, low: float = 0.03, high: float = 0.65) -> tuple[float, float, float]:
    """A colour of the kind that furnishings have: mostly greyed, seldom bright.

    >>> len(muted(np.random.default_rng(0)))
    3
    """
    grey = rng.uniform(low, high)
    share = rng.uniform(0.1, 0.45) if rng.random() < 0.85 else 0.9
    return rgb(grey + share * (rng.uniform(low, high, 3) - grey))


def _triple(point: NDArray[np.float64]) -> Size:
    return float(point[0]), float(point[1]), float(point[2])
