"""Books, notebooks and paper. Needs `bpy`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.plans.measures import chance, is_open, resting_size, rgb
from proctor_models.synth.scenes.plans.spec import ThingSpec
from proctor_models.synth.scenes.world import textures, words
from proctor_models.synth.scenes.world.paint import paint, pictured
from proctor_models.synth.scenes.world.solids import Solid

Made = list[Any]
PRINTED, WRITTEN = 10, 8
"""How many different pages a process draws."""


def printed(seed: int) -> Any:
    """The material of a printed page."""
    which = seed % PRINTED
    return pictured(f"printed page {which}", lambda: words.printed_page(chance(which, "printed")), 0.75)


def written(seed: int) -> Any:
    """The material of a page written by hand."""
    which = seed % WRITTEN
    return pictured(f"written page {which}", lambda: words.written_page(chance(which, "written")), 0.75)


def _edges() -> Any:
    return pictured("page edges", lambda: textures.page_edges(chance(1, "edges")), 0.8)


def book(spec: ThingSpec) -> Made:
    """A book, closed with its cover up or open with its middle above the origin."""
    if is_open(spec):
        return _open_pages(spec, printed)
    width, length, thick = resting_size(spec)
    rng = chance(spec.seed, "book")
    colour = rgb(spec.colour)
    key = f"book cover {spec.seed} {colour}"
    cover = pictured(key, lambda: textures.book_cover(chance(spec.seed, "cover"), colour), 0.35, coat=0.3)
    cloth, lip = paint(colour, 0.6), 0.003 if rng.random() < 0.5 else 0.0
    solid = Solid("book")
    solid.box((width - lip, length - 2 * lip, thick - 0.005), (-lip / 2, 0, thick / 2), _edges())
    solid.box((width, length, 0.0025), (0, 0, 0.00125), cloth)
    solid.box((width, length, 0.0025), (0, 0, thick - 0.00126), cloth)
    solid.box((0.003, length, thick), (-width / 2, 0, thick / 2), cloth)
    w, h = width / 2, length / 2
    solid.panel([(-w, -h, thick + 1e-4), (w, -h, thick + 1e-4), (w, h, thick + 1e-4), (-w, h, thick + 1e-4)], cover)
    return [solid.made()]


def _leaf(width: float, length: float, thick: float, side: int, arch: float) -> NDArray[np.float64]:
    """The upper side of one half of an open book, from the gutter outwards."""
    t = np.linspace(0, 1, 9)
    z = 0.004 + (thick - 0.004) * (1 - np.exp(-7 * t)) + arch * np.sin(math.pi * t**0.6) * (1 - t)
    z = z - 0.25 * thick * t**2
    x = side * width * t
    order = range(9) if side > 0 else range(8, -1, -1)
    rows = [[(x[i], y, z[i]) for i in order] for y in (-length / 2, length / 2)]
    return np.asarray(rows, float)


def _open_pages(spec: ThingSpec, page: Any) -> Made:
    width, length, thick = resting_size(spec)
    rng = chance(spec.seed, "open book")
    left_share = float(rng.uniform(0.25, 0.75))
    cover, edges = paint(rgb(spec.colour), 0.6), _edges()
    solid = Solid("open book")
    for side, share in ((-1, left_share), (1, 1 - left_share)):
        deep = max(0.003, thick * share)
        top = _leaf(width, length, deep, side, 0.006)
        solid.grid(top, page(spec.seed * 2 + side + 1))
        outer = 0 if side < 0 else -1
        for row in (0, 1):
            line = top[row]
            low = line.copy()
            low[:, 2] = 0.002
            solid.grid(np.stack([low, line]), edges)
        rim = top[:, outer]
        low = rim.copy()
        low[:, 2] = 0.002
        solid.grid(np.stack([low, rim]), edges)
        solid.box((width + 0.004, length + 0.006, 0.002), (side * (width / 2 + 0.002), 0, 0.001), cover)
    return [solid.made()]


def notebook(spec: ThingSpec) -> Made:
    """A notebook: closed with a plain or printed cover, elastic or rings, or open and written in."""
    rng = chance(spec.seed, "notebook")
    width, length, thick = resting_size(spec)
    if is_open(spec):
        return _open_pages(spec, written)
    colour = rgb(spec.colour)
    cover = paint(colour, float(rng.choice([0.35, 0.6])))
    if rng.random() < 0.35:
        cover = pictured(f"notebook {spec.seed}", lambda: textures.pattern(chance(spec.seed, "cover")), 0.5)
    solid = Solid("notebook")
    solid.box((width - 0.003, length - 0.003, thick - 0.002), (0, 0, thick / 2), _edges())
    solid.slab((width, length, 0.0012), (0, 0, 0.0006), 0.005, 0.0005, paint(colour, 0.6))
    solid.slab((width, length, 0.0012), (0, 0, thick - 0.0006), 0.005, 0.0005, paint(colour, 0.6), cover)
    style = rng.random()
    if style < 0.35:
        solid.box((0.006, length, 0.0012), (width * 0.36, 0, thick + 0.0004), paint((0.01, 0.01, 0.01), 0.8))
    elif style < 0.7:
        wire = paint((0.25, 0.25, 0.25), 0.3, metallic=0.8)
        turned = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])
        for k in range(int(length / 0.012)):
            ring = [(thick * 0.7, -0.001), (thick * 0.7 + 0.001, 0), (thick * 0.7, 0.001)]
            at = (-width / 2, -length / 2 + 0.008 + k * 0.012, thick / 2)
            solid.lathe(ring, at, wire, 8, turned)
    elif style < 0.85:
        w, h = width * 0.28, length * 0.1
        label = paint((0.8, 0.78, 0.7), 0.8)
        solid.box((2 * w, 2 * h, 0.0004), (0, length * 0.18, thick + 0.0004), label)
    return [solid.made()]


def loose_sheet(seed: int, curl: float = 0.0) -> Made:
    """One sheet of A4 about the origin, its corner lifted by `curl` metres."""
    rng = chance(seed, "sheet")
    u, v = np.meshgrid(np.linspace(0, 1, 7), np.linspace(0, 1, 7))
    rise = curl * (u**3 * v**3 * 4 + 0.6 * np.sin(u * 3) * rng.uniform(0, 1)) + 0.0006
    points = np.stack([(u - 0.5) * 0.21, (v - 0.5) * 0.297, rise], -1)
    kind = rng.random()
    page = printed(int(rng.integers(99))) if kind < 0.5 else written(int(rng.integers(99)))
    if kind > 0.92:
        page = paint((0.85, 0.85, 0.84), 0.8)
    return [Solid("sheet").grid(points, page).made()]


def paper(spec: ThingSpec) -> Made:
    """One to four sheets in a loose stack."""
    rng = chance(spec.seed, "paper")
    made = []
    for k in range(int(rng.integers(1, 5))):
        sheet = loose_sheet(spec.seed + k, float(rng.uniform(0, 0.012)))[0]
        shift = rng.normal(0, 0.018, 2) if k else np.zeros(2)
        sheet.location = (float(shift[0]), float(shift[1]), 0.0008 * k)
        sheet.rotation_euler = (0, 0, float(rng.normal(0, 0.12)) if k else 0.0)
        made.append(sheet)
    return made
