"""Book or paper: a book, a notebook or sheets of paper in sight, in a hand or on the desk.

The score is that of the surest `book_paper` box. Flat things with an edge and something written on them
compete: where a laptop, a screen, a keyboard or a phone lies on the same spot with a higher score, the box
is dropped. What is on the paper is not read, so an allowed sheet scores as high as a crib. Always
assessable: a whole frame can be searched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from proctor_models.boxes import iou
from proctor_models.detectors.phone import RIVAL_IOU, SHOWN_SCORE
from proctor_models.types import VIEWS, Observation, Reading, View

RIVALS = ("laptop", "screen", "keyboard", "phone")


@dataclass(frozen=True)
class BookPaper:
    """See the module."""

    name: str = "book_paper"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """Score of the surest book or paper that no rival outdoes; 0 where there is none."""
        found, rivals = observation.scene.of("book_paper"), observation.scene.of(*RIVALS)
        outdone = (iou(found.xyxy, rivals.xyxy) > RIVAL_IOU) & (rivals.scores[None] > found.scores[:, None])
        left = ~outdone.any(1)
        xyxy, scores = found.xyxy[left], found.scores[left]
        if not len(scores):
            return Reading(0.0)
        best = float(scores.max())
        return Reading(best, xyxy[scores >= np.float32(min(SHOWN_SCORE, best))])
