"""A finding's peak picture through the pack's nets once more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from proctor_models.detectors import DETECTORS
from proctor_models.errors import DataError
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.pixels import read_image
from proctor_models.runtime.predictor import THING_FULL_SCORE, THING_MIN_SCORE, Predictor
from proctor_models.types import Detections, Image, Observation, View

TOLERANCE = 0.1
"""By how much a score of a kept picture may differ: JPEG changes every pixel a little."""
TOLERANCE_OF_TWO = 0.3
"""The same where the odds of two nets are pooled: it changes both, and crops of a few pixels more."""
NEAR = 0.1
"""How far compression may move a score of the scene net where the second look begins to count."""


@dataclass(frozen=True)
class Rescored:
    """What one picture says."""

    finding: str
    recorded: float
    """Score on record; 0 where the finding has none."""
    score: float | None
    """None where the picture cannot be asked; `why` says so."""
    why: str = ""
    allowed: float = TOLERANCE
    """The largest difference that compression explains."""

    @property
    def difference(self) -> float:
        """How far the two are apart; 0 where the picture cannot be asked."""
        return 0.0 if self.score is None else abs(self.score - self.recorded)


def rescore(folder: Path, finding: Finding, predictor: Predictor) -> Rescored:
    """Ask the finding's detector about its peak picture; the answer that is nearest to the record."""
    detector = next((each for each in DETECTORS if each.name == finding.detector), None)
    recorded = finding.peak_score or 0.0
    if detector is None or finding.peak_score is None:
        return Rescored(finding.id, recorded, None, f"{finding.detector} is no score of a picture")
    if finding.interrupted:
        return Rescored(finding.id, recorded, None, "the watching was cut off, its peak picture is of an earlier frame")
    path = next((each for each in finding.evidence if each.endswith("-peak.jpg")), None)
    if path is None or not (folder / path).is_file():
        return Rescored(finding.id, recorded, None, "its peak picture was not kept, or has expired")
    try:
        image = read_image(folder / path)
    except DataError as error:
        return Rescored(finding.id, recorded, None, str(error))
    two = predictor.thing is not None and detector.name in predictor.thing.spec.names
    readings = [detector.read(one) for one in _observed(image, finding, predictor, (0, -NEAR, NEAR) if two else (0,))]
    scores = [float(reading.score) for reading in readings if reading.score is not None]
    if not scores:
        return Rescored(finding.id, recorded, None, readings[0].why or "one picture alone cannot answer")
    nearest = min(scores, key=lambda score: abs(score - recorded))
    return Rescored(finding.id, recorded, nearest, allowed=TOLERANCE_OF_TWO if two else TOLERANCE)


def _observed(image: Image, finding: Finding, predictor: Predictor, moves: Sequence[float]) -> Iterator[Observation]:
    """The picture as it is seen; and as it is where boxes about which the second look just counts score otherwise.

    From `THING_MIN_SCORE` to `THING_FULL_SCORE` a pooled score rises several times as fast as that of the scene net, so
    that what compression moves there it moves far.
    """
    scene = predictor.first_look(image)
    for move in moves:
        moved = _moved(scene, predictor, move) if move else scene
        yield predictor.look_closer(image, moved, finding.peak_s or 0.0, cast(View, finding.view))


def _moved(scene: Detections, predictor: Predictor, move: float) -> Detections:
    """The scene with scores that are near where the second look begins moved by `move`, best first."""
    names = predictor.thing.spec.names if predictor.thing is not None else ()
    known = np.isin(scene.class_ids, [i for i, name in enumerate(scene.class_names) if name in names])
    near = (scene.scores >= THING_MIN_SCORE - NEAR) & (scene.scores <= THING_FULL_SCORE + NEAR)
    scores = np.where(known & near, scene.scores + np.float32(move), scene.scores)
    order = np.argsort(-scores, kind="stable")
    return Detections(scene.xyxy[order], scores[order], scene.class_ids[order], scene.class_names)
