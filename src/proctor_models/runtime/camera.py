"""How the camera itself stands: dark, covered, frozen, moved; from pixels and time, frame by frame.

A detector is a pure function of one observation, so what needs a memory of earlier frames is remembered here,
once a view, and handed on as a `CameraState`.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.types import CameraState, Image

THUMBNAIL_WH = (64, 48)
NOISE = 1.5
"""Mean difference of thumbnails, in grey levels, up to which two frames show the same."""
_CELL_PX = 4
_EDGE = 12.0  # grey levels between neighbours in the thumbnail

Thumbnail = NDArray[np.uint8]  # (48, 64) luma


class CameraWatch:
    """Remembers of one view what the next frame is held against."""

    def __init__(self) -> None:
        self._still: tuple[float, Thumbnail] | None = None

    def observe(self, image: Image, timestamp_s: float) -> CameraState:
        """The camera's state on this frame; frames come in the order of their timestamps."""
        small = thumbnail(image)
        if self._still is None or difference(small, self._still[1]) > NOISE:
            self._still = (timestamp_s, small)
        low, high = np.percentile(small, (5, 95))
        return CameraState(
            brightness=float(small.mean()) / 255,
            contrast=float(high - low) / 255,
            detail=_detail(small),
            still_s=timestamp_s - self._still[0],
        )


def thumbnail(image: Image) -> Thumbnail:
    """The picture's luma at 64x48, by area average: enough to tell whether anything changed."""
    small = cv2.resize(image, THUMBNAIL_WH, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def difference(one: Thumbnail, other: Thumbnail) -> float:
    """Mean difference in grey levels.

    >>> difference(np.zeros((48, 64), np.uint8), np.full((48, 64), 3, np.uint8))
    3.0
    """
    return float(np.abs(one.astype(np.int16) - other).mean())


def _detail(small: Thumbnail) -> float:
    edges = np.zeros(small.shape, np.float32)
    grey = small.astype(np.float32)
    edges[:, 1:] = np.abs(np.diff(grey, axis=1))
    edges[1:] = np.maximum(edges[1:], np.abs(np.diff(grey, axis=0)))
    height, width = small.shape
    cells = edges.reshape(height // _CELL_PX, _CELL_PX, width // _CELL_PX, _CELL_PX).max((1, 3))
    return float((cells > _EDGE).mean())
