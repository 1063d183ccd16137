"""Camera covered: a hand, tape or cloth over the lens, so that the picture shows nothing.

What covers a lens lies far out of focus: the picture has light and colour but no edges. The score is one minus the
share of cells that hold an edge, over `BLANK`, lessened by the surest sign of a person, because
whoever is seen proves that the lens is free. A picture too dark to tell a cover from a room without light is not
assessable here: `camera_dark` speaks for both. A cover over part of the lens is not read, as half a picture of
plain wall is no offence; neither is a bare wall with nobody before it told from a pale cover: both show nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from proctor_models.detectors.camera_dark import DARK, NO_STATE
from proctor_models.detectors.seat_absence import SIGNS
from proctor_models.types import VIEWS, Observation, Reading, View

BLANK = 0.12
"""Share of cells with an edge from which the picture surely shows something; our recordings have 0.28 and more."""


@dataclass(frozen=True)
class CameraCovered:
    """See the module."""

    name: str = "camera_covered"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """How blank the picture is where nobody is seen in it; None where it is too dark to tell."""
        camera = observation.camera
        if camera is None:
            return Reading(None, why=NO_STATE)
        if camera.brightness < DARK:
            return Reading(None, why="too dark to tell a cover from a room without light")
        blank = max(0.0, 1 - camera.detail / BLANK)
        seen = float(observation.scene.of(*SIGNS).scores.max(initial=0))
        return Reading(blank * (1 - seen))
