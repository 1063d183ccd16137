"""Wood and woven cloth, a few of each, so that their pictures are drawn once a process. Needs `bpy`."""

from __future__ import annotations

from typing import Any

import numpy as np

from proctor_models.synth.scenes.plans.measures import chance, muted, rgb
from proctor_models.synth.scenes.world import textures
from proctor_models.synth.scenes.world.paint import pictured

Rng = np.random.Generator
WOODS = (
    (0.48, 0.33, 0.19), (0.26, 0.14, 0.07), (0.10, 0.05, 0.03), (0.62, 0.50, 0.35), (0.75, 0.74, 0.71),
    (0.36, 0.30, 0.25), (0.40, 0.20, 0.09),
)  # fmt: skip


def wood(rng: Rng, boards: int = 1) -> Any:
    """A wooden or painted surface; one of few, so that their pictures are drawn once."""
    which = int(rng.integers(len(WOODS)))
    return pictured(f"wood {which} {boards}", lambda: textures.wood(chance(which, "wood"), WOODS[which], boards), 0.45)


def cloth(rng: Rng, bright: float = 1.0) -> Any:
    """A woven surface, one of two dozen."""
    which = int(rng.integers(24))
    tone = rgb(muted(chance(which, "tone")), bright)
    return pictured(f"cloth {which} {bright}", lambda: textures.cloth(chance(which, "cloth"), tone), 0.9, sheen=0.2)
