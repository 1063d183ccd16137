"""Light of a scene. Needs `bpy`; call `build_light` when everything else stands, because screens shine too.

Radiances are relative: 1 is the white of a bright screen, an office wall is near 0.4, a lamp-lit one near 0.12, one in
the glow of a screen 0.02; what daylight shows outside is 4 to 8. A camera's exposure is the caller's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bpy
import mathutils
import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.plans.measures import chance
from proctor_models.synth.scenes.plans.spec import LightSpec
from proctor_models.synth.scenes.world.paint import SHINES

if TYPE_CHECKING:
    from proctor_models.synth.scenes.world.openings import Opening
    from proctor_models.synth.scenes.world.rooms import RoomBuilt

Rgb = tuple[float, float, float]
COLD: Rgb = (0.88, 0.95, 1.0)
DAY: Rgb = (0.95, 0.97, 1.0)
WARM: Rgb = (1.0, 0.72, 0.45)
MILD: Rgb = (1.0, 0.86, 0.70)


@dataclass(frozen=True)
class Mood:
    """How much light each kind of source gives."""

    ambient: float
    """Radiance of the sky that the ceiling lets through."""
    tint: Rgb
    outside: float
    """Radiance of what windows show."""
    screen: float
    bulb: float
    """0: lamps are off."""
    front: float
    """Radiance of a wall's worth of soft light before the candidate."""


MOODS: dict[str, Mood] = {
    "office": Mood(0.85, COLD, 4.0, 1.0, 0.0, 0.40),
    "day": Mood(0.45, DAY, 6.0, 1.0, 0.0, 0.28),
    "window": Mood(0.17, DAY, 8.0, 1.0, 0.0, 0.05),
    "backlit": Mood(0.17, DAY, 7.0, 1.0, 0.0, 0.12),
    "lamp": Mood(0.06, MILD, 0.03, 0.8, 6.0, 0.03),
    "dim": Mood(0.022, MILD, 0.02, 0.6, 1.6, 0.012),
    "screen": Mood(0.012, COLD, 0.01, 0.7, 0.0, 0.0),
}


def build_light(light: LightSpec, room: RoomBuilt) -> None:
    """Add sky, lamps and glow, and set how bright everything that shines is.

    Args:
        light: what kind, and a seed for the details.
        room: what `build_room` made.
    """
    mood, rng = MOODS[light.kind], chance(light.seed, "light")
    strength = float(rng.uniform(0.8, 1.25))
    _sky(mood, strength)
    _brighten(mood, strength)
    for window in room.windows:
        if window.by_day:
            _daylight(window, mood, strength)
    if mood.front:
        _front(room, mood, strength)
    if light.kind == "office":
        _ceiling_panels(room, strength)
    elif light.kind in ("lamp", "dim"):
        _lamps(room, light, rng, strength)
    _glow(mood)


def _sky(mood: Mood, strength: float) -> None:
    world = bpy.data.worlds.new("sky")
    bpy.context.scene.world = world
    world.use_nodes = True
    background = world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = (*mood.tint, 1.0)
    background.inputs["Strength"].default_value = mood.ambient * strength


def _brighten(mood: Mood, strength: float) -> None:
    """What is seen of bulbs, panes and screens."""
    levels = {
        "screen": mood.screen, "phone_screen": min(mood.screen, 0.9) * (0.7 if mood.ambient < 0.1 else 1.0),
        "window": mood.outside * strength, "night": mood.outside, "bulb": max(mood.bulb, 0.4 * mood.ambient),
        "shade": max(0.15 * mood.bulb, 0.25 * mood.ambient), "corridor": max(0.05, mood.ambient),
        "ceiling": 0.35 * mood.ambient * strength,
    }  # fmt: skip
    for material in bpy.data.materials:
        kind = material.get(SHINES)
        if kind is not None:
            material.node_tree.nodes["Principled BSDF"].inputs["Emission Strength"].default_value = levels[kind]


def panel_light(matrix: Any, size: tuple[float, float], radiance: float, colour: Rgb) -> Any:
    """A rectangle that shines along its -z with so much radiance; cameras do not see it."""
    data = bpy.data.lights.new("panel", "AREA")
    data.shape, data.size, data.size_y = "RECTANGLE", *(float(v) for v in size)
    data.energy, data.color = math.pi * size[0] * size[1] * radiance, colour
    made = blend.link(bpy.data.objects.new("panel", data))
    made.matrix_world = mathutils.Matrix(np.asarray(matrix, float).tolist())
    made.visible_camera = made.visible_glossy = False
    return made


def _facing(out: Any, up: Any = (0.0, 0.0, 1.0)) -> Any:
    """(3, 3) of a panel that shines along `out`."""
    z = -np.asarray(out, float) / np.linalg.norm(out)
    x = np.cross(up, z)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], 1)


def _daylight(window: Opening, mood: Mood, strength: float) -> None:
    """A panel inside the window, before its curtains."""
    frame = np.asarray(window.frame)
    open_share = max(0.25, 1.0 - window.veiled)
    inwards = frame[:3, :3] @ [0.0, -1.0, -0.12]
    middle = (frame @ [0.0, -0.16, (window.low + window.high) / 2, 1.0])[:3]
    size = (window.width * open_share, window.high - window.low)
    panel_light(blend.pose(_facing(inwards), tuple(middle)), size, 0.8 * mood.outside * strength, DAY)


def _front(room: RoomBuilt, mood: Mood, strength: float) -> None:
    """What the wall before the candidate and the desk throw back: bounces that a few samples miss."""
    lo, _ = room.bounds
    y = max(float(lo[1]) + 0.06, -1.35)
    panel_light(blend.pose(_facing((0.0, 1.0, 0.05)), (0.0, y, 1.75)), (2.2, 1.2), mood.front * strength, mood.tint)


def _ceiling_panels(room: RoomBuilt, strength: float) -> None:
    _, hi = room.bounds
    for x, y in ((-0.7, -0.75), (0.8, 0.55)):
        panel_light(blend.pose(np.eye(3), (x, y, float(hi[2]) - 0.05)), (0.6, 1.2), 1.6 * strength, COLD)


def _lamps(room: RoomBuilt, light: LightSpec, rng: np.random.Generator, strength: float) -> None:
    """A ceiling lamp, or a standing or desk lamp at one side, warm or mild."""
    colour = WARM if rng.random() < 0.6 else MILD
    lo, hi = room.bounds
    power = (9.0 if light.kind == "lamp" else 2.2) * strength
    if rng.random() < 0.55:
        at = (float(rng.uniform(-0.5, 0.5)), float(rng.uniform(-0.3, 0.6)), float(hi[2]) - 0.25)
        _bulb(at, power, colour, 0.16)
    else:
        side = float(rng.choice([-1.0, 1.0]))
        at = (side * float(rng.uniform(0.8, 1.3)), float(rng.uniform(-0.85, 0.2)), float(rng.uniform(1.2, 1.6)))
        _bulb(tuple(np.clip(at, lo + 0.1, hi - 0.1)), power * 0.35, colour, 0.10)
    for thing in [thing for thing in bpy.data.objects if thing.type == "MESH" and _has(thing, "bulb", "shade")][:2]:
        centre = np.mean([thing.matrix_world @ mathutils.Vector(c) for c in thing.bound_box], 0)
        top = max((thing.matrix_world @ mathutils.Vector(c)).z for c in thing.bound_box)
        _bulb((float(centre[0]), float(centre[1]), float(top) + 0.06), power * 0.2, WARM, 0.08)


def _bulb(at: Any, watts: float, colour: Rgb, radius: float) -> None:
    data = bpy.data.lights.new("bulb", "POINT")
    data.energy, data.color, data.shadow_soft_size = watts * 4, colour, radius
    made = blend.link(bpy.data.objects.new("bulb", data))
    made.location = tuple(float(v) for v in at)
    made.visible_camera = made.visible_glossy = False


def _has(thing: Any, *kinds: str) -> bool:
    return any(slot is not None and slot.get(SHINES) in kinds for slot in thing.data.materials)


def _glow(mood: Mood) -> None:
    """A panel before each of the three largest lit screens: their light on faces and desks."""
    bpy.context.view_layer.update()
    found = []
    for thing in bpy.data.objects:
        if thing.type != "MESH" or not _has(thing, "screen", "phone_screen"):
            continue
        for face in thing.data.polygons:
            material = thing.data.materials[face.material_index]
            if material.get(SHINES) in ("screen", "phone_screen"):
                found.append((face.area, thing, face))
    found.sort(key=lambda entry: -entry[0])
    for area, thing, face in found[:3]:
        out = np.asarray(thing.matrix_world.to_3x3() @ face.normal)
        middle = np.asarray(thing.matrix_world @ face.center) + 0.012 * out
        side = math.sqrt(area)
        up = (0.0, 0.0, 1.0) if abs(out[2]) < 0.95 else (0.0, 1.0, 0.0)
        panel_light(blend.pose(_facing(out, up), tuple(middle)), (side, side), 0.75 * mood.screen, COLD)
