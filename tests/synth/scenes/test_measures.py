"""Sizes, screens, webcams and grips of things: numbers alone."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from proctor_models.synth.scenes.plans.measures import (
    chance,
    in_grip,
    is_open,
    muted,
    resting_size,
    rgb,
    screen_of,
    webcam,
)
from proctor_models.synth.scenes.plans.spec import Side, Thing, ThingSpec


def thing(kind: Thing, seed: int = 3, face_down: bool = False, hand: Side = "right") -> ThingSpec:
    return ThingSpec(kind, "hand", seed, (0.1, 0.2, 0.3), (0.0, 0.0), 0.0, hand=hand, face_down=face_down)


@pytest.mark.parametrize("kind", get_args(Thing))
def test_resting_size__of_every_kind_is_the_same_for_the_same_seed(kind: Thing) -> None:
    assert resting_size(thing(kind)) == resting_size(thing(kind))
    assert all(0 < side < 0.7 for side in resting_size(thing(kind)))


def test_resting_size__phones_are_as_large_as_phones() -> None:
    sizes = np.array([resting_size(thing("phone", seed)) for seed in range(50)])
    assert (sizes.min(0) >= (0.065, 0.140, 0.007)).all()
    assert (sizes.max(0) <= (0.078, 0.165, 0.009)).all()
    assert (np.ptp(sizes, axis=0) > (0.008, 0.015, 0.001)).all()


def test_resting_size__some_notebooks_are_no_larger_than_a_phone() -> None:
    lengths = [resting_size(thing("notebook", seed))[1] for seed in range(30)]
    assert min(lengths) < 0.150
    assert max(lengths) > 0.245


def test_is_open__a_book_that_lies_on_its_face_is_closed() -> None:
    seeds = [seed for seed in range(20) if is_open(thing("book", seed))]
    assert 4 < len(seeds) < 20
    assert not any(is_open(thing("book", seed, face_down=True)) for seed in seeds)


def test_screen_of__laptop_looks_at_its_user_and_up() -> None:
    for seed in range(10):
        screen = screen_of(thing("laptop", seed))
        assert np.linalg.norm(screen.normal) == pytest.approx(1)
        assert screen.normal[1] < -0.85
        assert screen.normal[2] > 0


@pytest.mark.parametrize(("kind", "low", "high"), [("laptop", 0.19, 0.27), ("monitor", 0.44, 0.52)])
def test_webcam__sits_above_the_screen(kind: Thing, low: float, high: float) -> None:
    for seed in range(10):
        x, _, z = webcam(thing(kind, seed))
        screen = screen_of(thing(kind, seed))
        assert x == 0.0
        assert low < z < high
        assert z > screen.centre[2] + 0.4 * screen.size_wh[1] * 0.9


@pytest.mark.parametrize("kind", ["phone", "tablet", "book", "paper", "mug", "bottle", "remote", "pen"])
@pytest.mark.parametrize("face_down", [False, True])
def test_in_grip__is_a_turn_and_no_mirror(kind: Thing, face_down: bool) -> None:
    for hand in ("left", "right"):
        matrix = in_grip(thing(kind, face_down=face_down, hand=hand))
        np.testing.assert_allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-12)
        assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1)


def test_in_grip__a_phones_middle_is_the_origin_and_its_top_along_the_fingers() -> None:
    for face_down, out in ((False, 1.0), (True, -1.0)):
        spec = thing("phone", face_down=face_down)
        matrix, size = in_grip(spec), resting_size(spec)
        middle = matrix @ [0, 0, size[2] / 2, 1]
        np.testing.assert_allclose(middle[:3], 0, atol=0.001)
        np.testing.assert_allclose(matrix[:3, :3] @ [0, 0, 1], [0, out, 0], atol=1e-12)
        np.testing.assert_allclose(matrix[:3, :3] @ [0, 1, 0], [0, 0, 1], atol=1e-12)


def test_in_grip__a_bottle_stands_along_the_thumb_of_either_hand() -> None:
    for hand, thumb in (("left", 1.0), ("right", -1.0)):
        up = in_grip(thing("bottle", hand=hand))[:3, :3] @ [0, 0, 1]
        np.testing.assert_allclose(up, [thumb, 0, 0], atol=1e-12)


def test_chance__one_purpose_does_not_shift_another() -> None:
    first = chance(9, "door").random(4)
    chance(9, "window").random(100)
    np.testing.assert_array_equal(first, chance(9, "door").random(4))
    assert chance(-5, "door").random() == chance(-5, "door").random()


def test_rgb__stays_within_colours() -> None:
    assert rgb((0.5, 0.9, -1.0), 2.0) == (1.0, 1.0, 0.0)
    assert all(0 <= c <= 1 for seed in range(20) for c in muted(chance(seed, "x")))
