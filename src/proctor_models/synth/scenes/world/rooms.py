"""Rooms: walls, windows, door, furniture, decor, desk and chair, from a `RoomSpec`. Needs `bpy`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mathutils
import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.blend import Tagged
from proctor_models.synth.scenes.plans.measures import chance, rgb
from proctor_models.synth.scenes.plans.spec import LightSpec, RoomSpec
from proctor_models.synth.scenes.world import decor, furniture, openings, seating, textures
from proctor_models.synth.scenes.world.arrange import lay_out
from proctor_models.synth.scenes.world.finishes import cloth, wood
from proctor_models.synth.scenes.world.layout import (
    DESK_MIDDLE,
    WALLS,
    Block,
    Layout,
    Piece,
    Wall,
    pushed_clear,
    wall_parts,
)
from proctor_models.synth.scenes.world.openings import Opening
from proctor_models.synth.scenes.world.paint import paint, pictured, shining
from proctor_models.synth.scenes.world.solids import Solid

WALL_COLOURS = (
    (0.72, 0.70, 0.65), (0.62, 0.60, 0.56), (0.50, 0.56, 0.60), (0.55, 0.60, 0.50), (0.68, 0.58, 0.42),
    (0.75, 0.75, 0.75), (0.30, 0.36, 0.44), (0.62, 0.46, 0.42), (0.42, 0.48, 0.40), (0.66, 0.62, 0.30),
    (0.24, 0.26, 0.28), (0.60, 0.52, 0.60),
)  # fmt: skip


@dataclass
class RoomBuilt:
    """A room in the scene, and where things are in it. Metres, world."""

    tagged: list[Tagged]
    layout: Layout
    blocks: list[Block]
    """Boxes around the furniture, the desk and the chair: keep cameras and people out."""
    windows: list[Opening]
    door: Opening | None
    desk: Block

    @property
    def bounds(self) -> Block:
        """Lowest and highest corner of the inside."""
        return self.layout.bounds

    def clear(self, at_xy: tuple[float, float], radius: float) -> tuple[float, float]:
        """The nearest free floor for somebody who stands at `at_xy`."""
        return pushed_clear(at_xy, radius, self.bounds, self.blocks)


def build_room(spec: RoomSpec, light: LightSpec) -> RoomBuilt:
    """Model a room; the same seed gives the same room, the light only chooses its windows and what they show."""
    layout = lay_out(spec, light)
    tagged = [_shell(spec, light, layout)]
    blocks: list[Block] = []
    windows: list[Opening] = []
    entrance: Opening | None = None
    for piece in layout.pieces:
        frame = layout.frame(piece.wall, piece.x)
        if piece.name == "window":
            objects, opening = openings.window(piece, light, frame)
            windows.append(opening)
            tagged.append(Tagged("window", objects, {}))
        elif piece.name == "door":
            objects, entrance = openings.door(piece, spec.door_open, frame)
            tagged.append(Tagged("door", objects, {}))
        else:
            made, block = _piece(piece, frame)
            tagged += made
            blocks += block
    tagged += [seating.desk(spec), *seating.clutter(spec)]
    half = np.array([seating.desk_width(spec) / 2, seating.DESK_DEPTH_M / 2])
    middle = np.asarray(DESK_MIDDLE[:2])
    desk = (np.r_[middle - half, 0.0], np.r_[middle + half, DESK_MIDDLE[2]])
    blocks += [desk, *_on_desk(tagged)]
    if spec.chair:
        tagged += seating.chair(spec)
        blocks.append((np.array([-0.3, -0.25, 0.0]), np.array([0.3, 0.34, 1.0])))
    if spec.second_monitor:
        tagged.append(seating.second_monitor(spec))
    return RoomBuilt(tagged, layout, blocks, windows, entrance, desk)


def _piece(piece: Piece, frame: Any) -> tuple[list[Tagged], list[Block]]:
    """A piece of furniture or of decor in its place, and the box around it if it stands on the floor."""
    if piece.name in decor.HUNG:
        hung = decor.hang(piece.name, piece.seed, piece.width)
        blend.place(hung.objects, frame)
        if piece.depth < 0.15:
            return [hung], []
        return [hung], [_block(frame, piece.width, piece.depth + 0.1, 1.9)]
    solid = Solid(piece.name)
    depth, high = furniture.MAKERS[piece.name](solid, chance(piece.seed, piece.name), piece.width)
    tagged = [Tagged(piece.name, [solid.made()], {})]
    tagged += [Tagged(label, [part.made()], {"thing": label}) for label, part in solid.labelled]
    for thing in tagged:
        blend.place(thing.objects, frame)
    return tagged, [_block(frame, piece.width, depth, high)]


def _on_desk(tagged: list[Tagged]) -> list[Block]:
    """Lamps and plants at the edge of the desk: a camera among them would see nothing else."""
    blocks = []
    for thing in tagged:
        if thing.label in ("lamp", "plant") and thing.attributes.get("on_desk"):
            points = [
                np.array(part.matrix_world @ mathutils.Vector(c)) for part in thing.objects for c in part.bound_box
            ]
            blocks.append((np.min(points, 0), np.max(points, 0)))
    return blocks


def _block(frame: Any, width: float, depth: float, high: float) -> Block:
    corners = [(x, y, z, 1) for x in (-width / 2, width / 2) for y in (-depth, 0) for z in (0, high)]
    world = (np.asarray(frame) @ np.asarray(corners).T).T[:, :3]
    return world.min(0), world.max(0)


def _skin(spec: RoomSpec, wall: Wall) -> Any:
    """The paint or paper of a wall: one colour for all, often another for the wall behind the candidate."""
    rng = chance(spec.seed, "walls' skin")
    which, accent = int(rng.integers(len(WALL_COLOURS))), int(rng.integers(len(WALL_COLOURS)))
    share, paper, variant = rng.random(), rng.random(), int(rng.integers(3))
    if wall == "back" and share < 0.4:
        which = accent
    if paper < (0.4 if wall == "back" else 0.12):
        key = f"wallpaper {which} {variant}"
        return pictured(key, lambda: textures.wallpaper(chance(which, key), WALL_COLOURS[which]), 0.8)
    key = f"plaster {which}"
    return pictured(key, lambda: textures.plaster(chance(which, key), WALL_COLOURS[which]), 0.85)


def _floor(spec: RoomSpec) -> Any:
    rng = chance(spec.seed, "floor")
    kind = rng.random()
    if spec.kind == "kitchen" or kind < 0.2:
        which = int(rng.integers(3))
        tone = ((0.5, 0.48, 0.44), (0.35, 0.34, 0.33), (0.6, 0.58, 0.52))[which]
        return pictured(f"floor tiles {which}", lambda: textures.tiles(chance(which, "floor"), tone, 3), 0.3)
    if spec.kind == "office" or kind < 0.4:
        which = int(rng.integers(4))
        tone = rgb(chance(which, "carpet").uniform(0.08, 0.35, 3))
        return pictured(f"carpet {which}", lambda: textures.plaster(chance(which, "weave"), tone), 0.95)
    return wood(rng, 6)


def _shell(spec: RoomSpec, light: LightSpec, layout: Layout) -> Tagged:
    """Walls with holes, skirting, floor with a rug, ceiling.

    The ceiling stops no light: the sky's evens the room out as many bounces would, at no cost.
    """
    solid = Solid("walls")
    skirting = paint((0.7, 0.69, 0.66), 0.5)
    for wall in WALLS:
        frame, skin = layout.frame(wall), _skin(spec, wall)
        pieces = [piece for piece in layout.pieces if piece.wall == wall]
        holes = [openings.window_hole(piece, light) for piece in pieces if piece.name == "window"]
        doors = [openings.door_hole(piece) for piece in pieces if piece.name == "door"]
        for a, b, low, high in wall_parts(layout.span(wall), layout.height, holes + doors):
            corners = np.array([(a, 0, low, 1), (b, 0, low, 1), (b, 0, high, 1), (a, 0, high, 1)]) @ frame.T
            solid.panel(corners[:, :3], skin, (a, low, b, high))
        for a, b, _, high in wall_parts(layout.span(wall), 0.08, doors):
            if high <= 0.08:
                part = Solid("skirting").box((b - a, 0.014, 0.08), ((a + b) / 2, -0.007, 0.04), skirting)
                solid.merge(part, frame[:3, :3], frame[:3, 3])
    lo, hi = layout.bounds
    x, y = hi[0] - lo[0], hi[1] - lo[1]
    ground = [(lo[0], lo[1], 0), (hi[0], lo[1], 0), (hi[0], hi[1], 0), (lo[0], hi[1], 0)]
    solid.panel(ground, _floor(spec), (0, 0, x, y))
    rng = chance(spec.seed, "rug")
    if rng.random() < 0.5:
        size = (rng.uniform(1.2, 2.2), rng.uniform(1.0, 1.6), 0.012)
        solid.box(size, (rng.uniform(-0.3, 0.3), rng.uniform(0.2, 0.6), 0.006), cloth(rng))
    above = [(lo[0], hi[1], hi[2]), (hi[0], hi[1], hi[2]), (hi[0], lo[1], hi[2]), (lo[0], lo[1], hi[2])]
    ceiling = (
        Solid("ceiling").panel(above, shining("ceiling", None, "ceiling", (0.96, 0.96, 0.94)), (0, 0, x, y)).made()
    )
    ceiling.visible_shadow = ceiling.visible_diffuse = False
    return Tagged("room", [solid.made(), ceiling], {"kind": spec.kind})
