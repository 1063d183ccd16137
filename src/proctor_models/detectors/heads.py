"""Where heads are in a frame: shared by the detectors that ask what a head wears."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from proctor_models.boxes import clip, covered
from proctor_models.types import FACES, Boxes, Detections, HeadReading, Observation, Reading

MIN_FACE_SCORE = 0.3
"""Faces scored lower are taken for something else."""
MIN_PERSON_SCORE = 0.5
"""Persons scored lower lend no head region."""
LEGIBLE_PX = 24
"""Of a head whose face has a shorter longer side, masks are read and nothing else: a mask covers half of a face, an
earbud or the brim of a hat is a pixel or two there."""
UNREAD = "no head large enough to read"
"""Why a frame without a head reading cannot answer."""


def sure_faces(scene: Detections) -> Detections:
    """Face boxes of either kind that are scored well enough to be faces."""
    faces = scene.of(*FACES)
    keep = faces.scores >= MIN_FACE_SCORE
    return Detections(faces.xyxy[keep], faces.scores[keep], faces.class_ids[keep], faces.class_names)


def reading_of(face_xyxy: Boxes, heads: tuple[HeadReading, ...]) -> HeadReading | None:
    """The head reading cut around the face box (4,), or None where it was not read."""
    return next((head for head in heads if np.allclose(head.xyxy, face_xyxy, atol=0.5)), None)


def longer_side_px(head: HeadReading) -> float:
    """Longer side of the head's face box, in pixels of the frame."""
    x0, y0, x1, y1 = (float(value) for value in head.xyxy)
    return max(x1 - x0, y1 - y0)


def legible(heads: Sequence[HeadReading]) -> tuple[HeadReading, ...]:
    """Heads that are large enough to be asked about more than a mask.

    >>> far, near = (HeadReading(np.array([0, 0, side, side], np.float32), {}) for side in (20, 90))
    >>> [head is near for head in legible([far, near])]
    [True]
    """
    return tuple(head for head in heads if longer_side_px(head) >= LEGIBLE_PX)


def candidate(heads: Sequence[HeadReading]) -> tuple[HeadReading, ...]:
    """The legible head with the largest face, alone; nothing where there is none.

    >>> far, near = (HeadReading(np.array([0, 0, side, side], np.float32), {}) for side in (30, 90))
    >>> candidate([far, near])[0] is near, candidate([])
    (True, ())
    """
    large = legible(heads)
    return (max(large, key=longer_side_px),) if large else ()


def by_head(heads: Sequence[HeadReading], attribute: str) -> Reading:
    """What the head net says of one attribute: its highest score, with the box of that face, (1, 4).

    None where no head was read, and where the net of an older pack does not know the attribute.

    >>> by_head([HeadReading(np.array([0, 0, 9, 9], np.float32), {"mask": 0.5})], "hat").why
    'the head net of this pack does not read hat'
    """
    said = [(head.attributes[attribute], head.xyxy) for head in heads if attribute in head.attributes]
    if not said:
        return Reading(None, why=f"the head net of this pack does not read {attribute}" if heads else UNREAD)
    score, xyxy = max(said, key=lambda one: one[0])
    return Reading(score, xyxy[None])


def head_boxes(faces: Boxes, resolution_wh: tuple[int, int]) -> Boxes:
    """Whole heads, hair and ears with them, by their faces (n, 4); cut to the frame.

    >>> head_boxes(np.array([[10, 2, 20, 12]], np.float32), (24, 24)).tolist()
    [[5.0, 0.0, 24.0, 12.0]]
    """
    return clip(ear_region(faces), resolution_wh)


def ear_region(faces: Boxes) -> Boxes:
    """Where something worn on the ears lies: half a face to each side, up over the crown, down to the chin.

    The neck is left out: headphones around it are not on the ears.

    >>> ear_region(np.array([[10, 20, 20, 30]], np.float32)).tolist()
    [[5.0, 14.0, 25.0, 30.0]]
    """
    width, height = (faces[:, 2] - faces[:, 0])[:, None], (faces[:, 3] - faces[:, 1])[:, None]
    grow = np.concatenate([-0.5 * width, -0.6 * height, 0.5 * width, 0 * height], 1)
    region: Boxes = (faces + grow).astype(np.float32)
    return region


def head_regions(observation: Observation) -> Boxes:
    """Regions of all heads: around each sure face, and the top 40 % of a person who shows none.

    The second view sees a candidate from the side or from behind; a headset is still to be seen there.
    """
    faces = sure_faces(observation.scene).xyxy
    people = observation.scene.of("person")
    persons = people.xyxy[people.scores >= MIN_PERSON_SCORE]
    faceless = persons[~(covered(faces, persons) > 0.6).any(0)] if len(faces) else persons
    tops = faceless.copy()
    tops[:, 3] = faceless[:, 1] + 0.4 * (faceless[:, 3] - faceless[:, 1])
    regions: Boxes = np.concatenate([ear_region(faces), tops], 0)
    return regions
