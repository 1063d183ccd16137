"""People of a scene: the posed figure in numbers, and its skin, eyes and face in Blender."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from proctor_models.synth.scenes.bodies.actor import Body
from proctor_models.synth.scenes.bodies.body import BaseMesh, Points
from proctor_models.synth.scenes.bodies.figure import Figure, HeadFrame
from proctor_models.synth.scenes.bodies.hands import make_hand
from proctor_models.synth.scenes.bodies.posing import Matrix, Skeleton, apply, rigid, skin, turn
from proctor_models.synth.scenes.bodies.postures import SEAT_M, attend, strike
from proctor_models.synth.scenes.bodies.shapes import shape_body
from proctor_models.synth.scenes.plans.spec import PersonSpec, Side

if TYPE_CHECKING:
    from proctor_models.synth.scenes.blend import Tagged

SIDES: tuple[Side, Side] = ("left", "right")
LANDMARKS = (5054, 132, 474, 493, 5225)
"""Vertices of the base mesh: tip and bridge of the nose, upper and lower lip, chin."""


def make_figure(base: BaseMesh, spec: PersonSpec, name: str) -> Figure:
    """Shape, pose and place a person; numpy alone.

    Args:
        base: from `body.load_base`.
        spec: who it is and what they do.
        name: prefix of the Blender objects made from the figure.
    """
    spec = attend(spec)
    rest = shape_body(base, spec)
    joints = base.joints(rest)
    landmarks = head_landmarks(base, rest)
    bones = Skeleton(base.bone_names, base.parents, joints)
    hands = {side: make_hand(side, joints) for side in SIDES}
    lift = _hip_height(base, rest, joints, spec)
    place = rigid(turn((0, 0, 1), spec.turned_deg), (*spec.at_xy, 0.0))
    sole = float(rest[base.groups["body"]][:, 2].min())
    turned, leans = strike(Body(bones, hands, landmarks, lift, sole, place), spec)
    matrices = {bone: place @ turned[bone] for bone in base.bone_names}
    return Figure(
        spec=spec,
        name=name,
        base=base,
        rest=rest,
        world=skin(rest, base.weights, [matrices[bone] for bone in base.bone_names]),
        bones=matrices,
        joints=joints,
        head=matrices["head"],
        landmarks=landmarks,
        grips={side: matrices[f"wrist.{side[0].upper()}"] @ hands[side].grip(leans[side]) for side in SIDES},
    )


def model_person(figure: Figure) -> Tagged:
    """Skin, eyes, lashes, teeth and beard in Blender; fills `figure.objects`. Needs `bpy`.

    Raises:
        ConfigError: openpeople or MediaPipe is missing.
    """
    from proctor_models.synth.scenes import blend
    from proctor_models.synth.scenes.bodies import flesh

    parts = (flesh.add_skin, flesh.add_eyes, flesh.add_lashes, flesh.add_teeth, flesh.add_beard)
    return blend.Tagged("person", [made for part in parts for made in part(figure)], {})


def _hip_height(base: BaseMesh, rest: Points, joints: dict[str, tuple[Points, Points]], spec: PersonSpec) -> float:
    """How far the rest pose goes up so that feet stand on the floor, or the thighs' underside lies on the seat."""
    body = rest[base.groups["body"]]
    if not spec.seated:
        return -float(body[:, 2].min())
    hip = joints["upperleg01.L"][0]
    # Sitting turns the thighs' back side down: what is behind the hip at rest comes to lie below it.
    near = body[(np.abs(body[:, 2] - (hip[2] - 0.16)) < 0.05) & (np.abs(body[:, 0] - hip[0]) < 0.05)]
    return SEAT_M + float(near[:, 1].max() - hip[1]) + 0.028 - float(hip[2])


def head_landmarks(base: BaseMesh, rest: Points) -> HeadFrame:
    """Landmarks of a shaped head, from vertices that mean the same on every body."""
    eyes = np.stack([rest[base.groups[f"joint-{side}-eye"]].mean(0) for side in "lr"])
    nose, bridge, upper_lip, lower_lip, chin = (rest[vertex] for vertex in LANDMARKS)
    mouth = (upper_lip + lower_lip) / 2
    body = rest[base.groups["body"]]
    mid = body[np.abs(body[:, 0]) < 0.012]
    back = mid[(np.abs(mid[:, 2] - mouth[2]) < 0.012)]
    ears: dict[Side, Points] = {}
    for side in SIDES:
        moved = base.delta(f"ears/{side[0]}-ear-scale-incr")  # moves the vertices of that ear
        ear = rest[moved[0]] if moved is not None else body
        middle = ear.mean(0)
        inner = ear[np.linalg.norm(ear[:, 1:] - middle[1:], axis=1) < 0.014]
        ears[side] = np.array([inner[np.abs(inner[:, 0]).argmin()][0], middle[1] - 0.004, middle[2] - 0.002])
    return HeadFrame(
        eyes=eyes,
        ears=ears,
        nose_tip=nose,
        nose_bridge=bridge,
        mouth=mouth,
        chin=chin,
        crown=body[body[:, 2].argmax()],
        nape=np.array([0.0, back[:, 1].max(), mouth[2]]),
    )


def head_pose(figure: Figure, camera_matrix: Matrix) -> tuple[float, float, float]:
    """Yaw, pitch and roll of the head relative to a camera, degrees.

    All three are zero for a head that looks straight into the lens, upright in the picture. Yaw is positive to the
    person's left, pitch down, roll towards their left shoulder.

    Args:
        figure: the person.
        camera_matrix: (4, 4) camera to world; the camera looks along its -z with +y up (Blender's `matrix_world`).
    """
    eyes = apply(figure.head, figure.landmarks.eyes.mean(0))
    return relative_pose(figure.head[:3, :3], eyes, np.asarray(camera_matrix, float))


def relative_pose(head: Matrix, eyes: Points, camera: Matrix) -> tuple[float, float, float]:
    """`head_pose` from the head's (3, 3) rest-to-world rotation and the place of the eyes.

    >>> looking = np.array([[1.0, 0, 0, 0], [0, 0, -1, -2], [0, 1, 0, 0], [0, 0, 0, 1]])
    >>> tuple(round(v, 3) + 0 for v in relative_pose(turn((0, 0, 1), 20), np.zeros(3), looking))
    (20.0, 0.0, 0.0)
    """
    to_lens = camera[:3, 3] - eyes
    ahead = to_lens / np.linalg.norm(to_lens)
    up = camera[:3, 1] - ahead * (camera[:3, 1] @ ahead)
    up = up / np.linalg.norm(up)
    facing = np.stack([np.cross(-ahead, up), -ahead, up], 1)
    own = facing.T @ head
    pitch = np.degrees(np.arcsin(np.clip(own[2, 1], -1, 1)))
    yaw = np.degrees(np.arctan2(-own[0, 1], own[1, 1]))
    roll = np.degrees(np.arctan2(-own[2, 0], own[2, 2]))
    return float(yaw), float(pitch), float(roll)
