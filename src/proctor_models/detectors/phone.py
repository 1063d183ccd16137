"""Phone: a phone in sight, in a hand, on the desk or held up.

The score is that of the surest phone box. Remotes and mice, kept from COCO as hard negatives, compete:
where one lies on the same spot with a higher score, the phone box is dropped, because the net that is
asked for phones alone calls every dark slab a phone. Always assessable: a whole frame can be searched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from proctor_models.boxes import iou
from proctor_models.types import VIEWS, Observation, Reading, View

RIVALS = ("remote", "mouse")
RIVAL_IOU = 0.6
"""A rival overlapping a phone box by more than this is another name for the same thing."""
SHOWN_SCORE = 0.25
"""Boxes scored lower are not shown, the best one excepted."""


@dataclass(frozen=True)
class Phone:
    """See the module."""

    name: str = "phone"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """Score of the surest phone box that no rival outdoes; 0 where there is none."""
        phones, rivals = observation.scene.of("phone"), observation.scene.of(*RIVALS)
        outdone = (iou(phones.xyxy, rivals.xyxy) > RIVAL_IOU) & (rivals.scores[None] > phones.scores[:, None])
        left = ~outdone.any(1)
        xyxy, scores = phones.xyxy[left], phones.scores[left]
        if not len(scores):
            return Reading(0.0)
        best = float(scores.max())
        return Reading(best, xyxy[scores >= np.float32(min(SHOWN_SCORE, best))])
