"""Book or paper: a book, a notebook or sheets of paper in sight, in a hand or on the desk.

The score is that of the surest `book_paper` box. In the second view, which shows the exam's own computer, a
laptop, a screen or a keyboard competes: where one lies on the same spot with a higher score, the box is
dropped. Before the webcam nothing does: it looks away from that computer, nets that learnt from COCO take a
notebook held open for a laptop, and a black one for a phone. Nor does a phone anywhere: two nets judge it,
and pooled odds and a single net's score cannot be compared. What is on the paper is not read, so an allowed
sheet scores as high as a crib. Always assessable: a whole frame can be searched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from proctor_models.detectors.rivals import surest
from proctor_models.types import VIEWS, Observation, Reading, View

RIVALS: Mapping[View, tuple[str, ...]] = {"first": (), "second": ("laptop", "screen", "keyboard")}
"""By view: classes of which a surer box on the same spot takes a book's place."""


@dataclass(frozen=True)
class BookPaper:
    """See the module."""

    name: str = "book_paper"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """Score of the surest book or paper that no rival outdoes; 0 where there is none."""
        return surest(observation.scene.of("book_paper"), observation.scene.of(*RIVALS[observation.view]))
