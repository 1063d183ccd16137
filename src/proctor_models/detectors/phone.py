"""Phone: a phone in sight, in a hand, on the desk or held up.

The score is that of the surest phone box. Remotes and mice, kept from COCO as hard negatives, compete:
where one lies on the same spot with a higher score, the phone box is dropped, because the net that is
asked for phones alone calls every dark slab a phone. Always assessable: a whole frame can be searched.
"""

from __future__ import annotations

from dataclasses import dataclass

from proctor_models.detectors.rivals import surest
from proctor_models.types import VIEWS, Observation, Reading, View

RIVALS = ("remote", "mouse")


@dataclass(frozen=True)
class Phone:
    """See the module."""

    name: str = "phone"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """Score of the surest phone box that no rival outdoes; 0 where there is none."""
        return surest(observation.scene.of("phone"), observation.scene.of(*RIVALS))
