"""Hats, hoods and headscarves in Blender. Needs `bpy`; the shapes come from `headwear_shapes`."""

from __future__ import annotations

from typing import Any

import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.attire.earphone_shapes import revolve
from proctor_models.synth.scenes.attire.fitting import HeadFit
from proctor_models.synth.scenes.attire.headwear_shapes import (
    AZIMUTH,
    BEANIE,
    CAP,
    HOOD,
    SCARF,
    Part,
    around_neck,
    band,
    brim,
    crown,
    over_head,
    rim_z,
)
from proctor_models.synth.scenes.attire.patterns import second_colour
from proctor_models.synth.scenes.attire.shells import Floats

SALT = 51


def rim_of(fit: HeadFit) -> Floats | None:
    """Height (z) of the hat's rim by azimuth from -180 to 180 degrees: hair above it lies flat. None without a hat."""
    kind = fit.figure.spec.headwear
    if kind in ("cap", "beanie"):
        return rim_z(fit, CAP if kind == "cap" else BEANIE, np.linspace(-np.pi, np.pi, 73)) + 0.002
    if kind == "hood":
        azimuth = np.abs(np.linspace(-np.pi, np.pi, 73))
        return float(fit.eye[2]) + np.where(azimuth < 0.9 * HOOD.half_width, 0.065, -0.15)
    return None


def add_headwear(fit: HeadFit) -> blend.Tagged | None:
    """The figure's headwear; None without any."""
    figure, kind = fit.figure, fit.figure.spec.headwear
    if kind == "none":
        return None
    rng = np.random.default_rng([figure.spec.seed, SALT])
    objects = {"cap": _cap, "beanie": _beanie, "hood": _wrapped, "headscarf": _wrapped}[kind](fit, rng)
    figure.objects["headwear"] = objects
    if kind == "headscarf":
        return blend.Tagged("headscarf", objects, {})
    return blend.Tagged("hat", objects, {"kind": kind})


def _solid(fit: HeadFit, name: str, part: Part, material: Any, thickness: float, inward: float = 1.0) -> Any:
    points, faces = part
    made = blend.mesh(f"{fit.figure.name}.{name}", fit.figure.on_head(points), faces, material)
    thick = made.modifiers.new("thickness", "SOLIDIFY")
    thick.thickness, thick.offset = thickness, inward
    fine = made.modifiers.new("subdivide", "SUBSURF")
    fine.levels = fine.render_levels = 1
    return made


def _cloth(fit: HeadFit, colour: blend.Rgb, bump: tuple[float, float], roughness: float = 0.9) -> Any:
    return blend.material(f"{fit.figure.name}.hat", colour, roughness, sheen=0.15, bump=bump)


def _cap(fit: HeadFit, rng: np.random.Generator) -> list[Any]:
    colour = fit.figure.spec.headwear_colour
    cloth = _cloth(fit, colour, (500, 0.2))
    other = cloth if rng.random() < 0.65 else _cloth(fit, second_colour(colour, rng), (500, 0.2))
    tall = float(rng.uniform(0.012, 0.022))
    rows = np.linspace(0, 1, 14)
    top = crown(fit, CAP, 0.007 + tall * np.sin(np.pi * rows**0.8 * 0.62) ** 1.3, 0.0)
    turned = bool(rng.random() < 0.1)
    shade = brim(fit, CAP, 0.008, float(rng.uniform(0.062, 0.076)), float(rng.uniform(0.006, 0.022)), turned)
    objects = [_solid(fit, "cap", top, cloth, 0.0022), _solid(fit, "brim", shade, other, 0.0026)]
    points = fit.figure.on_head(top[0].reshape(14, -1, 3))
    dark = blend.material(f"{fit.figure.name}.seam", tuple(0.45 * v for v in colour), 0.9)  # type: ignore[arg-type]
    objects += [blend.tube(f"{fit.figure.name}.seam", points[:, i], 0.0011, dark) for i in range(0, len(AZIMUTH), 12)]
    knob = revolve([(0.007, 0.0), (0.006, 0.003), (1e-4, 0.0045)], top[0].reshape(14, -1, 3)[-1].mean(0),
                   np.array([0.0, 0.0, 1.0]), 14)  # fmt: skip
    objects.append(_solid(fit, "knob", knob, other, 0.0005))
    if rng.random() < 0.5:
        objects.append(_badge(fit, top, rng))
    return objects


def _badge(fit: HeadFit, top: Part, rng: np.random.Generator) -> Any:
    """An emblem on the front of a cap."""
    grid = top[0].reshape(14, -1, 3)
    middle = len(AZIMUTH) // 2
    half = int(rng.integers(3, 6))
    patch = grid[3:9, middle - half : middle + half + 1] + np.array([0.0, -0.0032, 0.001])
    faces = [(r * (2 * half + 1) + c, r * (2 * half + 1) + c + 1, (r + 1) * (2 * half + 1) + c + 1,
              (r + 1) * (2 * half + 1) + c) for r in range(5) for c in range(2 * half)]  # fmt: skip
    ink = blend.material(f"{fit.figure.name}.badge", second_colour(fit.figure.spec.headwear_colour, rng), 0.7)
    return blend.mesh(f"{fit.figure.name}.badge", fit.figure.on_head(patch.reshape(-1, 3)), faces, ink)


def _beanie(fit: HeadFit, rng: np.random.Generator) -> list[Any]:
    colour = fit.figure.spec.headwear_colour
    wool = _cloth(fit, colour, (260, 0.7), 0.95)
    slouch = float(rng.choice([0.0, 0.012, 0.035]))
    rows = np.linspace(0, 1, 16)
    top = crown(fit, BEANIE, 0.009 + 0.010 * np.sin(np.pi * rows) + 0.004 * rows, slouch)
    objects = [_solid(fit, "beanie", top, wool, 0.004)]
    if rng.random() < 0.8:
        objects.append(_solid(fit, "cuff", band(fit, BEANIE, float(rng.uniform(0.040, 0.058)), 0.010, 60), wool, 0.003))
    if rng.random() < 0.08:
        peak = fit.figure.on_head(top[0].reshape(16, -1, 3)[-1].mean(0))
        ball = blend.sphere(f"{fit.figure.name}.pompom", 0.021, _cloth(fit, colour, (120, 1.0)), rings=12)
        ball.location = tuple(peak + fit.figure.head[:3, 2] * 0.010)
        objects.append(ball)
    return objects


def _wrapped(fit: HeadFit, rng: np.random.Generator) -> list[Any]:
    spec = fit.figure.spec
    scarf = spec.headwear == "headscarf"
    wrap = SCARF if scarf else HOOD
    colour = spec.headwear_colour if scarf else spec.top_colour
    cloth = _cloth(fit, colour, (26, 0.5), 0.75 if scarf else 0.9)
    seed = int(rng.integers(1 << 30))
    thickness = 0.0022 if scarf else 0.0045
    return [
        _solid(fit, "wrap", over_head(fit, wrap, seed), cloth, thickness),
        _solid(fit, "drape", around_neck(fit, wrap, seed), cloth, thickness),
    ]
