"""Second display: another screen than the one the exam runs on.

Displays are the scene net's `laptop` and `screen` boxes; two that lie on the same spot, or a screen in a laptop's
box, are one. The webcam sits on the exam's display and looks away from it, so in the first view any display counts:
the score is that of the surest. The second view shows the exam's own display, so the second surest distinct one
counts. A keyboard is no display, and boxes that a surer keyboard or book shares are dropped. Tablets are no class of
the net: it takes one for a laptop, a screen, a phone or a book, and only what it takes for a display is read here.
What is shown on a display is not read; a television on the wall counts. Not assessable with a net that draws
neither class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from proctor_models.boxes import covered, iou
from proctor_models.detectors.rivals import SHOWN_SCORE, undisputed
from proctor_models.types import VIEWS, Detections, Observation, Reading, View

DISPLAYS = ("laptop", "screen")
RIVALS = ("keyboard", "book_paper")
SAME_IOU = 0.5
"""Two displays that overlap by more are one."""
CONTAINED = 0.7
"""Share of a display in another's box from which they are one: a laptop's screen and the laptop."""
BLIND = "the scene net of this pack draws no displays"


@dataclass(frozen=True)
class SecondDisplay:
    """See the module."""

    name: str = "second_display"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """Score of the surest display that is not the exam's own, with the boxes of what counts as displays."""
        if not set(DISPLAYS) & set(observation.scene.class_names):
            return Reading(None, why=BLIND)
        found = displays(observation.scene)
        own = 1 if observation.view == "second" else 0
        if len(found) <= own:
            return Reading(0.0)
        best = float(found.scores[own])
        return Reading(best, found.xyxy[found.scores >= np.float32(min(SHOWN_SCORE, best))])


def displays(scene: Detections) -> Detections:
    """Distinct displays, best first; of boxes of one display the surest stays."""
    found, rivals = scene.of(*DISPLAYS), scene.of(*RIVALS)
    free = undisputed(found, rivals)
    kept: list[int] = []
    inside = covered(found.xyxy, found.xyxy)
    same = (iou(found.xyxy, found.xyxy) > SAME_IOU) | (inside > CONTAINED) | (inside.T > CONTAINED)
    for i in np.argsort(-found.scores, kind="stable"):
        if free[i] and not same[i, kept].any():
            kept.append(int(i))
    rows = np.array(kept, np.int64)
    return Detections(found.xyxy[rows], found.scores[rows], found.class_ids[rows], found.class_names)
