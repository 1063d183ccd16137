"""Desk view: the second camera does not show what it has to, the desk, both hands and the screen.

The score is one minus the weaker of two signs: that the candidate is in the picture (the surest person or face), and
that the screen stands in it (the surest laptop or screen). Keyboard, mouse, book, cup and bottle lie on a desk, but
a desk without its screen is half of what is asked for, so they count `DESK_ALONE`. The desk itself is no class of
the net: a screen or things seen stand for it. **Hands are read by no net**: that both are in sight is not
checked, only that the candidate is. A dark or blank picture, and a net that draws no displays, cannot answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from proctor_models.detectors.camera_covered import BLANK
from proctor_models.detectors.camera_dark import DARK
from proctor_models.detectors.seat_absence import SIGNS
from proctor_models.detectors.second_display import BLIND, DISPLAYS
from proctor_models.types import Observation, Reading, View

ON_DESK = ("keyboard", "mouse", "book_paper", "cup", "bottle")
DESK_ALONE = 0.5
"""Share that things on a desk count while no screen is seen."""


@dataclass(frozen=True)
class DeskView:
    """See the module."""

    name: str = "desk_view"
    views: tuple[View, ...] = ("second",)

    def read(self, observation: Observation) -> Reading:
        """How little of candidate, desk and screen is seen; no boxes, as what is missing has none."""
        scene, camera = observation.scene, observation.camera
        if not set(DISPLAYS) & set(scene.class_names):
            return Reading(None, why=BLIND)
        if camera is not None and (camera.brightness < DARK or camera.detail < BLANK):
            return Reading(None, why="too dark or too blank to see where the camera points")
        candidate, screen, things = (
            float(scene.of(*names).scores.max(initial=0)) for names in (SIGNS, DISPLAYS, ON_DESK)
        )
        return Reading(1 - min(candidate, max(screen, DESK_ALONE * things)))
