"""The made-up people of the package openpeople, cut out and measured.

The only module that needs openpeople and MediaPipe; both live in an environment of their own.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from proctor_models.errors import ConfigError
from proctor_models.synth import matte
from proctor_models.synth.layers import Colour, Layer, Plane, Points, box_of, moved, polygon
from proctor_models.synth.wear import OVAL

REQUIREMENTS = "requirements-synth.txt"
# Pose landmarks of MediaPipe: nose, ears, elbows, wrists, little, index and thumb fingers.
NOSE, EARS, MOUTH = 0, (7, 8), (9, 10)
PEOPLE_KEPT = 3
FACE_FRAME = (33, 263, 61, 291, 168, 1)  # eye corners, mouth corners, bridge and tip of the nose


@dataclass(frozen=True)
class Expression:
    """A face of the same person with another expression, fitted onto a figure."""

    source_path: str
    face: Colour
    blend: Plane
    corner: tuple[int, int]
    """Where the top left corner of `face` goes, x and y in pixels of the figure."""
    landmarks: Points


@dataclass(frozen=True)
class Figure:
    """A person cut out of a photograph."""

    person: str
    source_path: str
    layer: Layer
    landmarks: Points | None
    """(468, 2) points of the face mesh; None where the face is turned away."""
    face_px: float
    """From the top of the forehead to the chin, or what it would be."""
    cloth: Plane
    """White cloth that can be dyed."""
    face_box: tuple[float, float, float, float] | None = None
    """Where the landmarks are missing: the box around a face in profile."""
    ear: tuple[float, float] | None = None
    """Where the landmarks are missing: the ear of a head in profile."""

    def dyed(self, rng: np.random.Generator) -> Figure:
        """The same figure in other clothes."""
        return replace(self, layer=Layer(matte.dye(rng, self.layer.bgr, self.cloth), self.layer.alpha))

    def wearing(self, expression: Expression) -> Figure:
        """The same figure with another expression."""
        (x, y), (height, width) = expression.corner, expression.blend.shape
        bgr = self.layer.bgr.copy()
        part = bgr[y : y + height, x : x + width]
        part += (expression.face - part) * expression.blend[..., None]
        return replace(
            self, layer=Layer(bgr, self.layer.alpha), landmarks=expression.landmarks, source_path=expression.source_path
        )

    def mirrored(self) -> Figure:
        """The same figure, left and right exchanged."""
        width = self.layer.size_wh[0]
        layer = Layer(np.ascontiguousarray(self.layer.bgr[:, ::-1]), np.ascontiguousarray(self.layer.alpha[:, ::-1]))
        mesh = None if self.landmarks is None else (np.array([width, 0], np.float32) + self.landmarks * np.array([-1, 1], np.float32))
        box = self.face_box
        return replace(
            self,
            layer=layer,
            landmarks=mesh,
            cloth=np.ascontiguousarray(self.cloth[:, ::-1]),
            face_box=None if box is None else (width - box[2], box[1], width - box[0], box[3]),
            ear=None if self.ear is None else (width - self.ear[0], self.ear[1]),
        )

    @cached_property
    def crown(self) -> tuple[float, float]:
        """The highest point of the hair, above the middle of the face."""
        points = self.landmarks if self.landmarks is not None else np.array([[self.layer.size_wh[0] / 2, 0]], np.float32)
        middle = float(points[10 if len(points) > 10 else 0, 0])
        reach = self.face_px * 0.25
        columns = self.layer.alpha[:, max(0, int(middle - reach)) : int(middle + reach) + 1].max(1)
        rows = np.flatnonzero(columns > 0.5)
        return middle, float(rows[0]) if rows.size else 0.0


@dataclass(frozen=True)
class Hand:
    """A forearm and a hand, fingers up, cut out of a studio photograph."""

    layer: Layer
    grip: tuple[float, float]
    """Between the fingertips and the thumb."""
    wrist: tuple[float, float]
    face_px: float
    """Size of the same person's face in the same pixels."""


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """MediaPipe writes its start-up notes straight to file descriptor 2."""
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("w") as sink:
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


class Studio:
    """Reads photographs, finds faces and cuts figures out; keeps what it has read.

    Raises:
        ConfigError: openpeople or MediaPipe is not installed; the message names the requirements file.
    """

    def __init__(self) -> None:
        try:
            import warnings

            with warnings.catch_warnings(), _silence():
                warnings.simplefilter("ignore")
                import mediapipe
                import openpeople
        except ImportError as error:
            raise ConfigError(
                f"proctor synth: {error.name or error} is not installed; it needs its own environment: "
                f"`uv venv .venv-synth && uv pip install --python .venv-synth --no-deps -r {REQUIREMENTS} -e .`, "
                "then run .venv-synth/bin/proctor"
            ) from None
        self._folder = Path(openpeople.__file__).parent / "data" / "curated"
        solutions = mediapipe.solutions
        with _silence():
            self._mesh: Any = solutions.face_mesh.FaceMesh(static_image_mode=True, max_num_faces=1, min_detection_confidence=0.4)
            self._segment: Any = solutions.selfie_segmentation.SelfieSegmentation(model_selection=0)
            self._pose: Any = solutions.pose.Pose(static_image_mode=True, model_complexity=1, min_detection_confidence=0.3)
            for net in (self._mesh, self._segment, self._pose):  # the first picture of each brings more notes
                net.process(np.zeros((64, 64, 3), np.uint8))
        self._kept: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def portrait(self, person: str) -> Figure:
        """Head and shoulders before a studio backdrop, looking at the camera."""
        return self._figure(person, "studio_portrait", 0.6)

    def seated(self, person: str) -> Figure:
        """Head, trunk and arms, from a studio photograph of the whole person."""
        return self._figure(person, "studio_posture", 1.0, (0.0, 0.42))

    def selfie(self, person: str) -> Figure:
        """Head and shoulders in everyday clothes."""
        return self._figure(person, "amateur_selfie", 0.5, studio=False)

    def standing(self, person: str) -> Figure:
        """Head and trunk in everyday clothes, further away."""
        return self._figure(person, "amateur_posture", 1.0, (0.0, 0.62), studio=False)

    def _of(self, person: str) -> dict[str, Any]:
        """What is kept of one person; only the last few people are, they take 200 MB each."""
        kept = self._kept.setdefault(person, {})
        self._kept.move_to_end(person)
        while len(self._kept) > PEOPLE_KEPT:
            self._kept.popitem(last=False)
        return kept

    def _read(self, person: str, name: str) -> tuple[Colour, str]:
        relative = f"{person}/assets/{name}.jpg"
        picture = cv2.imread(str(self._folder / relative))
        if picture is None:
            raise ConfigError(f"openpeople: {relative}: cannot be read; install openpeople==0.1.2 from {REQUIREMENTS}")
        return np.asarray(picture, np.float32), relative

    def _likely(self, picture: Colour) -> Plane:
        rgb = np.ascontiguousarray(np.clip(picture, 0, 255).astype(np.uint8)[:, :, ::-1])
        with _silence():
            guess = self._segment.process(rgb).segmentation_mask
        # Rounded, so that the last bits of a network do not reach the file.
        return np.asarray(np.round(guess * 64) / 64, np.float32)

    def landmarks(self, picture: Colour) -> Points | None:
        """The face mesh, rounded to a quarter pixel; None where no face is found."""
        rgb = np.ascontiguousarray(np.clip(picture, 0, 255).astype(np.uint8)[:, :, ::-1])
        with _silence():
            found = self._mesh.process(rgb).multi_face_landmarks
        if not found:
            return None
        scale = np.array(picture.shape[1::-1], np.float32)
        points = np.array([[p.x, p.y] for p in found[0].landmark], np.float32) * scale
        return np.asarray(np.round(points * 4) / 4, np.float32)

    def pose(self, picture: Colour) -> Points | None:
        """33 points of the body, (33, 2); None where nobody is found."""
        rgb = np.ascontiguousarray(np.clip(picture, 0, 255).astype(np.uint8)[:, :, ::-1])
        with _silence():
            found = self._pose.process(rgb).pose_landmarks
        if not found:
            return None
        scale = np.array(picture.shape[1::-1], np.float32)
        return np.asarray(np.round(np.array([[p.x, p.y] for p in found.landmark]) * scale), np.float32)

    def _figure(self, person: str, name: str, scale: float, rows: tuple[float, float] = (0, 1), studio: bool = True) -> Figure:
        kept = self._of(person)
        if name not in kept:
            picture, source = self._read(person, name)
            height = picture.shape[0]
            picture = picture[int(rows[0] * height) : int(rows[1] * height)]
            if scale != 1:
                picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32)
            kept[name] = self._cut(person, source, picture, studio)
        figure: Figure = kept[name]
        return figure

    def _cut(self, person: str, source: str, picture: Colour, studio: bool) -> Figure:
        mesh = self.landmarks(picture)
        if mesh is None:
            raise ConfigError(f"openpeople: {source}: no face found; install the versions in {REQUIREMENTS}")
        bgr, alpha = (matte.key_out if studio else matte.cut_out)(picture, self._likely(picture))
        face_px = float(np.linalg.norm(mesh[10] - mesh[152]))
        cloth = matte.white_cloth(bgr, alpha, float(mesh[152, 1]) + 0.1 * face_px) if studio else np.zeros_like(alpha)
        return Figure(person, source, Layer(bgr, alpha), mesh, face_px, cloth)

    def expressions(self, figure: Figure) -> tuple[Expression, ...]:
        """Other faces for `figure`, from the same person's sheet of expressions; see `Figure.wearing`.

        Faces that are turned too far to fit onto this head are left out.
        """
        kept, key = self._of(figure.person), f"expressions of {figure.source_path}"
        if key not in kept:
            sheet, source = self._read(figure.person, "emotions_sheet")
            faces = [fit_face(figure, cell, mesh, source) for cell in cells(sheet) if (mesh := self.landmarks(cell)) is not None]
            kept[key] = tuple(face for face in faces if face is not None)
        found: tuple[Expression, ...] = kept[key]
        return found

    def turned(self, person: str, column: int) -> Figure:
        """Body from the `column` of the sheet of views: 1 from its left, 2 from behind, 3 from its right."""
        kept, key = self._of(person), f"turned {column}"
        if key not in kept:
            sheet, source = self._read(person, "character_sheet")
            found = cells(sheet)
            picture = found[4 + column]
            picture = np.asarray(cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.float32)
            bgr, alpha = matte.key_out(picture, self._likely(picture))
            kept[key] = self._turned(person, source, picture, Layer(bgr, alpha), column)
        figure: Figure = kept[key]
        return figure

    def _turned(self, person: str, source: str, picture: Colour, layer: Layer, column: int) -> Figure:
        body = box_of(layer.alpha) or (0, 0, *layer.size_wh)
        face_px = 0.105 * (body[3] - body[1])  # a face is about a tenth of a standing person
        cloth = matte.white_cloth(layer.bgr, layer.alpha, body[1] + 1.35 * face_px)
        points = self.pose(picture) if column != 2 else None
        face = _profile_box(points, face_px, layer) if points is not None else None
        ear = None if points is None else tuple(points[list(EARS)].mean(0).tolist())
        return Figure(person, source, layer, None, face_px, cloth, face, ear)

    def hand(self, person: str, side: int = 0) -> Hand:
        """A hand and forearm of the studio photograph of the whole person, turned fingers up."""
        kept, key = self._of(person), f"hand {side}"
        if key not in kept:
            picture, _ = self._read(person, "studio_posture")
            kept[key] = self._hand(picture, side)
        hand: Hand = kept[key]
        return hand

    def _hand(self, picture: Colour, side: int) -> Hand:
        from proctor_models.synth.hands import cut_hand

        points, mesh = self.pose(picture), self.landmarks(picture[: picture.shape[0] * 2 // 5])
        if points is None or mesh is None:
            raise ConfigError(f"openpeople: no body found in a studio photograph; install the versions in {REQUIREMENTS}")
        elbow, wrist, index, thumb = points[13 + side], points[15 + side], points[19 + side], points[21 + side]
        layer, turn = cut_hand(picture, self._likely(picture), elbow, wrist)
        tips = moved(np.array([(index + thumb) / 2, wrist], np.float32), turn)
        face_px = float(np.linalg.norm(mesh[10] - mesh[152])) * float(np.linalg.norm(turn[:2, 0]))
        return Hand(layer, tuple(tips[0].tolist()), tuple(tips[1].tolist()), face_px)


def cells(sheet: Colour) -> list[Colour]:
    """The framed pictures of a sheet, row by row; a sheet is grey, its frames are white lines."""
    white = sheet.min(2) > 218
    count, _, stats, _ = cv2.connectedComponentsWithStats((~white).astype(np.uint8), connectivity=4)
    area = sheet.shape[0] * sheet.shape[1]
    boxes = [tuple(stats[i, :4].tolist()) for i in range(1, count) if 0.006 * area < stats[i, cv2.CC_STAT_WIDTH] * stats[i, cv2.CC_STAT_HEIGHT] < 0.16 * area]
    boxes = [b for b in boxes if b[2] > 0.12 * sheet.shape[1] and b[3] > 0.06 * sheet.shape[0]]
    rows: list[list[tuple[int, ...]]] = []
    for box in sorted(boxes, key=lambda b: b[1]):
        if rows and abs(rows[-1][0][1] - box[1]) < 0.05 * sheet.shape[0]:
            rows[-1].append(box)
        else:
            rows.append([box])
    found = []
    for row in rows:
        tall = max(box[3] for box in row)  # white shirts end a picture early
        found += [sheet[y + 4 : y + tall - 6, x + 4 : x + wide - 4] for x, y, wide, _ in sorted(row)]
    return found


def fit_face(figure: Figure, cell: Colour, mesh: Points, source: str) -> Expression | None:
    """The face in `cell`, with landmarks `mesh`, laid onto the head of `figure`; None where it does not fit."""
    if figure.landmarks is None:
        return None
    fit, _ = cv2.estimateAffinePartial2D(mesh[list(FACE_FRAME)], figure.landmarks[list(FACE_FRAME)], method=cv2.LMEDS)
    if fit is None:
        return None
    landed = moved(mesh, np.vstack([fit, [0, 0, 1]]))
    ends = [234, 454, 152, 10]
    if np.linalg.norm(landed[ends] - figure.landmarks[ends], axis=1).max() > 0.085 * figure.face_px:
        return None
    oval = landed[list(OVAL)]
    x0, y0 = np.maximum(oval.min(0), 0).astype(int)
    width, height = (np.ceil(oval.max(0)) - (x0, y0)).astype(int).tolist()
    fit[:, 2] -= (x0, y0)
    face = np.asarray(cv2.warpAffine(cell, fit, (width, height), flags=cv2.INTER_CUBIC), np.float32)
    known = cv2.warpAffine(np.ones(cell.shape[:2], np.float32), fit, (width, height))
    inner = oval.mean(0) + (oval - oval.mean(0)) * 0.86 - np.array([x0, y0])
    blend = np.asarray(polygon(inner.astype(np.float32), (width, height), figure.face_px * 0.025) * known, np.float32)
    behind, inside = figure.layer.bgr[y0 : y0 + height, x0 : x0 + width], blend > 0.6
    if behind.shape != face.shape or not inside.any():
        return None
    face = np.clip(face * (behind[inside].mean(0) / np.maximum(face[inside].mean(0), 1)), 0, 255)
    return Expression(source, np.asarray(face, np.float32), blend, (int(x0), int(y0)), landed)


def _profile_box(points: Points, face_px: float, layer: Layer) -> tuple[float, float, float, float]:
    """The face of a head in profile: from the ear to the tip of the nose, from the brow to the chin."""
    nose, ear, mouth = points[NOSE], points[list(EARS)].mean(0), points[list(MOUTH)].mean(0)
    ahead = 1.0 if nose[0] > ear[0] else -1.0
    front = nose[0] + ahead * 0.12 * face_px
    y0, y1 = nose[1] - 0.52 * face_px, mouth[1] + 0.36 * face_px
    return float(min(ear[0], front)), float(max(y0, 0)), float(max(ear[0], front)), float(min(y1, layer.size_wh[1]))
