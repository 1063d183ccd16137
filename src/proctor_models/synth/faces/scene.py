"""One frame and one face in it: what can be painted onto it, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.data.manifest import FrameRecord
from proctor_models.synth.composites.layers import AttributeValue, Layer, Plane
from proctor_models.synth.composites.wear import Fit
from proctor_models.synth.faces import cutouts as cuts
from proctor_models.synth.faces import earphones, grips, masks
from proctor_models.synth.faces.cables import cable
from proctor_models.synth.faces.ears import Ear, find_ear
from proctor_models.synth.faces.glasses import draw_glasses
from proctor_models.synth.faces.head import Head
from proctor_models.synth.faces.labels import hidden_share
from proctor_models.synth.faces.look import Look, face_area
from proctor_models.synth.faces.paint import Picture, shifted_shadow
from proctor_models.synth.faces.solids import render
from proctor_models.types import FACES

XYXY = tuple[float, float, float, float]
MAX_BEFORE = 0.04
"""Largest share of a worn thing that may lie on a hand or on something held: it would be before it, not behind."""
MAX_CABLE_CM = 38.0
MIN_EARPHONE_PX2 = 20.0
MIN_FACE_SHARE = 0.14
"""Smallest face, over the height of the frame, beside which a hand is painted."""


GLASSES_AND_EARPHONE = 0.35
"""Share of the painted glasses that get an earphone beside them, lest glasses come to speak against one."""
MIN_PANE, MAX_PANE = 0.03, 0.14
"""How thickly a lens covers what is behind it."""


class NotPlaced(Exception):  # noqa: N818  an outcome that is counted, not an error
    """Why a thing was not painted onto a face."""


@dataclass
class Scene:
    """A frame being changed."""

    base: FrameRecord
    picture: Picture
    head: Head
    people: Plane
    hands: Sequence[XYXY]
    face: XYXY | None
    """The face's label in the base frame, if it has one."""
    mask: dict[str, AttributeValue] | None = None
    """Attributes of the mask put on, if one was."""
    says: dict[str, AttributeValue] = field(default_factory=dict)
    """What the face's label says of what was painted."""
    belongs: list[Plane] = field(default_factory=list)
    """What became part of the person: hands, and what is worn."""
    note: str = ""
    """What exactly was painted."""

    @property
    def look(self) -> Look:
        """The frame's light and camera."""
        return self.picture.look

    @property
    def rng(self) -> np.random.Generator:
        """What chooses."""
        return self.picture.rng

    def in_ear(self, pictures: cuts.Cutouts) -> None:
        """Put an earphone into one or both ears."""
        ears = self._bare_ears()
        if len(ears) == 2 and self.rng.random() < 0.25:
            ears = [ears[int(self.rng.integers(2))]]
        style = earphones.IN_EAR[int(self.rng.choice(3, p=(0.55, 0.18, 0.27)))]
        below_chin = self.picture.size_wh[1] - self.head.landmarks[152, 1]
        if style == "wired" and below_chin > MAX_CABLE_CM * self.head.space.px_per_cm:
            style = "stem"  # the end of the cable would be in sight, and it has none
        tone = earphones.in_ear_tone(self.rng, style)
        photographed = style == "wired" and bool(pictures.buds) and self.rng.random() < 0.45
        choice = int(self.rng.integers(len(pictures.buds))) if photographed else 0
        before_face = 1 - face_area(self.head, self.picture.size_wh)
        for ear in ears:
            if photographed:
                tone = earphones.BLACK
                layer, end = cuts.worn_bud(pictures.buds[choice], ear, self.head, self.look, self.picture.size_wh)
            else:
                layer, end = self._drawn_bud(ear, style, tone)
            layer = Layer(layer.bgr, layer.alpha * before_face)
            self._not_behind(layer.alpha)
            if style == "wired":
                self._cable(end, ear.side, tone, before_face)
            self._wear(layer, 0.35, 0.4, {"kind": "earbud", "worn": True})
        self.note = f"{style} {'photographed' if photographed else 'white' if tone == earphones.WHITE else 'dark'}"

    def _bare_ears(self) -> list[Ear]:
        found = [find_ear(self.picture.bgr, self.people, self.head, side) for side in (-1, 1)]
        ears = [ear for ear in found if isinstance(ear, Ear)]
        if not ears:
            raise NotPlaced(next(why for why in found if isinstance(why, str)))
        return ears

    def glasses(self, pictures: cuts.Cutouts) -> None:
        """Put glasses on the nose, with arms to the ears, and at times an earphone into one: see the module of them."""
        ears = self._bare_ears()
        note = ""
        if self.rng.random() < GLASSES_AND_EARPHONE:
            self.in_ear(pictures)
            note = f" and {self.note}"
        drawn = draw_glasses(self.rng, self.head, ears)
        painting, panes = (
            render(solids, self.head.space, self.look, drawn.reach, self.picture.size_wh)
            for solids in (drawn.solids, drawn.panes)
        )
        if painting is None or panes is None:
            raise NotPlaced("face outside the frame")
        layer, pane = self.picture.full(painting), self.picture.full(panes)
        self._not_behind(layer.alpha)
        thickness = np.float32(self.rng.uniform(MIN_PANE, MAX_PANE))
        self.picture.paint(Layer(pane.bgr, pane.alpha * thickness))
        self.picture.shade(shifted_shadow(layer.alpha, self.look.light, 0.5 * self.head.space.px_per_cm), 0.3)
        self.picture.paint(layer)
        self.says = {"glasses": "clear"}
        self.note = f"{drawn.style}{note}"

    def _drawn_bud(self, ear: Ear, style: earphones.InEar, tone: earphones.Tone) -> tuple[Layer, NDArray[np.float32]]:
        bud = earphones.draw_bud(self.rng, ear, style, tone)
        painting = render(bud.solids, self.head.space, self.look, bud.reach, self.picture.size_wh)
        if painting is None:
            raise NotPlaced("ear outside the frame")
        end = bud.cable_from if bud.cable_from is not None else bud.reach[0]
        return self.picture.full(painting), self.head.space.seen_at(end)[0]

    def _cable(self, start: NDArray[np.float32], side: int, tone: earphones.Tone, before_face: Plane) -> None:
        layer = cable(self.head, start, side, np.asarray(tone) * self.look.white, self.picture.size_wh)
        layer = Layer(layer.bgr, layer.alpha * before_face)
        self._not_behind(layer.alpha)
        self.picture.shade(shifted_shadow(layer.alpha, self.look.light, 0.3 * self.head.space.px_per_cm), 0.25)
        self.picture.paint(layer)

    def over_ear(self, pictures: cuts.Cutouts) -> None:
        """Put headphones or a headset on the head."""
        if self.head.pitch_deg < -32 or abs(self.head.yaw_deg) > 62:
            raise NotPlaced("head turned too far")
        cups = self.head.space.seen_at([(side * earphones.CUP_X, 0, -1.4) for side in (-1, 1)])
        if not ((cups > 0) & (cups < self.picture.size_wh)).all(1).any():
            raise NotPlaced("both ears outside the frame")
        crown = self.crown_cm()
        top = self.head.space.seen_at((0, crown + 1.0, -1.4))[0, 1]
        frontal = abs(self.head.yaw_deg) < cuts.MAX_YAW_DEG and abs(self.head.pitch_deg) < 12 and top > 0
        if frontal and pictures.headphones and self.rng.random() < 0.35:
            cutout = pictures.headphones[int(self.rng.integers(len(pictures.headphones)))]
            layer = cuts.worn_headphones(cutout, self.head, self.look, crown, self.picture.size_wh)
            self.note = "headphones photographed"
        else:
            headset = bool(self.rng.random() < 0.4)
            drawn = earphones.draw_headphones(self.rng, crown, headset)
            painting = render(drawn.solids, self.head.space, self.look, drawn.reach, self.picture.size_wh)
            if painting is None:
                raise NotPlaced("head outside the frame")
            layer = self.picture.full(painting)
            self.note = "headset" if headset else "headphones"
        self._not_behind(layer.alpha)
        self._wear(layer, 0.9, 0.35, {"kind": "headphone", "worn": True})

    def crown_cm(self) -> float:
        """How high the hair reaches above the middle between the ears."""
        heights = np.arange(9.0, 18.0, 0.25)
        across = np.array([-2.5, 0.0, 2.5])
        grid = np.stack(np.broadcast_arrays(across[None, :], heights[:, None], np.float64(-1.6)), -1)
        points = np.rint(self.head.space.seen_at(grid.reshape(-1, 3))).astype(int)
        inside = (points >= 0).all(1) & (points < self.people.shape[::-1]).all(1)
        x, y = np.clip(points, 0, np.array(self.people.shape[::-1]) - 1).T
        rows = (np.where(inside, self.people[y, x], 1.0).reshape(len(heights), -1) > 0.5).mean(1) > 0.5
        return float(heights[rows][-1]) if rows.any() else 13.0

    def masked(self, fit: Fit) -> None:
        """Put a mask on the face."""
        if abs(self.head.yaw_deg) > masks.MAX_YAW_DEG or not -28 < self.head.pitch_deg < 25:
            raise NotPlaced("head turned too far")
        straps, cover, cut = masks.mask_layers(self.rng, self.picture.bgr, self.head, self.look, fit)
        self._not_behind(cover.alpha)
        unit = self.head.space.px_per_cm
        self.picture.paint(straps)
        self.picture.shade(np.asarray(cv2.GaussianBlur(cover.alpha, (0, 0), max(0.8, 0.35 * unit)), np.float32), 0.22)
        visible = self.picture.paint(cover)
        self.mask = {"mask_incorrect": fit != "right"}
        self.belongs.append(visible)
        self.note = f"{cut} {fit}"

    def held(self, what: str) -> None:
        """A phone in a hand, or the thing of that name that is none."""
        if self.head.face_px < MIN_FACE_SHARE * self.picture.size_wh[1]:
            raise NotPlaced("too far from the camera for a hand near the face")
        blue, green, red = self.look.skin
        if not red + 2 >= green >= blue - 3:
            raise NotPlaced("colour of the skin not sure")
        if len(self.hands) > 1:
            raise NotPlaced("both hands are in sight")
        grip = grips.draw_grip(self.rng, self.head, self.look, self.picture, what)
        painting = render(grip.solids, grip.space, self.look, grip.reach, self.picture.size_wh)
        if painting is None:
            raise NotPlaced("nothing of it would be in the frame")
        layer = self.picture.full(painting)
        (x, y), (wide, high) = painting.corner, painting.layer.size_wh
        seen = np.zeros_like(layer.alpha)
        seen[y : y + high, x : x + wide] = painting.parts[0]
        if seen.sum() < grips.MIN_SEEN * grip.whole_px2:
            raise NotPlaced("too little of it would be in the frame")
        self._spares_faces(layer.alpha, grip.where)
        self.picture.shade(shifted_shadow(layer.alpha, self.look.light, 1.5 * grip.space.px_per_cm), 0.12)
        self.picture.paint(layer, softness=float(self.rng.uniform(1.0, 1.4)))
        if grip.label:
            self.picture.label(grip.label, seen)
        self.belongs.append(np.clip(layer.alpha - seen, 0, 1))
        self.note = f"{what} {grip.where}"

    def _wear(self, layer: Layer, shadow_cm: float, strength: float, attributes: dict[str, AttributeValue]) -> None:
        reach = shadow_cm * self.head.space.px_per_cm
        shadow = shifted_shadow(layer.alpha, self.look.light, reach) * self.people
        self.picture.shade(np.asarray(shadow, np.float32), strength)
        visible = self.picture.paint(layer)
        if float(visible.sum()) < MIN_EARPHONE_PX2:
            raise NotPlaced("too little of it would be seen")
        self.picture.label("earphone", visible, attributes)
        self.belongs.append(visible)

    def _not_behind(self, alpha: Plane) -> None:
        """Refuse what would be painted over a hand or over something that is held before it."""
        whole = max(float(alpha.sum()), 1.0)
        before = [box.xyxy for box in self.base.boxes if box.label not in ("person", "face", "face_masked", "earphone")]
        for x0, y0, x1, y1 in (*before, *self.hands):
            part = alpha[max(int(y0), 0) : int(y1) + 1, max(int(x0), 0) : int(x1) + 1]
            if float(part.sum()) > MAX_BEFORE * whole:
                raise NotPlaced("a hand or a thing is in front")

    def _spares_faces(self, alpha: Plane, where: str) -> None:
        """Refuse a hand that hides most of a face: its label would no longer be sure."""
        own = face_area(self.head, self.picture.size_wh)
        if float((alpha * own).sum()) > (0.3 if where == "ear" else 0.45) * max(float(own.sum()), 1.0):
            raise NotPlaced("it would hide the face")
        for box in self.base.boxes:
            if box.label in FACES and box.xyxy != self.face and hidden_share(box.xyxy, alpha) > 0.2:
                raise NotPlaced("it would hide another face")
