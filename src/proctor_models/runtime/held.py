"""Pictures that findings may need, and the random ones: kept as JPEG, so that memory does not grow with an exam."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np

from proctor_models.errors import ConfigError, EvidenceError
from proctor_models.rules.hysteresis import Box, Span
from proctor_models.types import Image

JPEG_QUALITY = 90


class Snapshots:
    """When to keep a frame regardless of what is in it: about once in `every_s`, at times nobody can foresee.

    Two snapshots of a view lie half to one and a half times `every_s` apart, the first within `every_s`.
    """

    def __init__(self, every_s: float = 60.0, chance: random.Random | None = None) -> None:
        """`chance` is the operating system's randomness unless a test brings its own."""
        if not every_s > 0:
            raise ConfigError(f"every_s: expected seconds above 0, got {every_s}")
        self._every_s = every_s
        self._chance = chance or random.SystemRandom()
        self._due_s: dict[str, float] = {}

    def due(self, view: str, timestamp_s: float) -> bool:
        """Whether to keep this frame; asking sets the time of the next one."""
        if view not in self._due_s:
            self._due_s[view] = timestamp_s + self._chance.uniform(0, self._every_s)
        if timestamp_s < self._due_s[view]:
            return False
        self._due_s[view] = timestamp_s + self._chance.uniform(0.5, 1.5) * self._every_s
        return True


@dataclass(frozen=True)
class Shot:
    """One frame, encoded once and only if somebody needs it."""

    image: Image

    @cached_property
    def jpeg(self) -> bytes:
        """The frame as JPEG."""
        return encode(self.image)


@dataclass
class Held:
    """Pictures kept for one span under way."""

    start_s: float
    peak_s: float
    wants_after: bool = False
    pictures: dict[str, bytes] = field(default_factory=dict)
    """By what they show: before, peak, marked, after."""


def hold_peak(held: Held, span: Span, shot: Shot) -> None:
    """Keep this frame as the peak of `span`, with its boxes drawn in where there are any."""
    held.peak_s = span.peak_s
    held.pictures["peak"] = shot.jpeg
    held.pictures.pop("marked", None)
    if span.boxes:
        held.pictures["marked"] = encode(draw_boxes(shot.image, span.boxes))


def draw_boxes(image: Image, boxes: Sequence[Box]) -> Image:
    """A copy with each box (xyxy in pixels) framed in red on a white halo.

    >>> marked = draw_boxes(np.zeros((240, 320, 3), np.uint8), [(40, 40, 80, 90)])
    >>> marked[40, 60].tolist(), marked[60, 60].tolist()
    ([40, 40, 230], [0, 0, 0])
    """
    marked = np.ascontiguousarray(image).copy()
    thick = max(2, round(min(image.shape[:2]) / 240))
    for box in boxes:
        x0, y0, x1, y1 = (round(value) for value in box)
        for colour, width in (((255, 255, 255), 3 * thick), ((40, 40, 230), thick)):
            cv2.rectangle(marked, (x0, y0), (x1, y1), colour, width)
    return marked


def encode(image: Image) -> bytes:
    """The frame as JPEG.

    Raises:
        EvidenceError: the frame has a size that JPEG cannot hold.
    """
    encoded, buffer = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not encoded:
        raise EvidenceError(f"a frame of {image.shape[1]}x{image.shape[0]} px cannot be written as JPEG")
    return bytes(buffer)
