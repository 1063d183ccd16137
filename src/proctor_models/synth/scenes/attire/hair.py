"""Hair in Blender: strands over a scalp that is tinted under them. Needs `bpy`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.attire.earphone_shapes import Cups, press_hair
from proctor_models.synth.scenes.attire.fitting import HeadFit
from proctor_models.synth.scenes.attire.hair_growth import hair_of
from proctor_models.synth.scenes.attire.hair_locks import coil, flatten, frizz, ponytail
from proctor_models.synth.scenes.attire.hair_styles import Cut, Growth, draw_cut, on_scalp, start
from proctor_models.synth.scenes.attire.shells import compact, vertex_normals
from proctor_models.synth.scenes.bodies.figure import Figure, Points
from proctor_models.synth.scenes.plans.spec import PersonSpec

HAIR_SALT, GROW_SALT = 11, 12


def cut_of(spec: PersonSpec) -> Cut:
    """The person's hair, the same in each of their frames."""
    return draw_cut(spec.hair, spec.sex == "female", spec.age, np.random.default_rng([spec.seed, HAIR_SALT]))


def add_hair(fit: HeadFit, rim: NDArray[np.float64] | None = None, cups: Cups | None = None) -> blend.Tagged | None:
    """Hair of the figure; None for a bald head or one under a scarf.

    Args:
        fit: the figure's measures.
        rim: z of a hat's rim by azimuth (-180 to 180 degrees, evenly), above which hair lies flat; None without a hat.
        cups: headphones that press the hair.
    """
    figure = fit.figure
    spec = figure.spec
    if spec.hair == "bald" or spec.headwear == "headscarf":
        return None
    cut = cut_of(spec)
    if spec.headwear == "hood":  # long hair stays inside
        cut = replace(cut, front=(False, False), hem=0.08)
    rng = np.random.default_rng([spec.seed, GROW_SALT])
    growth = start(fit, cut, rng)
    strands = hair_of(growth, cut, rng)
    if rim is not None:
        azimuth = np.arctan2(strands[..., 0] - fit.centre[0], fit.centre[1] - strands[..., 1])
        rim_z = np.interp(azimuth, np.linspace(-np.pi, np.pi, len(rim)), rim)
        strands = flatten(strands, growth, rim_z, 0.004)
    if cups is not None:
        strands = press_hair(strands, fit, cups)
    colour = hair_material(figure, spec.hair_colour)
    objects = [scalp(fit, cut, spec.hair_colour)]
    objects.append(_strands(figure, "hair", strands, cut.numbers.root_radius, colour))
    if (cut.style == "tied" and spec.headwear != "hood") or (cut.style == "bun" and rim is None):
        objects += _gathered(growth, cut, colour, rng)
    figure.objects["hair"] = objects
    return blend.Tagged("hair", objects, {"style": spec.hair})


def _strands(figure: Figure, name: str, points: Points, radius: float, material: Any) -> Any:
    return blend.strands(f"{figure.name}.{name}", figure.on_head(points).astype(np.float32), radius, material)


def _gathered(growth: Growth, cut: Cut, material: Any, rng: np.random.Generator) -> list[Any]:
    """A ponytail with its tie, or a bun."""
    fit = growth.fit
    figure = fit.figure
    if cut.style == "tied":
        tail = _strands(figure, "tail", ponytail(growth, 1600, rng), 0.0006, material)
        band = blend.material(f"{figure.name}.tie", tuple(rng.uniform(0.01, 0.3, 3)), 0.7)
        knot = blend.sphere(f"{figure.name}.tie", 0.013, band, (1.1, 0.7, 1.0), 8)
        knot.location = tuple(figure.on_head(growth.tie))
        return [tail, knot]
    size = float(rng.uniform(0.030, 0.042))
    centre = growth.tie + (growth.tie - fit.centre) / np.linalg.norm(growth.tie - fit.centre) * size * 0.72
    wound = frizz(coil(centre, size, 1500, rng), 0.002, rng)
    core = blend.sphere(f"{figure.name}.bun", size * 0.9, _dark(figure, growth), (1, 0.8, 1), 10)
    core.location = tuple(figure.on_head(centre))
    return [_strands(figure, "bun", wound, 0.0006, material), core]


def _dark(figure: Figure, growth: Growth) -> Any:
    colour = figure.spec.hair_colour
    del growth
    return blend.material(f"{figure.name}.under", (0.5 * colour[0], 0.5 * colour[1], 0.5 * colour[2]), 0.8)


def hair_material(figure: Figure, colour: blend.Rgb) -> Any:
    """Hair that varies from strand to strand; anisotropic shine along it comes from the curves themselves."""
    made = blend.material(f"{figure.name}.hair", colour, 0.42)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    shader = nodes["Principled BSDF"]
    shader.inputs["Specular IOR Level"].default_value = 0.35
    info, ramp, scale = (
        nodes.new("ShaderNodeHairInfo"),
        nodes.new("ShaderNodeMapRange"),
        nodes.new("ShaderNodeVectorMath"),
    )
    ramp.inputs["To Min"].default_value, ramp.inputs["To Max"].default_value = 0.6, 1.45
    scale.operation = "SCALE"
    scale.inputs[0].default_value = colour
    links.new(info.outputs["Random"], ramp.inputs["Value"])
    links.new(ramp.outputs["Result"], scale.inputs["Scale"])
    links.new(scale.outputs["Vector"], shader.inputs["Base Color"])
    return made


def scalp(fit: HeadFit, cut: Cut, colour: blend.Rgb) -> Any:
    """The skin under the hair in the hair's colour, fading out at the hairline, so that no skin shines through."""
    figure = fit.figure
    likely = on_scalp(fit, figure.rest, cut.recede)
    faces = fit.skull_faces[likely[fit.skull_faces].max(1) > 0]
    used, renumbered = compact(faces)
    normals = vertex_normals(figure.world, fit.skull_faces)
    tint = blend.material(f"{figure.name}.scalp", (0.6 * colour[0], 0.6 * colour[1], 0.6 * colour[2]), 0.85)
    made = blend.mesh(
        f"{figure.name}.scalp",
        figure.world[used] + 0.0030 * normals[used],
        renumbered,
        tint,
    )
    most = 0.72 if cut.style == "buzz" else 1.0
    cover = made.data.attributes.new("cover", "FLOAT", "POINT")
    cover.data.foreach_set("value", (most * likely[used]).astype(np.float32))
    nodes, links = tint.node_tree.nodes, tint.node_tree.links
    read = nodes.new("ShaderNodeAttribute")
    read.attribute_name = "cover"
    links.new(read.outputs["Fac"], nodes["Principled BSDF"].inputs["Alpha"])
    subdivide(made)
    return made


def subdivide(thing: Any, levels: int = 1) -> None:
    """Smooth a mesh by subdivision."""
    modifier = thing.modifiers.new("subdivide", "SUBSURF")
    modifier.levels = modifier.render_levels = levels
