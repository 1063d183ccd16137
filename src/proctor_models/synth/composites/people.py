"""The made-up people of the package openpeople, cut out and measured.

The only module that needs openpeople and MediaPipe; both live in an environment of their own.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from proctor_models.errors import ConfigError
from proctor_models.synth.composites import matte
from proctor_models.synth.composites.figures import Expression, Figure, Hand, cells, fit_face, near_ear, profile_box
from proctor_models.synth.composites.hands import cut_hand
from proctor_models.synth.composites.layers import Colour, Layer, Plane, Points, box_of, moved
from proctor_models.synth.quiet import silenced

REQUIREMENTS = "requirements-synth.txt"
PEOPLE_KEPT = 3
# On the sheet of expressions, row by row: no hands before the face, nothing nobody does in an exam.
CALM = (0, 1, 8, 11, 15)


class Studio:
    """Reads photographs, finds faces and cuts figures out; keeps what it has read.

    Raises:
        ConfigError: openpeople or MediaPipe is not installed; the message names the requirements file.
    """

    def __init__(self) -> None:
        try:
            with warnings.catch_warnings(), silenced():
                warnings.simplefilter("ignore")
                import mediapipe
                import openpeople
        except ImportError as error:
            raise ConfigError(
                f"{error.name or error} is not installed; composing pictures needs an environment of its own: "
                f"`make synth-env` makes it from {REQUIREMENTS}"
            ) from None
        self._folder = Path(openpeople.__file__).parent / "data" / "curated"
        solutions = mediapipe.solutions
        with silenced():
            self._mesh: Any = solutions.face_mesh.FaceMesh(
                static_image_mode=True, max_num_faces=1, min_detection_confidence=0.4
            )
            self._segment: Any = solutions.selfie_segmentation.SelfieSegmentation(model_selection=0)
            self._pose: Any = solutions.pose.Pose(
                static_image_mode=True, model_complexity=1, min_detection_confidence=0.3
            )
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
        with silenced():
            guess = self._segment.process(rgb).segmentation_mask
        # Rounded, so that the last bits of a network do not reach the file.
        return np.asarray(np.round(guess * 64) / 64, np.float32)

    def landmarks(self, picture: Colour) -> Points | None:
        """The face mesh, rounded to a quarter pixel; None where no face is found."""
        rgb = np.ascontiguousarray(np.clip(picture, 0, 255).astype(np.uint8)[:, :, ::-1])
        with silenced():
            found = self._mesh.process(rgb).multi_face_landmarks
        if not found:
            return None
        scale = np.array(picture.shape[1::-1], np.float32)
        points = np.array([[p.x, p.y] for p in found[0].landmark], np.float32) * scale
        return np.asarray(np.round(points * 4) / 4, np.float32)

    def pose(self, picture: Colour) -> Points | None:
        """33 points of the body, (33, 2); None where nobody is found."""
        rgb = np.ascontiguousarray(np.clip(picture, 0, 255).astype(np.uint8)[:, :, ::-1])
        with silenced():
            found = self._pose.process(rgb).pose_landmarks
        if not found:
            return None
        scale = np.array(picture.shape[1::-1], np.float32)
        return np.asarray(np.round(np.array([[p.x, p.y] for p in found.landmark]) * scale), np.float32)

    def _figure(
        self, person: str, name: str, scale: float, rows: tuple[float, float] = (0, 1), studio: bool = True
    ) -> Figure:
        kept = self._of(person)
        if name not in kept:
            picture, source = self._read(person, name)
            height = picture.shape[0]
            picture = picture[int(rows[0] * height) : int(rows[1] * height)]
            if scale != 1:
                picture = np.asarray(
                    cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.float32
                )
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
            shown = [cell for number, cell in enumerate(cells(sheet)) if number in CALM]
            found_on = [(cell, self.landmarks(cell)) for cell in shown]
            faces = [fit_face(figure, cell, mesh, source) for cell, mesh in found_on if mesh is not None]
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
            # The sheet's pictures are small and were compressed twice: a harder edge, without the specks.
            bgr, alpha = matte.key_out(picture, self._likely(picture), tolerance=26)
            kept[key] = self._turned(person, source, picture, Layer(bgr, alpha), column)
        figure: Figure = kept[key]
        return figure

    def _turned(self, person: str, source: str, picture: Colour, layer: Layer, column: int) -> Figure:
        body = box_of(layer.alpha) or (0, 0, *layer.size_wh)
        face_px = 0.105 * (body[3] - body[1])  # a face is about a tenth of a standing person
        cloth = matte.white_cloth(layer.bgr, layer.alpha, body[1] + 1.35 * face_px)
        points = self.pose(picture) if column != 2 else None
        face = profile_box(points, face_px, layer) if points is not None else None
        ear = None if points is None else tuple(near_ear(points).tolist())
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
        points, mesh = self.pose(picture), self.landmarks(picture[: picture.shape[0] * 2 // 5])
        if points is None or mesh is None:
            raise ConfigError(
                f"openpeople: no body found in a studio photograph; install the versions in {REQUIREMENTS}"
            )
        elbow, wrist, index, thumb = points[13 + side], points[15 + side], points[19 + side], points[21 + side]
        layer, turn = cut_hand(picture, self._likely(picture), elbow, wrist)
        tips = moved(np.array([(index + thumb) / 2, wrist], np.float32), turn)
        face_px = float(np.linalg.norm(mesh[10] - mesh[152])) * float(np.linalg.norm(turn[:2, 0]))
        return Hand(layer, tuple(tips[0].tolist()), tuple(tips[1].tolist()), face_px)
