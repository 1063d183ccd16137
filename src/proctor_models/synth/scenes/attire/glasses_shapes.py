"""Rims and temples of glasses on the actual face and ears. Needs numpy alone; rest coordinates, metres."""

from __future__ import annotations

import numpy as np

from proctor_models.synth.scenes.attire.fitting import HeadFit
from proctor_models.synth.scenes.attire.shells import through
from proctor_models.synth.scenes.bodies.figure import Points
from proctor_models.synth.scenes.plans.spec import Side


def rim_outline(width: float, height: float, power: float, count: int = 36) -> Points:
    """(count, 2) outline of a lens: a superellipse, flatter at the top.

    >>> rim_outline(0.05, 0.04, 2.0).max(0).round(3).tolist()
    [0.025, 0.018]
    """
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    x = width / 2 * np.sign(np.cos(t)) * np.abs(np.cos(t)) ** (2 / power)
    y = height / 2 * np.sign(np.sin(t)) * np.abs(np.sin(t)) ** (2 / power)
    return np.stack([x, np.where(y > 0, 0.9 * y, y)], 1)


def rim_before(fit: HeadFit, eye: Points, outline: Points) -> Points:
    """One lens before an eye, bowed with the face and clear of the skin."""
    s = 1.0 if eye[0] > 0 else -1.0
    marks = fit.figure.landmarks
    y = min(float(eye[1]) - 0.026, float(marks.nose_bridge[1]) - 0.001)
    x = eye[0] + s * 0.0025 + outline[:, 0]
    aside = np.abs(x)
    return np.stack(
        [x, y + 2.2 * np.maximum(aside - 0.02, 0) ** 2 - 0.08 * outline[:, 1], eye[2] - 0.004 + outline[:, 1]], 1
    )


def temple(fit: HeadFit, rim: Points, side: Side) -> Points:
    """One temple: from the hinge back to the ear and down behind it, (30, 3)."""
    ear = fit.ears[side]
    s = 1.0 if side == "left" else -1.0
    hinge = rim[np.argmax(s * rim[:, 0] + 0.35 * rim[:, 2])]
    root = abs(float(ear.canal[0])) + 0.001
    top = np.array([s * root, ear.top[1] - 0.002, ear.top[2] - 0.002])
    wide = max(abs(hinge[0]) + 0.004, root)
    middle = np.array([s * (0.5 * wide + 0.5 * root + 0.002), (hinge[1] + top[1]) / 2, (hinge[2] + top[2]) / 2 + 0.001])
    end = np.array([s * (root - 0.002), ear.back[1] + 0.004, ear.centre[2] + 0.004])
    path = through(np.stack([hinge, np.array([s * wide, hinge[1] + 0.008, hinge[2]]), middle, top, end]), 30)
    out = fit.skull.push_out(path, 0.0012)
    out[:4] = path[:4]
    return out
