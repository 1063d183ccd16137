"""Skeletons in numbers: limbs reach, twists are shared, skin follows its bones."""

from __future__ import annotations

import numpy as np
import pytest

from proctor_models.synth.scenes.bodies.posing import (
    Limb,
    Skeleton,
    apply,
    bend_limb,
    frame,
    shortest,
    skin,
    swing_twist,
    turn,
    two_bone,
)

ARM = Limb(("upper", "upper2"), ("lower", "lower2"), "hand")


def drawn_arm() -> Skeleton:
    """An arm along +x: 0.3 m and 0.25 m, a little bent, and a hand of 0.1 m."""
    places = {"upper": (0, 0, 0), "upper2": (0.15, 0.005, 0), "lower": (0.3, 0.01, 0), "lower2": (0.425, 0.005, 0)}
    places |= {"hand": (0.55, 0, 0), "end": (0.65, 0, 0)}
    names = ("trunk", "upper", "upper2", "lower", "lower2", "hand")
    ends = (*[places[name] for name in names[2:]], places["end"])
    joints = {
        name: (np.array(places[name], float), np.array(end, float)) for name, end in zip(names[1:], ends, strict=True)
    }
    joints["trunk"] = (np.array([-0.2, 0, 0]), np.zeros(3))
    return Skeleton(names, (-1, 0, 1, 2, 3, 4), joints)


def test_two_bone__lengths_are_kept() -> None:
    start, target = np.array([0.1, 0.2, 0.3]), np.array([0.3, 0.1, 0.5])
    middle, end = two_bone(start, (0.3, 0.25), target, np.array([0, 0, -1.0]))
    assert np.linalg.norm(middle - start) == pytest.approx(0.3)
    assert np.linalg.norm(end - middle) == pytest.approx(0.25)
    assert end == pytest.approx(target)
    assert middle[2] < (start[2] + target[2]) / 2  # towards the pole


def test_two_bone__out_of_reach_it_stretches_towards_the_target() -> None:
    middle, end = two_bone(np.zeros(3), (0.3, 0.25), np.array([0, 2.0, 0]), np.array([0, 0, -1.0]))
    assert end[1] == pytest.approx(0.55 * 0.998)
    assert np.linalg.norm(middle) == pytest.approx(0.3)


@pytest.mark.parametrize("roll", [-120, -40, 0, 75, 150])
def test_bend_limb__wrist_and_hand_arrive(roll: float) -> None:
    bones = drawn_arm()
    bones.add("trunk", turn((0.2, 1, 0.3), 25))
    target, hand = np.array([0.1, -0.25, 0.2]), turn((0.3, 0.5, 1), 50) @ turn((1, 0, 0), roll)
    bend_limb(bones, ARM, target, np.array([0, 0.2, -1.0]), hand)
    posed = bones.solve()
    assert apply(posed["hand"], bones.joints["hand"][0]) == pytest.approx(target, abs=1e-9)
    assert posed["hand"][:3, :3] == pytest.approx(hand, abs=1e-9)


def test_bend_limb__the_forearm_takes_most_of_a_twist() -> None:
    bones = drawn_arm()
    place, pole = np.array([0.4, -0.2, 0.0]), np.array([0, 0, -1.0])
    bend_limb(bones, ARM, place, pole)
    forearm = bones.solve()["lower"][:3, :3]
    axis = forearm @ (bones.joints["hand"][0] - bones.joints["lower"][0])
    bend_limb(bones, ARM, place, pole, turn(axis, 80) @ forearm)
    _, wrist = swing_twist(bones.turns["hand"].T, bones.joints["hand"][0] - bones.joints["lower"][0])
    assert abs(wrist) == pytest.approx(20, abs=1)


def test_swing_twist__product_is_the_rotation() -> None:
    rng, axis = np.random.default_rng(1), np.array([0.2, -0.5, 0.8])
    for _ in range(20):
        rotation = turn(rng.normal(size=3), float(rng.uniform(-170, 170)))
        swing, twist = swing_twist(rotation, axis)
        assert swing @ turn(axis, twist) == pytest.approx(rotation, abs=1e-9)


def test_shortest__opposite_directions() -> None:
    made = shortest(np.array([0, 0, 1.0]), np.array([0, 0, -1.0]))
    assert made @ [0, 0, 1] == pytest.approx([0, 0, -1])
    assert np.linalg.det(made) == pytest.approx(1)


def test_frame__is_a_rotation() -> None:
    made = frame(np.array([1.0, 2, 3]), np.array([0, 1.0, 0]))
    assert made.T @ made == pytest.approx(np.eye(3))
    assert np.linalg.det(made) == pytest.approx(1)


def test_skin__half_and_half_lies_between() -> None:
    moved = np.eye(4)
    moved[:3, 3] = (0, 0, 2)
    rest = np.array([[1.0, 0, 0], [1, 0, 0]])
    made = skin(rest, np.array([[1, 0], [0.5, 0.5]], np.float32), [np.eye(4), moved])
    assert made == pytest.approx(np.array([[1.0, 0, 0], [1, 0, 1]]))
