from __future__ import annotations

import numpy as np
import pytest

from proctor_models.synth.composites.layers import box_of
from proctor_models.synth.faces import earphones, held, masks
from proctor_models.synth.faces.cables import cable
from proctor_models.synth.faces.ears import Ear, find_ear
from proctor_models.synth.faces.glasses import draw_glasses
from proctor_models.synth.faces.grips import PLACES, draw_grip, turned
from proctor_models.synth.faces.solids import render
from synth.faces.people import SIZE_WH, head, look, picture, portrait, somebody


@pytest.mark.parametrize("side", [-1, 1])
def test_find_ear__finds_a_bare_one_where_it_is(side: int) -> None:
    ear = find_ear(portrait().astype(np.float32), somebody(), head(), side)
    assert isinstance(ear, Ear)
    x, y = head().space.seen_at(ear.canal)[0]
    assert x == pytest.approx(160 + side * 38, abs=5)
    assert y == pytest.approx(112, abs=10)


@pytest.mark.parametrize(
    ("hair", "turn", "why"),
    [("long", 0.0, "hair or cloth over the ear"), ("short", -40.0, "ear turned away")],
)
def test_find_ear__says_why_not(hair: str, turn: float, why: str) -> None:
    assert find_ear(portrait(hair).astype(np.float32), somebody(), head(turn), -1) == why


def test_find_ear__not_on_a_wall_of_skin_colour() -> None:
    everywhere = np.broadcast_to(np.array((120, 150, 200), np.float32), (240, 320, 3)).astype(np.float32)
    assert find_ear(everywhere, np.ones((240, 320), np.float32), head(), 1) == "hair or cloth over the ear"
    assert find_ear(portrait().astype(np.float32), np.zeros((240, 320), np.float32), head(), 1) != Ear(1, 0.0)


def test_find_ear__not_outside_the_frame() -> None:
    assert find_ear(portrait().astype(np.float32), somebody(), head(0, (30, 112)), -1) == "ear outside the frame"


@pytest.mark.parametrize("style", earphones.IN_EAR)
@pytest.mark.parametrize("side", [-1, 1])
def test_draw_bud__lies_at_the_ear(style: earphones.InEar, side: int) -> None:
    bud = earphones.draw_bud(np.random.default_rng(1), Ear(side, 0.0), style, earphones.WHITE)
    painted = render(bud.solids, head().space, look(), bud.reach, SIZE_WH)
    assert painted is not None
    x, y = painted.corner
    rows, columns = np.nonzero(painted.layer.alpha > 0.5)
    assert abs(columns.mean() + x - (160 + side * 38)) < 6
    assert 95 < rows.mean() + y < 130
    assert (bud.cable_from is not None) == (style == "wired")
    assert (np.ptp(rows) > 2 * np.ptp(columns)) == (style == "stem") or style == "wired"


@pytest.mark.parametrize("turn", [0.0, 35.0])
def test_draw_headphones__lie_on_both_ears_or_behind_the_head(turn: float) -> None:
    drawn = earphones.draw_headphones(np.random.default_rng(2), 12.0, headset=False)
    seen = head(turn)
    painted = render(drawn.solids, seen.space, look(), drawn.reach, SIZE_WH)
    assert painted is not None
    whole = np.zeros((SIZE_WH[1], SIZE_WH[0]), np.float32)
    (x, y), (wide, high) = painted.corner, painted.layer.size_wh
    whole[y : y + high, x : x + wide] = painted.layer.alpha
    row = whole[100:110].mean(0)
    left, right = float(row[:160].sum()), float(row[160:].sum())
    assert whole[112, 160] == 0
    assert (left > 2 * right) if turn else (0.6 < left / right < 1.7)


def test_draw_headphones__a_headset_has_a_microphone_before_the_mouth() -> None:
    plain, headset = (earphones.draw_headphones(np.random.default_rng(3), 12.0, h) for h in (False, True))
    assert len(headset.solids) >= len(plain.solids) + 2
    mouth = head().space.seen_at([(0, -7.5, 8)])[0]
    painted = render(headset.solids, head().space, look(), headset.reach, SIZE_WH)
    assert painted is not None
    x, y = (mouth - painted.corner).astype(int)
    reach = int(6 * head().space.px_per_cm)
    assert painted.layer.alpha[y - 8 : y + 8, max(x - reach, 0) : x + reach].max() == 1


def test_draw_glasses__lie_on_the_eyes() -> None:
    seen = head()
    drawn = draw_glasses(np.random.default_rng(3), seen, [Ear(1, 0.0)])
    painted = render(drawn.solids, seen.space, look(), drawn.reach, SIZE_WH)
    panes = render(drawn.panes, seen.space, look(), drawn.reach, SIZE_WH)
    assert painted is not None
    assert panes is not None
    rows, columns = np.nonzero(painted.layer.alpha > 0.5)
    eyes = seen.landmarks[[33, 133, 362, 263], :2] - np.array(painted.corner)
    assert columns.min() < eyes[:, 0].min() < eyes[:, 0].max() < columns.max()
    assert abs(float(np.median(rows)) - float(eyes[:, 1].mean())) < 12
    assert panes.layer.alpha.max() == pytest.approx(1.0)


@pytest.mark.parametrize("bare", [True, False])
def test_draw_glasses__reach_an_ear_only_where_it_is_bare(bare: bool) -> None:
    seen, ear = head(-35), Ear(1, 0.0)
    drawn = draw_glasses(np.random.default_rng(3), seen, [ear] if bare else [])
    painted = render(drawn.solids, seen.space, look(), drawn.reach, SIZE_WH)
    assert painted is not None
    top = seen.space.seen_at(ear.canal + np.array([0.1, 1.9, 0.0]))[0] - np.array(painted.corner)
    rows, columns = np.nonzero(painted.layer.alpha > 0.5)
    assert (np.hypot(columns - top[0], rows - top[1]).min() < 3) == bare


def test_cable__of_both_ears_meet_and_leave_the_frame() -> None:
    left, right = (
        cable(head(), np.array([160 + side * 38, 125], np.float32), side, np.full(3, 200.0), SIZE_WH)
        for side in (-1, 1)
    )
    assert not np.logical_and(left.alpha[150] > 0.2, right.alpha[150] > 0.2).any()
    assert np.logical_and(left.alpha[-1] > 0.2, right.alpha[-1] > 0.2).any()


@pytest.mark.parametrize("fit", masks.FITS)
def test_mask_layers__cover_what_the_fit_says(fit: str) -> None:
    _, cover, cut = masks.mask_layers(np.random.default_rng(4), portrait().astype(np.float32), head(), look(), fit)
    top = box_of(cover.alpha)
    assert top is not None
    assert cut in masks.CUTS
    assert cover.size_wh == SIZE_WH
    nose, mouth, chin = (cover.alpha[int(112 + share * 46), 160] for share in (0.12, 0.5, 0.9))
    assert [nose > 0.5, mouth > 0.5, chin > 0.5] == {
        "right": [True, True, True],
        "under_nose": [False, True, True],
        "chin": [False, False, True],
    }[fit]


@pytest.mark.parametrize("name", ["phone", "notebook", *sorted(held.NO_PHONES)])
def test_draw_grip__shows_the_thing_in_a_hand(name: str) -> None:
    rng = np.random.default_rng(8)
    grip = draw_grip(rng, head(), look(), picture(), name)
    painted = render(grip.solids, grip.space, look(), grip.reach, SIZE_WH)
    assert painted is not None
    assert grip.where in PLACES
    assert grip.label == {"phone": "phone", "remote": "remote", "notebook": "book_paper"}.get(name, "")
    assert painted.parts[0].sum() > 20
    assert sum(part.sum() for part in painted.parts[1:]) > 20


def test_hand__is_of_the_colour_of_the_face() -> None:
    thing = held.phone(np.random.default_rng(1), "back")
    solids = held.hand(np.random.default_rng(1), thing, 1, "around", (0.3, -1, 0), look(), None)
    paint = solids[0].paint
    assert paint is not None
    shade = paint(np.random.default_rng(2).uniform(-5, 5, (200, 3)).astype(np.float32)).mean(0) * look().white
    assert np.allclose(shade / shade.sum(), np.array(look().skin) / sum(look().skin), atol=0.02)


def test_turned__rolls_counter_clockwise() -> None:
    axes = turned(90, 0, 0)
    assert np.allclose(axes @ axes.T, np.eye(3))
    assert np.allclose(axes[1], [-1, 0, 0])  # what was up lies to the left
