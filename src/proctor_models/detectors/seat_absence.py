"""Seat absence: nobody in the picture.

The score is one minus that of the surest sign of a person: a person box (any part: a back, an arm, someone
bent under the desk) or a face of either kind. No face is not absence: a candidate who turns or leans is
still there, and tools that took absence from a face detector were wrong nine times in ten. Assessable in either
view, but not in the dark: a lens that is covered, or a room without light, says nothing of who sits there.
"""

from __future__ import annotations

from dataclasses import dataclass

from proctor_models.detectors.camera_dark import DARK
from proctor_models.types import FACES, VIEWS, Observation, Reading, View

SIGNS = ("person", *FACES)


@dataclass(frozen=True)
class SeatAbsence:
    """See the module."""

    name: str = "seat_absence"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """One minus the surest sign of a person; no boxes, as there is nothing to show. None in the dark."""
        if observation.camera is not None and observation.camera.brightness < DARK:
            return Reading(None, why="too dark to see whether anybody is there")
        signs = observation.scene.of(*SIGNS).scores
        return Reading(1.0 - float(signs.max(initial=0)))
