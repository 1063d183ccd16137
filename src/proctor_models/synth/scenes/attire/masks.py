"""Masks in Blender: surgical, cloth and folded respirators with their loops. Needs `bpy`."""

from __future__ import annotations

from typing import Any

import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.attire.fitting import HeadFit
from proctor_models.synth.scenes.attire.mask_shapes import COLUMNS, ROWS, ear_loops, mask_surface
from proctor_models.synth.scenes.attire.patterns import Pattern, second_colour, tile
from proctor_models.synth.scenes.attire.shells import strip_faces
from proctor_models.synth.scenes.bodies.figure import Points
from proctor_models.synth.scenes.plans.spec import MaskKind

SALT = 41


def add_mask(fit: HeadFit) -> blend.Tagged | None:
    """The figure's mask with its loops; None without one."""
    figure = fit.figure
    worn = figure.spec.mask
    if worn is None:
        return None
    rng = np.random.default_rng([figure.spec.seed, SALT])
    grid, uv = mask_surface(fit, worn.kind, worn.place)
    faces = strip_faces(ROWS, COLUMNS)
    corner_uv = np.asarray([uv.reshape(-1, 2)[i] for face in faces for i in face], np.float32)
    cloth = _fabric(fit, worn.kind, worn.colour, rng)
    sheet = blend.mesh(f"{figure.name}.mask", figure.on_head(grid.reshape(-1, 3)), faces, cloth, corner_uv)
    thick = sheet.modifiers.new("thickness", "SOLIDIFY")
    thick.thickness, thick.offset = 0.0014, 0
    bright = (0.75, 0.75, 0.75) if worn.kind != "cloth" and sum(worn.colour) > 0.3 else worn.colour
    elastic = blend.material(f"{figure.name}.loop", bright, 0.8)
    objects = [sheet]
    if figure.spec.headwear != "headscarf":
        objects += [
            blend.tube(f"{figure.name}.loop", figure.on_head(path), 0.0015, elastic) for path in ear_loops(fit, grid)
        ]
    objects += _edges(fit, grid, worn.kind, worn.colour)
    figure.objects["mask"] = objects
    return blend.Tagged("mask", objects, {"kind": worn.kind, "place": worn.place})


def _fabric(fit: HeadFit, kind: MaskKind, colour: blend.Rgb, rng: np.random.Generator) -> Any:
    name = f"{fit.figure.name}.mask"
    if kind != "cloth" or rng.random() < 0.55:
        return blend.material(name, colour, 0.85, sheen=0.1, bump=(700, 0.12))
    kinds: tuple[Pattern, ...] = ("dots", "check", "thin_stripes", "melange", "gingham")
    pattern = kinds[int(rng.integers(len(kinds)))]
    picture = blend.image(name, tile(pattern, colour, second_colour(colour, rng), rng))
    made = blend.material(name, colour, 0.85, image=picture, bump=(500, 0.1))
    nodes, links = made.node_tree.nodes, made.node_tree.links
    where, scale = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeMapping")
    scale.inputs["Scale"].default_value = (10.0, 10.0, 1.0)
    links.new(where.outputs["UV"], scale.inputs["Vector"])
    links.new(scale.outputs["Vector"], next(n for n in nodes if n.type == "TEX_IMAGE").inputs["Vector"])
    return made


def _edges(fit: HeadFit, grid: Points, kind: MaskKind, colour: blend.Rgb) -> list[Any]:
    """Bound edges of a surgical mask, the seam of a cloth mask, the keel of a respirator."""
    figure = fit.figure
    paler = blend.material(f"{figure.name}.seam", tuple(min(0.85, 0.85 * v + 0.03) for v in colour), 0.85)  # type: ignore[arg-type]
    lines = [grid[-1], grid[0], grid[:, 0], grid[:, -1]]
    if kind != "surgical":
        lines.append(grid[:, COLUMNS // 2])
    return [blend.tube(f"{figure.name}.seam", figure.on_head(line), 0.0009, paler) for line in lines]
