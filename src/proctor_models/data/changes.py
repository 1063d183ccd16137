"""Which frames of a clip are worth taking: by time, by what has changed, and never the same picture twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from proctor_models.config import Source
from proctor_models.types import Image

GRID_WH = (32, 24)
"""Cells a frame is divided into: 20 px a side at 640 x 480, about half a phone held up."""
CELL_CHANGE = 25.0
"""Grey levels of 255 by which a cell must differ to count as changed: above a webcam's noise and compression."""
_TICK_S = 1e-3

Cells = NDArray[np.float32]  # (24, 32) mean grey of each cell, 0 to 255


@dataclass(frozen=True)
class Look:
    """What a frame looks like, coarsely: enough to say how much another one differs."""

    phash: int
    cells: Cells


def look_at(image: Image) -> Look:
    """The look of a frame.

    >>> look_at(np.zeros((48, 64, 3), np.uint8)).cells.shape
    (24, 32)
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    cells = cv2.resize(grey, GRID_WH, interpolation=cv2.INTER_AREA).astype(np.float32)
    return Look(int(str(imagehash.phash(Pillow.fromarray(grey))), 16), cells)


def changed_share(a: Cells, b: Cells) -> float:
    """Share of the picture that differs, in [0, 1].

    What all cells have in common is left out: a camera that sets its exposure anew has not seen another scene.

    >>> before = np.zeros((24, 32), np.float32)
    >>> after = before + 60
    >>> after[:6, :8] += 60
    >>> changed_share(before, before + 60), changed_share(before, after)
    (0.0, 0.0625)
    """
    difference = a - b
    return float((np.abs(difference - np.median(difference)) > CELL_CHANGE).mean())


@dataclass(frozen=True)
class Sampling:
    """Which frames of a recording are taken; the fields are those of a recipe's source."""

    every_s: float = 1.0
    change_bits: int | None = None
    min_change: float | None = None
    max_gap_s: float | None = None
    damaged: Literal["refuse", "keep"] = "refuse"

    @staticmethod
    def of(source: Source) -> Sampling:
        """What the recipe says of a source."""
        return Sampling(source.every_s, source.change_bits, source.min_change, source.max_gap_s, source.damaged)

    @property
    def by_change(self) -> bool:
        """Whether frames are asked to differ."""
        return self.change_bits is not None or self.min_change is not None

    def differ(self, a: Look, b: Look) -> bool:
        """Whether one of two frames adds something to the other."""
        bits = self.change_bits is not None and (a.phash ^ b.phash).bit_count() >= self.change_bits
        return bits or (self.min_change is not None and changed_share(a.cells, b.cells) >= self.min_change)


class Sampler:
    """Decides frame by frame over one clip, in order of time."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._due_s = 0.0
        self._last_s: float | None = None
        self._taken: list[Look] = []

    def due(self, timestamp_s: float) -> bool:
        """Whether the frame is to be looked at: the first at or after each multiple of `every_s`."""
        if timestamp_s < self._due_s - _TICK_S:
            return False
        every_s = self._sampling.every_s
        self._due_s = (int((timestamp_s + _TICK_S) / every_s) + 1) * every_s
        return True

    def take(self, timestamp_s: float, image: Image) -> bool:
        """Whether a frame that was due is taken."""
        if not self._sampling.by_change:
            return True
        look = look_at(image)
        gap_s = self._sampling.max_gap_s
        waited = gap_s is not None and self._last_s is not None and timestamp_s - self._last_s >= gap_s - _TICK_S
        # Latest first: a frame that adds nothing mostly resembles the one before it.
        if not waited and not all(self._sampling.differ(look, other) for other in reversed(self._taken)):
            return False
        self._taken.append(look)
        self._last_s = timestamp_s
        return True
