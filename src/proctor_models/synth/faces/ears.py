"""Whether an ear is bare and in sight, and where: an earphone must never be painted onto hair.

The face mesh ends before the ears. So an ear is looked for where the mean head has it, a little higher or lower: rows
of skin beside the cheek, with something that is no skin (hair, a wall) above them and, for a face that looks at the
camera, below. Fair hair is as good as skin by its colour, but it does not end above the ear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.composites.layers import Colour, Plane
from proctor_models.synth.faces.head import Head
from proctor_models.synth.faces.look import skin_samples

# From where an ear joins the head to its rim, for the ear on the picture's right; centimetres in head coordinates.
BASE, RIM = np.array([7.2, 0.0, -1.0]), np.array([8.9, 0.0, -2.8])
CANAL = np.array([7.3, -0.1, -1.1])
UPPER_CM, LOWER_CM = 2.0, -2.4
"""What must be skin, from the middle of the ear; its rim and its lobe reach a little further."""
STEP_CM = 0.25
HEIGHTS = np.arange(-6.0, 5.51, STEP_CM)
LIFTS = np.arange(-1.25, 0.76, STEP_CM)
MIN_SHOWN = -0.18
"""How far an ear may be turned away (sine of the angle) and still be in sight past the cheek."""
FRONTAL = 0.25
MAX_PITCH_DEG = 24.0
MIN_SKIN, MAX_SKIN_ABOVE, MAX_SKIN_BELOW = 0.66, 0.45, 0.72
MIN_OUTER = 0.5
MAX_SKIN_BEYOND = 0.55
INNER = 6
MIN_EAR_PX = 21.0


@dataclass(frozen=True)
class Ear:
    """A bare ear."""

    side: int
    """-1 the ear on the picture's left, 1 the other."""
    lift_cm: float
    """How much higher it sits than on the mean head."""

    @property
    def canal(self) -> NDArray[np.float64]:
        """The entrance of the ear canal in head coordinates, (3,)."""
        return np.asarray(CANAL * [self.side, 1, 1] + np.array([0, self.lift_cm, 0]), np.float64)


def find_ear(picture: Colour, people: Plane, head: Head, side: int) -> Ear | str:
    """The ear on one side of a head, or why no earphone can be put into it.

    Args:
        picture: the frame.
        people: where people are, 0 to 1.
        head: whose ear.
        side: -1 for the ear on the picture's left, 1 for the other.
    """
    if head.shows(side) < MIN_SHOWN or abs(head.pitch_deg) > MAX_PITCH_DEG:
        return "ear turned away"
    if (UPPER_CM - LOWER_CM) * head.space.px_per_cm < MIN_EAR_PX:
        return "ear too small"
    skin_at = skin_grid(picture, people, head, side)
    if skin_at is None:
        return "ear outside the frame"
    best = max((_shares(skin_at, float(lift)) for lift in LIFTS), key=lambda found: found.fit)
    bare = best.inside >= MIN_SKIN and best.outer >= MIN_OUTER
    ends = best.above <= MAX_SKIN_ABOVE and best.beyond <= MAX_SKIN_BEYOND
    if not (bare and ends) or (head.shows(side) < FRONTAL and best.below > MAX_SKIN_BELOW):
        return "hair or cloth over the ear"
    return Ear(side, best.lift)


@dataclass(frozen=True)
class _Shares:
    """How much skin there is in and around an ear that sits `lift` centimetres higher than usual."""

    lift: float
    inside: float
    outer: float
    """In its outer half, which a broad cheek does not reach."""
    above: float
    below: float
    beyond: float
    """Behind its rim: where that is skin too, all of it is cheek, and the ear is elsewhere."""

    @property
    def fit(self) -> float:
        """Larger where more of the ear and less around it is skin."""
        return self.inside - 0.7 * self.above - 0.3 * self.below - 0.3 * self.beyond - 0.05 * abs(self.lift)


def _shares(skin_at: NDArray[np.bool_], lift: float) -> _Shares:
    heights = HEIGHTS - lift
    ear, half = skin_at[:, :INNER], skin_at[:, INNER // 2 : INNER]
    rows = (heights >= LOWER_CM) & (heights <= UPPER_CM)
    above = (heights > UPPER_CM + 0.8) & (heights < UPPER_CM + 2.3)
    below = (heights < LOWER_CM - 1.0) & (heights > LOWER_CM - 2.4)
    upper = (heights > -0.5) & (heights < UPPER_CM)
    parts = (ear[rows], half[rows], ear[above], ear[below], skin_at[upper, INNER:])
    return _Shares(lift, *(float(part.mean()) for part in parts))


def skin_grid(picture: Colour, people: Plane, head: Head, side: int) -> NDArray[np.bool_] | None:
    """Where skin is beside the cheek; None where the ear is not in the frame.

    A row for each of `HEIGHTS`; `INNER` columns over the ear, from the cheek outwards, and four beyond its rim.
    """
    across = np.concatenate([np.linspace(0.12, 0.66, INNER), np.linspace(1.35, 1.85, 4)])
    grid = BASE + across[None, :, None] * (RIM - BASE) + HEIGHTS[:, None, None] * np.array([0, 1, 0])
    points = np.rint(head.space.seen_at(grid.reshape(-1, 3) * np.array([side, 1, 1]))).astype(int)
    inside = np.asarray(((points >= 0) & (points < picture.shape[1::-1])).all(1), np.bool_)
    shape = len(HEIGHTS), len(across)
    if not inside.reshape(shape)[(HEIGHTS >= LOWER_CM - 1) & (HEIGHTS <= UPPER_CM + 1), :INNER].all():
        return None
    x, y = np.clip(points, 0, np.array(picture.shape[1::-1]) - 1).T
    skin = like_skin(picture[y, x], skin_samples(picture, head)) & inside & (people[y, x] > 0.15)
    return np.asarray(skin.reshape(shape), np.bool_)


def like_skin(colours: NDArray[np.float32], skin: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which colours could be the skin that `skin` samples, in more shade or less.

    >>> skin = np.array([[120, 150, 200], [110, 140, 190], [125, 155, 205]], np.float32)
    >>> like_skin(np.array([[85, 105, 148], [20, 22, 25], [200, 200, 200]], np.float32), skin).tolist()
    [True, False, False]
    """
    bright, red, blue = _opponents(colours)
    skin_bright, skin_red, skin_blue = _opponents(skin)
    level = float(np.median(skin_bright))
    fits = (bright > 0.42 * level) & (bright < 1.45 * level)
    for mine, theirs, least in ((red, skin_red, 0.022), (blue, skin_blue, 0.026)):
        spread = max(float(np.median(np.abs(theirs - np.median(theirs)))) * 1.5, least)
        fits &= np.abs(mine - np.median(theirs)) < 3.2 * spread
    return np.asarray(fits, np.bool_)


def _opponents(colours: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """Brightness, and the shares of red and blue in it, which shade leaves as they are."""
    total = np.maximum(colours.sum(1), 1.0)
    return total / 3, colours[:, 2] / total, colours[:, 0] / total
