"""Where a room's walls, windows, door and furniture stand: numbers from the room's seed, nothing modelled.

Each wall has a frame of its own: x runs along it to the right of somebody inside who looks at it, y into the wall, z
up, the origin on the floor in the wall's middle; what stands there faces -y.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.plans.measures import chance
from proctor_models.synth.scenes.plans.spec import Light, RoomSpec

Matrix = NDArray[np.float64]  # (4, 4)
Block = tuple[NDArray[np.float64], NDArray[np.float64]]  # lowest and highest corner
Wall = Literal["back", "left", "right", "front"]
WALLS: tuple[Wall, ...] = ("back", "left", "right", "front")
NIGHT: tuple[Light, ...] = ("lamp", "dim", "screen")
DESK_DEPTH_M = 0.70
DESK_MIDDLE = (0.0, -0.60, 0.73)


@dataclass(frozen=True)
class Piece:
    """Something along a wall: its middle, width and depth in the wall's frame, and a seed for the rest."""

    name: str
    wall: Wall
    x: float
    width: float
    depth: float
    seed: int


@dataclass(frozen=True)
class Layout:
    """The inside of a room in world coordinates, metres."""

    x0: float
    x1: float
    y0: float
    y1: float
    height: float
    pieces: tuple[Piece, ...] = field(default=())

    @property
    def bounds(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lowest and highest corner of the inside."""
        return np.array([self.x0, self.y0, 0.0]), np.array([self.x1, self.y1, self.height])

    def span(self, wall: Wall) -> float:
        """How long a wall is."""
        return self.x1 - self.x0 if wall in ("back", "front") else self.y1 - self.y0

    def frame(self, wall: Wall, x: float = 0.0) -> Matrix:
        """From the wall's frame, moved along by `x`, to the world."""
        middle = ((self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2)
        degrees, at = {
            "back": (0, (middle[0], self.y1)),
            "right": (-90, (self.x1, middle[1])),
            "left": (90, (self.x0, middle[1])),
            "front": (180, (middle[0], self.y0)),
        }[wall]
        a = math.radians(degrees)
        made = np.eye(4)
        made[:2, :2] = [[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]
        made[:2, 3] = np.asarray(at) + made[:2, :2] @ [x, 0.0]
        return made

    def along(self, wall: Wall, point_xy: tuple[float, float]) -> float:
        """Where along a wall a point of the world is."""
        return float((np.linalg.inv(self.frame(wall)) @ [*point_xy, 0.0, 1.0])[0])


def second_monitor_side(spec: RoomSpec) -> int:
    """1 where the second monitor stands to the candidate's left, else -1."""
    return 1 if chance(spec.seed, "second monitor").random() < 0.5 else -1


def room_size(spec: RoomSpec) -> Layout:
    """An empty room; the desk stands near its front wall, in offices and kitchens further inside.

    >>> room = room_size(RoomSpec(5, "bedroom", (), False, True, False))
    >>> 1.2 <= room.y1 <= 2.6 and room.x1 - room.x0 > 3
    True
    """
    rng = chance(spec.seed, "size")
    large = {"office": 1.35, "living_room": 1.2, "dormitory": 0.92, "bedroom": 0.95}.get(spec.kind, 1.0)
    far = spec.kind in ("office", "kitchen") and rng.random() < 0.6
    x0, x1 = -rng.uniform(1.65, 2.4) * large, rng.uniform(1.65, 2.4) * large
    y0 = -rng.uniform(2.2, 3.4) if far else -rng.uniform(0.98, 1.12)
    y1 = float(np.clip(rng.uniform(1.35, 2.45) * (large**0.5), 1.35, 2.6))
    return Layout(float(x0), float(x1), float(y0), y1, float(rng.uniform(2.4, 2.8)))


def wall_parts(
    width: float, height: float, holes: list[tuple[float, float, float, float]]
) -> list[tuple[float, float, float, float]]:
    """What is left of a wall around its holes: rectangles (left, right, low, high), in the wall's frame.

    >>> wall_parts(4, 2.5, [(-.5, .5, 0, 2)])
    [(-2.0, -0.5, 0.0, 2.5), (-0.5, 0.5, 2, 2.5), (0.5, 2.0, 0.0, 2.5)]
    """
    parts, left = [], -width / 2
    for a, b, low, high in sorted(holes):
        parts.append((left, a, 0.0, height))
        if low > 0:
            parts.append((a, b, 0.0, low))
        parts.append((a, b, high, height))
        left = b
    return [*parts, (left, width / 2, 0.0, height)]


def pushed_clear(
    at_xy: tuple[float, float],
    radius: float,
    bounds: tuple[NDArray[np.float64], NDArray[np.float64]],
    blocks: list[Block],
) -> tuple[float, float]:
    """The nearest free floor for a disc of `radius`: inside the walls, outside the furniture.

    >>> low, high = np.zeros(3), np.array([4.0, 4.0, 2.5])
    >>> pushed_clear((5, 1), .25, (low, high), [])
    (3.75, 1.0)
    >>> pushed_clear((1.9, 1), .25, (low, high), [(np.array([1.0, 0, 0]), np.array([2.0, 2, 1]))])
    (2.25, 1.0)
    """
    low, high = bounds
    grown = [(lo[:2] - radius, hi[:2] + radius) for lo, hi in blocks if hi[2] > 0.2]
    wanted = np.clip(np.asarray(at_xy, float), low[:2] + radius, high[:2] - radius)
    x, y = (np.unique(np.r_[wanted[k], [edge[k] for block in grown for edge in block]]) for k in range(2))
    spots = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
    inside = ((spots >= low[:2] + radius - 1e-9) & (spots <= high[:2] - radius + 1e-9)).all(1)
    free = inside & np.all([~((spots > lo + 1e-9) & (spots < hi - 1e-9)).all(1) for lo, hi in grown] or [inside], 0)
    if not free.any():
        return float(wanted[0]), float(wanted[1])
    best = spots[free][np.argmin(np.linalg.norm(spots[free] - wanted, axis=1))]
    return float(best[0]), float(best[1])
