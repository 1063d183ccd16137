"""A figure's flesh in Blender: skin with its face, eyeballs, lashes, teeth, a grown beard. Needs `bpy`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.attire.clothes import covered_faces
from proctor_models.synth.scenes.bodies.beards import beard_strands
from proctor_models.synth.scenes.bodies.body import Points
from proctor_models.synth.scenes.bodies.faces import FaceLook, corner_uv, face_texture
from proctor_models.synth.scenes.bodies.figure import Figure
from proctor_models.synth.scenes.bodies.posing import apply, rigid, turn
from proctor_models.synth.scenes.bodies.skin import linear_rgb

IRIS_RADIUS_M, PUPIL_RADIUS_M = 0.00585, 0.0021
IRISES: tuple[tuple[tuple[float, float, float], float], ...] = (
    ((0.040, 0.018, 0.008), 0.42), ((0.085, 0.042, 0.018), 0.26), ((0.15, 0.10, 0.045), 0.12),
    ((0.11, 0.15, 0.10), 0.08), ((0.12, 0.19, 0.27), 0.12),
)  # fmt: skip
"""Linear colour of the iris and how common it is among light-skinned people; dark skin has the first two."""
HEAD_BONES = (
    "head", "neck", "jaw", "levator", "oculi", "orbicularis", "oris", "risorius", "special", "temporalis", "eye",
)  # fmt: skip
"""How names of bones of head and neck begin."""
OPEN_MOUTH = ("jawOpen", "mouthLowerDownLeft", "mouthUpperUpLeft", "mouthFunnel")


def add_skin(figure: Figure) -> list[Any]:
    """The whole body's surface with the face's texture."""
    base = figure.base
    shown = base.face_mask("body") & ~covered_faces(figure)  # skin under cloth would poke through
    faces = base.faces[shown]
    columns = [k for k, bone in enumerate(base.bone_names) if bone.startswith(HEAD_BONES)]
    head = base.weights[:, columns].sum(1) > 0.2
    uv = corner_uv(base.vertices, faces, head)
    used, local = np.unique(faces, return_inverse=True)
    texture, tone = face_texture(look_of(figure))
    rng = np.random.default_rng((figure.spec.seed, 31))
    material = blend.material(
        f"{figure.name}.skin", linear_rgb(tone), float(rng.uniform(0.42, 0.58)), subsurface=0.12, bump=(650.0, 0.07)
    )
    _paint(material, blend.image(f"{figure.name}.face", texture))
    made = blend.mesh(
        f"{figure.name}.skin",
        figure.world[used],
        np.asarray(local).reshape(faces.shape),
        material,
        uv.reshape(-1, 2).astype(np.float32),
    )
    figure.objects["skin"] = [made]
    return [made]


def look_of(figure: Figure) -> FaceLook:
    """What this person's face texture depends on; the same in all their frames."""
    spec = figure.spec
    rng = np.random.default_rng((spec.seed, 41))
    jitter = tuple(round(float(v), 2) for v in rng.normal(0, (1.4, 1.0, 1.2)))
    return FaceLook(
        spec.face, spec.monk_tone, (jitter[0], jitter[1], jitter[2]), spec.hair_colour, spec.beard, spec.seed
    )


def _paint(material: Any, image: Any) -> None:
    """Base colour from the image, whose rim is repeated outside."""
    nodes, links = material.node_tree.nodes, material.node_tree.links
    texture = nodes.new("ShaderNodeTexImage")
    texture.image, texture.extension = image, "EXTEND"
    links.new(texture.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
    nodes["Principled BSDF"].inputs["Specular IOR Level"].default_value = 0.38


def add_eyes(figure: Figure) -> list[Any]:
    """Both eyeballs, turned to the gaze."""
    rng = np.random.default_rng((figure.spec.seed, 51))
    colours = IRISES if figure.spec.monk_tone <= 4 else IRISES[:2]
    chance = np.array([share for _, share in colours])
    iris = colours[int(rng.choice(len(colours), p=chance / chance.sum()))][0]
    made = []
    gaze = turn((0, 0, 1), figure.spec.gaze_yaw_deg) @ turn((1, 0, 0), figure.spec.gaze_pitch_deg)
    for side in ("l", "r"):
        ball = figure.rest[figure.base.groups[f"helper-{side}-eye"]]
        radius = 0.97 * float(np.ptp(ball[:, 0])) / 2
        eye = blend.sphere(f"{figure.name}.eye", radius, _eye_material(figure, iris, radius), rings=20)
        centre = (ball.min(0) + ball.max(0)) / 2
        centre[1] = float(ball[:, 1].min()) + radius + 0.0006
        blend.place([eye], figure.head @ rigid(gaze, centre))
        made.append(eye)
    figure.objects["eyes"] = made
    return made


def _eye_material(figure: Figure, iris: blend.Rgb, radius: float) -> Any:
    """White, limbal ring, iris and pupil as rings about the eye's axis, -y."""
    made = blend.material(f"{figure.name}.eye", (0.5, 0.5, 0.5), 0.18, coat=0.7)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    where, direction, parts, ramp, span = (
        nodes.new(f"ShaderNode{kind}") for kind in ("TexCoord", "VectorMath", "SeparateXYZ", "ValToRGB", "MapRange")
    )
    direction.operation = "NORMALIZE"
    links.new(where.outputs["Object"], direction.inputs[0])
    links.new(direction.outputs[0], parts.inputs[0])
    span.inputs["From Min"].default_value, span.inputs["From Max"].default_value = -0.8, -1.0
    links.new(parts.outputs["Y"], span.inputs["Value"])
    links.new(span.outputs["Result"], ramp.inputs["Fac"])
    links.new(ramp.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
    old = min(max((figure.spec.age - 30) / 60, 0.0), 1.0)
    dull = 0.05 * old + 0.008 * figure.spec.monk_tone
    white = (0.60 - dull, 0.54 - 1.25 * dull, 0.51 - 1.6 * dull)

    def at(ring: float) -> float:
        return (math.sqrt(1 - (ring / radius) ** 2) - 0.8) / 0.2

    stops = [
        (0.0, tuple(0.8 * v for v in white)), (at(IRIS_RADIUS_M * 1.04), white),
        (at(IRIS_RADIUS_M * 0.98), tuple(0.3 * v for v in iris)), (at(IRIS_RADIUS_M * 0.80), iris),
        (at(PUPIL_RADIUS_M * 1.25), tuple(1.5 * v for v in iris)), (at(PUPIL_RADIUS_M), (0.004, 0.004, 0.004)),
    ]  # fmt: skip
    elements = ramp.color_ramp.elements
    elements[0].position, elements[0].color = stops[0][0], (*stops[0][1], 1)
    elements[1].position, elements[1].color = stops[-1][0], (*stops[-1][1], 1)
    for place, colour in stops[1:-1]:
        elements.new(place).color = (*colour, 1)
    return made


def add_lashes(figure: Figure) -> list[Any]:
    """Upper lashes, thin on men."""
    material = blend.material(
        f"{figure.name}.lashes", (0.012, 0.009, 0.007), 0.8, alpha=0.6 if figure.spec.sex == "female" else 0.25
    )
    return [_part(figure, "lashes", material, "helper-l-eyelashes-1", "helper-r-eyelashes-1")]


def add_teeth(figure: Figure) -> list[Any]:
    """Teeth, where the expression may show them."""
    if not any(amount > 0.05 for unit, amount in figure.spec.expression if unit in OPEN_MOUTH):
        return []
    material = blend.material(f"{figure.name}.teeth", (0.50, 0.44, 0.36), 0.3)
    return [_part(figure, "teeth", material, "helper-upper-teeth", "helper-lower-teeth")]


def _part(figure: Figure, name: str, material: Any, *groups: str) -> Any:
    faces = figure.base.faces[figure.base.face_mask(*groups)]
    used, local = np.unique(faces, return_inverse=True)
    made = blend.mesh(f"{figure.name}.{name}", figure.world[used], np.asarray(local).reshape(faces.shape), material)
    figure.objects[name] = [made]
    return made


def add_beard(figure: Figure) -> list[Any]:
    """The strands of a grown beard."""
    base = figure.base
    faces = base.faces[base.face_mask("body")]
    near = figure.rest[faces][:, :, 2].min(1) > figure.joints["neck01"][0][2]
    faces = faces[near]
    corners = corner_uv(base.vertices, faces, np.ones(len(base.vertices), bool))
    halves = [(0, 1, 2), (0, 2, 3)]
    triangles = np.concatenate([figure.rest[faces[:, half]] for half in halves])
    uv = np.concatenate([corners[:, half] for half in halves])
    grown = beard_strands(figure.spec.beard, triangles, uv, figure.spec.seed)
    if grown is None:
        return []
    world: Points = apply(figure.head, grown.astype(np.float64))
    colour: Any = figure.spec.hair_colour
    made = blend.strands(
        f"{figure.name}.beard", world.astype(np.float32), 0.00016, blend.material(f"{figure.name}.beard", colour, 0.5)
    )
    figure.objects["beard"] = [made]
    return [made]
