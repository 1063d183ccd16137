"""Faces and people found by MediaPipe's own models, which ship in its package: the only module here that needs it."""

from __future__ import annotations

import warnings
from typing import Any

import cv2
import numpy as np

from proctor_models.errors import ConfigError
from proctor_models.synth.composites.layers import Plane
from proctor_models.synth.composites.people import REQUIREMENTS
from proctor_models.synth.faces.head import LANDMARKS, Head, Points3
from proctor_models.synth.quiet import silenced
from proctor_models.types import Image

CROP_SCALE = 1.9
"""Side of the square around a labelled face in which its landmarks are looked for, over the face's longer side."""
CROP_PX = 320
MIN_AGREEMENT = 0.35
"""Smallest overlap (intersection over union) of a labelled face with the landmarks found in it."""


class Finder:
    """Finds faces with depth, and where people are.

    Raises:
        ConfigError: MediaPipe is not installed; the message names the requirements file.
    """

    def __init__(self) -> None:
        try:
            with warnings.catch_warnings(), silenced():
                warnings.simplefilter("ignore")
                import mediapipe
        except ImportError as error:
            raise ConfigError(
                f"{error.name or error} is not installed; finding faces needs an environment of its own: run "
                f"`make synth-env` once, which installs {REQUIREMENTS}, then this again"
            ) from None
        solutions = mediapipe.solutions
        with silenced():
            self._mesh: Any = solutions.face_mesh.FaceMesh(
                static_image_mode=True, max_num_faces=1, min_detection_confidence=0.5
            )
            self._segment: Any = solutions.selfie_segmentation.SelfieSegmentation(model_selection=0)
            self._hands: Any = solutions.hands.Hands(
                static_image_mode=True, max_num_hands=2, model_complexity=0, min_detection_confidence=0.4
            )
            for net in (self._mesh, self._segment, self._hands):  # the first picture of each brings more notes
                net.process(np.zeros((64, 64, 3), np.uint8))

    def head(self, image: Image, face_xyxy: tuple[float, float, float, float] | None = None) -> Head | None:
        """The head whose face is labelled at `face_xyxy`, or the most striking one of the picture; None without."""
        if face_xyxy is None:
            mesh = self._landmarks(image)
            return None if mesh is None else Head(mesh)
        x0, y0, x1, y1 = face_xyxy
        side = CROP_SCALE * max(x1 - x0, y1 - y0)
        corner = np.array([(x0 + x1 - side) / 2, (y0 + y1 - side) / 2])
        scale = CROP_PX / side
        way = np.array([[scale, 0, -corner[0] * scale], [0, scale, -corner[1] * scale]])
        crop = cv2.warpAffine(
            image, way, (CROP_PX, CROP_PX), flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        mesh = self._landmarks(np.asarray(crop, np.uint8))
        if mesh is None:
            return None
        mesh = mesh / np.float32(scale) + np.array([*corner, 0], np.float32)
        return Head(mesh) if _agree(mesh, face_xyxy) >= MIN_AGREEMENT else None

    def people(self, image: Image) -> Plane:
        """Where people are, 0 to 1, frame-sized."""
        with silenced():
            guess = self._segment.process(np.ascontiguousarray(image[:, :, ::-1])).segmentation_mask
        # Rounded, so that the last bits of a network do not reach the file.
        return np.asarray(np.round(guess * 64) / 64, np.float32)

    def hands(self, image: Image) -> list[tuple[float, float, float, float]]:
        """The xyxy boxes around hands that are found."""
        with silenced():
            found = self._hands.process(np.ascontiguousarray(image[:, :, ::-1])).multi_hand_landmarks
        boxes = []
        for hand in found or ():
            points = np.array([[p.x, p.y] for p in hand.landmark]) * image.shape[1::-1]
            (x0, y0), (x1, y1) = np.round(points.min(0)).tolist(), np.round(points.max(0)).tolist()
            boxes.append((float(x0), float(y0), float(x1), float(y1)))
        return boxes

    def _landmarks(self, image: Image) -> Points3 | None:
        """Rounded to a quarter pixel."""
        with silenced():
            found = self._mesh.process(np.ascontiguousarray(image[:, :, ::-1])).multi_face_landmarks
        if not found:
            return None
        points = np.array([[p.x, p.y, p.z] for p in found[0].landmark[:LANDMARKS]], np.float32)
        wide, high = image.shape[1], image.shape[0]
        return np.asarray(np.round(points * np.array([wide, high, wide], np.float32) * 4) / 4, np.float32)


def _agree(mesh: Points3, face_xyxy: tuple[float, float, float, float]) -> float:
    """Overlap of the box around the landmarks with the labelled one."""
    low, high = mesh[:, :2].min(0), mesh[:, :2].max(0)
    first, last = np.array(face_xyxy[:2]), np.array(face_xyxy[2:])
    common = float(np.prod(np.maximum(np.minimum(high, last) - np.maximum(low, first), 0)))
    return common / max(float(np.prod(high - low) + np.prod(last - first)) - common, 1e-6)
