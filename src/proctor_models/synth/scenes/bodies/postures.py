"""What a body does: from a posture's name to turned bones. Pure numpy.

A posture says how the trunk bends and where hands go and what they touch, in the person's own frame; inverse
kinematics does the rest. Details are drawn from the person's seed and the head's angles, so that two frames of one
person differ.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from proctor_models.synth.scenes.bodies.actor import SIDES, Actor, Body, Torso, bend_trunk, set_legs
from proctor_models.synth.scenes.bodies.hands import LEAN_AT_EAR_DEG
from proctor_models.synth.scenes.bodies.posing import Matrix, Points, rigid
from proctor_models.synth.scenes.plans.spec import PersonSpec, Posture, Side

SEAT_M, KEYS_M, DESK_M = 0.47, 0.752, 0.735
"""Heights of the seat, of the keyboard's keys and of what rests on the desk."""
LOOKS_DOWN: dict[str, tuple[float, float]] = {
    "reading": (20, 12), "writing": (20, 12), "phone_in_hand": (15, 10), "phone_in_lap": (28, 16),
}  # fmt: skip
"""Postures that look at something low: at least this head pitch and this gaze pitch, degrees."""
DOWN = np.array([0.0, 0.0, -1.0])


def attend(spec: PersonSpec) -> PersonSpec:
    """The person with head and eyes on what the posture is about; `back_turned` turns the seat as well."""
    rng = np.random.default_rng(_seed(spec))
    if spec.posture in LOOKS_DOWN:
        pitch, gaze = LOOKS_DOWN[spec.posture]
        return replace(
            spec,
            head_pitch_deg=max(spec.head_pitch_deg, pitch + float(rng.uniform(0, 8))),
            gaze_pitch_deg=max(spec.gaze_pitch_deg, gaze + float(rng.uniform(0, 6))),
        )
    if spec.posture == "back_turned":
        away = float(rng.uniform(105, 165)) * (1 if spec.side == "left" else -1)
        return replace(spec, turned_deg=spec.turned_deg + away)
    return spec


def reads_held(spec: PersonSpec) -> bool:
    """Whether `reading` holds the book up with both hands (else it lies on the desk); ask with the plan's spec."""
    return bool(np.random.default_rng((spec.seed, 77)).random() < 0.5)


def strike(body: Body, spec: PersonSpec) -> tuple[dict[str, Matrix], dict[Side, float]]:
    """Turn a body's bones into a posture.

    Args:
        body: at rest; its bones are turned in place.
        spec: the person, after `attend`.

    Returns:
        (4, 4) rest to the person's frame, by bone; and how each hand holds a thing, for `Hand.grip`.
    """
    actor = Actor(body, spec, np.random.default_rng(_seed(spec)))
    play = POSTURES[spec.posture]
    bend_trunk(actor, play.torso(actor))
    set_legs(actor)
    _idle_arms(actor)
    play.hands(actor)
    actor.reach()
    up = rigid(np.eye(3), actor.offset)
    return {bone: up @ matrix for bone, matrix in actor.bones.solve().items()}, actor.leans


def _seed(spec: PersonSpec) -> tuple[int, int, int]:
    moment = (spec.head_yaw_deg, spec.head_roll_deg, spec.gaze_yaw_deg, spec.at_xy)
    return spec.seed, zlib.crc32(spec.posture.encode()), zlib.crc32(repr(moment).encode())


def _elbow(side: Side, out: float = 0.45, ahead: float = -0.3) -> Points:
    """Direction of an elbow: down, `out` to the side, `ahead` to the front (negative: back)."""
    return np.array([out if side == "left" else -out, -ahead, -1.0])


def _sign(side: Side) -> float:
    return 1.0 if side == "left" else -1.0


def _idle_arms(actor: Actor) -> None:
    """What a hand does that the posture does not use: on the desk or on the thigh; standing, it hangs."""
    for side in SIDES:
        s, (dx, dy, _) = _sign(side), actor.jitter(0.03, 0.03, 0.0)
        if not actor.spec.seated:
            hip = actor.at(f"upperleg01.{side[0].upper()}")
            shoulder = actor.at(f"upperarm01.{side[0].upper()}")
            at = np.array([hip[0] + s * (0.135 + 0.3 * abs(dx)), shoulder[1] - 0.04 + dy, hip[2] - 0.04])
            elbow = _elbow(side, 0.25, -1.6)
            actor.touch(side, "palm", at, np.array([0, -0.12, -1.0]), np.array([-s, 0.25, 0]), "relaxed", elbow)
        elif actor.spec.posture == "back_turned" or actor.rng.random() < 0.3:
            at = np.array([s * (0.11 + dx), -0.24 + dy, 0.635])
            actor.touch(side, "palm", at, np.array([-s * 0.35, -1, -0.1]), DOWN, "relaxed", _elbow(side))
        else:
            at = np.array([s * (0.17 + dx), -0.40 + dy, DESK_M + 0.012])
            actor.touch(side, "palm", at, np.array([-s * 0.5, -1, 0.0]), DOWN, "relaxed", _elbow(side, 0.6))


def _type(actor: Actor) -> None:
    for side in SIDES:
        s, (dx, dy, dz) = _sign(side), actor.jitter(0.012, 0.015, 0.004)
        at = np.array([s * (0.085 + dx), -0.475 + dy, KEYS_M + 0.002 + abs(dz)])
        fingers = np.array([-s * 0.25, -1.0, 0.02])
        actor.touch(side, "tips", at, fingers, np.array([0, 0.0, -1.0]), "typing", _elbow(side, 0.6))


def _write(actor: Actor) -> None:
    side, s = actor.spec.side, actor.sign
    dx, dy, _ = actor.jitter(0.03, 0.02, 0)
    at = np.array([s * 0.07 + dx, -0.42 + dy, DESK_M + 0.045])
    actor.touch(
        side, "pinch", at, np.array([-s * 0.5, -0.8, -0.3]), np.array([-s * 0.7, 0.1, -0.55]), "pinch", _elbow(side)
    )
    at = np.array([-s * 0.13 + dx, -0.40 + dy, DESK_M + 0.008])
    actor.touch(actor.other, "palm", at, np.array([s * 0.6, -1, 0]), DOWN, "flat", _elbow(actor.other, 0.6))


def _read(actor: Actor) -> None:
    dx, dy, dz = actor.jitter(0.02, 0.02, 0.03)
    if not reads_held(actor.spec):
        for side in SIDES:
            at = np.array([_sign(side) * (0.15 + abs(dx)), -0.40 + dy, DESK_M + 0.012])
            actor.touch(side, "palm", at, np.array([-_sign(side) * 0.5, -1, 0]), DOWN, "relaxed", _elbow(side, 0.6))
        return
    s, up = actor.sign, np.array([0.0, -0.45, 1.0])
    at = np.array([s * 0.05 + dx, -0.40 + dy, 0.93 + dz])
    _hold_towards_eyes(actor, actor.spec.side, at, up)
    _hold_towards_eyes(actor, actor.other, at - np.array([s * 0.14, 0.0, 0.01]), up)  # its other edge


def _hold_towards_eyes(actor: Actor, side: Side, at: Points, up: Points) -> None:
    eyes = actor.on_head(actor.landmarks.eyes.mean(0))
    actor.hold(side, at, eyes - at, up, _elbow(side, 0.5, -0.1))


def _think(actor: Actor) -> None:
    side, s, head = actor.spec.side, actor.sign, actor.head_turn()
    marks = actor.landmarks
    if actor.rng.random() < 0.5:
        at = actor.on_head(marks.chin + np.array([s * 0.012, -0.006, -0.008]))
        fingers, palm = head @ np.array([-s * 0.55, 0.15, 0.75]), head @ np.array([-s * 0.45, 0.9, 0.1])
        actor.touch(side, "pinch", at, fingers, palm, "pinch", _elbow(side, 0.35, 0.2))
        return
    cheek = 0.45 * marks.mouth + 0.55 * marks.ears[side]
    at = actor.on_head(cheek + np.array([s * 0.016, -0.006, -0.012]))
    fingers, palm = head @ np.array([-s * 0.05, 0.35, 1.0]), head @ np.array([-s, 0.42, 0.1])
    actor.touch(side, "palm", at, fingers, palm, "relaxed", _elbow(side, 0.4, 0.2))


def _use_phone(actor: Actor) -> None:
    side, s = actor.spec.side, actor.sign
    dx, dy, _ = actor.jitter(0.03, 0.025, 0)
    height = float(actor.rng.uniform(0.86, 1.06))
    both = actor.rng.random() < 0.35
    at = np.array([s * (0.02 if both else 0.10) + dx, -0.32 + dy, height])
    _hold_towards_eyes(actor, side, at, np.array([0, -0.6, 1.0]))
    if both:
        _hold_towards_eyes(actor, actor.other, at - np.array([0, 0, 0.012]), np.array([0, -0.6, 1.0]))


def _phone_in_lap(actor: Actor) -> None:
    side, s = actor.spec.side, actor.sign
    dx, dy, dz = actor.jitter(0.03, 0.02, 0.012)
    at = np.array([s * 0.06 + dx, -0.17 + dy, 0.675 + dz])
    _hold_towards_eyes(actor, side, at, np.array([0, -1, 0.8]))


def _call(actor: Actor) -> None:
    side, s, head = actor.spec.side, actor.sign, actor.head_turn()
    da, db, _ = actor.jitter(0.10, 0.05, 0)
    at = actor.on_head(actor.landmarks.ears[side] + np.array([s * 0.014, -0.034, -0.040]))
    front, up = head @ np.array([-s, 0.12 + db, 0.08]), head @ np.array([s * 0.1, 0.55 + da, 0.85])
    actor.hold(side, at, front, up, _elbow(side, 0.5, 0.9), LEAN_AT_EAR_DEG)


def _hold_up(actor: Actor) -> None:
    side, s = actor.spec.side, actor.sign
    dx, dy, dz = actor.jitter(0.05, 0.03, 0.06)
    shoulder = actor.at(f"upperarm01.{side[0].upper()}")
    at = np.array([s * 0.12 + 0.7 * dx, shoulder[1] - 0.21 + dy, shoulder[2] + 0.04 + dz])
    shown = actor.rng.random() < 0.6
    turned = float(actor.jitter(0.25)[0])
    front = np.array([turned, -1.0 if shown else 1.0, 0.05])
    actor.hold(side, at, front, np.array([-s * 0.12 + 0.4 * turned, -0.1, 1.0]), _elbow(side, 0.7, 0.0))


def _hand_at_ear(actor: Actor) -> None:
    side, s, head = actor.spec.side, actor.sign, actor.head_turn()
    ear = actor.landmarks.ears[side]
    if actor.rng.random() < 0.55:
        at = actor.on_head(ear + np.array([s * 0.013, -0.008, -0.004]))
        fingers, palm = head @ np.array([-s * 0.55, 0.35, 0.75]), head @ np.array([-s * 0.8, -0.1, -0.4])
        actor.touch(side, "pinch", at, fingers, palm, "pinch", _elbow(side, 0.5, 0.9))
        return
    at = actor.on_head(ear + np.array([s * 0.030, 0.010, 0.0]))
    fingers, palm = head @ np.array([-s * 0.1, 0.2, 1.0]), head @ np.array([-s * 0.9, -0.4, 0])
    actor.touch(side, "palm", at, fingers, palm, "cup", _elbow(side, 0.7, 0.7))


def _cover_ears(actor: Actor) -> None:
    head = actor.head_turn()
    for side in SIDES:
        s = _sign(side)
        at = actor.on_head(actor.landmarks.ears[side] + np.array([s * 0.016, 0.0, 0.0]))
        fingers, palm = head @ np.array([-s * 0.12, 0.5, 0.85]), head @ np.array([-s, 0.05, -0.1])
        actor.touch(side, "palm", at, fingers, palm, "flat", _elbow(side, 0.8, 0.25))


def _cover_face(actor: Actor) -> None:
    head, marks = actor.head_turn(), actor.landmarks
    if actor.rng.random() < 0.5:
        for side in SIDES:
            s = _sign(side)
            at = actor.on_head(np.array([s * 0.036, marks.nose_tip[1] + 0.010, marks.mouth[2] + 0.012]))
            fingers, palm = head @ np.array([-s * 0.18, 0.12, 1.0]), head @ np.array([-s * 0.25, 1.0, 0.0])
            actor.touch(side, "palm", at, fingers, palm, "flat", _elbow(side, 0.5, 0.3))
        return
    side, s = actor.spec.side, actor.sign
    at = actor.on_head(marks.mouth + np.array([s * 0.02, -0.012, 0.0]))
    fingers, palm = head @ np.array([-s * 0.8, 0.12, 0.6]), head @ np.array([-s * 0.15, 1.0, 0.0])
    actor.touch(side, "palm", at, fingers, palm, "flat", _elbow(side, 0.6, 0.2))


def _hand_over(actor: Actor) -> None:
    side = actor.spec.side
    to_person = np.linalg.inv(actor.place)
    dx, dy, dz = actor.jitter(0.06, 0.04, 0.04)
    at = (to_person @ np.array([0.05 + dx, -0.42 + dy, 0.92 + dz, 1.0]))[:3]
    shoulder = actor.at(f"upperarm01.{side[0].upper()}")
    way = at - shoulder
    at = shoulder + way * min(1.0, 0.60 / float(np.linalg.norm(way)))
    ahead = way * np.array([1, 1, 0])
    actor.hold(side, at, np.array([0, 0, 1.0]) - 0.25 * ahead, ahead, _elbow(side, 0.3))


def _nothing(_: Actor) -> None:
    """Both hands idle."""


def _upright(low: float, high: float) -> Callable[[Actor], Torso]:
    """A trunk that leans forward by something between two angles."""

    def bend(actor: Actor) -> Torso:
        side, twist = actor.jitter(2.0, 3.0)
        return Torso(float(actor.rng.uniform(low, high)), float(side), float(twist))

    return bend


def _lean(actor: Actor) -> Torso:
    return Torso(float(actor.rng.uniform(0, 14)), actor.sign * float(actor.rng.uniform(25, 45)), actor.sign * 8)


def _look_back(actor: Actor) -> Torso:
    return Torso(float(actor.rng.uniform(-4, 8)), 0, actor.sign * float(actor.rng.uniform(5, 25)))


def _offer(actor: Actor) -> Torso:
    return Torso(float(actor.rng.uniform(14, 28)), 0, -actor.sign * 12)


@dataclass(frozen=True)
class Play:
    """What a posture does with the hands and with the trunk."""

    hands: Callable[[Actor], None]
    torso: Callable[[Actor], Torso]


POSTURES: dict[Posture, Play] = {
    "typing": Play(_type, _upright(2, 12)),
    "writing": Play(_write, _upright(8, 20)),
    "reading": Play(_read, _upright(2, 12)),
    "thinking": Play(_think, _upright(4, 16)),
    "phone_in_hand": Play(_use_phone, _upright(-2, 8)),
    "phone_at_ear": Play(_call, _upright(-2, 10)),
    "phone_in_lap": Play(_phone_in_lap, _upright(2, 12)),
    "holding_up": Play(_hold_up, _upright(-2, 6)),
    "hand_at_ear": Play(_hand_at_ear, _upright(-2, 8)),
    "ears_covered": Play(_cover_ears, _upright(0, 12)),
    "face_covered": Play(_cover_face, _upright(2, 16)),
    "leaning": Play(_nothing, _lean),
    "back_turned": Play(_nothing, _look_back),
    "standing": Play(_nothing, _upright(-2, 6)),
    "handing_over": Play(_hand_over, _offer),
    "arms_down": Play(_nothing, _upright(-3, 5)),
}
