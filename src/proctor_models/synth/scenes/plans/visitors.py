"""Who comes to the candidate: where they stand or sit, and which way they look."""

from __future__ import annotations

from dataclasses import replace

from proctor_models.synth.scenes.plans.people_plan import Rng, identity
from proctor_models.synth.scenes.plans.spec import PersonSpec, Posture


def visitor(rng: Rng, code: str, where: str) -> PersonSpec:
    """A second person: ``beside``, ``behind``, in the ``door``, or ``handing_over``.

    >>> from numpy.random import default_rng
    >>> visitor(default_rng(1), "V0001", "behind").at_xy[1] > 0.5
    True
    """
    side = 1.0 if rng.random() < 0.5 else -1.0
    base = identity(rng, code)
    posture: Posture
    if where == "beside":
        at, turned, posture = (side * rng.uniform(0.40, 0.62), rng.uniform(0.05, 0.35)), -side * 15, "arms_down"
    elif where == "behind":
        at, turned, posture = (side * rng.uniform(0.12, 0.55), rng.uniform(0.60, 1.15)), -side * 8, "standing"
    elif where == "door":
        at, turned, posture = (side * rng.uniform(0.5, 0.95), rng.uniform(1.2, 1.6)), -side * 20, "standing"
    else:
        at, turned, posture = (side * rng.uniform(0.48, 0.66), rng.uniform(0.10, 0.35)), -side * 35, "handing_over"
    seated = where == "beside" and rng.random() < 0.6
    return replace(
        base,
        posture="reading" if seated else posture,
        side="right" if side > 0 else "left",  # the hand next to the candidate
        at_xy=(round(float(at[0]), 3), round(float(at[1]), 3)),
        turned_deg=round(float(turned + rng.normal(0, 12)), 2),
        seated=bool(seated),
        head_yaw_deg=round(float(-side * rng.uniform(0, 30)), 2),
        head_pitch_deg=round(float(rng.uniform(0, 22)), 2),
    )
