"""A posed person as numbers: what dress, wearables and held things are fitted to. Needs numpy alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.plans.spec import PersonSpec, Side

if TYPE_CHECKING:
    from proctor_models.synth.scenes.bodies.body import BaseMesh

Matrix = NDArray[np.float64]  # (4, 4), or (3, 3) where it says so
Points = NDArray[np.float64]  # (n, 3) metres


@dataclass(frozen=True)
class HeadFrame:
    """Landmarks of the head in rest coordinates (metres; x to the person's left, -y ahead, z up)."""

    eyes: Points
    """(2, 3): left, right eye centre."""
    ears: dict[Side, Points]
    """(3,) opening of the ear canal."""
    nose_tip: Points
    nose_bridge: Points
    mouth: Points
    chin: Points
    crown: Points
    nape: Points


@dataclass
class Figure:
    """A person in a scene.

    A rest-pose point p of the head goes to the world by ``head @ (p, 1)``; of any other part, by its bone.
    """

    spec: PersonSpec
    name: str
    """Prefix of the names of all its Blender objects."""
    base: BaseMesh
    """Topology: faces, groups, texture coordinates, weights."""
    rest: Points
    """Every base vertex, shaped, before posing."""
    world: Points
    """Every base vertex, posed and placed."""
    bones: dict[str, Matrix]
    """Rest to world, by bone."""
    joints: dict[str, tuple[Points, Points]]
    """Head and tail of each bone in rest coordinates."""
    head: Matrix
    """Rest to world of the head bone."""
    landmarks: HeadFrame
    grips: dict[Side, Matrix]
    """(4, 4) that places a held thing in the world: build it about its origin with its width along x, its front
    (screen, cover) towards +y and its height along z. The hand lies behind it: +y points out of the palm. Proper
    rotations for both hands. For things of 8 to 12 mm thickness; see `hands.Hand.grip`."""
    objects: dict[str, list[Any]] = field(default_factory=dict)
    """Blender objects by part: skin, eyes, hair, top, trousers, ..."""

    def on_head(self, points: Points) -> Points:
        """Rest-pose points of the head in the world."""
        flat = np.asarray(points, float).reshape(-1, 3)
        moved = flat @ self.head[:3, :3].T + self.head[:3, 3]
        return np.asarray(moved.reshape(np.shape(points)))
