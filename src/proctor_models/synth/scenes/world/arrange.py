"""What stands and hangs where in a room: numbers from the room's seed, nothing modelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np

from proctor_models.synth.scenes.plans.measures import chance
from proctor_models.synth.scenes.plans.spec import LightSpec, RoomSpec
from proctor_models.synth.scenes.world.layout import WALLS, Layout, Piece, Wall, room_size

Band = Literal["low", "tall", "hung"]
"""`low` stands on the floor and leaves the wall above it free, `tall` takes all, `hung` the wall above a metre."""
PIECES: Mapping[str, tuple[Band, float, float, float]] = {
    # band, narrowest and widest, depth: metres
    "bookcase": ("tall", 0.70, 1.10, 0.28),
    "wardrobe": ("tall", 0.90, 1.50, 0.58),
    "bed": ("low", 1.95, 2.05, 1.00),
    "bunk": ("tall", 1.95, 2.05, 0.95),
    "sofa": ("low", 1.50, 2.00, 0.85),
    "chest": ("low", 0.70, 1.20, 0.42),
    "nightstand": ("low", 0.42, 0.52, 0.40),
    "kitchen": ("tall", 1.80, 2.60, 0.60),
    "fridge": ("tall", 0.60, 0.70, 0.62),
    "office_desk": ("low", 1.20, 1.50, 0.70),
    "cabinet": ("low", 0.45, 0.90, 0.45),
    "locker": ("tall", 0.60, 0.90, 0.50),
    "tv_stand": ("tall", 1.20, 1.60, 0.40),
    "plant": ("tall", 0.50, 0.60, 0.50),
    "floor_lamp": ("tall", 0.42, 0.46, 0.42),
    "drying_rack": ("low", 0.90, 1.10, 0.50),
    "boxes": ("low", 0.60, 0.90, 0.42),
    "picture": ("hung", 0.30, 0.75, 0.03),
    "pictures": ("hung", 0.80, 1.20, 0.03),
    "poster": ("hung", 0.40, 0.65, 0.01),
    "wall_shelf": ("hung", 0.70, 1.10, 0.22),
    "whiteboard": ("hung", 1.00, 1.50, 0.04),
    "notes": ("hung", 0.50, 0.90, 0.02),
    "clock": ("hung", 0.28, 0.34, 0.05),
    "poster_face": ("hung", 0.42, 0.70, 0.01),
    "screen_face": ("hung", 0.75, 1.05, 0.06),
    "mirror": ("hung", 0.45, 0.75, 0.03),
    "coat": ("tall", 0.55, 0.60, 0.24),
    "coats": ("tall", 0.90, 1.30, 0.26),
    "window": ("hung", 0.90, 1.60, 0.00),
    "door": ("tall", 0.92, 0.96, 0.00),
}
_FLOOR: Mapping[str, tuple[tuple[str, ...], ...]] = {
    # What stands along the back wall, first come first served; then along the sides.
    "bedroom": (("bed", "wardrobe", "bookcase", "nightstand", "chest", "coat", "plant"),
                ("chest", "wardrobe", "bookcase", "boxes", "floor_lamp")),
    "study": (("bookcase", "bookcase", "chest", "bookcase", "plant", "floor_lamp", "sofa"),
              ("bookcase", "cabinet", "plant", "boxes")),
    "living_room": (("sofa", "bookcase", "plant", "floor_lamp", "tv_stand", "chest"),
                    ("tv_stand", "chest", "plant", "bookcase")),
    "office": (("office_desk", "cabinet", "bookcase", "plant", "coats", "office_desk"),
               ("cabinet", "office_desk", "plant", "bookcase")),
    "kitchen": (("kitchen", "fridge", "plant", "cabinet", "coat"), ("cabinet", "fridge", "chest", "boxes")),
    "dormitory": (("bunk", "locker", "coats", "bookcase", "chest", "drying_rack"),
                  ("locker", "bed", "boxes", "office_desk")),
}  # fmt: skip
_HUNG: Mapping[str, tuple[str, ...]] = {
    "bedroom": ("picture", "poster", "wall_shelf", "pictures", "mirror"),
    "study": ("picture", "clock", "notes", "wall_shelf", "pictures"),
    "living_room": ("pictures", "picture", "picture", "wall_shelf", "clock"),
    "office": ("whiteboard", "notes", "clock", "picture"),
    "kitchen": ("clock", "picture", "notes", "wall_shelf"),
    "dormitory": ("poster", "poster", "notes", "wall_shelf", "picture"),
}


class _Filler:
    """Puts pieces along walls where there is room."""

    def __init__(self, room: Layout, rng: np.random.Generator) -> None:
        self._room, self._rng = room, rng
        self._taken: dict[tuple[Wall, str], list[tuple[float, float]]] = {}
        self.pieces: list[Piece] = []

    def free(self, wall: Wall, band: Band, x: float, width: float) -> bool:
        """Whether nothing is in the way."""
        half = self._room.span(wall) / 2
        if abs(x) + width / 2 > half - 0.02:
            return False
        layers = {"low": ("low",), "hung": ("hung",), "tall": ("low", "hung")}[band]
        for layer in layers:
            for a, b in self._taken.get((wall, layer), []):
                if x - width / 2 < b + 0.05 and x + width / 2 > a - 0.05:
                    return False
        return True

    def put(self, name: str, wall: Wall, x: float, width: float | None = None) -> bool:
        """A piece just there, if it fits."""
        band, narrow, wide, depth = PIECES[name]
        share = self._rng.random()
        width = width or float(narrow + (wide - narrow) * share)
        seed = int(self._rng.integers(2**31))
        if not self.free(wall, band, x, width):
            return False
        layers = {"low": ("low",), "hung": ("hung",), "tall": ("low", "hung")}[band]
        for layer in layers:
            self._taken.setdefault((wall, layer), []).append((x - width / 2, x + width / 2))
        if depth > 0.1 and band != "hung":
            self._corner(wall, x, width, depth)
        self.pieces.append(Piece(name, wall, float(x), width, depth, seed))
        return True

    def _corner(self, wall: Wall, x: float, width: float, depth: float) -> None:
        """What stands in a corner also takes room along the neighbouring wall."""
        half = self._room.span(wall) / 2
        neighbours: dict[Wall, tuple[Wall, Wall]] = {
            "back": ("left", "right"),
            "right": ("back", "front"),
            "front": ("right", "left"),
            "left": ("front", "back"),
        }
        for side, neighbour in zip((-1, 1), neighbours[wall], strict=True):
            if side * x + width / 2 > half - 0.7:
                end = self._room.span(neighbour) / 2 * -side
                a, b = sorted((end, end + side * (depth + 0.05)))
                for layer in ("low", "hung"):
                    self._taken.setdefault((neighbour, layer), []).append((a, b))

    def somewhere(self, name: str, wall: Wall, middle: float = 0.0, reach: float = 9.0) -> bool:
        """A piece somewhere within `reach` of a place along the wall, if it fits."""
        half = self._room.span(wall) / 2
        for attempt in range(24):
            x = middle + float(self._rng.uniform(-1, 1)) * min(reach * (1 + attempt / 16), half)
            if self.put(name, wall, x, PIECES[name][1] if attempt > 7 else None):
                return True
        return False


def lay_out(spec: RoomSpec, light: LightSpec) -> Layout:
    """The room with all that stands and hangs in it; light decides the windows, the room's seed the rest.

    >>> room = lay_out(RoomSpec(5, "study", ("coat",), True, True, False), LightSpec("day", 1, 0.0))
    >>> sorted({piece.name for piece in room.pieces} & {"coat", "door"})
    ['coat', 'door']
    """
    room = room_size(spec)
    filler = _Filler(room, chance(spec.seed, "layout"))
    rng = chance(spec.seed, "walls")
    _windows(filler, room, light, rng)
    back, sides = _FLOOR[spec.kind]
    if rng.random() < 0.6:
        filler.somewhere(back[0], "back", float(rng.choice([-0.7, 0.7])), 0.5)
    for name in spec.decor:
        if name != "clothes_on_chair":
            _seen(filler, name, rng)
    _door(filler, room, spec, rng)
    for k, piece in enumerate(back[: int(rng.integers(5, 8))]):
        filler.somewhere(piece, "back", 0.0 if k < 2 else rng.uniform(-1, 1), 1.2)
    beside: tuple[Wall, Wall] = ("left", "right")
    for wall in beside:
        for piece in sides[: int(rng.integers(2, 5))]:
            filler.somewhere(piece, wall, room.along(wall, (0, room.y1 / 2)), 1.6)
    hung = _HUNG[spec.kind]
    for wall in WALLS:
        for _ in range(int(rng.integers(2, 6 if wall == "back" else 4))):
            filler.somewhere(hung[int(rng.integers(len(hung)))], wall)
    return replace(room, pieces=tuple(filler.pieces))


def _windows(filler: _Filler, room: Layout, light: LightSpec, rng: np.random.Generator) -> None:
    side: Wall = "left" if rng.random() < 0.5 else "right"
    _, narrow, wide, _ = PIECES["window"]
    width = float(rng.uniform(narrow, wide))
    reach = room.span(side) / 2 - width / 2 - 0.05
    level = float(np.clip(room.along(side, (0, float(rng.uniform(-0.5, 0.35)))), -reach, reach))
    if light.kind == "window":
        filler.put("window", side, level, width)
    elif light.kind == "backlit":
        filler.somewhere("window", "back", float(rng.choice([-0.5, 0.5])), 0.35)
    elif rng.random() < 0.5:
        filler.put("window", side, level, width)
    else:
        filler.somewhere("window", "back", float(rng.choice([-1.1, 1.1])), 0.4)
    if rng.random() < 0.35:
        filler.somewhere("window", "front")


def _seen(filler: _Filler, name: str, rng: np.random.Generator) -> None:
    """On the back wall beside the candidate's head, or else wherever it fits."""
    side = float(rng.choice([-1.0, 1.0]))
    for x in (side * 0.85, -side * 0.85):
        if filler.somewhere(name, "back", x, 0.35):
            return
    for wall in WALLS:
        if filler.somewhere(name, wall):
            return


def _door(filler: _Filler, room: Layout, spec: RoomSpec, rng: np.random.Generator) -> None:
    side: Wall = "left" if rng.random() < 0.5 else "right"
    tries: list[tuple[Wall, float]] = [
        ("back", float(rng.choice([-1.2, 1.2]))),
        (side, room.along(side, (0, room.y1 - 0.8))),
    ]
    if rng.random() < (0.3 if spec.door_open else 0.7):
        tries.reverse()
    for wall, x in tries:
        if filler.somewhere("door", wall, x, 0.35):
            return
    for wall in WALLS:
        if filler.somewhere("door", wall):
            return
