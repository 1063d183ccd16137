"""Hat: a hat or a cap on any head.

The score is the head net's `hat` of the surest head. A headscarf is no hat by definition: the attribute is
learnt with headscarves as heads without a hat, so this detector must not fire on one, and whoever finds
that it does has found a fault. That a headscarf covers the ears is what `ears_covered` says. Where no head
is large enough to read, the frame cannot answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from proctor_models.detectors.heads import by_head, head_boxes, legible
from proctor_models.types import VIEWS, Observation, Reading, View


@dataclass(frozen=True)
class Hat:
    """See the module."""

    name: str = "hat"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """Score of the head most surely under a hat, with its region; None where no head was read."""
        surest = by_head(legible(observation.heads), self.name)
        return Reading(surest.score, head_boxes(surest.xyxy, observation.resolution_wh), surest.why)
