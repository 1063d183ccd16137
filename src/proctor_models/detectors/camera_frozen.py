"""Camera frozen: the picture stands still although somebody is in it.

People blink, breathe and shift, and cameras have noise; a stream that hangs, or a still picture fed in a camera's
place, has none of it. The score grows with the seconds since anything in the picture last changed, 0.5 at
`FROZEN_S`; so a finding starts that long after the picture froze. Where nobody is in the picture nothing has to
move, and a dark or blank one hides what does: not assessable. A short recording that is played in a loop moves and
is not found.
"""

from __future__ import annotations

from dataclasses import dataclass

from proctor_models.detectors.camera_covered import BLANK
from proctor_models.detectors.camera_dark import DARK, NO_STATE
from proctor_models.detectors.seat_absence import SIGNS
from proctor_models.types import VIEWS, Observation, Reading, View

FROZEN_S = 8.0
"""Seconds without any change at which the score is 0.5."""
SOMEBODY = 0.4
"""Score of a person or face from which somebody is there who has to move."""


@dataclass(frozen=True)
class CameraFrozen:
    """See the module."""

    name: str = "camera_frozen"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """How long nothing has changed; None where nothing need move or could be seen to."""
        camera = observation.camera
        if camera is None:
            return Reading(None, why=NO_STATE)
        if camera.brightness < DARK or camera.detail < BLANK:
            return Reading(None, why="too dark or too blank to see whether anything moves")
        if float(observation.scene.of(*SIGNS).scores.max(initial=0)) < SOMEBODY:
            return Reading(None, why="nobody in sight who would have to move")
        return Reading(min(1.0, camera.still_s / (2 * FROZEN_S)))
