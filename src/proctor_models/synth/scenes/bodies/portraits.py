"""The generated portraits of the package openpeople, with MediaPipe's face landmarks."""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.errors import ConfigError
from proctor_models.synth.quiet import silenced

WIDTH = 1024
"""Portraits are read at this many pixels a side, as fine as the face texture."""
REMEDY = "install requirements-synth.txt into an environment of its own"


def read_portrait(code: str) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A portrait, BGR, and its 468 landmarks (468, 2) in pixels.

    Args:
        code: of the person in openpeople: ``P001``.

    Raises:
        ConfigError: openpeople or MediaPipe is missing, or there is no such portrait or no face in it.
    """
    path = _folder() / code / "assets" / "studio_portrait.jpg"
    picture = cv2.imread(str(path))
    if picture is None:
        raise ConfigError(f"openpeople: {code}/assets/{path.name}: cannot be read; {REMEDY}")
    picture = cv2.resize(picture, (WIDTH, WIDTH), interpolation=cv2.INTER_AREA)
    mesher = _mesher()
    with silenced():  # the first picture brings notes of its own
        found = mesher.process(np.ascontiguousarray(picture[:, :, ::-1])).multi_face_landmarks
    if not found:
        raise ConfigError(f"openpeople: {code}/assets/{path.name}: no face found; {REMEDY}")
    points = np.array([[p.x, p.y] for p in found[0].landmark[:468]]) * WIDTH
    return np.asarray(picture), np.round(points * 4) / 4


def _folder() -> Path:
    try:
        import openpeople
    except ImportError:
        raise ConfigError(f"openpeople is not installed: {REMEDY}") from None
    return Path(openpeople.__file__).parent / "data" / "curated"


@functools.cache
def _mesher() -> Any:
    try:
        with warnings.catch_warnings(), silenced():
            warnings.simplefilter("ignore")
            import mediapipe

            return mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=True, max_num_faces=1)
    except ImportError:
        raise ConfigError(f"mediapipe is not installed: {REMEDY}") from None
