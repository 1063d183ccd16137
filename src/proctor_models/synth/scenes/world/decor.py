"""What hangs on walls, in the frame of the wall (see `layout`): the wall at y = 0, facing -y, z up. Needs `bpy`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.blend import Tagged
from proctor_models.synth.scenes.plans.measures import chance, rgb
from proctor_models.synth.scenes.world import drapery, scenery, shelving, words
from proctor_models.synth.scenes.world.finishes import wood
from proctor_models.synth.scenes.world.paint import paint, pictured, shining
from proctor_models.synth.scenes.world.solids import Solid
from proctor_models.types import Image

Rng = np.random.Generator
EYE_M = 1.50
"""Height at which people hang pictures, here a little lower than in museums: seated webcams see it."""


def flat(solid: Solid, at: tuple[float, float, float], size: tuple[float, float], material: Any) -> None:
    """A picture that faces -y, its middle at `at`."""
    x, y, z = at
    w, h = size[0] / 2, size[1] / 2
    solid.panel([(x - w, y, z - h), (x + w, y, z - h), (x + w, y, z + h), (x - w, y, z + h)], material)


def framed(solid: Solid, rng: Rng, at: tuple[float, float], size: tuple[float, float], material: Any) -> None:
    """A picture in a frame, perhaps with a mount."""
    x, z = at
    wide = float(rng.uniform(0.012, 0.035))
    tone = ((0.02, 0.02, 0.02), (0.75, 0.74, 0.72), (0.35, 0.2, 0.1), (0.5, 0.38, 0.15))[int(rng.integers(4))]
    skin = paint(rgb(tone), 0.4)
    for side in (-1, 1):
        solid.box((wide, 0.022, size[1]), (x + side * (size[0] - wide) / 2, -0.011, z), skin)
        solid.box((size[0] - 2 * wide, 0.021, wide), (x, -0.0105, z + side * (size[1] - wide) / 2), skin)
    inner = (size[0] - 2 * wide, size[1] - 2 * wide)
    if rng.random() < 0.4:
        flat(solid, (x, -0.006, z), inner, paint((0.82, 0.82, 0.80), 0.8))
        inner = (inner[0] * 0.72, inner[1] * 0.72)
    flat(solid, (x, -0.008, z), inner, material)


def art(rng: Rng, aspect: float) -> Any:
    """A picture that shows nobody; one of three dozen."""
    which, tall = int(rng.integers(12)), round(float(np.clip(aspect, 0.6, 1.6)) / 0.4)
    size = (160, int(160 / (tall * 0.4)))
    return pictured(f"art {which} {tall}", lambda: scenery.painting(chance(which, f"art {tall}"), size), 0.4)


def portrait(seed: int, size_wh: tuple[int, int]) -> Image:
    """A portrait, or a painting where no portraits are installed."""
    rng = chance(seed, "portrait")
    face = scenery.face_picture(rng, size_wh)
    return scenery.painting(rng, size_wh) if face is None else face


def picture(solid: Solid, rng: Rng, width: float) -> None:
    """One framed picture."""
    size = (width, width * float(rng.uniform(0.65, 1.45)))
    framed(solid, rng, (0, EYE_M + rng.uniform(-0.1, 0.2)), size, art(rng, size[0] / size[1]))


def pictures(solid: Solid, rng: Rng, width: float) -> None:
    """A group of small ones."""
    columns = int(rng.integers(2, 4))
    wide = width / columns
    for column in range(columns):
        for row in range(int(rng.integers(1, 3))):
            size = (wide * rng.uniform(0.6, 0.88), float(rng.uniform(0.2, 0.34)))
            at = (-width / 2 + (column + 0.5) * wide, 1.42 + 0.38 * row + rng.uniform(-0.03, 0.03))
            framed(solid, rng, at, size, art(rng, size[0] / size[1]))


def poster(solid: Solid, rng: Rng, width: float) -> None:
    """A poster without a face, held by tape or pins."""
    size = (width, width * float(rng.uniform(1.2, 1.5)))
    turned = blend.turn((0, 1, 0), float(rng.normal(0, 1.2)))
    part = Solid("poster")
    flat(part, (0, -0.004, 0), size, art(rng, size[0] / size[1]))
    solid.merge(part, turned, (0, 0, EYE_M + rng.uniform(-0.1, 0.15)))


def poster_face(solid: Solid, rng: Rng, width: float) -> None:
    """A poster or framed photograph of a person."""
    seed = int(rng.integers(1 << 20)) % 16
    size = (width, width * 1.3)
    skin = pictured(f"portrait {seed}", lambda: portrait(seed, (192, 250)), 0.4)
    if rng.random() < 0.5:
        framed(solid, rng, (0, EYE_M + 0.03), size, skin)
    else:
        flat(solid, (0, -0.004, EYE_M + rng.uniform(-0.1, 0.1)), size, skin)


def screen_face(solid: Solid, rng: Rng, width: float) -> None:
    """A television or screen on the wall that shows a person."""
    seed = int(rng.integers(1 << 20)) % 12
    size = (width, width * 0.5625)
    z = float(rng.uniform(1.25, 1.5))
    solid.box((size[0] + 0.02, 0.04, size[1] + 0.02), (0, -0.02, z), paint((0.012, 0.012, 0.013), 0.3))

    def show() -> Image:
        shown = scenery.photograph(chance(seed, "scene"), (320, 180))
        face = portrait(seed, (150, 180))
        left = int(chance(seed, "left").integers(0, 170))
        shown[:, left : left + 150] = face
        return shown

    flat(solid, (0, -0.042, z), size, shining(f"screen face {seed}", show, "screen"))


def mirror(solid: Solid, rng: Rng, width: float) -> None:
    """A real mirror in a thin frame."""
    size = (width, width * float(rng.uniform(1.1, 2.0)))
    z = max(EYE_M, size[1] / 2 + 0.4) - 0.1
    glass = paint((0.86, 0.88, 0.88), 0.0, metallic=1.0)
    if rng.random() < 0.3:
        part = Solid("round").lathe([(width / 2, 0.0), (0, 0.0)], (0, 0, 0), glass, 40)
        rim = paint((0.4, 0.3, 0.12), 0.3, metallic=0.8)
        part.lathe([(width / 2, -0.008), (width / 2 + 0.015, 0.0), (width / 2, 0.008)], (0, 0, 0), rim, 40)
        solid.merge(part, blend.turn((1, 0, 0), 90), (0, -0.012, EYE_M))
        return
    framed(solid, rng, (0, z), size, paint((0.3, 0.3, 0.3), 0.5))
    flat(solid, (0, -0.012, z), (size[0] - 0.05, size[1] - 0.05), glass)


def wall_shelf(solid: Solid, rng: Rng, width: float) -> None:
    """One or two boards with books and small things."""
    for k in range(int(rng.integers(1, 3))):
        z = 1.35 + 0.36 * k + rng.uniform(0, 0.08)
        solid.box((width, 0.2, 0.022), (0, -0.1, z), wood(rng))
        shelving.book_row(solid, rng, -width / 2 + 0.02, width * rng.uniform(-0.1, 0.48), z + 0.011, 0.27, 0.19)


def whiteboard(solid: Solid, rng: Rng, width: float) -> None:
    """A whiteboard with writing."""
    which = int(rng.integers(4))

    def show() -> Image:
        board = np.full((200, 320, 3), 238, np.uint8)
        own = chance(which, "board")
        for _ in range(4):
            x, y = int(own.integers(10, 180)), int(own.integers(20, 150))
            words.handwriting(board, own, (x, y, 110), int(own.integers(1, 4)), 17)
        return board

    size = (width, width * 0.62)
    flat(solid, (0, -0.022, 1.5), size, pictured(f"whiteboard {which}", show, 0.25))
    rim = paint((0.5, 0.5, 0.5), 0.3, metallic=0.7)
    for side in (-1, 1):
        solid.box((0.02, 0.024, size[1] + 0.02), (side * size[0] / 2, -0.012, 1.5), rim)
        solid.box((size[0] - 0.02, 0.023, 0.02), (0, -0.0115, 1.5 + side * size[1] / 2), rim)


def notes(solid: Solid, rng: Rng, width: float) -> None:
    """Sheets and sticky notes, on cork or on the wall."""
    high = width * 0.7
    if rng.random() < 0.5:
        solid.box((width, 0.015, high), (0, -0.008, 1.5), paint((0.40, 0.25, 0.12), 0.9))
    for _ in range(int(rng.integers(5, 14))):
        x, z = rng.uniform(-0.42, 0.42) * width, 1.5 + rng.uniform(-0.4, 0.4) * high
        if rng.random() < 0.5:
            tone = ((0.85, 0.8, 0.2), (0.85, 0.4, 0.5), (0.4, 0.75, 0.35), (0.3, 0.6, 0.85))[int(rng.integers(4))]
            flat(solid, (x, -0.018 - 0.001 * rng.random(), z), (0.075, 0.075), paint(rgb(tone), 0.8))
        else:
            which = int(rng.integers(4))
            page = pictured(f"note {which}", lambda k=which: words.written_page(chance(k, "note"), (96, 132)), 0.8)  # type: ignore[misc]
            flat(solid, (x, -0.017, z), (0.13, 0.18), page)


def clock(solid: Solid, rng: Rng, width: float) -> None:
    """A wall clock."""
    face, rim = (
        paint((0.85, 0.85, 0.83), 0.4),
        paint(rgb(((0.02, 0.02, 0.02), (0.5, 0.5, 0.5), (0.5, 0.05, 0.04))[int(rng.integers(3))]), 0.3),
    )
    part = Solid("clock").lathe([(0, 0.02), (width * 0.46, 0.02)], (0, 0, 0), face, 28)
    part.lathe([(width * 0.46, 0.02), (width * 0.5, 0.03), (width * 0.5, 0)], (0, 0, 0), rim, 28)
    for length, thick in ((0.2, 0.012), (0.32, 0.008)):
        a = rng.uniform(0, 2 * math.pi)
        way = np.array([math.sin(a), math.cos(a), 0.0]) * length * width
        part.rod((0, 0, 0.024), np.add(way, [0, 0, 0.024]), thick / 2, paint((0.02, 0.02, 0.02), 0.5), 6)
    solid.merge(part, blend.turn((1, 0, 0), 90), (0, 0, float(rng.uniform(1.85, 2.05))))


def coat(solid: Solid, rng: Rng, width: float) -> None:
    """One or more garments: on a hook, a hanger or a stand."""
    if width < 0.7 and rng.random() < 0.35:
        drapery.coat_stand(solid, rng)
    else:
        drapery.coat_hooks(solid, rng, width * (0.4 if width < 0.7 else 0.95), float(rng.uniform(1.62, 1.82)))


HUNG: dict[str, Callable[[Solid, Rng, float], None]] = {
    "picture": picture, "pictures": pictures, "poster": poster, "poster_face": poster_face,
    "screen_face": screen_face, "mirror": mirror, "wall_shelf": wall_shelf, "whiteboard": whiteboard,
    "notes": notes, "clock": clock, "coat": coat, "coats": coat,
}  # fmt: skip
LABELS = {"screen_face": "screen", "coats": "coat"}


def hang(name: str, seed: int, width: float) -> Tagged:
    """A thing of the wall, in the wall's frame."""
    solid = Solid(name)
    HUNG[name](solid, chance(seed, name), width)
    return Tagged(LABELS.get(name, name), [solid.made()], {"decor": name})
