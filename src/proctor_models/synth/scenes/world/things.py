"""Things that lie on a desk or in a hand, by their kind; all in the resting frame of `measures`. Needs `bpy`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.blend import Tagged
from proctor_models.synth.scenes.plans.measures import in_grip, resting_size, screen_of, webcam
from proctor_models.synth.scenes.plans.spec import ThingSpec
from proctor_models.synth.scenes.world import devices, reading, vessels, wearables

Made = list[Any]
LABELS = {
    "monitor": "screen", "mug": "cup", "book": "book_paper", "paper": "book_paper", "notebook": "book_paper",
    "loose_earphones": "earphone", "loose_headphones": "earphone",
}  # fmt: skip
"""Our classes by kind; other kinds keep their own word."""
MAKERS: dict[str, Callable[[ThingSpec], Made]] = {
    "phone": devices.phone,
    "tablet": devices.tablet,
    "laptop": devices.laptop,
    "monitor": devices.monitor,
    "keyboard": devices.keyboard,
    "mouse": devices.mouse,
    "book": reading.book,
    "paper": reading.paper,
    "notebook": reading.notebook,
    "mug": vessels.mug,
    "bottle": vessels.bottle,
    "lamp": vessels.lamp,
    "plant": vessels.plant,
    "tissue_box": vessels.tissue_box,
    "pen": vessels.pen,
    "remote": wearables.remote,
    "calculator": wearables.calculator,
    "wallet": wearables.wallet,
    "power_bank": wearables.power_bank,
    "glasses_case": wearables.glasses_case,
    "earphone_case": wearables.earphone_case,
    "loose_earphones": wearables.loose_earphones,
    "loose_headphones": wearables.loose_headphones,
}


def make_thing(spec: ThingSpec) -> Tagged:
    """A thing about the origin, resting on z = 0; turned over already if it lies there face down.

    One for a hand or an ear is left face up: `in_grip` turns it.
    """
    made = MAKERS[spec.kind](spec)
    held = spec.place in ("hand", "ear", "offered")
    if spec.kind in ("phone", "tablet", "calculator", "notebook", "book") and not held:
        _, _, thick = resting_size(spec)
        below = devices.thickness_below(spec)
        if spec.face_down:
            blend.place(made, blend.pose(blend.turn((0, 1, 0), 180), (0, 0, thick)))
        elif below:
            lean = math.degrees(math.atan2(below, resting_size(spec)[1])) if spec.kind == "phone" else 0.0
            blend.place(made, blend.pose(blend.turn((1, 0, 0), lean), (0, 0, below * 0.6)))
    attributes: dict[str, str | bool | float] = {"thing": spec.kind}
    if spec.kind.startswith("loose_"):
        attributes |= {"kind": "earbud" if spec.kind == "loose_earphones" else "headphone", "worn": False}
    return Tagged(LABELS.get(spec.kind, spec.kind), made, attributes)


def under_paper(spec: ThingSpec) -> Tagged:
    """A sheet that covers part of a thing that is `half_hidden`: place it with the thing's own matrix."""
    x, y, z = resting_size(spec)
    rng = np.random.default_rng([spec.seed & 0x7FFFFFFF, 77])
    sheet = reading.loose_sheet(spec.seed, curl=0.002)
    side = float(rng.choice([-1.0, 1.0]))
    shift = (side * (0.105 + x * rng.uniform(-0.1, 0.2)), -0.04 + y * rng.uniform(-0.2, 0.2), z + 0.005)
    blend.place(sheet, blend.pose(blend.turn((0, 0, 1), float(rng.uniform(-25, 25))), shift))
    return Tagged("book_paper", sheet, {"thing": "paper"})


__all__ = ["LABELS", "in_grip", "make_thing", "resting_size", "screen_of", "under_paper", "webcam"]
