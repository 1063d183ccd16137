"""A finding's peak picture through the pack's nets once more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from proctor_models.detectors import DETECTORS
from proctor_models.errors import DataError
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.pixels import read_image
from proctor_models.runtime.predictor import Predictor
from proctor_models.types import View

TOLERANCE = 0.1
"""By how much a score of a kept picture may differ: JPEG changes every pixel a little."""
TOLERANCE_OF_TWO = 0.3
"""The same where the odds of two nets are pooled: it changes both, and crops of a few pixels more."""


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
    """Ask the finding's detector about its peak picture."""
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
    reading = detector.read(predictor.observe(image, finding.peak_s or 0.0, cast(View, finding.view)))
    if reading.score is None:
        return Rescored(finding.id, recorded, None, reading.why or "one picture alone cannot answer")
    two = predictor.thing is not None and detector.name in predictor.thing.spec.names
    return Rescored(finding.id, recorded, float(reading.score), allowed=TOLERANCE_OF_TWO if two else TOLERANCE)
