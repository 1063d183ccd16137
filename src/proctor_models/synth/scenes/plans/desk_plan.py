"""What lies and stands on the desk, and where: no two things at one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from proctor_models.synth.scenes.plans.people_plan import Rgb, Rng, fabric, pick
from proctor_models.synth.scenes.plans.spec import Thing, ThingSpec

# Half the longer side of what each covers on the desk, metres.
REACH: Mapping[str, float] = {
    "phone": 0.085, "tablet": 0.14, "book": 0.16, "paper": 0.18, "notebook": 0.15, "earphone_case": 0.04,
    "loose_earphones": 0.06, "loose_headphones": 0.11, "laptop": 0.20, "monitor": 0.26, "keyboard": 0.22,
    "mouse": 0.065, "mug": 0.055, "bottle": 0.04, "remote": 0.095, "calculator": 0.085, "wallet": 0.065,
    "power_bank": 0.08, "glasses_case": 0.085, "pen": 0.075, "lamp": 0.12, "plant": 0.10, "tissue_box": 0.12,
}  # fmt: skip
CLUTTER: Mapping[Thing, float] = {
    "mug": 20, "bottle": 12, "pen": 12, "notebook": 7, "paper": 8, "book": 6, "lamp": 8, "plant": 6, "tissue_box": 5,
    "calculator": 5, "remote": 4, "wallet": 5, "glasses_case": 4, "power_bank": 3, "earphone_case": 3,
}  # fmt: skip
HARD: Mapping[Thing, float] = {
    "remote": 18, "calculator": 16, "wallet": 14, "mug": 16, "mouse": 10, "earphone_case": 10, "glasses_case": 8,
    "power_bank": 8,
}  # fmt: skip
"""What is held like a phone and is none."""
SEEN_SHARE = 0.75
"""How often what matters lies on the side of the second camera, where nobody's body hides it."""
HALF_WIDTH, HALF_DEPTH = 0.62, 0.32
"""Of the part of the desk that is used, metres from its middle."""
BLACK, WHITE, SILVER = (0.012, 0.012, 0.013), (0.75, 0.75, 0.74), (0.45, 0.45, 0.46)
BOUGHT: Mapping[str, tuple[Rgb, ...]] = {
    "phone": (BLACK, BLACK, (0.03, 0.05, 0.12), WHITE, (0.45, 0.30, 0.33), (0.15, 0.22, 0.17), (0.35, 0.36, 0.38)),
    "tablet": (BLACK, SILVER, (0.2, 0.2, 0.21)),
    "laptop": (SILVER, SILVER, BLACK, (0.12, 0.12, 0.13)),
    "monitor": (BLACK, BLACK, SILVER),
    "keyboard": (BLACK, WHITE),
    "mouse": (BLACK, BLACK, WHITE, SILVER),
    "remote": (BLACK, (0.05, 0.05, 0.055), SILVER),
    "calculator": (BLACK, (0.1, 0.1, 0.11), (0.55, 0.6, 0.65)),
    "wallet": (BLACK, (0.10, 0.045, 0.02), (0.2, 0.1, 0.05), (0.02, 0.03, 0.07)),
    "power_bank": (BLACK, WHITE, (0.1, 0.15, 0.3)),
    "earphone_case": (WHITE, WHITE, BLACK),
    "loose_earphones": (WHITE, BLACK),
    "loose_headphones": (BLACK, BLACK, WHITE),
    "glasses_case": (BLACK, (0.12, 0.05, 0.02), (0.05, 0.1, 0.2)),
    "paper": ((0.85, 0.85, 0.83),),
}


def thing(rng: Rng, kind: Thing, **where: Any) -> ThingSpec:
    """A thing in one of its usual colours; `where` says place, hand and the rest of `ThingSpec`."""
    usual = BOUGHT.get(kind)
    colour = usual[int(rng.integers(len(usual)))] if usual else fabric(rng)
    if kind == "phone" and rng.random() < 0.35:
        colour = fabric(rng)  # a case
    fixed: dict[str, Any] = {"at_xy": (0.0, 0.0), "turned_deg": 0.0, "place": "desk", "lit": bool(rng.random() < 0.75)}
    return ThingSpec(kind=kind, seed=int(rng.integers(2**31)), colour=colour, **(fixed | where))


class Desk:
    """Finds free places; what does not fit is left out."""

    def __init__(self, rng: Rng, seen_side: float = 1.0) -> None:
        """`seen_side`: 1 where the second camera stands to the candidate's left, -1 to their right."""
        self._rng = rng
        self._seen_side = seen_side
        self._taken: list[tuple[float, float, float]] = []
        self.things: list[ThingSpec] = []

    def keep_free(self, x: float, y: float, reach: float) -> None:
        """Nothing is laid within `reach` metres of here."""
        self._taken.append((x, y, reach))

    def put(self, kind: Thing, x: float, y: float, **how: Any) -> ThingSpec:
        """A thing just there."""
        placed = thing(self._rng, kind, at_xy=(round(x, 4), round(y, 4)), **how)
        self.things.append(placed)
        self.keep_free(x, y, REACH[kind])
        return placed

    def lay(self, kind: Thing, near: bool = False, **how: Any) -> ThingSpec | None:
        """A thing somewhere free, `near` where a hand reaches it; None where there is no room."""
        rng, reach = self._rng, REACH[kind]
        for _ in range(40):
            side = self._seen_side if rng.random() < SEEN_SHARE else -self._seen_side
            x = float(rng.uniform(0.20, 0.48) * side if near else rng.uniform(-HALF_WIDTH, HALF_WIDTH))
            y = float(rng.uniform(-0.08, 0.24) if near else rng.uniform(-HALF_DEPTH, HALF_DEPTH * 0.8))
            if all(np.hypot(x - a, y - b) > reach + r for a, b, r in self._taken):
                turned = float(rng.normal(0, 25) if near else rng.uniform(-180, 180))
                return self.put(kind, x, y, **({"turned_deg": round(turned, 2)} | how))
        return None

    def computer(self, screen: str, x: float, y: float, turned_deg: float) -> ThingSpec:
        """The exam's computer, with a keyboard and a mouse where it has none."""
        made = self.put("laptop" if screen == "laptop" else "monitor", x, y, turned_deg=turned_deg, lit=True)
        if screen == "monitor":
            self.put("keyboard", x, 0.12, turned_deg=float(self._rng.normal(0, 3)))
        else:
            self.keep_free(x, 0.12, 0.16)  # the hands
        if screen == "monitor" or self._rng.random() < 0.45:
            self.put("mouse", float(x - self._rng.uniform(0.30, 0.36)), 0.14, turned_deg=float(self._rng.normal(0, 8)))
        return made

    def clutter(self, count: int) -> None:
        """Everyday things that mean nothing."""
        for _ in range(count):
            kind = pick(self._rng, CLUTTER)
            if all(placed.kind != kind for placed in self.things):
                self.lay(kind)
