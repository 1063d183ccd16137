"""Where a head is in space, from the landmarks of one picture.

Things are placed in *head coordinates*: centimetres from the middle between both landmarks before the ears, x to the
picture's right for a face that looks at the camera, y up, z out of the face. A camera far away is assumed (weak
perspective), so that a point is seen by leaving its depth out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from proctor_models.synth.composites.layers import Points

Points3 = NDArray[np.float32]  # (n, 3)

LANDMARKS = 468
BEFORE_EARS = (234, 454)
FOREHEAD, CHIN = 10, 152
EYE_CORNERS, NOSE_BRIDGE = (33, 133, 362, 263), 168
"""Outer and inner corner of the eye on the picture's left, inner and outer one of the other; between them."""
WIDTH_CM = 14.8
"""Between both landmarks before the ears of a grown person: the mesh's mean face, scaled to a bitragion breadth of
14.2 cm, which lies a little further in."""


@dataclass(frozen=True)
class Space:
    """A place in the picture with directions and a scale of its own."""

    origin: NDArray[np.float64]
    """(2,) or (3,) in pixels; only x and y count."""
    axes: NDArray[np.float64]
    """(3, 3): rows x, y and z as unit vectors in picture coordinates (x right, y down, z away from the camera)."""
    px_per_cm: float

    def seen_at(self, points_cm: ArrayLike) -> Points:
        """Where points given in this space, (n, 3) in centimetres, appear in the picture, (n, 2)."""
        in_picture = np.atleast_2d(np.asarray(points_cm, np.float64)) @ self.axes * self.px_per_cm
        return np.asarray(self.origin[:2] + in_picture[:, :2], np.float32)


UPRIGHT = np.array([[1.0, 0, 0], [0, -1, 0], [0, 0, -1]])
"""Axes of a space that faces the camera."""


@dataclass(frozen=True)
class Head:
    """One face, with depth."""

    landmarks: Points3
    """(468, 3): x and y in pixels of the frame, z in the same unit, larger is further away."""

    @cached_property
    def space(self) -> Space:
        """Head coordinates; see the module."""
        mesh = self.landmarks.astype(np.float64)
        left, right = (mesh[i] for i in BEFORE_EARS)
        wide = max(float(np.linalg.norm(right - left)), 1e-6)
        sideways = (right - left) / wide
        up = mesh[FOREHEAD] - mesh[CHIN]
        up -= sideways * (up @ sideways)
        up /= max(float(np.linalg.norm(up)), 1e-6)
        return Space((left + right) / 2, np.stack([sideways, up, np.cross(sideways, up)]), wide / WIDTH_CM)

    @cached_property
    def in_head(self) -> NDArray[np.float64]:
        """(468, 3): the landmarks in head coordinates."""
        away = self.landmarks - self.space.origin
        return np.asarray(away @ self.space.axes.T / self.space.px_per_cm, np.float64)

    @property
    def face_px(self) -> float:
        """From the top of the forehead to the chin, as seen."""
        return float(np.linalg.norm(self.landmarks[FOREHEAD, :2] - self.landmarks[CHIN, :2]))

    @property
    def yaw_deg(self) -> float:
        """Turn to the side; positive shows the ear on the picture's left."""
        return float(np.rad2deg(np.arcsin(np.clip(self.space.axes[0, 2], -1, 1))))

    @property
    def pitch_deg(self) -> float:
        """Nod; positive looks up."""
        return float(np.rad2deg(np.arcsin(np.clip(-self.space.axes[2, 1], -1, 1))))

    def shows(self, side: int) -> float:
        """How far the side of the head (-1 the picture's left, 1 its right) faces the camera: sine, 0 edge-on."""
        return float(-side * self.space.axes[0, 2])
