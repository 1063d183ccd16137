"""Where walls, openings and furniture go: numbers alone."""

from __future__ import annotations

from itertools import combinations
from typing import get_args

import numpy as np
import pytest

from proctor_models.synth.scenes.plans.spec import Decor, Light, LightSpec, Room, RoomSpec
from proctor_models.synth.scenes.world.arrange import PIECES, lay_out
from proctor_models.synth.scenes.world.layout import DESK_MIDDLE, WALLS, Layout, pushed_clear, room_size, wall_parts

DAY = LightSpec("day", 1, 0.0)


def room(kind: Room = "study", seed: int = 3, decor: tuple[Decor, ...] = ()) -> RoomSpec:
    return RoomSpec(seed, kind, decor, door_open=False, chair=True, second_monitor=False)


@pytest.mark.parametrize("kind", get_args(Room))
def test_room_size__holds_desk_and_second_camera(kind: Room) -> None:
    for seed in range(20):
        low, high = room_size(room(kind, seed)).bounds
        assert low[1] < DESK_MIDDLE[1] - 0.35
        assert low[0] < -1.4
        assert high[0] > 1.4
        assert 1.3 <= high[1] <= 2.7
        assert high[2] >= 2.4


@pytest.mark.parametrize("kind", get_args(Room))
def test_lay_out__same_seed_same_room(kind: Room) -> None:
    assert lay_out(room(kind, 5), DAY) == lay_out(room(kind, 5), DAY)
    assert lay_out(room(kind, 5), DAY) != lay_out(room(kind, 6), DAY)


@pytest.mark.parametrize("kind", get_args(Room))
def test_lay_out__walls_are_not_bare_and_pieces_do_not_overlap(kind: Room) -> None:
    for seed in range(12):
        made = lay_out(room(kind, seed), DAY)
        assert sum(piece.width for piece in made.pieces if piece.wall == "back") > 0.45 * made.span("back")
        for one, other in combinations(made.pieces, 2):
            bands = {PIECES[one.name][0], PIECES[other.name][0]}
            if one.wall != other.wall or bands == {"low", "hung"}:
                continue
            assert abs(one.x - other.x) >= (one.width + other.width) / 2


def test_lay_out__keeps_pieces_on_their_walls() -> None:
    for seed in range(20):
        made = lay_out(room("bedroom", seed, ("coat", "mirror")), DAY)
        for piece in made.pieces:
            assert abs(piece.x) + piece.width / 2 <= made.span(piece.wall) / 2


@pytest.mark.parametrize("decor", ["poster_face", "screen_face", "mirror", "picture", "coat"])
def test_lay_out__what_is_asked_for_hangs_there(decor: Decor) -> None:
    found = [
        [piece.name for piece in lay_out(room(kind, seed, (decor,)), DAY).pieces].count(decor)
        for kind in get_args(Room)
        for seed in range(6)
    ]
    assert min(found) >= 1


@pytest.mark.parametrize(("light", "walls"), [("backlit", {"back"}), ("window", {"left", "right"})])
def test_lay_out__the_window_is_where_the_light_comes_from(light: Light, walls: set[str]) -> None:
    for seed in range(10):
        made = lay_out(room("study", seed), LightSpec(light, seed, 0.0))
        assert walls & {piece.wall for piece in made.pieces if piece.name == "window"}


def test_lay_out__has_one_door() -> None:
    for seed in range(20):
        made = lay_out(room("kitchen", seed), DAY)
        assert [piece.name for piece in made.pieces].count("door") == 1


def test_frame__turns_inwards_at_every_wall() -> None:
    made = Layout(-2.0, 1.5, -1.0, 2.2, 2.5)
    for wall in WALLS:
        frame = made.frame(wall)
        inside = (frame @ [0, -0.5, 1, 1])[:3]
        low, high = made.bounds
        assert (inside > low).all()
        assert (inside < high).all()
        assert made.along(wall, tuple((frame @ [0.3, 0, 0, 1])[:2])) == pytest.approx(0.3)


def test_wall_parts__cover_the_wall_but_for_its_holes() -> None:
    holes = [(0.5, 1.2, 0.9, 2.1), (-1.0, -0.2, 0.0, 2.0)]
    parts = wall_parts(4.0, 2.5, holes)
    area = sum((b - a) * (high - low) for a, b, low, high in parts)
    assert area == pytest.approx(10.0 - 0.7 * 1.2 - 0.8 * 2.0)


def test_pushed_clear__moves_out_of_furniture_the_short_way() -> None:
    bounds = (np.array([-2.0, -1.0, 0.0]), np.array([2.0, 2.0, 2.5]))
    sofa = (np.array([-1.0, 1.1, 0.0]), np.array([1.0, 2.0, 0.8]))
    rug = (np.array([-1.0, 0.0, 0.0]), np.array([1.0, 1.0, 0.02]))
    assert pushed_clear((0.2, 1.2), 0.25, bounds, [sofa, rug]) == pytest.approx((0.2, 0.85))
    assert pushed_clear((0.2, 0.5), 0.25, bounds, [sofa, rug]) == pytest.approx((0.2, 0.5))
    assert pushed_clear((9.0, 9.0), 0.25, bounds, []) == pytest.approx((1.75, 1.75))


def test_pushed_clear__where_nothing_is_free_it_stays_inside() -> None:
    bounds = (np.zeros(3), np.array([2.0, 2.0, 2.5]))
    full = (np.full(3, -1.0), np.full(3, 3.0))
    assert pushed_clear((5.0, 1.0), 0.25, bounds, [full]) == pytest.approx((1.75, 1.0))
