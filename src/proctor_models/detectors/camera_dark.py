"""Camera dark: a picture too dark to judge anybody's conduct by, as in a room without light.

The score falls with the mean luma: 1 in black, 0.5 at `DARK`, 0 from twice that up. A lens covered by something
opaque gives the same picture, so this speaks for it as well; `camera_covered` reads covers that let light through.
Without a camera state, as on single pictures, the frame cannot answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from proctor_models.types import VIEWS, Observation, Reading, View

DARK = 0.08
"""Mean luma in [0, 1] under which faces are not told from the background; our recordings have 0.38 and more."""
NO_STATE = "a single picture says nothing of the camera"


@dataclass(frozen=True)
class CameraDark:
    """See the module."""

    name: str = "camera_dark"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """How dark the picture is; no boxes, as it is the whole of it."""
        if observation.camera is None:
            return Reading(None, why=NO_STATE)
        return Reading(min(1.0, max(0.0, 1 - observation.camera.brightness / (2 * DARK))))
