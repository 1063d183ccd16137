"""Figures cut out of photographs, and the faces, hands and profiles found on them; numpy and OpenCV only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np

from proctor_models.errors import DataError
from proctor_models.synth.composites import matte
from proctor_models.synth.composites.layers import Colour, Layer, Plane, Points, moved, polygon
from proctor_models.synth.composites.wear import OVAL

# Landmarks of MediaPipe's pose: the nose, both ears, both corners of the mouth.
NOSE, EARS, MOUTH = 0, (7, 8), (9, 10)
# Of its face mesh: the corners of eyes and mouth, the bridge and the tip of the nose.
FACE_FRAME = (33, 263, 61, 291, 168, 1)


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

    @property
    def mesh(self) -> Points:
        """The landmarks of a face that looks at the camera.

        Raises:
            DataError: it is turned away.
        """
        if self.landmarks is None:
            raise DataError(f"{self.source_path}: expected a face with landmarks, got one that is turned away")
        return self.landmarks

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
        mesh = (
            None
            if self.landmarks is None
            else (np.array([width, 0], np.float32) + self.landmarks * np.array([-1, 1], np.float32))
        )
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
        points = (
            self.landmarks if self.landmarks is not None else np.array([[self.layer.size_wh[0] / 2, 0]], np.float32)
        )
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


def cells(sheet: Colour) -> list[Colour]:
    """The framed pictures of a sheet, row by row; a sheet is grey, its frames are white lines."""
    white = sheet.min(2) > 218
    count, _, stats, _ = cv2.connectedComponentsWithStats((~white).astype(np.uint8), connectivity=4)
    area = sheet.shape[0] * sheet.shape[1]
    boxes = [
        tuple(stats[i, :4].tolist())
        for i in range(1, count)
        if 0.006 * area < stats[i, cv2.CC_STAT_WIDTH] * stats[i, cv2.CC_STAT_HEIGHT] < 0.16 * area
    ]
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


def near_ear(points: Points) -> Points:
    """The ear on the camera's side of a head in profile: the one further from the nose."""
    ears = points[list(EARS)]
    return np.asarray(ears[int(np.abs(ears[:, 0] - points[NOSE, 0]).argmax())], np.float32)


def profile_box(points: Points, face_px: float, layer: Layer) -> tuple[float, float, float, float]:
    """The face of a head in profile: from the ear to the tip of the nose, from the brow to the chin."""
    nose, ear, mouth = points[NOSE], near_ear(points), points[list(MOUTH)].mean(0)
    ahead = 1.0 if nose[0] > ear[0] else -1.0
    front = nose[0] + ahead * 0.12 * face_px
    y0, y1 = nose[1] - 0.52 * face_px, mouth[1] + 0.36 * face_px
    return float(min(ear[0], front)), float(max(y0, 0)), float(max(ear[0], front)), float(min(y1, layer.size_wh[1]))
