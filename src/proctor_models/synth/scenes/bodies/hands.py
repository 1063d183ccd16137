"""Hands: their frames, how fingers curl, and a grasp that closes on a flat thing until skin meets it. Pure numpy.

The grasp closes each joint, from the knuckle on, until the finger touches the thing, as in automatic grasping
(A. T. Miller and P. K. Allen, "GraspIt!", IEEE Robotics & Automation Magazine 11(4), 2004).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from proctor_models.synth.scenes.bodies.posing import SUFFIX, Matrix, Points, frame, rigid, turn, unit
from proctor_models.synth.scenes.plans.spec import Side

PHONE_M = (0.075, 0.008, 0.150)
"""Width, thickness and height that a grip is closed on; 8 to 12 mm of thickness fit."""
LEAN_DEG, LEAN_AT_EAR_DEG = 52.0, 24.0
"""Angle between the fingers and the height of a held thing; at the ear the fingers run more along it."""
FINGER_RADIUS_M: dict[int, tuple[float, float, float]] = {
    1: (0.0160, 0.0125, 0.0112), 2: (0.0146, 0.0130, 0.0100), 3: (0.0150, 0.0130, 0.0104),
    4: (0.0146, 0.0122, 0.0096), 5: (0.0120, 0.0096, 0.0080),
}  # fmt: skip
"""From a bone to the skin on the palm's side, by finger and phalanx, for a hand of 0.18 m: measured on ten bodies."""
PALM_M = 0.0225
"""From the line of the knuckles' bones to the skin of the palm, for the same hand."""
Curl = tuple[float, float, float]
"""Flexion of a finger's three joints, degrees."""
SHAPES: dict[str, dict[int, Curl]] = {
    "relaxed": {1: (8, 12, 10), 2: (14, 20, 12), 3: (18, 24, 14), 4: (22, 26, 16), 5: (24, 28, 16)},
    "typing": {1: (10, 12, 8), 2: (16, 24, 12), 3: (18, 27, 13), 4: (17, 25, 13), 5: (13, 22, 12)},
    "flat": {1: (0, 4, 4), 2: (2, 4, 2), 3: (2, 4, 2), 4: (3, 5, 3), 5: (4, 6, 4)},
    "cup": {1: (14, 8, 6), 2: (22, 20, 12), 3: (22, 22, 12), 4: (24, 22, 12), 5: (26, 24, 14)},
    "fist": {1: (30, 34, 32), 2: (72, 88, 52), 3: (76, 90, 54), 4: (78, 90, 54), 5: (76, 88, 50)},
    "pinch": {1: (22, 18, 16), 2: (40, 46, 18), 3: (50, 54, 26), 4: (58, 62, 34), 5: (60, 62, 36)},
    "point": {1: (20, 24, 22), 2: (10, 14, 8), 3: (58, 72, 44), 4: (64, 76, 46), 5: (66, 74, 44)},
}
MOST: dict[int, Curl] = {1: (34, 36, 42), 2: (78, 96, 62), 3: (80, 98, 64), 4: (82, 98, 64), 5: (80, 96, 60)}
"""How far a joint closes in a grasp."""


@dataclass(frozen=True)
class Hand:
    """One hand of a body at rest."""

    side: Side
    wrist: Points
    fingers: Points
    """Direction from the wrist to the middle knuckle."""
    palm: Points
    """Direction out of the palm."""
    thumb: Points
    """Direction across the palm, towards the thumb."""
    chains: dict[int, Points]
    """(4, 3) joints of each finger, the tip last; 1 is the thumb."""

    @property
    def length(self) -> float:
        """Wrist to the tip of the middle finger, metres."""
        chain = self.chains[3]
        bones = float(np.linalg.norm(np.diff(chain, axis=0), axis=1).sum())
        return float(np.linalg.norm(chain[0] - self.wrist)) + bones

    @property
    def scale(self) -> float:
        """Size against a hand of 0.18 m."""
        return self.length / 0.18

    def radii(self, finger: int) -> tuple[float, float, float]:
        """`FINGER_RADIUS_M` of a finger at this hand's size."""
        a, b, c = FINGER_RADIUS_M[finger]
        return a * self.scale, b * self.scale, c * self.scale

    def facing(self, fingers: Points, palm: Points) -> Matrix:
        """(3, 3) rest-to-posed rotation that points the fingers one way and the palm another."""
        return frame(np.asarray(fingers, float), np.asarray(palm, float)) @ frame(self.fingers, self.palm).T

    def bone(self, finger: int, joint: int) -> str:
        """Name of a phalanx, counted from 1."""
        return f"finger{finger}-{joint}{SUFFIX[self.side]}"

    def axis(self, finger: int, joint: int) -> Points:
        """About which a joint flexes, at rest; positive closes."""
        chain = self.chains[finger]
        along = unit(chain[joint] - chain[joint - 1])
        if finger > 1:
            return unit(np.cross(along, self.palm))
        if joint == 1:  # the base of the thumb swings in front of the palm
            return unit(np.cross(self.thumb, self.palm) + 0.35 * np.cross(along, self.palm))
        return unit(np.cross(along, 0.45 * self.palm - 0.75 * self.thumb))

    def turns(self, curls: dict[int, Curl]) -> dict[str, Matrix]:
        """Rotations of the finger bones for flexions in degrees."""
        return {
            self.bone(finger, k): turn(self.axis(finger, k), angle)
            for finger, curl in curls.items()
            for k, angle in enumerate(curl, start=1)
        }

    def chain(self, finger: int, curl: Curl) -> Points:
        """(4, 3) joints of a curled finger, the hand itself at rest."""
        rest, made, rotation = self.chains[finger], [self.chains[finger][0]], np.eye(3)
        for k, angle in enumerate(curl, start=1):
            rotation = rotation @ turn(self.axis(finger, k), angle)
            made.append(made[-1] + rotation @ (rest[k] - rest[k - 1]))
        return np.stack(made)

    def grip(self, lean_deg: float = LEAN_DEG) -> Matrix:
        """Where a held thing lies, the hand at rest: (4, 4) from a thing's own frame.

        Build the thing about its origin with its width along x, its front (screen, cover) towards +y and its height
        along z. It lies across the fingers with its back to the palm, its top leaning `lean_deg` from the fingers'
        direction towards the thumb. The back of a thing of `PHONE_M`'s thickness lies on the fingers; a thicker one
        (to 12 mm) goes 2 mm into the palm's soft side, where no finger is.
        """
        lean = np.radians(lean_deg)
        up = np.cos(lean) * self.fingers + np.sin(lean) * self.thumb
        across = np.sin(lean) * self.fingers - np.cos(lean) * self.thumb
        middle = self.chains[3][0] + self.scale * (0.010 * across + 0.024 * up)
        middle = middle + (PALM_M * self.scale + 0.5 * PHONE_M[1] + 0.001) * self.palm
        return rigid(np.stack([np.cross(self.palm, up), self.palm, up], 1), middle)

    def grasp(self, size: tuple[float, float, float] = PHONE_M, lean_deg: float = LEAN_DEG) -> dict[int, Curl]:
        """Flexions that close the hand on a box of that size in `grip`, skin touching, no bone inside."""
        pose = self.grip(lean_deg)
        return {finger: _close(self, finger, size, pose) for finger in self.chains}


def make_hand(side: Side, joints: dict[str, tuple[Points, Points]]) -> Hand:
    """A hand from the joints of a shaped body."""
    s = SUFFIX[side]
    wrist = joints[f"wrist{s}"][0]
    chains = {}
    for finger in range(1, 6):
        bones = [joints[f"finger{finger}-{k}{s}"] for k in (1, 2, 3)]
        chains[finger] = np.stack([*(bone[0] for bone in bones), bones[-1][1]])
    fingers = unit(chains[3][0] - wrist)
    across = chains[2][0] - chains[5][0]
    thumb = unit(across - fingers * (across @ fingers))
    palm = np.cross(fingers, thumb) if side == "left" else np.cross(thumb, fingers)
    return Hand(side, wrist, fingers, palm, thumb, chains)


def box_distance(points: Points, pose: Matrix, size: tuple[float, float, float]) -> Points:
    """Signed distance of (n, 3) points to a box, metres; negative inside.

    >>> box_distance(np.array([[0, 0, 2.0], [0, 0, 0]]), np.eye(4), (2, 2, 2)).tolist()
    [1.0, -1.0]
    """
    local = (np.asarray(points, float) - pose[:3, 3]) @ pose[:3, :3]
    over = np.abs(local) - np.asarray(size) / 2
    outside = np.linalg.norm(np.maximum(over, 0), axis=-1)
    return np.asarray(outside + np.minimum(over.max(-1), 0))


def clearance(chain: Points, radii: tuple[float, ...], pose: Matrix, size: tuple[float, float, float]) -> float:
    """Smallest gap between a finger's skin and a box, metres; negative where it cuts in."""
    steps = np.linspace(0.08, 1, 7)[:, None]
    gaps = [
        float((box_distance(a + steps * (b - a), pose, size) - radius).min())
        for a, b, radius in zip(chain[:-1], chain[1:], radii, strict=True)
    ]
    return min(gaps)


def _close(hand: Hand, finger: int, size: tuple[float, float, float], pose: Matrix) -> Curl:
    """Open until free of the thing, then flex joint after joint until it touches."""
    free = functools.partial(_free, hand, finger, size, pose)
    curl = [-14.0 if finger > 1 else -30.0, -4.0, 0.0]
    for _ in range(12):
        if free(curl):
            break
        curl[0] -= 4.0
    for joint in range(3):
        while curl[joint] < MOST[finger][joint]:
            step = [*curl]
            step[joint] += 2.0
            if not free(step):
                break
            curl = step
    return curl[0], curl[1], curl[2]


def _free(hand: Hand, finger: int, size: tuple[float, float, float], pose: Matrix, curl: list[float]) -> bool:
    return clearance(hand.chain(finger, (curl[0], curl[1], curl[2])), hand.radii(finger), pose, size) >= 0
