"""Book or paper: a book, a notebook or sheets of paper in sight, in a hand or on the desk.

The score is that of the surest `book_paper` box. Flat things with an edge and something written on them
compete: where a phone lies on the same spot with a higher score, the box is dropped; in the second view,
which shows the exam's own computer, a laptop, a screen or a keyboard, too. The webcam looks away from that
computer, and nets that learnt from COCO take a notebook held open for a laptop. What is on the paper is not
read, so an allowed sheet scores as high as a crib. Always assessable: a whole frame can be searched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from proctor_models.detectors.rivals import surest
from proctor_models.types import VIEWS, Observation, Reading, View

RIVALS: Mapping[View, tuple[str, ...]] = {"first": ("phone",), "second": ("laptop", "screen", "keyboard", "phone")}
"""By view: classes of which a surer box on the same spot takes a book's place."""


@dataclass(frozen=True)
class BookPaper:
    """See the module."""

    name: str = "book_paper"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """Score of the surest book or paper that no rival outdoes; 0 where there is none."""
        return surest(observation.scene.of("book_paper"), observation.scene.of(*RIVALS[observation.view]))
