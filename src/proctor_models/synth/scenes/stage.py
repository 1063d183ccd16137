"""From a `SceneSpec` to a Blender scene with every labelled thing numbered. Needs `bpy`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import bpy
import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes import blend, render
from proctor_models.synth.scenes.attire.dress import dress
from proctor_models.synth.scenes.blend import Tagged
from proctor_models.synth.scenes.bodies.body import load_base
from proctor_models.synth.scenes.bodies.figure import Figure
from proctor_models.synth.scenes.bodies.people import head_pose, make_figure, model_person
from proctor_models.synth.scenes.labels import Head, Part
from proctor_models.synth.scenes.plans.cameras_plan import DESK_MIDDLE
from proctor_models.synth.scenes.plans.measures import in_grip, resting_size
from proctor_models.synth.scenes.plans.spec import CameraSpec, PersonSpec, SceneSpec, ThingSpec
from proctor_models.synth.scenes.project import Pinhole, face_points, silhouette
from proctor_models.synth.scenes.world.lights import build_light
from proctor_models.synth.scenes.world.rooms import build_room
from proctor_models.synth.scenes.world.seating import extra_chair
from proctor_models.synth.scenes.world.things import make_thing
from proctor_models.types import SCENE_CLASSES

COVER_RISE_M = 0.010
"""A sheet over a phone lies this much higher."""
UPRIGHT = frozenset({"mug", "bottle"})
WALL_GAP_M = 0.10
UV_STEPS = 211.0
"""A prime, so that no designed coordinate lies half-way between two steps."""


@dataclass
class Staged:
    """A scene in Blender's memory."""

    spec: SceneSpec
    figures: list[Figure] = field(default_factory=list)
    """The candidate first, where there is one."""
    tagged: list[tuple[Tagged, int]] = field(default_factory=list)
    """All numbered things with the number of the person they belong to, 0 for none."""
    room: Any = None

    def add(self, tagged: Tagged, owner: int = 0) -> None:
        """Number a thing if it matters to the labels."""
        if owner or tagged.label in SCENE_CLASSES:
            tagged.index = len(self.tagged) + 1
            for thing in tagged.objects:
                thing.pass_index = tagged.index
            self.tagged.append((tagged, owner))


def build(spec: SceneSpec) -> Staged:
    """Model a scene: people in their dress, the room, the things, the light last."""
    blend.reset()
    staged = Staged(spec)
    staged.room = build_room(spec.room, spec.light)
    others = [replace(other, at_xy=_clear(staged, other)) for other in spec.others]
    people = [*([spec.candidate] if spec.candidate else []), *others]
    for number, person in enumerate(people, start=1):
        figure = make_figure(load_base(), person, f"person{number}")
        staged.figures.append(figure)
        staged.add(model_person(figure), number)
        for worn in dress(figure):
            staged.add(worn, number)
        if person in others and person.seated:
            extra_chair(person.seed, person.at_xy, person.turned_deg)
    for tagged in staged.room.tagged:
        staged.add(tagged)
    for thing in spec.things:
        _place(staged, thing)
    build_light(spec.light, staged.room)
    _bake_bevels()
    render.prepare(spec.seed)
    return staged


def settled(staged: Staged, camera: CameraSpec) -> CameraSpec:
    """The camera where it can stand: inside the room and outside the furniture."""
    if camera.view == "first":
        return camera
    lo, hi = (np.asarray(corner, float) for corner in staged.room.bounds)
    at, above = np.asarray(camera.at, float), np.asarray(camera.target, float) + np.array([0, 0, 0.35])
    for _ in range(40):
        at = np.clip(at, lo + WALL_GAP_M, hi - WALL_GAP_M)
        if not any(_inside(at, block) for block in staged.room.blocks):
            break
        at = at + 0.06 * (above - at)
    x, y, z = (round(float(v), 4) for v in at)
    return replace(camera, at=(x, y, z))


def parts_seen(staged: Staged, camera: Pinhole) -> tuple[Part, ...]:
    """What the numbers in the index picture mean, with the size each thing has in this camera."""
    width, height = camera.resolution_wh
    half = Pinhole(camera.to_world, camera.hfov_deg, (width // 2, height // 2))
    parts = []
    for tagged, owner in staged.tagged:
        small = tagged.label in SCENE_CLASSES and tagged.label != "person"
        area = 0.0
        if small:
            fine = camera if tagged.label == "earphone" else half
            covered = float(silhouette(fine, [mesh for thing in tagged.objects for mesh in _triangles(thing)]).sum())
            area = covered * (1 if fine is camera else 4)
        elif tagged.label == "person":
            area = _hull(camera, staged.figures[owner - 1])
        parts.append(Part(tagged.index, tagged.label, dict(tagged.attributes), owner, area))
    return tuple(parts)


def heads_seen(staged: Staged, camera: Pinhole) -> tuple[Head, ...]:
    """The faces as a camera has them, whether they are hidden or not."""
    heads = []
    for owner, figure in enumerate(staged.figures, start=1):
        vertices, areas = face_points(figure)
        ears = figure.on_head(np.stack([_outer_ear(figure, "left"), _outer_ear(figure, "right")]))
        mask = figure.spec.mask
        heads.append(
            Head(
                owner=owner,
                points=camera.project(figure.world[vertices]),
                weights=areas,
                ears=camera.project(ears),
                pose_deg=head_pose(figure, camera.to_world),
                mask=mask.place if mask else "",
            )
        )
    return tuple(heads)


def _outer_ear(figure: Figure, side: Any) -> NDArray[np.float64]:
    """A point a little outside of the ear canal."""
    sign = 1.0 if side == "left" else -1.0
    canal = np.asarray(figure.landmarks.ears[side], np.float64)
    return np.asarray(canal + np.array([sign * 0.012, 0.0, 0.0]))


def _place(staged: Staged, thing: ThingSpec) -> None:
    """Model a thing and put it where the plan says."""
    matrix = _where(staged, thing)
    if matrix is None:
        return  # nobody is there to hold it
    tagged = make_thing(thing)
    blend.place(tagged.objects, matrix)
    staged.add(tagged)


def _where(staged: Staged, thing: ThingSpec) -> NDArray[np.float64] | None:
    if thing.place in ("desk", "shelf"):
        rise = COVER_RISE_M if thing.half_hidden and thing.kind != "phone" else 0.0
        x, y = thing.at_xy
        at = (DESK_MIDDLE[0] + x, DESK_MIDDLE[1] + y, DESK_MIDDLE[2] + rise)
        return blend.pose(blend.turn((0, 0, 1), thing.turned_deg + 180), at)
    candidate = 1 if staged.spec.candidate else 0
    holders = staged.figures[candidate:] if thing.place == "offered" else staged.figures[:candidate]
    if not holders:
        return None
    grip = holders[0].grips[thing.hand]
    return _upright(grip, thing) if thing.kind in UPRIGHT else np.asarray(grip @ in_grip(thing), np.float64)


def _upright(grip: NDArray[np.float64], thing: ThingSpec) -> NDArray[np.float64]:
    """Nobody tips a full mug: it stands, whichever way the palm looks."""
    wide, _, high = resting_size(thing)
    at = grip[:3, 3] + grip[:3, 1] * wide / 2 - np.array([0, 0, high / 2])
    return blend.pose(blend.turn((0, 0, 1), thing.seed % 360), at)


def _bake_bevels() -> None:
    """Bevelled objects as plain meshes, their texture coordinates rounded.

    Blender's bevel adds coordinates up in an order that changes from run to run: the last bit of them, and with it a
    grey level here and there, would not be the same for the same seed.
    """
    graph = bpy.context.evaluated_depsgraph_get()
    for thing in [o for o in bpy.data.objects if o.type == "MESH" and any(m.type == "BEVEL" for m in o.modifiers)]:
        mesh = bpy.data.meshes.new_from_object(thing.evaluated_get(graph))
        for layer in mesh.uv_layers:
            uv = np.empty(len(layer.data) * 2, np.float32)
            layer.data.foreach_get("uv", uv)
            layer.data.foreach_set("uv", (np.rint(uv * UV_STEPS) / UV_STEPS).astype(np.float32))
        thing.modifiers.clear()
        thing.data = mesh


def _clear(staged: Staged, person: PersonSpec) -> tuple[float, float]:
    if person.seated:
        return person.at_xy
    x, y = staged.room.clear(person.at_xy, 0.25)
    return float(x), float(y)


def _inside(at: NDArray[np.float64], block: Any) -> bool:
    lo, hi = (np.asarray(corner, float) for corner in block)
    return bool((at > lo - WALL_GAP_M).all() and (at < hi + WALL_GAP_M).all())


def _triangles(thing: Any) -> list[tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """World vertices and triangles of an object as it is rendered."""
    if thing.type not in ("MESH", "CURVE", "SURFACE", "FONT"):
        return []
    evaluated = thing.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    mesh.calc_loop_triangles()
    vertices = np.empty(len(mesh.vertices) * 3, np.float32)
    triangles = np.empty(len(mesh.loop_triangles) * 3, np.int32)
    mesh.vertices.foreach_get("co", vertices)
    mesh.loop_triangles.foreach_get("vertices", triangles)
    matrix = np.array(evaluated.matrix_world)
    evaluated.to_mesh_clear()
    world = vertices.reshape(-1, 3).astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    return [(world, triangles.reshape(-1, 3).astype(np.int64))]


def _hull(camera: Pinhole, figure: Figure) -> float:
    """About what a whole person would cover, square pixels."""
    body = figure.world[figure.base.groups["body"]][::7]
    seen = camera.project(body)
    seen = seen[seen[:, 2] > 0.05][:, :2]
    if len(seen) < 3:
        return 0.0
    wide = np.array(camera.resolution_wh)
    hull = cv2.convexHull(np.clip(seen, -wide, 2 * wide).astype(np.float32))
    return 0.7 * float(cv2.contourArea(hull))
