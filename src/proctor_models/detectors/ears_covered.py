"""Ears covered: hair, a hat or a headscarf over the candidate's ears.

The score is the head net's `ears_covered` of the candidate, who is the largest face read: whoever stands
behind may wear their hair as they like. Every ear that the pose would show counts, so a head in profile is
asked for one. A face whose longer side is under 48 px is not assessed, though the head net reads it: an ear
is about a third of a face's height, some 16 px of such a face, and hair looks the same on so few. Where no
head is large enough to read, the frame cannot answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from proctor_models.detectors.heads import by_head, candidate, head_boxes, longer_side_px
from proctor_models.types import VIEWS, Observation, Reading, View

MIN_FACE_PX = 48
"""Longer side of a face, in pixels of the frame, under which ears cannot be told from hair."""


@dataclass(frozen=True)
class EarsCovered:
    """See the module."""

    name: str = "ears_covered"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """Score of the candidate's head, with its region; None where it was not read or its face is tiny."""
        heads = candidate(observation.heads)
        if heads and longer_side_px(heads[0]) < MIN_FACE_PX:
            return Reading(None, why="face too small to see the ears")
        seen = by_head(heads, self.name)
        return Reading(seen.score, head_boxes(seen.xyxy, observation.resolution_wh), seen.why)
