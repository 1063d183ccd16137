from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from proctor_models.errors import DataError
from proctor_models.synth.composites import camera, matte, props, rooms, staging, wear
from proctor_models.synth.composites.figures import Figure
from proctor_models.synth.composites.layers import CANVAS_WH, Canvas, Layer, box_of, visible_box
from synth.composites.faces import canvas_picture, figure, head

THINGS = [
    props.phone,
    props.sheet,
    props.open_book,
    props.closed_book,
    props.mug,
    props.remote,
    props.calculator,
    props.wallet,
]
LOOK = camera.Look("day", (1, 1, 1), (1, 1, 1), 0.0, 2.0, 0.2, 0.5, 0.3)


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.__name__)
def test_props__are_pictures_with_solid_insides_and_repeat(thing: Callable[[np.random.Generator], Layer]) -> None:
    first, second = thing(np.random.default_rng(3)), thing(np.random.default_rng(3))
    assert first.bgr.shape == (*first.alpha.shape, 3)
    assert first.bgr.dtype == first.alpha.dtype == np.float32
    assert first.bgr.min() >= 0
    assert first.bgr.max() <= 255
    assert first.alpha.min() >= 0
    assert first.alpha.max() == pytest.approx(1)
    assert first.alpha[first.alpha.shape[0] // 2, first.alpha.shape[1] // 2] == pytest.approx(1)
    assert np.array_equal(first.bgr, second.bgr)


def test_phone__screen_differs_from_back() -> None:
    back, screen = (props.phone(np.random.default_rng(1), face) for face in ("back", "screen"))
    assert np.abs(back.bgr - screen.bgr).mean() > 10


def test_room__repeats_and_differs_by_seed() -> None:
    rooms_seen = [rooms.room(np.random.default_rng(seed)) for seed in (5, 5, 6)]
    assert rooms_seen[0].shape == (CANVAS_WH[1], CANVAS_WH[0], 3)
    assert np.array_equal(rooms_seen[0], rooms_seen[1])
    assert np.abs(rooms_seen[0] - rooms_seen[2]).mean() > 2


def test_room_of__gives_a_copy() -> None:
    spoiled = rooms.room_of(4)
    spoiled[:] = 0
    assert rooms.room_of(4).mean() > 20


@pytest.mark.parametrize("furniture", sorted({f.__name__ for f in rooms.FURNITURE}))
def test_room__every_piece_of_furniture_leaves_a_mark(furniture: str) -> None:
    wall = canvas_picture()
    next(f for f in rooms.FURNITURE if f.__name__ == furniture)(wall, np.random.default_rng(2), 300)
    assert (np.abs(wall - 140) > 5).mean() > 0.005
    assert np.isfinite(wall).all()


def test_face_covering__over_the_nose_covers_more_than_under_it_than_on_the_chin() -> None:
    covers = [
        wear.face_covering(np.random.default_rng(1), canvas_picture(), head(), fit)[1]
        for fit in ("right", "under_nose", "chin")
    ]
    areas = [float(cover.alpha.sum()) for cover in covers]
    assert areas[0] > areas[1] > areas[2] > 1000
    tops = [(box_of(cover.alpha) or (0, 0, 0, 0))[1] for cover in covers]
    assert tops[0] < tops[1] < tops[2]


def test_headphones__cover_both_ears_and_pass_over_the_hair() -> None:
    worn = head()
    layer = wear.headphones(np.random.default_rng(1), canvas_picture(), worn)
    for ear in worn.ears():
        x, y = ear + worn.outward(ear) * 20
        assert layer.alpha[int(y), int(x)] > 0.9
    box = box_of(layer.alpha)
    assert box is not None
    assert box[1] < worn.landmarks[10, 1]
    x, y = worn.landmarks[1]
    assert layer.alpha[int(y), int(x)] == 0


@pytest.mark.parametrize("style", ["stem", "round", "wired"])
def test_earphones__one_for_each_ear(style: str) -> None:
    worn = head()
    layers = wear.earphones(np.random.default_rng(1), canvas_picture(), worn, style)
    for layer, ear in zip(layers, worn.ears(), strict=True):
        box = box_of(layer.alpha)
        assert box is not None
        assert box[0] - 25 <= ear[0] <= box[2] + 25
        assert box[1] - 25 <= ear[1] <= box[3] + 25


def test_seat__labels_the_person_and_the_face_from_masks() -> None:
    canvas = Canvas(canvas_picture())
    seated = staging.seat(canvas, figure(), staging.Pose(280.0, (640, 400)), LOOK)
    assert [item.label for item in canvas.items] == ["person", "face"]
    face = visible_box(seated.face)
    assert face is not None
    assert np.allclose(face, (270, 130, 370, 270), atol=3)
    person = visible_box(seated.person)
    assert person is not None
    assert person[3] == 480
    assert person[1] < face[1]


def test_fitted__keeps_the_lower_edge_of_the_photograph_out_of_the_frame() -> None:
    cut = figure()
    pose = staging.fitted(cut, staging.Pose(100.0, (640, 300)))
    assert pose.face_px > 100
    bottom = pose.centre[1] + (900 - 250) * pose.face_px / cut.face_px
    assert bottom >= CANVAS_WH[1]


def test_mesh__of_a_face_turned_away_is_refused() -> None:
    whole = figure()
    turned = Figure("P001", "P001/back.jpg", whole.layer, None, 280.0, whole.cloth)
    with pytest.raises(DataError, match=r"P001/back\.jpg: expected a face with landmarks"):
        staging.fitted(turned, staging.Pose(100.0, (640, 300)))


def test_mirrored__twice_is_the_same() -> None:
    cut = figure()
    again = cut.mirrored().mirrored()
    assert np.array_equal(again.layer.bgr, cut.layer.bgr)
    assert np.allclose(again.mesh, cut.mesh)


def test_dyed__changes_cloth_alone() -> None:
    cut = figure()
    dyed = cut.dyed(np.random.default_rng(2))
    assert np.abs(dyed.layer.bgr - cut.layer.bgr)[450:, 150:450].mean() > 10
    assert np.array_equal(dyed.layer.bgr[:400], cut.layer.bgr[:400])


def test_key_out__cuts_a_figure_from_a_plain_backdrop() -> None:
    ramp = np.linspace(100, 130, 400, dtype=np.float32)[:, None, None]
    picture = np.broadcast_to(ramp, (400, 300, 3)).copy()
    truth = np.zeros((400, 300), np.float32)
    cv2.ellipse(truth, (150, 220), (60, 120), 0, 0, 360, 1.0, -1)
    picture[truth > 0] = (60, 90, 190)
    guess = cv2.GaussianBlur(truth, (0, 0), 6)
    _, alpha = matte.key_out(picture, guess)
    overlap = np.minimum(alpha, truth).sum() / np.maximum(alpha, truth).sum()
    assert overlap > 0.97


def test_expose__keeps_the_size_repeats_and_adds_noise() -> None:
    frame = np.full((480, 640, 3), 120, np.uint8)
    shots = [camera.expose(frame, LOOK, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert shots[0].shape == frame.shape
    assert shots[0].dtype == np.uint8
    assert np.array_equal(shots[0], shots[1])
    assert not np.array_equal(shots[0], shots[2])
    assert 1 < shots[0][200:280, 280:360].std() < 6


def test_motion_blur__smears_along_its_direction_only() -> None:
    frame = np.zeros((41, 41, 3), np.uint8)
    frame[20, 20] = 255
    lit = np.argwhere(camera.motion_blur(frame, 9, 0.0)[..., 0] > 0)
    assert set(lit[:, 0].tolist()) == {20}
    assert len(set(lit[:, 1].tolist())) > 5


def test_thing_quad__lying_flat_is_lower_and_wider_at_the_near_edge() -> None:
    quad = staging.thing_quad((100, 200), (600, 500), 300, 0.0, pitch=60.0)
    upper, lower = quad[1, 0] - quad[0, 0], quad[2, 0] - quad[3, 0]
    assert lower > upper
    assert quad[:, 1].max() - quad[:, 1].min() < 200
