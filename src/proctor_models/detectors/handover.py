"""Handover: something held where the candidate and somebody else meet.

One frame shows no passing, only an object that two people reach: a phone, book, sheet, cup, bottle, remote or
earphone whose box, grown by `REACH` of its longer side, touches both people's boxes. The score is that of the object
or of either person, whichever is least sure, lessened by how far the people's boxes cover each other: of somebody who
stands behind the candidate, everything the candidate holds is in both boxes. Things the net does not draw (pens,
notes, keys) are not seen, nor is what is handed out of the picture to somebody who is not in it. With nobody else in
the picture the score is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from proctor_models.boxes import covered
from proctor_models.detectors.multiple_faces import Someone, people
from proctor_models.types import VIEWS, Boxes, Observation, Reading, View

OBJECTS = ("phone", "book_paper", "cup", "bottle", "remote", "earphone")
REACH = 0.25
"""Margin around an object, as a share of its longer side, in which a hand that holds it ends."""
ONE_SIDED = 0.9
"""Share of an object in one person's box, and not in the other's at all, with which it is held by that one alone."""


@dataclass(frozen=True)
class Handover:
    """See the module."""

    name: str = "handover"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """Score of the object most surely between two people, with the boxes of all three."""
        things = observation.scene.of(*OBJECTS)
        best, shown = 0.0, np.zeros((0, 4), np.float32)
        for one, other in combinations(people(observation), 2):
            apart = 1 - _overlap(one, other)
            for thing, thing_score in zip(things.xyxy, things.scores, strict=True):
                score = min(float(thing_score), one.score, other.score) * apart
                if score > best and _between(thing, one.xyxy, other.xyxy):
                    best, shown = score, np.stack([thing, one.xyxy, other.xyxy])
        return Reading(best, shown)


def _overlap(one: Someone, other: Someone) -> float:
    """Share of the smaller person's box in the larger one's."""
    a, b = one.xyxy[None], other.xyxy[None]
    return float(max(covered(a, b)[0, 0], covered(b, a)[0, 0]))


def _between(thing: Boxes, one: Boxes, other: Boxes) -> bool:
    margin = REACH * float((thing[2:] - thing[:2]).max())
    grown = (thing + np.array([-margin, -margin, margin, margin], np.float32))[None]
    both = np.stack([one, other])
    if not (covered(grown, both) > 0).all():
        return False
    inside = covered(thing[None], both)[0]
    return not (inside.max() > ONE_SIDED and inside.min() == 0)
