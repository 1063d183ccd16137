"""Frames of the second view: the desk and the candidate, from a phone beside or behind them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.composites import camera, props, rooms, staging
from proctor_models.synth.composites.figures import Figure
from proctor_models.synth.composites.layers import (
    CANVAS_WH,
    Canvas,
    Item,
    Layer,
    Plane,
    bgr,
    blur,
    box_of,
    moved,
    pixel,
    polygon,
    rounded,
    shifted,
    similarity,
)
from proctor_models.synth.composites.people import Studio
from proctor_models.synth.composites.staging import HEIGHT, WIDTH, thing_quad
from proctor_models.synth.composites.wear import OVAL
from proctor_models.types import Image

ANGLES = ("beside", "behind")
DESKS = ((104, 140, 172), (70, 96, 128), (206, 210, 212), (60, 64, 70), (150, 178, 200))


class SecondStage:
    """One frame of the second view being built."""

    def __init__(self, studio: Studio, seed: int, person: str, rng: np.random.Generator, angle: str = "") -> None:
        """`seed` chooses what a recording's frames share, `rng` what differs between them.

        `angle` is one of `ANGLES`; empty leaves it to `seed`.
        """
        own = np.random.default_rng([seed, 21])
        self.studio, self.seed, self.person, self.rng = studio, seed, person, rng
        self.angle = angle or str(own.choice(ANGLES))
        self.mirrored = bool(own.random() < 0.5)
        self.look = replace(camera.draw_look(own), softness_px=float(own.uniform(0.5, 1.0)))
        self.face_px = float(own.uniform(118, 160) if self.angle == "beside" else own.uniform(150, 200))
        self.desk_y = float(own.uniform(0.58, 0.66) * HEIGHT)
        self.wood = np.array(DESKS[own.integers(len(DESKS))], np.float32)
        self.canvas = Canvas(camera.relight(rooms.room_of(seed, 22), self.look.room_gain))
        self.subject: Item | None = None
        self.source_path = ""
        self.posture = int(rng.integers(2**31))
        """Chooses how everybody sits and stands, whoever else is there."""
        self.sway = (0.0, 0.0, 0.0)
        """How far everybody has moved: right, down (canvas pixels), and turned (degrees)."""

    def build(self, activity: str, visitor: str | None = None) -> None:
        """Paint the scene: `quiet`, `phone_hand`, `phone_desk`, `paper_desk`, `headphones` or `empty`.

        `visitor` stands at the far side of the desk.
        """
        if visitor is not None:
            self._figure(visitor, 0, 0.74 * WIDTH, 0.8, wardrobe=16)
        if self.angle == "behind":
            self._desk_far()
            self._things(activity, (0.12, 0.9), self.desk_y + 0.09 * HEIGHT)
            self._candidate(activity)
            self._chair_behind()
        else:
            self._candidate(activity)
            self._floor()
            self._chair_beside()
            self._desk_beside()
            self._things(activity, (0.55, 0.92), self.desk_y + 0.1 * HEIGHT)
            if activity == "phone_hand" and self.subject is not None:
                self._phone_in_hand(self.subject)
        if self.mirrored:
            self._mirror()

    def finish(self, moving: bool) -> Image:
        """The frame as the phone delivers it, (480, 640, 3)."""
        return camera.expose(self.canvas.frame(), self.look, self.rng, moving)

    def _paint(
        self, colours: NDArray[np.float32], mask: Plane, shadow: float = 0.0, joins: tuple[Item, ...] = ()
    ) -> None:
        if shadow:
            self.canvas.shade(blur(shifted(mask, 0, 18), 18), shadow)
        lit = camera.relight(np.asarray(colours, np.float32), self.look.person_gain, self.look.lean)
        self.canvas.paint(Layer(lit, mask), joins=joins)

    def _flat(self, corners: list[tuple[float, float]], colour: NDArray[np.float32], shadow: float = 0.0) -> None:
        mask = polygon(np.array(corners, np.float32), CANVAS_WH, 1.0)
        rows = np.linspace(0.9, 1.12, HEIGHT, dtype=np.float32)[:, None, None]
        self._paint(np.broadcast_to(colour * rows, (HEIGHT, WIDTH, 3)), mask, shadow)

    def _desk_far(self) -> None:
        y = self.desk_y
        left, right = (float(v) for v in self.rng.normal((0.06, 0.94), 0.005) * WIDTH)
        self._flat([(left, y - 90), (right, y - 90), (WIDTH * 1.1, y + 240), (-WIDTH * 0.1, y + 240)], self.wood, 0.3)
        self._flat(
            [(-WIDTH * 0.1, y + 240), (WIDTH * 1.1, y + 240), (WIDTH * 1.1, HEIGHT + 9), (-WIDTH * 0.1, HEIGHT + 9)],
            self.wood * 0.45,
        )
        x = 0.5 * WIDTH + float(np.random.default_rng([self.seed, 23]).normal(0, 60))
        self._laptop(
            [(x - 210, y - 320), (x + 210, y - 320), (x + 200, y - 50), (x - 200, y - 50)],
            [(x - 200, y - 50), (x + 200, y - 50), (x + 240, y + 70), (x - 240, y + 70)],
        )

    def _desk_beside(self) -> None:
        y, left = self.desk_y, 0.42 * WIDTH
        self._flat([(left + 40, y), (WIDTH + 9, y - 30), (WIDTH + 9, y + 170), (left - 40, y + 190)], self.wood, 0.35)
        self._flat(
            [(left - 40, y + 190), (WIDTH + 9, y + 170), (WIDTH + 9, y + 205), (left - 40, y + 225)], self.wood * 0.6
        )
        self._flat(
            [(left + 10, y + 222), (left + 60, y + 222), (left + 60, HEIGHT + 9), (left + 10, HEIGHT + 9)],
            self.wood * 0.4,
        )
        x = 0.72 * WIDTH + float(np.random.default_rng([self.seed, 23]).normal(0, 40))
        self._laptop(
            [(x - 20, y + 20), (x + 60, y - 230), (x + 150, y - 200), (x + 90, y + 110)][::-1],
            [(x - 20, y + 20), (x + 90, y + 110), (x - 150, y + 125), (x - 230, y + 35)],
        )

    def _laptop(self, screen: list[tuple[float, float]], base: list[tuple[float, float]]) -> None:
        self._flat(base, np.array([150, 150, 152], np.float32), 0.3)
        keys = np.array(base, np.float32)
        self._flat(
            [tuple(p) for p in (keys.mean(0) + (keys - keys.mean(0)) * 0.78).tolist()],
            np.array([64, 62, 62], np.float32),
        )
        self._flat(screen, np.array([40, 40, 42], np.float32), 0.15)
        glass = np.array(screen, np.float32)
        page = props.sheet(np.random.default_rng([self.seed, 24]))
        inner = glass.mean(0) + (glass - glass.mean(0)) * 0.92
        lit = Layer(np.clip(page.bgr * 1.05, 0, 255), page.alpha).onto_quad(inner.astype(np.float32))
        self.canvas.paint(Layer(camera.relight(lit.bgr, (1.0, 0.98, 0.92)), lit.alpha))

    def _figure(
        self, person: str, column: int, x: float, size: float, wardrobe: int
    ) -> tuple[Item, Figure, NDArray[np.float64]]:
        """Paint somebody; `column` 0 faces the camera, 1 to 3 as in `Studio.turned`."""
        rng = np.random.default_rng([self.posture, wardrobe])
        figure = self.studio.seated(person) if column == 0 else self.studio.turned(person, column)
        figure = figure.dyed(np.random.default_rng([self.seed, wardrobe]))
        body = box_of(figure.layer.alpha) or (0, 0, *figure.layer.size_wh)
        scale = self.face_px * size * float(rng.uniform(0.97, 1.03)) / figure.face_px
        top = 0.1 * HEIGHT if self.angle == "beside" else 0.2 * HEIGHT
        lands = (x + float(rng.normal(0, 18)) + self.sway[0], top + float(rng.normal(0, 12)) + self.sway[1])
        if column == 0:  # who stands behind the desk is cut off at the hips: low enough for the desk to hide that
            reach = (figure.layer.size_wh[1] - body[1]) * scale
            lands = (lands[0], max(lands[1], self.desk_y + 50 - reach))
        turned = float(rng.normal(0, 1.5)) + self.sway[2]
        turn = similarity(scale, turned, ((body[0] + body[2]) / 2, body[1]), lands)
        layer = figure.layer.warped(turn)
        self._paint(layer.bgr, layer.alpha, 0.25)
        item = self.canvas.label("person", layer.alpha)
        if figure.landmarks is not None:
            self.canvas.label("face", polygon(moved(figure.landmarks[list(OVAL)], turn), CANVAS_WH))
        elif figure.face_box is not None:
            x0, y0, x1, y1 = figure.face_box
            corners = moved(np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32), turn)
            self.canvas.label("face", polygon(corners, CANVAS_WH) * layer.alpha)
        return item, figure, turn

    def _candidate(self, activity: str) -> None:
        if activity == "empty":
            return
        if self.angle == "behind":
            item, figure, _ = self._figure(self.person, 2, 0.5 * WIDTH, 1.0, wardrobe=14)
        else:
            # In both side pictures the nose may point either way; here it points to the desk, to the right.
            column = 1 if _faces_right(self.studio.turned(self.person, 1)) else 3
            item, figure, turn = self._figure(self.person, column, 0.3 * WIDTH, 1.0, wardrobe=14)
            if activity == "headphones" and figure.ear is not None:
                self._headphones(figure, figure.ear, turn, item)
        self.subject, self.source_path = item, figure.source_path

    def _headphones(self, figure: Figure, at: tuple[float, float], turn: NDArray[np.float64], person: Item) -> None:
        size = self.face_px
        # The pose net puts an ear in profile too far forward.
        ear = moved(np.array([at], np.float32), turn)[0] + np.array([-0.12 * size, 0], np.float32)
        top = moved(np.array([[at[0], (box_of(figure.layer.alpha) or (0, 0, 0, 0))[1]]], np.float32), turn)[0]
        shell = np.array([(32, 32, 34), (206, 208, 210), (70, 66, 150)][self.rng.integers(3)], np.float32)
        alpha = np.zeros((HEIGHT, WIDTH), np.float32)
        colours = np.broadcast_to(shell, (HEIGHT, WIDTH, 3)).astype(np.float32).copy()
        spot = pixel(ear)
        cv2.line(alpha, spot, pixel(top - [0, 4]), 1.0, int(size * 0.09), cv2.LINE_AA)
        cv2.ellipse(alpha, spot, (int(size * 0.19), int(size * 0.25)), 8, 0, 360, 1.0, -1, cv2.LINE_AA)
        cv2.ellipse(
            colours, spot, (int(size * 0.12), int(size * 0.17)), 8, 0, 360, bgr(shell * 0.7 + 20), -1, cv2.LINE_AA
        )
        self._paint(colours, np.asarray(cv2.GaussianBlur(alpha, (0, 0), 1.2), np.float32), joins=(person,))
        self.canvas.label("earphone", alpha, {"kind": "headphone", "worn": True})

    def _chair_behind(self) -> None:
        rng = np.random.default_rng([self.seed, 25])
        colours, mask = rooms.chair(
            rng, 0.5 * WIDTH, self.desk_y + rng.uniform(10, 110), self.face_px * rng.uniform(1.7, 2.1)
        )
        self._paint(colours, mask, 0.2)

    def _floor(self) -> None:
        """The floor, which also hides that whoever is cut out here was standing."""
        tone = np.array(DESKS[np.random.default_rng([self.seed, 28]).integers(len(DESKS))], np.float32) * 0.7
        y = self.desk_y + 1.62 * self.face_px
        self._flat([(-9, y), (WIDTH + 9, y - 20), (WIDTH + 9, HEIGHT + 9), (-9, HEIGHT + 9)], tone, 0.2)

    def _chair_beside(self) -> None:
        rng = np.random.default_rng([self.seed, 25])
        cloth = np.array([(40, 40, 44), (96, 70, 52), (50, 50, 120), (120, 120, 122)][rng.integers(4)], np.float32)
        x, y, unit = 0.3 * WIDTH, self.desk_y, self.face_px
        back = rounded(int(0.42 * unit), int(2.5 * unit), 0.2 * unit)
        seat_mask = rounded(int(2.4 * unit), int(0.5 * unit), 0.2 * unit)
        for shape, left, top, lean in (
            (back, x - 1.12 * unit, y - 1.2 * unit, -5.0),
            (seat_mask, x - 1.0 * unit, y + 1.35 * unit, 0.0),
        ):
            mask = cv2.warpPerspective(shape, similarity(1.0, lean, (0, 0), (left, top)), CANVAS_WH)
            self._paint(np.broadcast_to(cloth, (HEIGHT, WIDTH, 3)), np.asarray(mask, np.float32), 0.2)

    def _things(self, activity: str, across: tuple[float, float], y: float) -> None:
        """What the activity lays on the desk, and on the other side what always lies there."""
        side = self.seed % 2
        wanted = {"phone_desk": "phone", "paper_desk": "paper"}.get(activity)
        if wanted is not None:
            self._lay(wanted, (across[side] * WIDTH, y), self.rng)
        own = np.random.default_rng([self.seed, 29])
        if own.random() < 0.5:
            self._lay(str(own.choice(sorted(props.HARD_NEGATIVES))), (across[1 - side] * WIDTH, y), own)

    def _lay(self, name: str, centre: tuple[float, float], rng: np.random.Generator) -> None:
        thing, tall = _thing(name, rng)
        flat = name != "mug"
        x = float(np.clip(centre[0] + rng.normal(0, 0.03) * WIDTH, 70, WIDTH - 70))
        spot = (x, centre[1] + float(rng.normal(0, 10)) - (0 if flat else 40))
        degrees, pitch = (float(rng.normal(0, 40)), float(rng.uniform(55, 66))) if flat else (0.0, 0.0)
        quad = thing_quad(thing.size_wh, spot, tall * self.face_px, degrees, pitch=pitch)
        painted = staging.put(self.canvas, thing, quad, self.look)
        if name in ("phone", "paper"):
            label = "phone" if name == "phone" else "book_paper"
            self.canvas.label(label, painted.alpha, full_area_px=staging.quad_area(quad))

    def _phone_in_hand(self, person: Item) -> None:
        rng = self.rng
        spot = (
            0.3 * WIDTH + float(rng.uniform(1.55, 1.8)) * self.face_px,
            self.desk_y - float(rng.uniform(0.5, 0.9)) * self.face_px,
        )
        thing = props.phone(rng, "back" if rng.random() < 0.5 else "screen")
        quad = thing_quad(
            thing.size_wh, spot, 0.85 * self.face_px, float(rng.uniform(-5, 25)), yaw=float(rng.uniform(20, 50))
        )
        painted = staging.put(self.canvas, thing, quad, self.look, shadow=0.1)
        self.canvas.label("phone", painted.alpha, full_area_px=staging.quad_area(quad))
        hand = self.studio.hand(self.person, 0)
        grip = (spot[0] - 0.02 * self.face_px, spot[1] + 0.22 * self.face_px)
        bend = float(rng.uniform(62, 74))  # the elbow stays at the waist
        pose = staging.Pose(self.face_px * 0.92, grip, bend)
        staging.hold(self.canvas, hand, pose, self.look, person, leaves=False)

    def _mirror(self) -> None:
        self.canvas.bgr = np.ascontiguousarray(self.canvas.bgr[:, ::-1])
        for item in self.canvas.items:
            item.visible = np.ascontiguousarray(item.visible[:, ::-1])


def _faces_right(figure: Figure) -> bool:
    """Whether a head in profile looks to the right of the picture."""
    if figure.ear is None or figure.face_box is None:
        return True
    return (figure.face_box[0] + figure.face_box[2]) / 2 > figure.ear[0]


def _thing(name: str, rng: np.random.Generator) -> tuple[Layer, float]:
    """Something that lies on a desk, and how long it is in face heights."""
    if name == "phone":
        return props.phone(rng, "screen" if rng.random() < 0.7 else "back"), 0.9
    if name == "paper":
        return (props.sheet if rng.random() < 0.6 else props.open_book)(rng), 1.5
    return props.HARD_NEGATIVES[name](rng), {"mug": 0.55, "remote": 0.95, "calculator": 0.8, "wallet": 0.5}[name]
