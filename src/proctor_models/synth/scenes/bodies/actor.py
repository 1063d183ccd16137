"""A body about to strike a posture: trunk, head, legs, and hands that go to goals. Pure numpy.

The person's frame: metres, origin on the floor under the seat or the feet, facing -y, x to their left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from proctor_models.synth.scenes.bodies.figure import HeadFrame
from proctor_models.synth.scenes.bodies.hands import LEAN_DEG, SHAPES, Curl, Hand
from proctor_models.synth.scenes.bodies.posing import (
    SUFFIX,
    Matrix,
    Points,
    Skeleton,
    apply,
    arm,
    bend_limb,
    leg,
    turn,
    unit,
)
from proctor_models.synth.scenes.plans.spec import PersonSpec, Side

SIDES: tuple[Side, Side] = ("left", "right")


@dataclass(frozen=True)
class Body:
    """A shaped body at rest, about to be posed."""

    bones: Skeleton
    hands: dict[Side, Hand]
    landmarks: HeadFrame
    lift: float
    """Metres by which the rest pose goes up so that it sits on the seat or stands on the floor."""
    sole: float
    """Height of the soles at rest."""
    place: Matrix
    """(4, 4) of the person's frame in the world."""


@dataclass(frozen=True)
class HandGoal:
    """Where a hand goes."""

    anchor: Points
    """(3,) point of the hand at rest that comes to lie at `point`."""
    point: Points
    """(3,) in the person's frame."""
    turn: Matrix
    """(3, 3) rest-to-posed rotation of the hand."""
    pole: Points
    """(3,) direction of the elbow."""
    curls: dict[int, Curl]


@dataclass(frozen=True)
class Torso:
    """How the trunk bends, degrees: forward, towards `side` (+ left), turned to the left."""

    forward: float = 0.0
    sideways: float = 0.0
    twist: float = 0.0


class Actor:
    """A body about to strike a posture: what the posture functions may ask and set."""

    def __init__(self, body: Body, spec: PersonSpec, rng: np.random.Generator):
        self.bones, self.hands, self.landmarks, self.spec = body.bones, body.hands, body.landmarks, spec
        self.offset = np.array([0.0, 0.0, body.lift])
        self.sole, self.place, self.rng = body.sole, body.place, rng
        self.goals: dict[Side, HandGoal] = {}
        self.leans: dict[Side, float] = dict.fromkeys(SIDES, LEAN_DEG)
        """How each hand holds a thing: see `Hand.grip`."""

    @property
    def sign(self) -> float:
        """+1 where the posture's side is the left, -1 where it is the right."""
        return 1.0 if self.spec.side == "left" else -1.0

    @property
    def other(self) -> Side:
        """The other side."""
        return "right" if self.spec.side == "left" else "left"

    def jitter(self, *sigmas: float) -> Points:
        """Random numbers with these standard deviations, cut at two of them."""
        return np.asarray(np.clip(self.rng.normal(size=len(sigmas)), -2, 2) * np.array(sigmas))

    def at(self, bone: str, end: int = 0) -> Points:
        """Where a bone's head (0) or tail (1) is now, in the person's frame."""
        return np.asarray(apply(self.bones.solve()[bone], self.bones.joints[bone][end]) + self.offset)

    def on_head(self, point: Points) -> Points:
        """A rest-pose point of the head, in the person's frame."""
        return np.asarray(apply(self.bones.solve()["head"], point) + self.offset)

    def head_turn(self) -> Matrix:
        """(3, 3) of the head."""
        return np.asarray(self.bones.solve()["head"][:3, :3])

    def touch(
        self, side: Side, part: str, point: Points, fingers: Points, palm: Points, shape: str, pole: Points
    ) -> None:
        """Bring a part of the hand (``palm``, ``tips``, ``pinch``, ``knuckles``) to a point."""
        hand, curls = self.hands[side], varied(SHAPES[shape], self.rng)
        self.goals[side] = HandGoal(hand_part(hand, part, curls), point, hand.facing(fingers, palm), pole, curls)

    def hold(
        self, side: Side, point: Points, front: Points, up: Points, pole: Points, lean_deg: float = LEAN_DEG
    ) -> None:
        """Hold a thing with its middle at a point, its front and its top in these directions."""
        hand = self.hands[side]
        self.leans[side] = lean_deg
        y = unit(front)
        z = unit(up - y * (up @ y))
        grip = hand.grip(lean_deg)
        rotation = np.stack([np.cross(y, z), y, z], 1) @ grip[:3, :3].T
        self.goals[side] = HandGoal(grip[:3, 3], point, rotation, pole, hand.grasp(lean_deg=lean_deg))

    def reach(self) -> None:
        """Bend the arms to the goals and curl the fingers."""
        for side, goal in self.goals.items():
            hand = self.hands[side]
            wrist = goal.point - goal.turn @ (goal.anchor - hand.wrist) - self.offset
            self._raise_shoulder(side, wrist)
            bend_limb(self.bones, arm(side), wrist, goal.pole, goal.turn)
            self.bones.turns.update(hand.turns(goal.curls))

    def _raise_shoulder(self, side: Side, wrist: Points) -> None:
        """A raised or far-reaching hand takes the collar bone along."""
        clavicle = f"clavicle{SUFFIX[side]}"
        shoulder = self.at(f"upperarm01{SUFFIX[side]}") - self.offset
        way = wrist - shoulder
        length = float(np.linalg.norm(way))
        up = float(np.clip((way[2] / length + 0.35) * 12, 0, 14))
        ahead = float(np.clip((length - 0.42) * 90, 0, 16))
        sign = 1.0 if side == "left" else -1.0
        self.bones.turns[clavicle] = turn((0, 1, 0), -sign * up) @ turn((0, 0, 1), -sign * ahead)


def hand_part(hand: Hand, part: str, curls: dict[int, Curl]) -> Points:
    """A point on the skin of a curled hand, the hand itself at rest."""
    skin = hand.palm * hand.radii(3)[2]
    middle = 0.45 * hand.wrist + 0.55 * hand.chains[3][0] + hand.palm * (0.021 * hand.scale)
    which = {"tips": ((2, 3, 4), 3, skin), "pinch": ((1, 2), 3, 0 * skin), "knuckles": ((2, 3), 1, -skin)}
    if part not in which:
        return np.asarray(middle)
    fingers, joint, off = which[part]
    return np.asarray(np.mean([hand.chain(finger, curls[finger])[joint] for finger in fingers], axis=0) + off)


def varied(shape: dict[int, Curl], rng: np.random.Generator) -> dict[int, Curl]:
    """A hand's shape with each finger a little more or less bent."""
    made = {}
    for finger, (a, b, c) in shape.items():
        by = float(np.clip(rng.normal(1, 0.12), 0.75, 1.25))
        made[finger] = (a * by, b * by, c * by)
    return made


def bend_trunk(actor: Actor, torso: Torso) -> None:
    """Share the trunk's bend over the spine, then the head's angles over the neck; the head stays half upright."""
    spec, bones = actor.spec, actor.bones
    whole = turn((0, 0, 1), torso.twist) @ turn((0, 1, 0), torso.sideways) @ turn((1, 0, 0), torso.forward)
    for bone, share in (("spine05", 0.2), ("spine04", 0.25), ("spine03", 0.25), ("spine02", 0.2), ("spine01", 0.1)):
        bones.add(bone, part_of(whole, share))
    wanted = (
        turn((0, 0, 1), spec.head_yaw_deg) @ turn((1, 0, 0), spec.head_pitch_deg) @ turn((0, 1, 0), spec.head_roll_deg)
    )
    neck = whole.T @ part_of(whole, 0.3) @ wanted
    for bone, share in (("neck01", 0.2), ("neck02", 0.2), ("neck03", 0.25), ("head", 0.35)):
        bones.add(bone, part_of(neck, share))


def part_of(rotation: Matrix, share: float) -> Matrix:
    """The same turn, only a share of it.

    >>> np.allclose(part_of(turn((0, 0, 1), 90), 0.5), turn((0, 0, 1), 45))
    True
    """
    axis = np.array([rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0], rotation[1, 0] - rotation[0, 1]])
    size = float(np.linalg.norm(axis))
    if size < 1e-9:
        return np.eye(3)
    degrees = float(np.degrees(np.arctan2(size, np.trace(rotation) - 1)))
    return turn(axis, degrees * share)


def set_legs(actor: Actor) -> None:
    """Feet on the floor: under the desk where the person sits, below the hips where they stand."""
    for side in SIDES:
        sign = 1.0 if side == "left" else -1.0
        spread, ahead = actor.jitter(0.02, 0.05)
        ankle = actor.bones.joints[f"foot{SUFFIX[side]}"][0]
        height = float(ankle[2]) - actor.sole
        if actor.spec.seated:
            target = np.array([sign * (0.12 + spread), -0.36 + ahead, height])
            pole = np.array([sign * 0.08, -0.7, 0.9])
        else:
            target = np.array([sign * (0.10 + spread * 0.5), 0.02 + 0.3 * ahead, height])
            pole = np.array([0.0, -1.0, 0.1])
        level = turn((0, 0, 1), sign * 9)
        bend_limb(actor.bones, leg(side), target - actor.offset, pole, level)
