from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from proctor_models.detectors.earphone import Earphone
from proctor_models.types import HeadReading, Observation

Observe = Callable[..., Observation]
FACE = (200, 100, 300, 220)
EARBUD = (195, 150, 207, 175)
BAND = (180, 50, 320, 200)  # headphones over the crown
NECK = (190, 225, 310, 280)
DESK = (50, 400, 120, 440)


def read(observe: Observe, *found: object, **attributes: float) -> float | None:
    heads = [(FACE, attributes)] if attributes else []
    return Earphone().read(observe(("face", FACE, 0.9), *found, heads=heads)).score


def test_read__by_the_head_net_alone(observe: Observe) -> None:
    reading = Earphone().read(observe(("face", FACE, 0.9), heads=[(FACE, {"earphone_over_ear": 0.7, "mask": 1.0})]))
    assert reading.score == pytest.approx(0.7)
    assert reading.xyxy.tolist() == [list(FACE)]


def test_read__the_surer_of_both_attributes(observe: Observe) -> None:
    assert read(observe, earphone_in_ear=0.2, earphone_over_ear=0.6) == pytest.approx(0.6)


@pytest.mark.parametrize("box", [EARBUD, BAND])
def test_read__a_box_on_a_head_that_was_read_counts_for_nothing(observe: Observe, box: tuple[float, ...]) -> None:
    assert read(observe, ("earphone", box, 0.9), earphone_over_ear=0.1) == pytest.approx(0.1)


@pytest.mark.parametrize("box", [NECK, DESK])
def test_read__not_on_a_head(observe: Observe, box: tuple[float, ...]) -> None:
    assert read(observe, ("earphone", box, 0.9), earphone_over_ear=0.1) == pytest.approx(0.1)


def test_read__box_is_shown_rather_than_head(observe: Observe) -> None:
    frame = observe(("face", FACE, 0.9), ("earphone", EARBUD, 0.5), heads=[(FACE, {"earphone_in_ear": 0.6})])
    assert Earphone().read(frame).xyxy.tolist() == [list(EARBUD)]


def test_read__head_too_small_but_a_box_on_it(observe: Observe) -> None:
    assert read(observe, ("earphone", EARBUD, 0.5)) == pytest.approx(0.5)


def test_read__head_too_small_and_nothing_on_it(observe: Observe) -> None:
    for found in ([], [("earphone", DESK, 0.9)], [("earphone", EARBUD, 0.05)]):
        reading = Earphone().read(observe(("face", FACE, 0.9), *found))
        assert reading.score is None
        assert reading.why == "no head large enough to read"


def test_read__headset_on_a_head_seen_from_behind(observe: Observe) -> None:
    person = ("person", (100, 50, 400, 480), 0.9)
    on_head, on_lap = ("earphone", (200, 60, 300, 150), 0.6), ("earphone", (200, 350, 300, 440), 0.6)
    assert Earphone().read(observe(person, on_head)).score == pytest.approx(0.6)
    assert Earphone().read(observe(person, on_lap)).score is None


def test_read__hair_over_the_ears_is_no_earphone_only_when_read(observe: Observe) -> None:
    assert read(observe, earphone_in_ear=0.0, earphone_over_ear=0.0) == 0


def test_read__second_head_wears_it(observe: Observe) -> None:
    other = (450, 100, 550, 220)
    frame = observe(
        ("face", FACE, 0.9),
        ("face", other, 0.8),
        heads=[(FACE, {"earphone_in_ear": 0.1}), (other, {"earphone_over_ear": 0.9})],
    )
    reading = Earphone().read(frame)
    assert reading.score == pytest.approx(0.9)
    assert reading.xyxy.tolist() == [list(other)]


def test_read__a_box_on_a_head_that_was_not_read_beside_one_that_was(observe: Observe) -> None:
    other = (450, 100, 550, 220)
    bud = ("earphone", (540, 150, 552, 170), 0.6)
    seen = observe(("face", FACE, 0.9), ("face", other, 0.8), bud, heads=[(FACE, {"earphone_in_ear": 0.1})])
    assert Earphone().read(seen).score == pytest.approx(0.6)


def test_read__a_face_that_is_none(observe: Observe) -> None:
    assert Earphone().read(observe(("face", FACE, 0.1), ("earphone", EARBUD, 0.9))).score is None


@pytest.mark.parametrize("found", [[], [("earphone", EARBUD, 0.2)], [("earphone", DESK, 0.9)]])
def test_read__covered_ears_are_not_the_absence_of_an_earphone(observe: Observe, found: list[object]) -> None:
    heads = [(FACE, {"ears_covered": 0.8, "earphone_in_ear": 0.1})]
    reading = Earphone().read(observe(("face", FACE, 0.9), *found, heads=heads))
    assert (reading.score, reading.why) == (None, "hair or headwear covers the ears")
    assert reading.xyxy.shape == (0, 4)


def test_read__covered_ears_do_not_silence_a_surer_earphone(observe: Observe) -> None:
    assert read(observe, ears_covered=0.8, earphone_over_ear=0.85) == pytest.approx(0.85)


def test_read__long_hair_taken_for_headphones_says_nothing(observe: Observe) -> None:
    assert read(observe, ears_covered=0.8, earphone_over_ear=0.75) is None
    assert read(observe, ("earphone", EARBUD, 0.9), ears_covered=0.9, earphone_over_ear=0.6) is None


def test_read__ears_that_may_be_in_sight_are_read(observe: Observe) -> None:
    assert read(observe, ears_covered=0.6, earphone_over_ear=0.1) == pytest.approx(0.1)


def test_read__covered_ears_leave_the_other_heads(observe: Observe) -> None:
    other = (450, 100, 550, 220)
    heads = [(FACE, {"ears_covered": 0.9}), (other, {"earphone_over_ear": 0.05})]
    reading = Earphone().read(observe(("face", FACE, 0.9), ("face", other, 0.8), heads=heads))
    assert reading.score == pytest.approx(0.05)
    assert reading.xyxy.tolist() == [list(other)]


def test_read__the_net_of_an_older_pack_does_not_speak_of_ears(observe: Observe) -> None:
    seen = observe(("face", FACE, 0.9))
    head = HeadReading(np.array(FACE, np.float32), {"earphone_over_ear": 0.1, "earphone_in_ear": 0.0})
    assert Earphone().read(Observation(0.0, "first", (640, 480), seen.scene, (head,))).score == pytest.approx(0.1)
