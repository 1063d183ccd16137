"""Hands: frames of both sides, curling, and grasps that close without cutting in."""

from __future__ import annotations

import numpy as np
import pytest

from proctor_models.synth.scenes.bodies.hands import (
    LEAN_AT_EAR_DEG,
    LEAN_DEG,
    PHONE_M,
    SHAPES,
    Hand,
    clearance,
    make_hand,
)
from proctor_models.synth.scenes.bodies.posing import SUFFIX
from proctor_models.synth.scenes.plans.spec import Side

# A left hand, fingers along -y, palm down, thumb towards -x: knuckle and three lengths of each finger, metres.
FINGERS = {
    2: ((-0.028, -0.091, 0.0), (0.040, 0.024, 0.024)),
    3: ((0.0, -0.092, 0.0), (0.044, 0.028, 0.026)),
    4: ((0.021, -0.086, 0.0), (0.040, 0.026, 0.024)),
    5: ((0.041, -0.075, 0.0), (0.030, 0.019, 0.022)),
}
THUMB = [(-0.026, -0.021, -0.004), (-0.048, -0.034, -0.024), (-0.068, -0.061, -0.044), (-0.076, -0.085, -0.060)]


def drawn_hand(side: Side, size: float = 1.0) -> Hand:
    s, mirror = SUFFIX[side], np.array([1.0 if side == "left" else -1.0, 1, 1]) * size
    joints = {f"wrist{s}": (np.zeros(3), np.zeros(3))}
    chains = {1: np.array(THUMB)}
    for finger, (start, lengths) in FINGERS.items():
        steps = np.concatenate([[0], np.cumsum(lengths)])
        chains[finger] = np.array(start) + steps[:, None] * np.array([0, -0.93, -0.30])
    for finger, chain in chains.items():
        for k in range(3):
            joints[f"finger{finger}-{k + 1}{s}"] = (chain[k] * mirror, chain[k + 1] * mirror)
    return make_hand(side, joints)


@pytest.mark.parametrize("side", ["left", "right"])
def test_make_hand__palm_looks_down_and_thumb_inwards(side: Side) -> None:
    hand = drawn_hand(side)
    assert hand.palm[2] < -0.9
    assert hand.thumb[0] * (1 if side == "left" else -1) < -0.8
    assert hand.fingers @ hand.palm == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("side", ["left", "right"])
def test_grip__places_things_without_mirroring(side: Side) -> None:
    grip = drawn_hand(side).grip()
    assert np.linalg.det(grip[:3, :3]) == pytest.approx(1)
    assert grip[:3, 1] == pytest.approx(drawn_hand(side).palm)


def test_facing__turns_fingers_and_palm() -> None:
    hand = drawn_hand("right")
    made = hand.facing(np.array([0, 0, 1.0]), np.array([0, -1.0, 0]))
    assert made @ hand.fingers == pytest.approx([0, 0, 1])
    assert made @ hand.palm == pytest.approx([0, -1, 0])


@pytest.mark.parametrize("finger", [2, 3, 4, 5])
def test_chain__curling_brings_tips_to_the_palm_and_keeps_lengths(finger: int) -> None:
    hand = drawn_hand("left")
    open_hand, fist = hand.chain(finger, (0, 0, 0)), hand.chain(finger, SHAPES["fist"][finger])
    assert open_hand == pytest.approx(hand.chains[finger])
    lengths = [np.linalg.norm(np.diff(chain, axis=0), axis=1) for chain in (open_hand, fist)]
    assert lengths[0] == pytest.approx(lengths[1])
    assert np.linalg.norm(fist[3] - hand.wrist) < np.linalg.norm(open_hand[3] - hand.wrist) - 0.02


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("size", [0.9, 1.0, 1.12])
@pytest.mark.parametrize("lean_deg", [LEAN_DEG, LEAN_AT_EAR_DEG])
@pytest.mark.parametrize("thickness", [0.008, 0.012])
def test_grasp__closes_without_cutting_in(side: Side, size: float, lean_deg: float, thickness: float) -> None:
    hand = drawn_hand(side, size)
    box = (PHONE_M[0], thickness, PHONE_M[2])
    curls = hand.grasp(box, lean_deg)
    gaps = {f: clearance(hand.chain(f, c), hand.radii(f), hand.grip(lean_deg), box) for f, c in curls.items()}
    assert min(gaps.values()) > -1e-9, gaps
    assert sum(gap < 0.004 for gap in gaps.values()) >= 3, gaps  # most fingers touch
