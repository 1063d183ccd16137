"""Face occluded: something other than a mask in front of the candidate's face, as a hand, hair or a sheet.

The score is the head net's `face_occluded` of the candidate, who is the largest face read. A mask does not
count, which `mask` reads. A face hidden so well that the scene net finds none leaves
nothing to read: the frame cannot answer, and the review page shows for how long.
"""

from __future__ import annotations

from dataclasses import dataclass

from proctor_models.detectors.heads import by_head, candidate
from proctor_models.types import VIEWS, Observation, Reading, View


@dataclass(frozen=True)
class FaceOccluded:
    """See the module."""

    name: str = "face_occluded"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """Score of the candidate's face, with its box; None where no face was read."""
        return by_head(candidate(observation.heads), self.name)
