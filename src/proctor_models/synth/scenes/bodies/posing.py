"""A skeleton in numbers: rotations, forward kinematics, two-bone limbs, linear blend skinning. Pure numpy.

A rotation of a bone is given in rest axes and turns everything from that bone on about the bone's head; the parent's
rotation comes on top of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.plans.spec import Side

Points = NDArray[np.float64]
Matrix = NDArray[np.float64]
SUFFIX: dict[Side, str] = {"left": ".L", "right": ".R"}


def turn(axis: Sequence[float] | Points, degrees: float) -> Matrix:
    """Rotation about an axis (Rodrigues), (3, 3).

    >>> np.round(turn((0, 0, 1), 90) @ [1, 0, 0], 6).tolist()
    [0.0, 1.0, 0.0]
    """
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = math.radians(degrees)
    return np.asarray(np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross)


def unit(vector: Points) -> Points:
    """The direction of a vector."""
    return np.asarray(vector, float) / max(float(np.linalg.norm(vector)), 1e-12)


def frame(along: Points, towards: Points) -> Matrix:
    """Orthonormal (3, 3): column 0 along the first direction, column 1 as near to the second as it can be."""
    x = unit(along)
    y = unit(towards - x * (towards @ x))
    return np.stack([x, y, np.cross(x, y)], 1)


def swing_twist(rotation: Matrix, axis: Points) -> tuple[Matrix, float]:
    """Split a rotation into ``swing @ twist``; the twist is about `axis`, in degrees.

    >>> swing, twist = swing_twist(turn((1, 0, 0), 40) @ turn((0, 0, 1), 30), np.array([0.0, 0, 1]))
    >>> round(twist, 6), np.allclose(swing, turn((1, 0, 0), 40))
    (30.0, True)
    """
    along = unit(axis)
    swung = rotation @ along
    swing = shortest(along, swung)
    rest = swing.T @ rotation
    side = unit(np.cross(along, [1.0, 0, 0] if abs(along[0]) < 0.9 else [0, 1.0, 0]))
    twisted = rest @ side
    return swing, math.degrees(math.atan2(float(np.cross(side, twisted) @ along), float(side @ twisted)))


def shortest(start: Points, end: Points) -> Matrix:
    """The smallest rotation that brings one direction onto another.

    >>> np.round(shortest(np.array([1.0, 0, 0]), np.array([0, 1.0, 0])) @ [1, 0, 0], 6).tolist()
    [0.0, 1.0, 0.0]
    """
    a, b = unit(start), unit(end)
    axis = np.cross(a, b)
    size = float(np.linalg.norm(axis))
    if size < 1e-9:
        return np.eye(3) if a @ b > 0 else turn(np.cross(a, [0.3, 0.5, 0.8]), 180)
    return turn(axis, math.degrees(math.atan2(size, float(a @ b))))


def rigid(rotation: Matrix, at: Sequence[float] | Points) -> Matrix:
    """(4, 4) of a rotation and a place."""
    made = np.eye(4)
    made[:3, :3], made[:3, 3] = rotation, at
    return made


def about(rotation: Matrix, centre: Points) -> Matrix:
    """(4, 4) that turns about a point.

    >>> (about(turn((0, 0, 1), 90), np.array([1.0, 0, 0])) @ [1, 0, 0, 1]).round(6).tolist()
    [1.0, 0.0, 0.0, 1.0]
    """
    return rigid(rotation, centre - rotation @ centre)


def apply(matrix: Matrix, points: Points) -> Points:
    """Points (..., 3) through a (4, 4) matrix."""
    return np.asarray(np.asarray(points, float) @ matrix[:3, :3].T + matrix[:3, 3])


@dataclass
class Skeleton:
    """Bones of one body and how they are turned."""

    names: tuple[str, ...]
    """Parents before children."""
    parents: tuple[int, ...]
    joints: dict[str, tuple[Points, Points]]
    """Head and tail of each bone at rest."""
    turns: dict[str, Matrix] = field(default_factory=dict)
    """(3, 3) by bone; a bone without one keeps its parent's."""

    def add(self, bone: str, rotation: Matrix) -> None:
        """Turn a bone further, about its own head."""
        self.turns[bone] = rotation @ self.turns.get(bone, np.eye(3))

    def solve(self) -> dict[str, Matrix]:
        """Rest to posed, (4, 4) by bone."""
        made: list[Matrix] = []
        for name, parent in zip(self.names, self.parents, strict=True):
            above = made[parent] if parent >= 0 else np.eye(4)
            own = self.turns.get(name)
            made.append(above if own is None else above @ about(own, self.joints[name][0]))
        return dict(zip(self.names, made, strict=True))

    def parent_of(self, bone: str) -> str:
        """Name of the bone above."""
        return self.names[self.parents[self.names.index(bone)]]


def two_bone(start: Points, lengths: tuple[float, float], target: Points, pole: Points) -> tuple[Points, Points]:
    """Where the middle and the end of a limb come to lie.

    Args:
        start: (3,) shoulder or hip, metres.
        lengths: of the upper and the lower bone.
        target: (3,) where the end wants to be; out of reach, the limb stretches towards it.
        pole: (3,) direction to which the elbow or knee bends.

    Returns:
        Middle and end, (3,) each.

    >>> middle, end = two_bone(np.zeros(3), (1, 1), np.array([1.0, 0, 0]), np.array([0.0, 0, -1]))
    >>> middle.round(3).tolist(), end.round(3).tolist()
    ([0.5, 0.0, -0.866], [1.0, 0.0, 0.0])
    """
    upper, lower = lengths
    way = target - start
    reach = float(np.clip(np.linalg.norm(way), abs(upper - lower) + 1e-3, (upper + lower) * 0.998))
    along = unit(way)
    side = unit(pole - along * (pole @ along))
    cosine = (upper**2 + reach**2 - lower**2) / (2 * upper * reach)
    angle = math.acos(float(np.clip(cosine, -1, 1)))
    return start + upper * (math.cos(angle) * along + math.sin(angle) * side), start + reach * along


@dataclass(frozen=True)
class Limb:
    """The bones of an arm or a leg; the second of each pair takes up the twist."""

    upper: tuple[str, str]
    lower: tuple[str, str]
    end: str


def arm(side: Side) -> Limb:
    """Bones of an arm."""
    s = SUFFIX[side]
    return Limb((f"upperarm01{s}", f"upperarm02{s}"), (f"lowerarm01{s}", f"lowerarm02{s}"), f"wrist{s}")


def leg(side: Side) -> Limb:
    """Bones of a leg."""
    s = SUFFIX[side]
    return Limb((f"upperleg01{s}", f"upperleg02{s}"), (f"lowerleg01{s}", f"lowerleg02{s}"), f"foot{s}")


def bend_limb(bones: Skeleton, limb: Limb, target: Points, pole: Points, end_turn: Matrix | None = None) -> None:
    """Put the end joint of a limb at a place by two-bone inverse kinematics, elbow towards the pole.

    Args:
        bones: turned in place.
        limb: which bones.
        target: (3,) place of the wrist or ankle, in the skeleton's posed coordinates.
        pole: (3,) direction of the elbow or knee.
        end_turn: (3, 3) rest-to-posed rotation of the hand or foot; its twist about the forearm is shared among
            forearm and wrist, as pronation is. None: as the lower bone.
    """
    for name in (*limb.upper, *limb.lower, limb.end):
        bones.turns.pop(name, None)
    above = bones.solve()[bones.parent_of(limb.upper[0])]
    to_rest = np.asarray(np.linalg.inv(above), np.float64)
    start, middle, end = (bones.joints[name][0] for name in (limb.upper[0], limb.lower[0], limb.end))
    lengths = float(np.linalg.norm(middle - start)), float(np.linalg.norm(end - middle))
    new_middle, new_end = two_bone(start, lengths, apply(to_rest, target), to_rest[:3, :3] @ pole)
    plane, new_plane = np.cross(middle - start, end - middle), np.cross(new_middle - start, new_end - new_middle)
    upper = frame(new_middle - start, new_plane) @ frame(middle - start, plane).T
    lower = frame(new_end - new_middle, new_plane) @ frame(end - middle, plane).T
    swing, twist = swing_twist(upper, middle - start)
    bones.turns[limb.upper[0]] = swing @ turn(middle - start, 0.2 * twist)
    bones.turns[limb.upper[1]] = turn(middle - start, 0.8 * twist)
    bones.turns[limb.lower[0]] = upper.T @ lower
    if end_turn is not None:
        _turn_end(bones, limb, lower.T @ to_rest[:3, :3] @ end_turn, end - middle)


def _turn_end(bones: Skeleton, limb: Limb, wanted: Matrix, axis: Points) -> None:
    """Share a hand's twist: a quarter to the upper forearm, half to the lower, the rest to the wrist."""
    _, twist = swing_twist(wanted.T, axis)
    twist = -twist
    spread = ((limb.lower[0], 0.25), (limb.lower[1], 0.5))
    bones.turns[limb.lower[0]] = bones.turns[limb.lower[0]] @ turn(axis, spread[0][1] * twist)
    bones.turns[limb.lower[1]] = turn(axis, spread[1][1] * twist)
    bones.turns[limb.end] = turn(axis, -(spread[0][1] + spread[1][1]) * twist) @ wanted


def skin(rest: Points, weights: NDArray[np.float32], bones: Sequence[Matrix]) -> Points:
    """Linear blend skinning: (n, 3) rest points, (n, bones) weights, (4, 4) matrices."""
    flat = np.stack([np.asarray(m, np.float32)[:3].reshape(12) for m in bones])
    mixed = (weights @ flat).reshape(-1, 3, 4)
    return np.asarray(np.einsum("vij,vj->vi", mixed[:, :, :3], rest) + mixed[:, :, 3], np.float64)
