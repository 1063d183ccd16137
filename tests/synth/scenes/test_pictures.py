"""Pictures on screens, pages and surfaces: pixels from seeds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from proctor_models.synth.scenes.world import scenery, screens, textures, words
from proctor_models.types import Image

Rng = np.random.Generator
DRAWN: dict[str, Callable[[Rng], Image]] = {
    "computer": screens.computer_screen,
    "printed": words.printed_page,
    "written": words.written_page,
    "spines": textures.book_spines,
    "edges": textures.page_edges,
    "pattern": textures.pattern,
    "photograph": lambda rng: scenery.photograph(rng, (96, 80)),
    "painting": lambda rng: scenery.painting(rng, (96, 80)),
    "wood": lambda rng: textures.wood(rng, (0.4, 0.3, 0.2), 4),
    "wallpaper": lambda rng: textures.wallpaper(rng, (0.5, 0.5, 0.4)),
    "plaster": lambda rng: textures.plaster(rng, (0.5, 0.5, 0.4)),
    "tiles": lambda rng: textures.tiles(rng, (0.5, 0.5, 0.4)),
    "cloth": lambda rng: textures.cloth(rng, (0.1, 0.2, 0.4)),
    "cover": lambda rng: textures.book_cover(rng, (0.3, 0.05, 0.05)),
    "keys": lambda rng: textures.keyboard_face(rng, (300, 100), light=False),
}


@pytest.mark.parametrize("name", sorted(DRAWN))
def test_pictures__same_seed_same_pixels_and_other_seeds_differ(name: str) -> None:
    draw = DRAWN[name]
    pictures = [draw(np.random.default_rng(seed)) for seed in range(4)]
    assert all(picture.dtype == np.uint8 and picture.shape[2] == 3 for picture in pictures)
    assert all(max(picture.shape) <= 512 for picture in pictures)
    np.testing.assert_array_equal(pictures[0], draw(np.random.default_rng(0)))
    assert any(not np.array_equal(pictures[0], picture) for picture in pictures[1:])


@pytest.mark.parametrize("app", sorted(screens.PHONE_APPS))
def test_phone_screen__every_app_fills_the_screen(app: str) -> None:
    for seed in range(6):
        picture = screens.phone_screen(np.random.default_rng(seed), app)
        assert picture.shape == (*screens.PHONE_WH[::-1], 3)
        assert picture.std() > 3


def test_phone_screen__apps_vary() -> None:
    means = {round(float(screens.phone_screen(np.random.default_rng(seed)).mean()), 2) for seed in range(20)}
    assert len(means) > 15


def test_printed_page__is_mostly_paper_with_ink() -> None:
    for seed in range(6):
        page = words.printed_page(np.random.default_rng(seed))
        assert 0.02 < (page.max(-1) < 160).mean() < 0.45
        assert np.median(page) > 200


def test_wallpaper__keeps_near_the_walls_colour() -> None:
    for seed in range(12):
        paper = textures.wallpaper(np.random.default_rng(seed), (0.5, 0.5, 0.5))
        assert abs(float(paper.mean()) - float(textures.srgb((0.5, 0.5, 0.5)).mean())) < 60


def test_portrait_files__leave_out_whoever_resembles_a_known_person() -> None:
    files = scenery.portrait_files()
    assert not any(path.parts[-3] in scenery.LEFT_OUT for path in files)
    face = scenery.face_picture(np.random.default_rng(0), (60, 80))
    assert (face is None) == (not files)


def test_fractal__is_within_bounds() -> None:
    made = scenery.fractal(np.random.default_rng(1), (64, 48))
    assert made.shape == (48, 64)
    assert 0 <= made.min() < made.max() <= 1
