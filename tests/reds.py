"""An observer that takes red for a phone and black for nobody, and frames of one colour for it."""

from __future__ import annotations

from typing import Any, ClassVar

import cv2
import numpy as np

from cameras import PHONE, TEXT
from proctor_models.detectors import DETECTORS
from proctor_models.rules.policy import RuleSet, ruleset_from_dict
from proctor_models.runtime.monitor import Monitor
from proctor_models.runtime.steps import Reported, Step
from proctor_models.types import SCENE_CLASSES, Detections, Image, Observation, View

THRESHOLDS = dict.fromkeys((detector.name for detector in DETECTORS), 0.5)


class Red:
    """Sees a phone where the frame is red, as sure as it is red, and a person unless it is black or pure green."""

    model_sha256: ClassVar = {"scene": "a" * 64, "head": "b" * 64}

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        red = float(image[..., 2].mean()) / 255
        rows = [("phone", red)] if red > 0.1 else []
        is_green = not image[..., ::2].any()
        rows += [("person", 0.9)] if not is_green else []
        height, width = image.shape[:2]
        scene = Detections(
            np.array([[2, 3, 20, 30] for _ in rows], np.float32).reshape(-1, 4),
            np.array([score for _, score in rows], np.float32),
            np.array([SCENE_CLASSES.index(name) for name, _ in rows], np.int64),
            SCENE_CLASSES,
        )
        return Observation(timestamp_s, view, (width, height), scene)


def rules(**changes: Any) -> RuleSet:
    absence = PHONE | {"id": "absence", "detector": "seat_absence", "severity": "breach_of_discipline"}
    gap = {
        "id": "gap",
        "detector": "recording_gap",
        "views": ["first"],
        "min_duration_s": 3,
        "severity": "invalid_recording",
        "title": TEXT,
        "article": TEXT,
    }
    raw = {"schema": "proctor-rules/1", "name": "exam", "title": TEXT, "rules": [PHONE | changes, absence, gap]}
    return ruleset_from_dict(raw, "exam")


def frame(red: int, blue: int = 60) -> Image:
    """A plain frame: `red` says how sure a phone is, `blue` which frame it was."""
    return np.full((48, 64, 3), (blue, 60, red), np.uint8)


def colour(jpeg: bytes) -> list[int]:
    """Blue, green and red of the lower right corner, where nothing is drawn."""
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return [int(value) for value in image[40, 55]]


def near(jpeg: bytes, blue: int, red: int) -> bool:
    return abs(colour(jpeg)[0] - blue) < 8 and abs(colour(jpeg)[2] - red) < 8


def run(monitor: Monitor, frames: dict[float, Image], view: View = "first") -> list[Step]:
    return [monitor.observe(image, t, view) for t, image in frames.items()]


def reported(steps: list[Step]) -> list[Reported]:
    return [found for step in steps for found in step.reported]
