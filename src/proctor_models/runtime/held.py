"""Pictures that findings may need, and the random ones: kept as JPEG, so that memory does not grow with an exam."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np

from proctor_models.errors import ConfigError, EvidenceError
from proctor_models.rules.hysteresis import Box, Span
from proctor_models.rules.tracks import Track
from proctor_models.types import Image

JPEG_QUALITY = 90
Picture = tuple[float, bytes]  # seconds, JPEG


class Snapshots:
    """When to keep a frame regardless of what is in it: about once in `every_s`, at times nobody can foresee.

    Two snapshots of a view lie half to one and a half times `every_s` apart, the first within `every_s`.
    """

    def __init__(self, every_s: float = 60.0, chance: random.Random | None = None, *, seed: str | None = None) -> None:
        """Without `seed` the times can never be told again.

        Args:
            every_s: seconds between two snapshots of a view, on average.
            chance: the operating system's randomness unless a test brings its own.
            seed: instead of `chance`, sets all times: who knows it and when frames came can follow them, each view
                by itself, however the frames of two views came between each other.
        """
        if not every_s > 0:
            raise ConfigError(f"every_s: expected seconds above 0, got {every_s}")
        self._every_s = every_s
        self._seed = seed
        self._chances: dict[str, random.Random] = {}
        self._any = chance or random.SystemRandom()
        self._due_s: dict[str, float] = {}

    def due(self, view: str, timestamp_s: float) -> bool:
        """Whether to keep this frame; asking sets the time of the next one."""
        chance = self._chance(view)
        if view not in self._due_s:
            self._due_s[view] = timestamp_s + chance.uniform(0, self._every_s)
        if timestamp_s < self._due_s[view]:
            return False
        self._due_s[view] = timestamp_s + chance.uniform(0.5, 1.5) * self._every_s
        return True

    def _chance(self, view: str) -> random.Random:
        if self._seed is None:
            return self._any
        if view not in self._chances:
            self._chances[view] = random.Random(f"{self._seed} {view}")
        return self._chances[view]


@dataclass(frozen=True)
class Shot:
    """One frame, encoded once and only if somebody needs it."""

    image: Image

    @cached_property
    def jpeg(self) -> bytes:
        """The frame as JPEG."""
        return encode(self.image)


@dataclass(frozen=True)
class Clips:
    """How much of a finding's beginning is kept as a short clip: analysed frames, not the camera's full rate."""

    before_s: float = 8.0
    """Seconds before the first positive frame."""
    after_s: float = 4.0
    """Seconds after it; cut where the finding closes earlier."""
    most_frames: int = 64
    """Bounds memory whatever the rate; the latest before the finding and the first in it are kept."""

    def __post_init__(self) -> None:
        for name in ("before_s", "after_s", "most_frames"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ConfigError(f"clips: {name}: expected a number from 0, got {getattr(self, name)}")


@dataclass
class Held:
    """Pictures kept for one span under way."""

    start_s: float
    peak_s: float
    wants_after: bool = False
    pictures: dict[str, bytes] = field(default_factory=dict)
    """By what they show: before, peak, marked, after."""
    clip: list[Picture] = field(default_factory=list)
    """Analysed frames around the start, if clips are asked for."""


class Album:
    """Pictures of every view that findings may need: their number does not grow with the exam."""

    def __init__(self, clips: Clips | None = None) -> None:
        """Without `clips`, no frame is kept for one, and no frame is encoded that no finding needs."""
        self._clips = clips
        self._held: dict[Track, Held] = {}
        self._first: dict[str, Picture] = {}
        self._latest: dict[str, Shot] = {}
        self._recent: dict[str, deque[Picture]] = {}

    def __len__(self) -> int:
        """Pictures kept now, those of clips left out."""
        return sum(len(held.pictures) for held in self._held.values()) + len(self._latest) + len(self._first)

    def arrive(self, view: str, timestamp_s: float, shot: Shot) -> None:
        """A new frame, before anything is said of it."""
        if view not in self._first:
            self._first[view] = (timestamp_s, shot.jpeg)

    def keep(self, view: str, timestamp_s: float, shot: Shot, under_way: Mapping[Track, Span]) -> None:
        """Keep of this frame what the spans under way may need."""
        for track in [t for t in self._held if t.view == view and t not in under_way]:
            del self._held[track]
        for track, span in under_way.items():
            held = self._held.get(track)
            if held is None or held.start_s != span.start_s:
                held = self._held[track] = Held(span.start_s, span.peak_s, clip=self._before(view, span.start_s))
                if view in self._latest:
                    held.pictures["before"] = self._latest[view].jpeg
                _hold_peak(held, span, shot)
            elif held.peak_s != span.peak_s:
                _hold_peak(held, span, shot)
            if span.end_s == timestamp_s:
                held.wants_after = True
            elif held.wants_after:
                held.pictures["after"] = shot.jpeg
                held.wants_after = False
            self._film(held, timestamp_s, shot)
        self._remember(view, timestamp_s, shot)

    def opened(self, track: Track) -> dict[str, bytes]:
        """What is there of a finding that just opened; its peak so far has a name of its own, as a later may come."""
        pictures = self._held[track].pictures if track in self._held else {}
        names = {"peak": "opened", "marked": "opened-marked", "before": "before"}
        return {names[kind]: pictures[kind] for kind in names if kind in pictures}

    def closed(self, track: Track, shot: Shot | None) -> tuple[dict[str, bytes], tuple[Picture, ...]]:
        """Pictures and clip of a finding that closed with the frame `shot`, None at the end of the exam."""
        held = self._held.pop(track, None)
        if held is None:  # no frame was analysed while it was under way
            return {}, ()
        if held.wants_after:
            held.pictures.pop("after", None)
            if shot is not None:
                held.pictures["after"] = shot.jpeg
        return held.pictures, tuple(held.clip)

    def around_gap(self, view: str, end_s: float, shot: Shot | None) -> dict[str, bytes]:
        """The last frame before a gap and the first after it, as far as there are such frames."""
        before = {"before": self._latest[view].jpeg} if view in self._latest else {}
        if shot is not None:
            return before | {"after": shot.jpeg}
        if view not in self._latest:
            return {}
        first_s, first = self._first[view]
        return {"after": first} if end_s <= first_s else before

    def _before(self, view: str, start_s: float) -> list[Picture]:
        if self._clips is None:
            return []
        from_s = start_s - self._clips.before_s
        return [picture for picture in self._recent.get(view, ()) if picture[0] >= from_s]

    def _film(self, held: Held, timestamp_s: float, shot: Shot) -> None:
        if self._clips is None or timestamp_s > held.start_s + self._clips.after_s:
            return
        if len(held.clip) < self._clips.most_frames:
            held.clip.append((timestamp_s, shot.jpeg))

    def _remember(self, view: str, timestamp_s: float, shot: Shot) -> None:
        self._latest[view] = shot
        if self._clips is None:
            return
        recent = self._recent.setdefault(view, deque())
        recent.append((timestamp_s, shot.jpeg))
        # Half the clip's frames at most, so that the finding itself always has room.
        while recent and (
            recent[0][0] < timestamp_s - self._clips.before_s or len(recent) > self._clips.most_frames // 2
        ):
            recent.popleft()


def _hold_peak(held: Held, span: Span, shot: Shot) -> None:
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
