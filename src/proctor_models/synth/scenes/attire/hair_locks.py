"""What happens to strands once they have grown: locks, curls, frizz, ponytails, buns, hats. Needs numpy alone."""

from __future__ import annotations

import numpy as np

from proctor_models.synth.scenes.attire.hair_styles import Cut, Growth
from proctor_models.synth.scenes.attire.shells import Floats, from_polar, polar, unit
from proctor_models.synth.scenes.bodies.figure import Points

Rng = np.random.Generator
NECK_BELOW_EYES = 0.115
"""From here down the neck and shoulders, not the head, are in the way; metres."""
CLOTH = 0.016
"""What hair keeps off the body below the neck: clothes lie there."""


def gather(strands: Points, growth: Growth, rng: Rng) -> Points:
    """Strands drawn towards the nearest of some guides among them, ever more to the tip: locks."""
    numbers = growth.cut.numbers
    n, k, _ = strands.shape
    guides = rng.choice(n, min(numbers.locks, n), replace=False)
    feature = np.concatenate(
        [growth.roots, 0.06 * growth.side[:, None], 0.2 * growth.front[:, None], 0.2 * growth.fringe[:, None]], 1
    )
    chosen = feature[guides]
    apart = (chosen**2).sum(1) - 2 * feature @ chosen.T  # squared distance, less what is the same for each guide
    nearest = guides[np.argmin(apart.round(9), axis=1)]
    t = np.linspace(0, 1, k)[None, :, None]
    pull = numbers.gather * rng.uniform(0.6, 1.0, (n, 1, 1)) * t**1.3
    return np.asarray(strands + (strands[nearest] - strands) * pull)


def curl(strands: Points, cut: Cut, rng: Rng) -> Points:
    """Helices around strands; neighbours in a lock curl together because their phase comes from where they are."""
    n, k, _ = strands.shape
    radius, turns = {"curly": (0.0075, 3.2), "afro": (0.0045, 4.0)}.get(cut.style, (cut.wave, 4.0))
    if cut.style in ("short", "side", "buzz", "tied", "bun"):
        return strands
    where = strands[:, -1] if cut.style != "afro" else rng.normal(0, 1, (n, 3))
    # A product of matrices may differ in its last bits from call to call; a sum of columns does not.
    phase = 2 * np.pi * (17 * where[:, 0] + 23 * where[:, 1] + 9 * where[:, 2])[:, None]
    t = np.linspace(0, 1, k)[None]
    angle = phase + 2 * np.pi * turns * t * rng.uniform(0.85, 1.15, (n, 1))
    grown = radius * np.minimum(1, 2.5 * t)[..., None]
    way = unit(strands[:, -1] - strands[:, 0])
    a = unit(np.cross(way, np.array([0.31, 0.9, 0.27])))
    b = np.cross(way, a)
    return np.asarray(strands + grown * (np.cos(angle)[..., None] * a[:, None] + np.sin(angle)[..., None] * b[:, None]))


def frizz(strands: Points, amount: float, rng: Rng) -> Points:
    """A little disorder: each strand strays smoothly by up to `amount` metres at its tip."""
    n, k, _ = strands.shape
    t = np.linspace(0, 1, k)[None, :, None]
    angle = rng.uniform(0, 2 * np.pi, (n, 1, 3)) + t * rng.uniform(2, 7, (n, 1, 3))
    return np.asarray(strands + amount * np.exp(np.minimum(rng.normal(-0.4, 0.6, (n, 1, 1)), 0.6)) * t * np.sin(angle))


def ponytail(growth: Growth, count: int, rng: Rng) -> Points:
    """Strands from the tie, out and down the back, (count, 16, 3)."""
    fit, steps = growth.fit, 16
    out = unit(growth.tie - fit.centre)
    length = float(rng.uniform(0.18, 0.38))
    spread = rng.normal(0, 1, (count, 3)) * np.array([0.010, 0.006, 0.008])
    points = growth.tie + spread * 0.5
    way = np.tile(unit(out + np.array([0, 0.2, 0.25])), (count, 1)) + 0.12 * rng.normal(0, 1, (count, 3))
    made, step = [points], length * rng.uniform(0.8, 1.03, (count, 1)) / (steps - 1)
    low = fit.torso
    for i in range(1, steps):
        t = i / (steps - 1)
        way = unit(0.72 * unit(way) + 0.28 * (fit.down + spread * 14 * (0.6 - t)))
        points = fit.skull.push_out(points + way * step, 0.004)
        inside = low.covers(points) & (points[:, 2] < fit.eye[2] - NECK_BELOW_EYES)
        least = low.y(points, "back") + CLOTH + np.abs(spread[:, 0])
        points[:, 1] = np.where(inside, np.maximum(points[:, 1], least), points[:, 1])
        made.append(points)
    return frizz(np.stack(made, 1), 0.0035, rng)


def coil(centre: Points, radius: float, count: int, rng: Rng) -> Points:
    """Strands wound about a ball: a bun, (count, 14, 3)."""
    steps = 14
    axis = unit(np.array([0.15, 1.0, 0.35]) + 0.35 * rng.normal(0, 1, (count, 3)))
    first = unit(np.cross(axis, rng.normal(0, 1, (count, 3))))
    second = np.cross(axis, first)
    rise = rng.uniform(-0.8, 0.8, (count, 1, 1))
    angle = np.linspace(0, 1.1 * np.pi, steps)[None, :, None]
    ring = np.cos(angle) * first[:, None] + np.sin(angle) * second[:, None]
    ball = np.sqrt(1 - rise**2) * ring + rise * axis[:, None]
    reach = radius * rng.uniform(0.9, 1.04, (count, 1, 1)) * np.array([1.0, 0.8, 1.0])
    return np.asarray(centre + ball * reach)


def flatten(strands: Points, growth: Growth, rim: Floats, lift: float) -> Points:
    """Hair under a hat, pressed to `lift` over the scalp; below the rim it comes out only by degrees.

    Args:
        strands: (n, steps, 3).
        growth: whose head it is.
        rim: (n, steps) z of the hat's rim in the direction of each point.
        lift: metres.
    """
    shell = growth.fit.skull
    azimuth, elevation, radius = polar(strands - shell.centre)
    free = np.maximum(rim - strands[..., 2], 0)
    most = shell.reach(azimuth, elevation) + lift + 0.7 * free + 4.0 * free**2
    near = strands[..., 2] > growth.fit.eye[2] - NECK_BELOW_EYES
    pressed = np.where(near, np.minimum(radius, most), radius)
    return np.asarray(shell.centre + from_polar(azimuth, elevation, pressed))
