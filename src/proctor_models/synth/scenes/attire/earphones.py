"""Earphones in and on the actual ears: earbuds with stems, wired earbuds, headphones, headsets. Needs `bpy`."""

from __future__ import annotations

from typing import Any

import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.attire.earphone_shapes import (
    Bud,
    Cups,
    Faces,
    boom,
    cable,
    chest_point,
    place_bud,
    place_cups,
    revolve,
    sweep,
    tail_cable,
)
from proctor_models.synth.scenes.attire.fitting import HeadFit, sign
from proctor_models.synth.scenes.bodies.figure import Figure, Points
from proctor_models.synth.scenes.plans.spec import PersonSpec, Side

SALT = 31
PODS_SHARE = 0.18
"""Of ``stem`` earphones, how many are round buds without a stem."""
Part = tuple[Points, Faces]


def cups_of(fit: HeadFit) -> Cups | None:
    """Where the figure's headphones sit; None where it wears none."""
    worn = fit.figure.spec.earphones
    if worn is None or worn.kind not in ("over_ear", "headset"):
        return None
    rng = _rng(fit.figure.spec)
    gaming = worn.kind == "headset"
    small = not gaming and rng.random() < 0.25  # on-ear pads
    radius = float(
        rng.uniform(0.042, 0.048) if gaming else rng.uniform(0.030, 0.034) if small else rng.uniform(0.037, 0.043)
    )
    depth = float(
        rng.uniform(0.040, 0.050) if gaming else rng.uniform(0.026, 0.036) if small else rng.uniform(0.032, 0.043)
    )
    return place_cups(fit, radius, depth, float(rng.uniform(-2, 7)))


def add_earphones(fit: HeadFit) -> list[blend.Tagged]:
    """The figure's earphones: one Tagged for each bud and one for its cable, or one for headphones."""
    worn = fit.figure.spec.earphones
    if worn is None:
        return []
    if worn.kind == "stem":
        return [_tagged(fit.figure, _stem(fit, side), "earbud", side) for side in worn.sides]
    if worn.kind == "wired":
        return _wired(fit)
    cups = cups_of(fit)
    assert cups is not None  # noqa: S101 - the kind was just asked
    return [_tagged(fit.figure, _headphones(fit, cups, worn.kind == "headset"), "headphone", None)]


def _rng(spec: PersonSpec, more: int = 0) -> np.random.Generator:
    return np.random.default_rng([spec.seed, SALT + more])


def _tagged(figure: Figure, objects: list[Any], kind: str, side: Side | None) -> blend.Tagged:
    figure.objects.setdefault("earphones", []).extend(objects)
    attributes: dict[str, str | bool | float] = {"kind": kind, "worn": True}
    if side is not None:
        attributes["side"] = side
    return blend.Tagged("earphone", objects, attributes)


def _solid(figure: Figure, name: str, part: Part, material: Any) -> Any:
    points, faces = part
    return blend.mesh(f"{figure.name}.{name}", figure.on_head(points), faces, material)


def _tube(figure: Figure, name: str, path: Points, radius: float, material: Any) -> Any:
    return blend.tube(f"{figure.name}.{name}", figure.on_head(path), radius, material)


def _dome(radius: float, height: float, steps: int = 7) -> list[tuple[float, float]]:
    """Profile of a rounded cap from its rim to its top."""
    angles = np.linspace(0, np.pi / 2, steps)
    return [(radius * float(np.cos(a)) + 1e-5, height * float(np.sin(a))) for a in angles]


def _ball(radius: float, squash: float = 1.0) -> list[tuple[float, float]]:
    angles = np.linspace(-np.pi / 2, np.pi / 2, 11)
    return [(radius * float(np.cos(a)) + 1e-5, squash * radius * float(np.sin(a))) for a in angles]


def _stem(fit: HeadFit, side: Side) -> list[Any]:
    """A bud in the concha with its stem (or a round bud without one)."""
    figure = fit.figure
    rng = _rng(figure.spec)
    worn = figure.spec.earphones
    assert worn is not None  # noqa: S101
    pods = rng.random() < PODS_SHARE
    radius = float(rng.uniform(0.0098, 0.0112) if pods else rng.uniform(0.0082, 0.0094))
    length = 0.0 if pods else float(rng.uniform(0.026, 0.034))
    bud = place_bud(fit, side, radius, length, _rng(figure.spec, 1))
    shell = blend.material(f"{figure.name}.bud", worn.colour, 0.22, coat=0.5)
    dark = blend.material(f"{figure.name}.grille", (0.012, 0.012, 0.014), 0.5)
    objects = [_solid(figure, "bud", revolve(_ball(radius, 0.85), bud.centre, bud.outward, 20, 1.12), shell)]
    spot = bud.centre + bud.outward * 0.8 * radius
    objects.append(_solid(figure, "sensor", revolve(_dome(0.0022, 0.0009, 3), spot, bud.outward, 12), dark))
    if not pods:
        objects += _stem_parts(figure, bud, float(rng.uniform(0.0030, 0.0037)), shell, dark)
    return objects


def _stem_parts(figure: Figure, bud: Bud, radius: float, shell: Any, dark: Any) -> list[Any]:
    metal = blend.material(f"{figure.name}.contact", (0.5, 0.5, 0.5), 0.3, metallic=0.8)
    neck = np.stack([bud.centre + 0.2 * (bud.stem[0] - bud.centre), bud.stem[0], bud.stem[1]])
    way = bud.stem[-1] - bud.stem[-2]
    tip = revolve(_dome(radius * 0.98, radius * 0.8, 5), bud.stem[-1], way, 14)
    front = bud.stem[2] + np.array([0.0, -radius, 0.0])
    return [
        _tube(figure, "neck", neck, radius * 1.25, shell),
        _tube(figure, "stem", bud.stem, radius, shell),
        _solid(figure, "contact", tip, metal),
        _solid(figure, "grille", revolve(_dome(0.0011, 0.0004, 3), front, np.array([0.0, -1.0, 0.0]), 10, 2.2), dark),
    ]


def _wired(fit: HeadFit) -> list[blend.Tagged]:
    """Small buds, a cable from each down to the chest, joined there, with a remote on one side."""
    figure = fit.figure
    worn = figure.spec.earphones
    assert worn is not None  # noqa: S101
    rng = _rng(figure.spec)
    shell = blend.material(f"{figure.name}.bud", worn.colour, 0.3, coat=0.3)
    rubber = blend.material(f"{figure.name}.cable", worn.colour, 0.55)
    join = chest_point(fit, float(rng.uniform(0.33, 0.42)), float(rng.normal(0, 0.012)))
    thick = float(rng.uniform(0.0011, 0.0016))
    tagged, cables = [], []
    for side in worn.sides:
        bud = place_bud(fit, side, float(rng.uniform(0.0068, 0.0078)), 0.0, rng)
        relief = bud.centre + bud.outward * 0.004
        drop = relief + np.array([sign(side) * 0.001, -0.004, -0.017])
        objects = [
            _solid(figure, "bud", revolve(_ball(0.0076, 0.8), bud.centre, bud.outward, 18, 1.1), shell),
            _tube(figure, "relief", np.stack([relief, drop]), 0.0028, shell),
        ]
        tagged.append(_tagged(figure, objects, "earbud", side))
        path = cable(fit, drop, side, join)
        cables.append(_tube(figure, "cable", path, thick, rubber))
        if side == worn.sides[-1]:
            cables.append(_tube(figure, "remote", path[12:16], 0.0034, shell))
    cables.append(_tube(figure, "cable", tail_cable(fit, join, rng), thick * 1.25, rubber))
    cables.append(_tube(figure, "joint", np.stack([join + fit.down * -0.008, join + fit.down * 0.012]), 0.0032, shell))
    figure.objects.setdefault("earphones", []).extend(cables)
    return [*tagged, blend.Tagged("earphone_cable", cables, {"worn": True})]


def _headphones(fit: HeadFit, cups: Cups, gaming: bool) -> list[Any]:
    figure = fit.figure
    rng = _rng(figure.spec, 2)
    worn = figure.spec.earphones
    assert worn is not None  # noqa: S101
    colour = worn.colour
    shell = blend.material(f"{figure.name}.cup", colour, float(rng.uniform(0.25, 0.6)), coat=float(rng.uniform(0, 0.4)))
    shade = float(rng.choice([0.12, 0.5, 0.8]))
    soft = blend.material(f"{figure.name}.pad", (shade * colour[0], shade * colour[1], shade * colour[2]), 0.75,
                          bump=(400, 0.2))  # fmt: skip
    accent = _accent(figure, gaming, rng)
    objects: list[Any] = []
    for side in cups.centres:
        objects += _cup(figure, cups, side, (shell, soft, accent))
    objects += _headband(figure, cups, gaming, shell, soft, rng)
    if gaming or rng.random() < 0.12:
        arm: Side = "left" if rng.random() < 0.8 else "right"
        path = boom(fit, cups, arm, up=gaming and rng.random() < 0.2)
        objects.append(_tube(figure, "boom", path, 0.0026, soft))
        way = path[-1] - path[-3]
        foam = revolve(_ball(0.0085, 1.5), path[-1] + 0.3 * way, way, 14)
        objects.append(_solid(figure, "mic", foam, blend.material(f"{figure.name}.foam", (0.012, 0.012, 0.012), 0.95)))
    return objects


def _accent(figure: Figure, gaming: bool, rng: np.random.Generator) -> Any:
    bright = [(0.8, 0.02, 0.02), (0.02, 0.5, 0.05), (0.02, 0.15, 0.9), (0.6, 0.05, 0.7), (0.05, 0.6, 0.7)]
    if gaming:
        colour = bright[int(rng.integers(len(bright)))]
        return blend.material(f"{figure.name}.accent", colour, 0.4, glow=float(rng.choice([0.0, 0.15])))
    grey = float(rng.choice([0.05, 0.45, 0.75]))
    return blend.material(f"{figure.name}.accent", (grey, grey, grey), 0.3, metallic=float(rng.random() < 0.6))


def _cup(figure: Figure, cups: Cups, side: Side, materials: tuple[Any, Any, Any]) -> list[Any]:
    shell, soft, accent = materials
    r, pad, depth = cups.radius, cups.pad, cups.depth
    centre, axis = cups.centres[side], cups.axes[side]
    ring = [(0.52 * r, 0.65 * pad), (0.55 * r, 0.2 * pad), (0.66 * r, 0.0), (0.86 * r, 0.0), (r, 0.22 * pad),
            (1.02 * r, 0.6 * pad), (0.96 * r, pad)]  # fmt: skip
    bowl = [(0.97 * r, 0.92 * pad), (0.98 * r, pad + 0.25 * (depth - pad)), (0.9 * r, pad + 0.7 * (depth - pad)),
            (0.7 * r, depth), (0.5 * r, depth + 0.001), (1e-4, depth + 0.001)]  # fmt: skip
    rim = [(0.985 * r, 0.92 * pad), (1.0 * r, 0.97 * pad), (1.0 * r, pad + 0.003), (0.97 * r, pad + 0.005)]
    plate = [(0.52 * r, depth + 0.0008), (0.50 * r, depth + 0.0022), (1e-4, depth + 0.0024)]
    return [
        _solid(figure, name, revolve(profile, centre, axis, 40, cups.tall), material)
        for name, profile, material in (
            ("pad", ring, soft), ("cup", bowl, shell), ("rim", rim, accent), ("plate", plate, accent),
        )
    ]  # fmt: skip


def _headband(figure: Figure, cups: Cups, gaming: bool, shell: Any, soft: Any, rng: np.random.Generator) -> list[Any]:
    n = len(cups.band)
    middle = np.sin(np.linspace(0, np.pi, n))
    width = float(rng.uniform(0.014, 0.019) if gaming else rng.uniform(0.010, 0.017))
    across = np.array([0.0, 1.0, 0.0])
    outer = sweep(cups.band, across, 0.006 + (width - 0.006) * np.clip(1.6 * middle - 0.25, 0, 1), 0.0042)
    inner_path = cups.band[n // 5 : n - n // 5]
    inner = sweep(inner_path - _outward(inner_path) * 0.004, across, width * 0.95, float(rng.uniform(0.004, 0.007)))
    objects = [_solid(figure, "band", outer, shell), _solid(figure, "cushion", inner, soft)]
    ends: tuple[tuple[Side, Points], ...] = (("left", cups.band[:6]), ("right", cups.band[::-1][:6]))
    for side, end in ends:
        foot = cups.centres[side] + 0.7 * cups.depth * cups.axes[side]
        arm = np.concatenate([[foot], end])
        objects.append(_solid(figure, "yoke", sweep(arm, across, 0.008, 0.0026), shell))
    return objects


def _outward(path: Points) -> Points:
    middle = np.array([0.0, path[:, 1].mean(), path[:, 2].min() - 0.05])
    way = path - middle
    return np.asarray(way / np.linalg.norm(way, axis=1, keepdims=True))
