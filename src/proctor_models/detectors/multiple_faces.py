"""Multiple faces: at least two people in the picture.

The score is that of the second surest distinct person. Persons and faces are merged first, so that one
candidate does not count as two:

- two person boxes that overlap by more than 0.7 are one person;
- two faces of which one lies mostly in the other are one face;
- a face that lies mostly in a person's box belongs to that person, who is as sure as the surer of the two;
  each person owns one face;
- a further face is a person of its own: outside every person box, or beside the owner's face in one.

Four kinds of "person" are doubtful and count half: a person box without a face that lies almost whole in
another person's box (an arm, a reflection), one around almost all of the box of a person who shows a face (the
same person with an arm stretched out), a very small one (a coat far off, a picture on the wall), and a further
face much smaller than the owner's (a card held up, a poster behind). Always assessable.

Somebody who enters is read here too: the moment the second person is in the picture, whichever way they came.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from proctor_models.boxes import area, covered, iou
from proctor_models.types import FACES, VIEWS, Boxes, Detections, Observation, Reading, View

SAME_PERSON_IOU = 0.7
OWNS_FACE = 0.6
"""Share of a face that lies in the box of the person it belongs to."""
SAME_FACE = 0.7
"""Share of the smaller of two faces that lies in the other where they are one."""
CONTAINED = 0.85
"""Share of a person box that lies in another person's box."""
SMALL_SHARE = 0.015
"""Share of the picture under which a person box is doubtful."""
SMALL_FACE_SHARE = 0.0015
"""Share of the picture under which a face with no person box is doubtful."""
SMALL_FACE = 0.25
"""Area over the owner's face under which a further face is doubtful."""
DOUBT = 0.5


@dataclass(frozen=True)
class Someone:
    """One person: the box, how sure, and the area of the face it owns (0 for none)."""

    xyxy: Boxes  # (4,)
    score: float
    face_px2: float = 0.0


@dataclass(frozen=True)
class MultipleFaces:
    """See the module."""

    name: str = "multiple_faces"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """Score of the second surest person, with the boxes of all as sure; 0 where there is one or none."""
        found = sorted(people(observation), key=lambda someone: -someone.score)
        if len(found) < 2:
            return Reading(0.0)
        second = found[1].score
        return Reading(second, np.stack([someone.xyxy for someone in found if someone.score >= second]))


def people(observation: Observation) -> list[Someone]:
    """Distinct people in the frame, doubt already counted."""
    width, height = observation.resolution_wh
    persons = _distinct(observation.scene.of("person"))
    owners, further = _assign(persons, observation.scene.of(*FACES))
    doubted = [_doubt_contained(someone, i, owners) for i, someone in enumerate(owners)]
    frame_px2 = width * height
    return [
        *(_doubt_small(someone, SMALL_SHARE * frame_px2) for someone in doubted),
        *(_doubt_small(someone, SMALL_FACE_SHARE * frame_px2) for someone in further),
    ]


def _distinct(persons: Detections) -> list[Someone]:
    kept: list[int] = []
    overlap = iou(persons.xyxy, persons.xyxy)
    for i in np.argsort(-persons.scores, kind="stable"):
        if not any(overlap[i, j] > SAME_PERSON_IOU for j in kept):
            kept.append(int(i))
    return [Someone(persons.xyxy[i], float(persons.scores[i])) for i in kept]


def _assign(persons: list[Someone], faces: Detections) -> tuple[list[Someone], list[Someone]]:
    """Persons with the face each owns, and the further faces as people; surest faces choose first."""
    owners, further = list(persons), []
    for i in _distinct_faces(faces):
        face, score, px2 = faces.xyxy[i], float(faces.scores[i]), float(area(faces.xyxy[i][None])[0])
        around = [k for k, p in enumerate(owners) if covered(face[None], p.xyxy[None])[0, 0] >= OWNS_FACE]
        free = [k for k in around if not owners[k].face_px2]
        if free:
            k = free[0]  # the surest: a stray box around the head must not gain the face's score
            owners[k] = replace(owners[k], score=max(owners[k].score, score), face_px2=px2)
        else:
            tiny = any(px2 < SMALL_FACE * owners[k].face_px2 for k in around)
            further.append(Someone(face, score * DOUBT if tiny else score, px2))
    return owners, further


def _distinct_faces(faces: Detections) -> list[int]:
    """Rows of `faces`, surest first, without those that are another one's again."""
    kept: list[int] = []
    shared = covered(faces.xyxy, faces.xyxy)
    for i in np.argsort(-faces.scores, kind="stable"):
        if not any(max(shared[i, j], shared[j, i]) >= SAME_FACE for j in kept):
            kept.append(int(i))
    return kept


def _doubt_contained(someone: Someone, i: int, owners: list[Someone]) -> Someone:
    if someone.face_px2:
        return someone
    for other in (other for k, other in enumerate(owners) if k != i):
        small, large = sorted((someone, other), key=_px2)
        nested = covered(small.xyxy[None], large.xyxy[None])[0, 0] > CONTAINED
        if nested and (small is someone or other.face_px2):
            return replace(someone, score=someone.score * DOUBT)
    return someone


def _doubt_small(someone: Someone, least_px2: float) -> Someone:
    return replace(someone, score=someone.score * DOUBT) if _px2(someone) < least_px2 else someone


def _px2(someone: Someone) -> float:
    return float(area(someone.xyxy[None])[0])
