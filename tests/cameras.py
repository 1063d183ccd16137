"""Cameras that exist only in tests, a clock that only tests move, and an observer that takes red for a phone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import cv2
import numpy as np

from proctor_models.rules.policy import RuleSet, ruleset_from_dict
from proctor_models.types import SCENE_CLASSES, Detections, Image, Observation, View

TEXT = {"zh": "手机", "en": "phone"}
THRESHOLDS = {"phone": 0.5}
PHONE: dict[str, Any] = {
    "id": "phone",
    "detector": "phone",
    "views": ["first", "second"],
    "enter": None,
    "leave_ratio": 0.5,
    "min_duration_s": 1.0,
    "max_gap_s": 2.0,
    "severity": "cheating",
    "title": TEXT,
    "article": TEXT,
}
GAP: dict[str, Any] = {
    "id": "gap",
    "detector": "recording_gap",
    "views": ["first", "second"],
    "min_duration_s": 3.0,
    "ends_within_s": 5.0,
    "severity": "invalid_recording",
    "title": TEXT,
    "article": TEXT,
}


def ruleset(*rules: dict[str, Any]) -> RuleSet:
    raw = {"schema": "proctor-rules/1", "name": "exam", "title": TEXT, "rules": [*(rules or (PHONE, GAP))]}
    return ruleset_from_dict(raw, "exam")


def grey(level: int = 90, red: bool = False) -> Image:
    return np.full((48, 64, 3), (40, 40, 230) if red else (level, level, level), np.uint8)


class Red:
    """Sees a phone where the frame is red."""

    model_sha256: ClassVar = {"scene": "a" * 64, "head": "b" * 64}

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        seen = float(image[..., 2].mean()) - float(image[..., 0].mean()) > 100
        scene = Detections(
            np.array([[4, 4, 30, 40]] if seen else [], np.float32).reshape(-1, 4),
            np.array([0.9] if seen else [], np.float32),
            np.array([SCENE_CLASSES.index("phone")] if seen else [], np.int64),
            SCENE_CLASSES,
        )
        return Observation(timestamp_s, view, (image.shape[1], image.shape[0]), scene)


class Clock:
    """Stands still until it is moved."""

    def __init__(self, now_s: float = 0.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


Shown = tuple[float, Any]  # seconds the camera takes for it, a picture, or None for a read that fails


class Camera:
    """Shows what it is told, moving the clock as it does; then fails for ever.

    A picture of None cannot be grabbed, one of "torn" not decoded. Its own time is the clock's, shifted.
    """

    def __init__(self, clock: Clock, shown: Iterable[Shown], shift_s: float = 100.0) -> None:
        self.clock, self.shift_s, self.released = clock, shift_s, False
        self._shown: Iterator[Shown] = iter(shown)
        self._picture: Any = None

    def grab(self) -> bool:
        passed_s, self._picture = next(self._shown, (0.05, None))
        self.clock.now_s += passed_s
        return self._picture is not None

    def retrieve(self) -> tuple[bool, Image | None]:
        return (False, None) if isinstance(self._picture, str) else (True, self._picture)

    def get(self, key: int) -> float:
        assert key == cv2.CAP_PROP_POS_MSEC
        return (self.clock.now_s + self.shift_s) * 1000

    def release(self) -> None:
        self.released = True
