"""Glasses, earrings and hair clips on the actual head. Needs `bpy`."""

from __future__ import annotations

from typing import Any

import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.attire.earphone_shapes import revolve
from proctor_models.synth.scenes.attire.fitting import SIDES, HeadFit, sign
from proctor_models.synth.scenes.attire.glasses_shapes import rim_before, rim_outline, temple
from proctor_models.synth.scenes.attire.shells import through

SALT = 61
FRAMES: tuple[blend.Rgb, ...] = (
    (0.010, 0.010, 0.011), (0.010, 0.010, 0.011), (0.09, 0.035, 0.012), (0.45, 0.32, 0.12), (0.4, 0.4, 0.42),
    (0.02, 0.03, 0.10), (0.20, 0.03, 0.04),
)  # fmt: skip


def add_accessories(fit: HeadFit) -> list[blend.Tagged | None]:
    """Glasses, earrings and hair clips as the spec asks."""
    spec = fit.figure.spec
    made: list[blend.Tagged | None] = [_glasses(fit) if spec.glasses != "none" else None]
    if spec.earrings and spec.headwear not in ("headscarf", "hood"):
        made.append(_earrings(fit))
    if spec.hair_clips and spec.headwear == "none" and spec.hair not in ("bald", "buzz"):
        made.append(_clip(fit))
    return made


def _glasses(fit: HeadFit) -> blend.Tagged:
    figure = fit.figure
    rng = np.random.default_rng([figure.spec.seed, SALT])
    dark = figure.spec.glasses == "dark"
    colour = FRAMES[int(rng.integers(len(FRAMES)))]
    metal = bool(rng.random() < 0.35)
    frame = blend.material(f"{figure.name}.frame", colour, 0.3, metallic=0.9 if metal else 0.0, coat=0.3)
    thick = 0.0009 if metal else float(rng.uniform(0.0014, 0.0026))
    outline = rim_outline(float(rng.uniform(0.046, 0.054)), float(rng.uniform(0.032, 0.044)) * (1.08 if dark else 1.0),
                          float(rng.choice([2.0, 2.6, 3.4, 5.0])))  # fmt: skip
    lens = _lens(fit, dark)
    rims = [rim_before(fit, eye, outline) for eye in figure.landmarks.eyes]
    objects: list[Any] = []
    for rim, side in zip(rims, SIDES, strict=True):
        objects.append(blend.tube(f"{figure.name}.rim", figure.on_head(rim), thick, frame, cyclic=True))
        middle = figure.on_head(rim.mean(0)[None])
        ring = np.concatenate([figure.on_head(rim), middle])
        faces = [(i, (i + 1) % len(rim), len(rim)) for i in range(len(rim))]
        objects.append(blend.mesh(f"{figure.name}.lens", ring, faces, lens))
        objects.append(blend.tube(f"{figure.name}.temple", figure.on_head(temple(fit, rim, side)), thick * 0.9, frame))
    inner = [rim[np.argmin(np.abs(rim[:, 0]) - 0.2 * rim[:, 2])] for rim in rims]
    middle = (inner[0] + inner[1]) / 2 + np.array([0.0, -0.002, 0.003])
    bridge = figure.on_head(through(np.stack([inner[0], middle, inner[1]]), 12))
    objects.append(blend.tube(f"{figure.name}.bridge", bridge, thick, frame))
    figure.objects["glasses"] = objects
    return blend.Tagged("glasses", objects, {"kind": figure.spec.glasses})


def _lens(fit: HeadFit, dark: bool) -> Any:
    """Dark glass, or a clear pane that only reflects a little: no refraction, so that eyes stay in their place."""
    name = f"{fit.figure.name}.lens"
    if dark:
        return blend.material(name, (0.010, 0.010, 0.012), 0.06, coat=0.6, alpha=0.94)
    return blend.material(name, (0.85, 0.9, 0.95), 0.04, coat=0.4, alpha=0.09)


def _earrings(fit: HeadFit) -> blend.Tagged:
    figure = fit.figure
    rng = np.random.default_rng([figure.spec.seed, SALT + 1])
    colour = [(0.62, 0.45, 0.14), (0.6, 0.6, 0.62), (0.75, 0.72, 0.68)][int(rng.integers(3))]
    metal = blend.material(f"{figure.name}.earring", colour, 0.22, metallic=0.9)
    hoop = rng.random() < 0.5
    radius = float(rng.uniform(0.007, 0.022))
    objects = []
    for side in SIDES:
        lobe = fit.ears[side].lobe + np.array([sign(side) * 0.001, -0.001, 0.004])
        if hoop:
            t = np.linspace(0, 2 * np.pi, 28, endpoint=False)
            ring = lobe + radius * np.stack([0.15 * sign(side) * (1 - np.cos(t)), np.sin(t), np.cos(t) - 1], 1)
            objects.append(blend.tube(f"{figure.name}.earring", figure.on_head(ring), 0.0009, metal, cyclic=True))
        else:
            points, faces = revolve([(0.0032, 0.0), (0.0028, 0.0018), (1e-4, 0.0028)], lobe,
                                    np.array([sign(side), -0.2, 0.0]), 12)  # fmt: skip
            objects.append(blend.mesh(f"{figure.name}.earring", figure.on_head(points), faces, metal))
    figure.objects["earrings"] = objects
    return blend.Tagged("earring", objects, {})


def _clip(fit: HeadFit) -> blend.Tagged:
    """A slide at the temple: near the ear, small, and no earphone."""
    figure = fit.figure
    rng = np.random.default_rng([figure.spec.seed, SALT + 2])
    s = float(rng.choice([-1.0, 1.0]))
    azimuth = s * np.radians(np.linspace(52, 72, 10))
    elevation = np.radians(float(rng.uniform(32, 45)) + np.linspace(0, -6, 10))
    lift = 0.010 if figure.spec.hair in ("tied", "bun", "long_tucked") else 0.018
    path = figure.on_head(fit.skull.at(azimuth, elevation, lift))
    colour = [(0.6, 0.45, 0.15), (0.012, 0.012, 0.012), (0.6, 0.05, 0.12), (0.75, 0.75, 0.75)][int(rng.integers(4))]
    metal = blend.material(f"{figure.name}.clip", colour, 0.3, metallic=0.4)
    made = blend.tube(f"{figure.name}.clip", path, float(rng.uniform(0.0018, 0.0035)), metal)
    figure.objects["hair_clips"] = [made]
    return blend.Tagged("hair_clip", [made], {})
