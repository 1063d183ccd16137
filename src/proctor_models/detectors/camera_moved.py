"""Camera moved: the fixed surroundings lie elsewhere in the picture than they did.

The score is that of `runtime.surroundings`, which remembers where the furniture's edges are. Not assessable are the
first seconds, a picture with too little fixed in it, a blurred or dark one, and one that a person fills: then the
candidate has leant in, and nothing of the room is left to compare.
"""

from __future__ import annotations

from dataclasses import dataclass

from proctor_models.boxes import area
from proctor_models.detectors.camera_dark import NO_STATE
from proctor_models.detectors.heads import MIN_PERSON_SCORE
from proctor_models.types import VIEWS, Observation, Reading, View

FILLED = 0.8
"""Share of the picture that a person's box may take."""


@dataclass(frozen=True)
class CameraMoved:
    """See the module."""

    name: str = "camera_moved"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """How surely the camera was moved; None where too little of the room is in sight."""
        if observation.camera is None:
            return Reading(None, why=NO_STATE)
        if observation.camera.moved is None:
            return Reading(None, why="too little of the surroundings is in sight, or for too short a time")
        people = observation.scene.of("person")
        width, height = observation.resolution_wh
        largest = float(area(people.xyxy[people.scores >= MIN_PERSON_SCORE]).max(initial=0))
        if largest > FILLED * width * height:
            return Reading(None, why="somebody fills the picture")
        return Reading(float(observation.camera.moved))
