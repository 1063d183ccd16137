"""Measures of an actual head and body that hair, hats, masks and earphones are fitted to. Needs numpy alone.

All of it lives in the rest coordinates of the head (metres, -y ahead, z up, x to the person's left): the torso, which
is posed on its own, is brought there by the inverse of the head's matrix, so that hair can fall on the shoulders.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from proctor_models.synth.scenes.attire.shells import Ints, Relief, Shell, on_quads
from proctor_models.synth.scenes.bodies.body import BaseMesh
from proctor_models.synth.scenes.bodies.figure import Figure, Points
from proctor_models.synth.scenes.plans.spec import Side

SIDES: tuple[Side, Side] = ("left", "right")


def sign(side: Side) -> float:
    """+1 for the person's left (+x), -1 for the right."""
    return 1.0 if side == "left" else -1.0


def group_faces(base: BaseMesh, *groups: str) -> Ints:
    """Quads of the base mesh that belong to any of the groups, (n, 4)."""
    return np.asarray(base.faces[base.face_mask(*groups)])


def ear_vertices(base: BaseMesh, side: Side) -> Ints:
    """The vertices of one ear: those that MakeHuman's target for how far it stands out moves most."""
    moved = base.delta(f"ears/{side[0]}-ear-wing-incr")
    assert moved is not None  # noqa: S101 - part of the data that `load_base` has read
    indices, delta = moved
    skin = np.isin(indices, base.groups["body"])
    length = np.linalg.norm(delta, axis=1)
    return np.asarray(indices[skin & (length > 0.15 * length.max())])


@dataclass(frozen=True)
class Ear:
    """One ear in rest coordinates."""

    side: Side
    canal: Points
    """Opening of the canal, (3,)."""
    points: Points
    """Its vertices, (n, 3)."""

    @property
    def centre(self) -> Points:
        """Middle of its box."""
        return np.asarray((self.points.min(0) + self.points.max(0)) / 2)

    @property
    def top(self) -> Points:
        """Highest point."""
        return np.asarray(self.points[np.argmax(self.points[:, 2])])

    @property
    def lobe(self) -> Points:
        """Lowest point."""
        return np.asarray(self.points[np.argmin(self.points[:, 2])])

    @property
    def back(self) -> Points:
        """Hindmost point."""
        return np.asarray(self.points[np.argmax(self.points[:, 1])])

    @property
    def out(self) -> float:
        """How far it stands out, |x|."""
        return float(np.abs(self.points[:, 0]).max())


class HeadFit:
    """Everything that is measured on one figure; made once and shared by all that is fitted to it."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        marks = figure.landmarks
        self.eye: Points = np.asarray(marks.eyes.mean(0))
        self.top = float(marks.crown[2])
        self.height = self.top - float(self.eye[2])
        """From the eyes to the crown."""
        self.ears: dict[Side, Ear] = {
            side: Ear(side, np.asarray(marks.ears[side]), figure.rest[ear_vertices(figure.base, side)])
            for side in SIDES
        }
        nape_y = float(figure.rest[self._head_vertices(), 1].max())
        front_y = float(marks.nose_bridge[1])
        self.centre: Points = np.array([0.0, (front_y + nape_y) / 2, float(self.eye[2]) + 0.02])

    def _head_vertices(self) -> Ints:
        rest, body = self.figure.rest, group_faces(self.figure.base, "body")
        used = np.unique(body)
        return np.asarray(used[rest[used, 2] > self.eye[2] - 0.06])

    @cached_property
    def head_faces(self) -> Ints:
        """Quads of the head and neck's skin."""
        faces = group_faces(self.figure.base, "body")
        return np.asarray(faces[self.figure.rest[faces, 2].mean(1) > self.eye[2] - 0.26])

    @cached_property
    def skull_faces(self) -> Ints:
        """The same without the ears."""
        ears = np.concatenate([ear_vertices(self.figure.base, side) for side in SIDES])
        return np.asarray(self.head_faces[np.isin(self.head_faces, ears).sum(1) < 2])

    @cached_property
    def skull(self) -> Shell:
        """Head without the ears, about `centre`."""
        near = self.skull_faces[self.figure.rest[self.skull_faces, 2].mean(1) > self.eye[2] - 0.15]
        return Shell.around(on_quads(self.figure.rest, near), self.centre)

    @cached_property
    def head(self) -> Shell:
        """Head with the ears, about `centre`."""
        near = self.head_faces[self.figure.rest[self.head_faces, 2].mean(1) > self.eye[2] - 0.15]
        return Shell.around(on_quads(self.figure.rest, near), self.centre)

    @cached_property
    def down(self) -> Points:
        """The world's downward direction in the head's rest coordinates."""
        return np.asarray(-self.figure.head[:3, :3].T @ np.array([0.0, 0.0, 1.0]))

    @cached_property
    def trunk_faces(self) -> Ints:
        """Quads of shoulders, chest and back (without arms) and of the neck."""
        figure = self.figure
        faces = group_faces(figure.base, "helper-tights")
        shoulder = abs(float(figure.joints["upperarm01.L"][0][0]))
        middle = figure.rest[faces].mean(1)
        hip = float(figure.joints["upperleg01.L"][0][2])
        trunk = faces[(np.abs(middle[:, 0]) < shoulder + 0.045) & (middle[:, 2] > hip + 0.05)]
        skin = self.head_faces[figure.rest[self.head_faces, 2].mean(1) < self.eye[2] - 0.12]
        return np.concatenate([trunk, skin])

    @cached_property
    def torso(self) -> Relief:
        """The trunk, posed, in the head's rest coordinates."""
        return Relief.of(to_rest(self.figure, on_quads(self.figure.world, self.trunk_faces, 5)))


def to_rest(figure: Figure, world: Points) -> Points:
    """World points in the rest coordinates of the head."""
    return np.asarray((world - figure.head[:3, 3]) @ figure.head[:3, :3])
