"""Frames of the first view: the candidate before the computer's webcam."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from proctor_models.errors import DataError
from proctor_models.synth.composites import camera, props, rooms, staging, wear
from proctor_models.synth.composites.figures import Figure
from proctor_models.synth.composites.layers import Canvas, Layer, blur
from proctor_models.synth.composites.people import Studio
from proctor_models.synth.composites.staging import HEIGHT, WIDTH, Pose, Seated, thing_quad
from proctor_models.types import Image

KINDS = ("seated", "selfie", "portrait", "standing")
# Selfies in which an arm or a table would float before another background, a photograph with a telephone in
# it that nobody labelled, and one that cuts the hair off.
UNUSED = frozenset({("P004", "selfie"), ("P007", "selfie"), ("P004", "standing"), ("P004", "portrait")})


@dataclass(frozen=True)
class Setting:
    """What the frames of one recording share."""

    seed: int
    person: str
    kind: str
    look: camera.Look
    mirrored: bool
    face_px: float
    centre: tuple[float, float]
    has_chair: bool


def draw_setting(seed: int, person: str) -> Setting:
    """Choose a recording's room, light, clothes and framing; the same seed chooses the same."""
    rng = np.random.default_rng([seed, 11])
    kind = str(rng.choice(KINDS, p=(0.58, 0.2, 0.1, 0.12)))
    if (person, kind) in UNUSED:
        kind = "seated"
    face = rng.uniform(350, 430) if kind == "portrait" else rng.uniform(200, 330)
    return Setting(
        seed=seed,
        person=person,
        kind=kind,
        look=camera.draw_look(rng),
        mirrored=bool(rng.random() < 0.5),
        face_px=float(face),
        centre=(float(rng.normal(WIDTH / 2, 70)), float(rng.uniform(0.36, 0.5) * HEIGHT)),
        has_chair=bool(rng.random() < 0.4),
    )


class Stage:
    """One frame of the first view being built, from the wall to the lens."""

    def __init__(self, studio: Studio, setting: Setting, rng: np.random.Generator) -> None:
        """`rng` chooses what differs from frame to frame."""
        self.studio, self.setting, self.rng, self.look = studio, setting, rng, setting.look
        self.canvas = Canvas(camera.relight(rooms.room_of(setting.seed), self.look.room_gain))
        self.main: Seated | None = None
        self.source_path = ""

    def chair(self, always: bool = False) -> None:
        """The candidate's chair, as its back shows behind or without them."""
        if not (always or self.setting.has_chair):
            return
        rng = np.random.default_rng([self.setting.seed, 13])
        x, y = self.setting.centre
        top = y + self.setting.face_px * rng.uniform(0.05, 0.5)
        colours, mask = rooms.chair(
            rng, x + rng.uniform(-60, 60), top, min(self.setting.face_px, 300) * rng.uniform(1.4, 1.8)
        )
        self.canvas.shade(blur(mask, 22), 0.25)
        self.canvas.paint(Layer(camera.relight(colours, self.look.person_gain, self.look.lean), mask))

    def figure(self, person: str, kind: str, expression: int | None = None, wardrobe: int = 14) -> Figure:
        """Somebody in this recording's clothes; `expression` chooses a face, None leaves their own."""
        figure: Figure = getattr(self.studio, kind)(person)
        if kind in ("seated", "portrait") and expression is not None:
            faces = self.studio.expressions(figure)
            figure = figure.wearing(faces[expression % len(faces)]) if faces else figure
        figure = figure.dyed(np.random.default_rng([self.setting.seed, wardrobe]))
        return figure.mirrored() if self.setting.mirrored else figure

    def candidate(self, lean: tuple[float, float] = (0.0, 0.0)) -> Seated:
        """The candidate on the chair as chance has it, moved by `lean` in face heights."""
        setting, rng = self.setting, self.rng
        expression = int(rng.integers(64)) if rng.random() < 0.55 else None
        size = setting.face_px * rng.uniform(0.93, 1.07)
        x = setting.centre[0] + (rng.normal(0, 0.18) + lean[0]) * size
        y = setting.centre[1] + (rng.normal(0, 0.08) + lean[1]) * size
        return self.posed(Pose(size, (x, y), float(rng.normal(0, 3.5))), expression, keep=any(lean))

    def posed(self, pose: Pose, expression: int | None, keep: bool = False) -> Seated:
        """The candidate in a given pose; unless `keep`, moved so that no edge of the photograph shows."""
        figure = self.figure(self.setting.person, self.setting.kind, expression)
        self.source_path = figure.source_path
        self.main = staging.seat(self.canvas, figure, pose if keep else staging.fitted(figure, pose), self.look)
        return self.main

    def visitor(self, person: str, outside: float = 0.0) -> None:
        """A second person behind the candidate's place, to one side; `outside` face heights further out."""
        rng = self.rng
        kind = "standing" if rng.random() < 0.5 and (person, "standing") not in UNUSED else "seated"
        figure = self.figure(person, kind, int(rng.integers(64)), wardrobe=16)
        side = 1 if rng.random() < 0.5 else -1
        size = self.setting.face_px * rng.uniform(0.48, 0.85)
        x = self.setting.centre[0] + side * (rng.uniform(1.15, 1.7) * self.setting.face_px)
        x = float(np.clip(x, 0.04 * WIDTH, 0.96 * WIDTH)) + side * outside * size
        pose = Pose(size, (x, float(rng.uniform(0.2, 0.42)) * HEIGHT), float(rng.normal(0, 4)))
        staging.seat(self.canvas, figure, staging.fitted(figure, pose), self.look, blur_px=float(rng.uniform(1.0, 3.0)))

    def mask(self, fit: wear.Fit) -> None:
        """Put a mask on the candidate."""
        main = self._main()
        straps, cover = wear.face_covering(self.rng, self.canvas.bgr, main.head, fit)
        self.canvas.paint(straps, joins=[main.person], spares=[main.face])
        self.canvas.paint(cover, joins=[main.person], spares=[main.face])
        main.face.label = "face_masked"
        main.face.attributes = {"mask_incorrect": fit != "right"}

    def headphones(self) -> None:
        """Put headphones on the candidate."""
        main = self._main()
        layer = wear.headphones(self.rng, self.canvas.bgr, main.head)
        self.canvas.paint(layer, joins=[main.person])
        self.canvas.label("earphone", layer.alpha, {"kind": "headphone", "worn": True})

    def earphones(self) -> None:
        """Put an earphone in one or both ears of the candidate."""
        main = self._main()
        style = str(self.rng.choice(["stem", "stem", "round", "wired"]))
        layers = list(wear.earphones(self.rng, self.canvas.bgr, main.head, style))
        if self.rng.random() < 0.25:
            layers.pop(int(self.rng.integers(2)))
        for layer in layers:
            self.canvas.paint(layer, joins=[main.person], spares=[main.face])
            # A cable hangs down to the chest; the earphone is what is at the ear.
            ears = np.stack(main.head.ears())
            rows, columns = np.nonzero(layer.alpha > 0.5)
            near = np.zeros_like(layer.alpha)
            if rows.size:
                points = np.column_stack([columns, rows])
                close = np.linalg.norm(points[:, None] - ears[None], axis=2).min(1) < 0.3 * main.head.face_px
                near[rows[close], columns[close]] = 1
            self.canvas.label("earphone", near, {"kind": "earbud", "worn": True})

    def phone_in_hand(self, where: str, below: float = 0.0) -> None:
        """A phone in the candidate's hand: at the `ear`, in `front`, or `shown` to the camera.

        It is `below` face heights lower than where it would be, on its way up.
        """
        main, rng = self._main(), self.rng
        size = main.head.face_px
        side = 1 if rng.random() < 0.5 else -1
        thing = props.phone(rng, "screen" if where == "shown" else "back")
        if where == "ear":
            ear = main.head.ears()[int(side == self._right_is(main))]
            spot = ear + np.array([side * 0.14, 0.16], np.float32) * size
            quad = thing_quad(
                thing.size_wh,
                (float(spot[0]), float(spot[1])),
                size * 0.88,
                side * rng.uniform(2, 18),
                yaw=rng.uniform(25, 58),
            )
            grip, turn = spot + np.array([side * 0.1, 0.36], np.float32) * size, -side * float(rng.uniform(4, 16))
        else:
            reach = rng.uniform(0.25, 1.1) if where == "front" else rng.uniform(0.75, 1.15)
            drop = rng.uniform(0.75, 1.25) if where == "front" else rng.uniform(0.1, 0.6)
            spot = np.array(main.head.landmarks[1] + np.array([side * reach, drop], np.float32) * size)
            spot = np.clip(spot, [0.06 * WIDTH, 0], [0.94 * WIDTH, 0.93 * HEIGHT]) + np.array([0, below * size])
            turn = float(rng.normal(0, 12))
            quad = thing_quad(
                thing.size_wh,
                (float(spot[0]), float(spot[1])),
                size * rng.uniform(0.8, 1.05),
                turn,
                yaw=rng.uniform(-30, 30),
                pitch=rng.uniform(0, 35),
            )
            grip = spot + np.array([side * 0.05, 0.2], np.float32) * size
        self._hold(main, thing, quad, grip, turn, side)

    def _hold(
        self,
        main: Seated,
        thing: Layer,
        quad: NDArray[np.float32],
        grip: NDArray[np.float32],
        turn: float,
        side: int,
        label: str = "phone",
    ) -> None:
        painted = staging.put(self.canvas, thing, quad, self.look, shadow=0.2)
        if label:
            self.canvas.label(label, painted.alpha, full_area_px=staging.quad_area(quad))
        hand = self.studio.hand(self.setting.person, 0 if side > 0 else 1)
        pose = Pose(main.head.face_px, (float(grip[0]), float(grip[1])), turn)
        staging.hold(self.canvas, hand, pose, self.look, main.person)

    def _right_is(self, main: Seated) -> int:
        """1 where the second ear lies to the right in the picture, else -1."""
        left, right = main.head.ears()
        return 1 if right[0] > left[0] else -1

    def negative_in_hand(self) -> None:
        """Something that is no phone, in the candidate's hand."""
        main, rng = self._main(), self.rng
        name = str(rng.choice(sorted(props.HARD_NEGATIVES)))
        thing = props.HARD_NEGATIVES[name](rng)
        size, side = main.head.face_px, 1 if rng.random() < 0.5 else -1
        tall = {"mug": 0.55, "remote": 0.95, "calculator": 0.75, "wallet": 0.5}[name] * size
        spot = (
            main.head.landmarks[1] + np.array([side * rng.uniform(0.3, 1.0), rng.uniform(0.6, 1.2)], np.float32) * size
        )
        spot = np.clip(spot, [0.06 * WIDTH, 0], [0.94 * WIDTH, 0.92 * HEIGHT])
        turn = float(rng.normal(0, 10))
        quad = thing_quad(thing.size_wh, (float(spot[0]), float(spot[1])), tall, turn, yaw=rng.uniform(-20, 20))
        self._hold(main, thing, quad, spot + np.array([side * 0.05, 0.15], np.float32) * size, turn, side, label="")

    def desk(self, things: tuple[str, ...]) -> None:
        """The desk at the lower edge, with `things` on it from left to right."""
        rng = self.rng
        edge = float(rng.uniform(0.72, 0.85)) * HEIGHT
        staging.desk(self.canvas, np.random.default_rng([self.setting.seed, 15]), self.look, edge)
        unit = self.setting.face_px
        starts = np.linspace(0.5 / len(things), 1 - 0.5 / len(things), len(things)) * 0.8 + 0.1
        for start, name in zip(starts, things, strict=True):
            x = float((start + rng.normal(0, 0.05)) * WIDTH)
            self._on_desk(name, (x, float(rng.uniform(edge + 20, HEIGHT - 10))), unit)

    def _on_desk(self, name: str, centre: tuple[float, float], unit: float) -> None:
        rng = self.rng
        thing, height, label = self._thing(name)
        flat = name != "mug"
        pitch = float(rng.uniform(48, 66)) if flat else 0.0
        degrees = float(rng.normal(0, 35)) if flat else 0.0
        if not flat:
            centre = (centre[0], centre[1] - 0.2 * unit)
        quad = thing_quad(thing.size_wh, centre, height * unit, degrees, pitch=pitch)
        painted = staging.put(self.canvas, thing, quad, self.look)
        if label:
            self.canvas.label(label, painted.alpha, full_area_px=staging.quad_area(quad))

    def _thing(self, name: str) -> tuple[Layer, float, str]:
        """A thing, its height in face heights, and its label."""
        rng = self.rng
        if name == "phone":
            return props.phone(rng, "screen" if rng.random() < 0.65 else "back"), 1.05, "phone"
        if name == "paper":
            return props.sheet(rng), 1.9, "book_paper"
        if name == "book":
            return props.open_book(rng), 1.6, "book_paper"
        if name == "closed_book":
            return props.closed_book(rng), 1.5, "book_paper"
        height = {"mug": 0.6, "remote": 1.05, "calculator": 0.85, "wallet": 0.55}[name]
        return props.HARD_NEGATIVES[name](rng), height, ""

    def reading(self) -> None:
        """A sheet or a book held up before the chest."""
        main, rng = self._main(), self.rng
        size = main.head.face_px
        thing = (props.sheet, props.open_book, props.closed_book)[rng.integers(3)](rng)
        wide = thing.size_wh[0] > thing.size_wh[1]
        tall = size * (1.25 if wide else 1.6)
        spot = main.head.landmarks[152] + np.array([rng.normal(0, 0.25), rng.uniform(0.55, 0.95)], np.float32) * size
        quad = thing_quad(
            thing.size_wh,
            (float(spot[0]), float(spot[1])),
            tall,
            float(rng.normal(0, 6)),
            pitch=float(rng.uniform(5, 40)),
        )
        painted = staging.put(self.canvas, thing, quad, self.look, shadow=0.25)
        self.canvas.label("book_paper", painted.alpha, full_area_px=staging.quad_area(quad))
        for side in (1, -1) if rng.random() < 0.6 else (1,):
            corner = quad[[1, 2]].mean(0) if side > 0 else quad[[0, 3]].mean(0)
            hand = self.studio.hand(self.setting.person, 1 if side > 0 else 0)
            spot = (float(corner[0] + side * 0.02 * size), float(corner[1] + 0.2 * size))
            pose = Pose(size, spot, -side * float(rng.uniform(8, 20)))
            staging.hold(self.canvas, hand, pose, self.look, main.person)

    def _main(self) -> Seated:
        if self.main is None:
            raise DataError("expected a candidate in the frame, got none; seat one before giving them things")
        return self.main

    def finish(self, moving: bool) -> Image:
        """The frame as the webcam delivers it, (480, 640, 3)."""
        if self.look.light == "backlight":
            self.canvas = replace(self.canvas, bgr=camera.glare(self.canvas.bgr, 0.35))
        return camera.expose(self.canvas.frame(), self.look, self.rng, moving)
