"""How the camera itself stands: dark, covered, frozen, moved; from pixels and time, frame by frame.

A detector is a pure function of one observation, so what needs a memory of earlier frames is remembered here,
once a view, and handed on as a `CameraState`. Memory does not grow; a frame of 640x480 costs about a millisecond.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.runtime.surroundings import SIZE_WH, Surroundings
from proctor_models.types import CameraState, Image

THUMBNAIL_WH = (64, 48)
SAME_LEVELS = 4.0
"""Grey levels by which a cell of the thumbnail may differ between two frames that show the same: re-encoded held
frames differ by up to 2, the stillest second of our recordings of people by 5."""
_CELL_PX = 4
_EDGE = 12.0  # grey levels between neighbours in the thumbnail

Thumbnail = NDArray[np.uint8]  # (48, 64) luma


class CameraWatch:
    """Remembers of one view what the next frame is held against."""

    def __init__(self) -> None:
        self._still: tuple[float, Thumbnail] | None = None
        self._surroundings = Surroundings()

    def observe(self, image: Image, timestamp_s: float) -> CameraState:
        """The camera's state on this frame; frames come in the order of their timestamps."""
        grey = _grey(image)
        small = _shrink(grey)
        # Against the frame where stillness began, not the last one: what creeps has moved in the end.
        if self._still is None or largest_difference(small, self._still[1]) > SAME_LEVELS:
            self._still = (timestamp_s, small)
        low, high = np.sort(small, None)[[small.size // 20, -1 - small.size // 20]]
        return CameraState(
            brightness=float(small.mean()) / 255,
            contrast=float(high - low) / 255,
            detail=_detail(small),
            still_s=timestamp_s - self._still[0],
            moved=self._surroundings.observe(grey, timestamp_s),
        )


def thumbnail(image: Image) -> Thumbnail:
    """The picture's luma at 64x48, by area average: enough to tell whether anything changed."""
    return _shrink(_grey(image))


def difference(one: Thumbnail, other: Thumbnail) -> float:
    """Mean difference in grey levels.

    >>> difference(np.zeros((48, 64), np.uint8), np.full((48, 64), 3, np.uint8))
    3.0
    """
    return float(cv2.absdiff(one, other).mean())


def largest_difference(one: Thumbnail, other: Thumbnail) -> float:
    """Largest difference of any cell, in grey levels; a blink moves a cell or two and no mean.

    >>> one = np.zeros((48, 64), np.uint8)
    >>> other = one.copy()
    >>> other[7, 9] = 30
    >>> largest_difference(one, other)
    30.0
    """
    return float(cv2.absdiff(one, other).max())


def _grey(image: Image) -> NDArray[np.uint8]:
    """Luma at the size of `Surroundings`; grey first, as that is a third of the pixels to average."""
    return np.asarray(cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), SIZE_WH, interpolation=cv2.INTER_AREA))


def _shrink(grey: NDArray[np.uint8]) -> Thumbnail:
    return np.asarray(cv2.resize(grey, THUMBNAIL_WH, interpolation=cv2.INTER_AREA), np.uint8)


def _detail(small: Thumbnail) -> float:
    grey = small.astype(np.int16)
    edges = np.zeros(small.shape, np.int16)
    edges[:, 1:] = np.abs(np.diff(grey, axis=1))
    edges[1:] = np.maximum(edges[1:], np.abs(np.diff(grey, axis=0)))
    height, width = small.shape
    cells = edges.reshape(height // _CELL_PX, _CELL_PX, width // _CELL_PX, _CELL_PX).max((1, 3))
    return float((cells > _EDGE).mean())
