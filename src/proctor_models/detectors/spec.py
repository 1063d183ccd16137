"""What every detector is."""

from __future__ import annotations

from typing import Protocol

from proctor_models.types import Observation, Reading, View


class Detector(Protocol):
    """A pure function of one frame's observation, with a name and the views it can read.

    The score orders frames by how likely the thing is there; it is no calibrated probability, and the
    shipped threshold is chosen on validation frames. Time is the rules' business.
    """

    @property
    def name(self) -> str:
        """Name that recipes, rules and thresholds use."""
        ...

    @property
    def views(self) -> tuple[View, ...]:
        """Views the detector can read."""
        ...

    def read(self, observation: Observation) -> Reading:
        """Score in [0, 1] with the boxes it comes from, or None where the frame cannot answer."""
        ...
