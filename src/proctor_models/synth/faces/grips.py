"""Where a hand holds a phone, or something that is none, before a webcam: which way it is turned, and how far away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.faces import held
from proctor_models.synth.faces.earphones import Tone
from proctor_models.synth.faces.head import UPRIGHT, Head, Space
from proctor_models.synth.faces.look import Look
from proctor_models.synth.faces.paint import Picture
from proctor_models.synth.faces.solids import Solid

PLACES = ("front", "beside", "ear", "edge")
SHARES = (0.42, 0.2, 0.18, 0.2)
LABELS = {"phone": "phone", "remote": "remote", "notebook": "book_paper"}
"""What is held to its class; the rest has none."""
MIN_SEEN = 0.18
"""Smallest share of the thing that must be seen."""


@dataclass(frozen=True)
class Grip:
    """A hand that holds a thing; the first solid is the thing."""

    solids: tuple[Solid, ...]
    space: Space
    reach: NDArray[np.float64]
    where: str
    label: str
    """See `LABELS`."""
    whole_px2: float
    """How large the thing would be, seen whole from its front."""


def turned(roll_deg: float, yaw_deg: float, pitch_deg: float) -> NDArray[np.float64]:
    """Axes of a thing turned about its long axis (yaw), tilted (pitch), then turned in the picture (roll), (3, 3).

    Roll is counter-clockwise as the camera sees it; a negative pitch tilts the top away from the camera.

    >>> turned(0, 0, 0).tolist() == UPRIGHT.tolist()
    True
    """
    a, b, c = np.deg2rad([roll_deg, yaw_deg, pitch_deg])
    about_z = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(c), -np.sin(c)], [0, np.sin(c), np.cos(c)]])
    return np.asarray((about_z @ about_x @ about_y).T @ UPRIGHT, np.float64)


def draw_grip(rng: np.random.Generator, head: Head, look: Look, picture: Picture, what: str) -> Grip:
    """A hand somewhere before a face, with what is called so in it: phone, notebook, or one of `held.NO_PHONES`."""
    where = str(rng.choice(PLACES, p=SHARES)) if what == "phone" else str(rng.choice(("front", "beside", "edge")))
    side = 1 if rng.random() < 0.5 else -1
    if what == "phone":
        shows_screen = where in ("front", "beside") and rng.random() < 0.25
        thing = held.phone(rng, "screen" if shows_screen else "back")
    else:
        thing = held.notebook(rng) if what == "notebook" else held.no_phone(rng, what)
        shows_screen = True
    around = not shows_screen and where != "edge" and rng.random() < 0.4
    hold: held.Grip = "edge" if what == "notebook" else "around" if around or where == "ear" else "behind"
    space = _ear_space(rng, head, side) if where == "ear" else _free_space(rng, head, picture, where, side)
    out = {"front": 0.45, "beside": 0.6, "ear": 0.5, "edge": 0.3}[where]
    forearm = space.axes @ np.array([side * out, 1.0, 0.15 if where != "ear" else -0.3])
    sleeve = _sleeve(rng, picture, head)
    hand = held.hand(rng, thing, side, hold, forearm, look, sleeve)
    ends = np.concatenate([np.zeros((1, 3)), forearm[None] * 42])
    wide, high = np.maximum((9.0, 11.0), 1.2 * np.array(thing.half_cm[:2]))
    offsets = np.array([[x, y, 0] for x in (-wide, wide) for y in (-high, high)])
    reach = np.concatenate([ends + offset for offset in offsets])
    whole = 4 * thing.half_cm[0] * thing.half_cm[1] * space.px_per_cm**2
    label = LABELS.get(what, "")
    return Grip((thing.solid, *hand), space, reach, where, label, whole)


def _ear_space(rng: np.random.Generator, head: Head, side: int) -> Space:
    """Beside the cheek: from the ear to the mouth, its back outwards."""
    axes = head.space.axes
    back = axes[0] * side * rng.uniform(0.8, 1.0) + axes[2] * rng.uniform(0.2, 0.6) + axes[1] * 0.05
    back /= np.linalg.norm(back)
    along = axes[1] * 0.93 - axes[2] * rng.uniform(0.1, 0.35) + axes[0] * side * rng.uniform(0.05, 0.25)
    along -= back * (along @ back)
    along /= np.linalg.norm(along)
    rows = np.stack([np.cross(along, back), along, back])
    middle = np.array([side * 8.9, -3.6, 0.6]) + rng.uniform(-0.6, 0.6, 3)
    return Space(head.space.seen_at(middle)[0].astype(np.float64), rows, head.space.px_per_cm * 1.02)


def _free_space(rng: np.random.Generator, head: Head, picture: Picture, where: str, side: int) -> Space:
    wide, high = picture.size_wh
    scale = head.space.px_per_cm * float(rng.uniform(1.0, 1.3))
    nose = head.landmarks[1, :2].astype(np.float64)
    if where == "front":
        spot = nose + np.array([side * rng.uniform(1.5, 10), rng.uniform(11, 19)]) * scale
        axes = turned(float(rng.normal(0, 12)), float(rng.uniform(-28, 28)), float(rng.uniform(-42, 5)))
    elif where == "beside":
        spot = nose + np.array([side * rng.uniform(10.5, 16), rng.uniform(-3, 9)]) * scale
        axes = turned(float(rng.normal(side * 8, 12)), float(rng.uniform(-40, 40)), float(rng.uniform(-20, 10)))
    else:
        out = float(rng.uniform(-0.25, 0.3))
        edge = wide if side > 0 else 0
        if rng.random() < 0.6:
            spot = np.array([edge + side * out * 7 * scale, rng.uniform(0.35, 0.85) * high])
        else:
            spot = np.array([np.clip(nose[0] + side * rng.uniform(4, 14) * scale, 0, wide), high + out * 14 * scale])
        axes = turned(float(rng.normal(side * 10, 22)), float(rng.uniform(-35, 35)), float(rng.uniform(-45, 5)))
    if where != "edge":
        spot = np.clip(spot, [0.02 * wide, 0.1 * high], [0.98 * wide, 1.02 * high])
    return Space(spot, axes, scale)


def _sleeve(rng: np.random.Generator, picture: Picture, head: Head) -> Tone | None:
    """The colour of what is worn under the chin; None for a bare arm, or where that looks like skin."""
    if rng.random() < 0.25:
        return None
    spots = head.landmarks[152, :2] + np.array([[x, y] for x in (-9, -5, 5, 9) for y in (9, 13)]) * head.space.px_per_cm
    x, y = np.rint(spots).astype(int).T
    inside = (x >= 0) & (x < picture.size_wh[0]) & (y >= 0) & (y < picture.size_wh[1])
    if inside.sum() < 2:
        dark = rng.uniform(0.05, 0.25)
        return (float(dark), float(dark), float(dark))
    cloth = np.median(picture.bgr[y[inside], x[inside]], 0)
    if float(np.abs(cloth - np.asarray(picture.look.skin)).mean()) < 18:
        return None
    blue, green, red = np.clip(cloth * 1.08 / np.maximum(np.asarray(picture.look.white), 1), 0.03, 0.95).tolist()
    return blue, green, red
