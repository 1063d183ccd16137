"""Blender in a few words: meshes, materials, lights and cameras from numbers. Needs `bpy`.

Everything here is made from data; no operator that depends on a selection or a window is used, so that the same
numbers give the same scene in a process without a screen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import mathutils
import numpy as np
from numpy.typing import NDArray

Vec = Sequence[float]
Rgb = tuple[float, float, float]  # linear light
Points = NDArray[np.float64]  # (n, 3) metres


@dataclass
class Tagged:
    """Objects that together are one labelled thing; `index` is what they paint into the object-index pass."""

    label: str
    """One of our classes, or any other word for what is only needed for masks: ``desk``."""
    objects: list[Any]
    attributes: dict[str, str | bool | float]
    index: int = 0


def reset() -> Any:
    """An empty scene, Cycles on the processor."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    return scene


def link(thing: Any) -> Any:
    """Put an object into the scene."""
    bpy.context.scene.collection.objects.link(thing)
    return thing


def mesh(
    name: str,
    vertices: Points | Sequence[Vec],
    faces: Sequence[Sequence[int]] | NDArray[np.int64],
    material: Any = None,
    uv: NDArray[np.float32] | None = None,
    smooth: bool = True,
) -> Any:
    """A mesh object; `uv` holds one (u, v) for each corner of each face, in order."""
    data = bpy.data.meshes.new(name)
    data.from_pydata([tuple(map(float, p)) for p in vertices], [], [tuple(map(int, f)) for f in faces])
    if uv is not None:
        data.uv_layers.new(name="UVMap").data.foreach_set("uv", np.asarray(uv, np.float32).ravel())
    if smooth:
        data.polygons.foreach_set("use_smooth", [True] * len(data.polygons))
    data.update()
    if material is not None:
        data.materials.append(material)
    return link(bpy.data.objects.new(name, data))


def box(name: str, size: Vec, centre: Vec = (0, 0, 0), material: Any = None, bevel: float = 0.0) -> Any:
    """A box of `size` metres about `centre`, its edges rounded by `bevel` metres."""
    half = np.asarray(size, float) / 2
    corners = [(x, y, z) for z in (-1, 1) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    faces = [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
    made = mesh(name, np.asarray(corners) * half, faces, material, smooth=bevel > 0)
    made.location = tuple(map(float, centre))
    if bevel:
        rounded = made.modifiers.new("bevel", "BEVEL")
        rounded.width, rounded.segments, rounded.limit_method = bevel, 3, "ANGLE"
    return made


def lathe(name: str, profile: Sequence[tuple[float, float]], material: Any = None, segments: int = 32) -> Any:
    """A body of revolution about z; `profile` is (radius, z) from one end to the other."""
    angles = np.linspace(0, 2 * math.pi, segments, endpoint=False)
    vertices = [(r * math.cos(a), r * math.sin(a), z) for a in angles for r, z in profile]
    k = len(profile)
    faces = []
    for i in range(segments):
        a, b = i * k, (i + 1) % segments * k
        faces += [(a + j, b + j, b + j + 1, a + j + 1) for j in range(k - 1)]
    return mesh(name, vertices, faces, material)


def sphere(name: str, radius: float, material: Any = None, scale: Vec = (1, 1, 1), rings: int = 16) -> Any:
    """A sphere, or an ellipsoid by `scale`."""
    profile = [(radius * math.sin(t), -radius * math.cos(t)) for t in np.linspace(0, math.pi, rings + 1)]
    made = lathe(name, profile, material, 2 * rings)
    made.scale = tuple(map(float, scale))
    return made


def tube(name: str, path: Points | Sequence[Vec], radius: float, material: Any = None, cyclic: bool = False) -> Any:
    """A round tube along points."""
    curve = bpy.data.curves.new(name, "CURVE")
    curve.dimensions, curve.bevel_depth, curve.bevel_resolution, curve.use_fill_caps = "3D", radius, 3, True
    spline = curve.splines.new("POLY")
    spline.points.add(len(path) - 1)
    spline.use_cyclic_u = cyclic
    for point, at in zip(spline.points, path, strict=True):
        point.co = (*map(float, at), 1.0)
    if material is not None:
        curve.materials.append(material)
    return link(bpy.data.objects.new(name, curve))


def strands(name: str, points: NDArray[np.float32], root_radius: float, material: Any) -> Any:
    """Hair: `points` (strands, points a strand, 3); thinner towards the tip."""
    count, k, _ = points.shape
    curves = bpy.data.hair_curves.new(name)
    curves.add_curves([k] * count)
    position = curves.attributes.get("position") or curves.attributes.new("position", "FLOAT_VECTOR", "POINT")
    position.data.foreach_set("vector", np.ascontiguousarray(points, np.float32).ravel())
    radius = curves.attributes.get("radius") or curves.attributes.new("radius", "FLOAT", "POINT")
    radius.data.foreach_set("value", np.tile(root_radius * np.linspace(1, 0.35, k), count).astype(np.float32))
    curves.materials.append(material)
    return link(bpy.data.objects.new(name, curves))


def material(  # noqa: PLR0913 - one argument for each property people know by name
    name: str,
    colour: Rgb = (0.8, 0.8, 0.8),
    roughness: float = 0.5,
    *,
    metallic: float = 0.0,
    image: Any = None,
    glow: float = 0.0,
    subsurface: float = 0.0,
    coat: float = 0.0,
    transmission: float = 0.0,
    sheen: float = 0.0,
    bump: tuple[float, float] | None = None,
    alpha: float = 1.0,
) -> Any:
    """A principled material.

    `image` replaces the colour, `glow` lets colour or image shine, `bump` is (scale, depth).
    """
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    shader = nodes["Principled BSDF"]
    values = {
        "Base Color": (*colour, 1.0), "Roughness": roughness, "Metallic": metallic, "Coat Weight": coat,
        "Transmission Weight": transmission, "Sheen Weight": sheen, "Alpha": alpha, "Subsurface Weight": subsurface,
        "Emission Strength": glow, "Emission Color": (*colour, 1.0),
    }  # fmt: skip
    for key, value in values.items():
        shader.inputs[key].default_value = value
    if subsurface:
        shader.inputs["Subsurface Radius"].default_value = (1.0, 0.35, 0.2)
        shader.inputs["Subsurface Scale"].default_value = 0.006
    if image is not None:
        texture = nodes.new("ShaderNodeTexImage")
        texture.image = image
        links.new(texture.outputs["Color"], shader.inputs["Base Color"])
        if glow:
            links.new(texture.outputs["Color"], shader.inputs["Emission Color"])
    if bump:
        _roughen(nodes, links, shader, *bump)
    return made


def _roughen(nodes: Any, links: Any, shader: Any, scale: float, depth: float) -> None:
    noise, where, bump = (nodes.new(f"ShaderNode{kind}") for kind in ("TexNoise", "TexCoord", "Bump"))
    noise.inputs["Scale"].default_value, noise.inputs["Detail"].default_value = scale, 6.0
    bump.inputs["Strength"].default_value, bump.inputs["Distance"].default_value = depth, 0.005
    links.new(where.outputs["Object"], noise.inputs["Vector"])
    links.new(noise.outputs["Fac"], bump.inputs["Height"])
    links.new(bump.outputs["Normal"], shader.inputs["Normal"])


def image(name: str, bgr: NDArray[np.uint8], data: bool = False) -> Any:
    """A picture for materials, from (h, w, 3) BGR bytes; `data` for what is not a colour."""
    height, width = bgr.shape[:2]
    made = bpy.data.images.new(name, width, height)
    if data:
        made.colorspace_settings.name = "Non-Color"
    pixels = np.ones((height, width, 4), np.float32)
    pixels[..., :3] = bgr[::-1, :, ::-1].astype(np.float32) / 255
    made.pixels.foreach_set(pixels.ravel())
    made.pack()
    return made


def area_light(at: Vec, target: Vec, size: float, watts: float, colour: Rgb = (1, 1, 1)) -> Any:
    """A square lamp of `size` metres that shines at `target`."""
    data = bpy.data.lights.new("area", "AREA")
    data.energy, data.size, data.color = watts, size, colour
    made = link(bpy.data.objects.new("area", data))
    made.location = tuple(map(float, at))
    aim(made, target)
    return made


def camera(at: Vec, target: Vec, hfov_deg: float, roll_deg: float = 0.0) -> Any:
    """The scene's camera."""
    data = bpy.data.cameras.new("camera")
    data.clip_start, data.sensor_fit, data.angle = 0.01, "HORIZONTAL", math.radians(hfov_deg)
    made = link(bpy.data.objects.new("camera", data))
    made.location = tuple(map(float, at))
    aim(made, target, roll_deg)
    bpy.context.scene.camera = made
    bpy.context.view_layer.update()
    return made


def aim(thing: Any, target: Vec, roll_deg: float = 0.0) -> None:
    """Turn a camera or lamp (which look along their -z) at a point."""
    way = mathutils.Vector(tuple(map(float, target))) - thing.location
    turn = way.to_track_quat("-Z", "Y") @ mathutils.Quaternion((0, 0, 1), math.radians(roll_deg))
    thing.rotation_euler = turn.to_euler()


def place(objects: Sequence[Any], matrix: NDArray[np.float64]) -> None:
    """Move objects that were built about the origin: their matrices are multiplied by the (4, 4) `matrix`."""
    moved = mathutils.Matrix(np.asarray(matrix, float).tolist())
    bpy.context.view_layer.update()
    for thing in objects:
        thing.matrix_world = moved @ thing.matrix_world


def pose(rotation: NDArray[np.float64], at: Vec) -> NDArray[np.float64]:
    """The (4, 4) matrix of a (3, 3) rotation and a place."""
    made = np.eye(4)
    made[:3, :3], made[:3, 3] = rotation, at
    return made


def turn(axis: Vec, degrees: float) -> NDArray[np.float64]:
    """Rotation about an axis (Rodrigues), (3, 3)."""
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = math.radians(degrees)
    return np.asarray(np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross)
