"""Mask: a face covered by a mask, worn rightly or wrongly.

For each face two looks are joined by a weighted mean. The head net gives its
`mask`, which a mask under the nose or on the chin is too (`mask_incorrect` is learnt on masked heads alone and
says nothing of others). The scene net names the face `face_masked` or
`face` with a score `s`: ``(1 + s) / 2`` or ``(1 - s) / 2``, so that a box it is not sure of says little either
way. The head net counts 0.6, as it sees the face larger; a mean, not a product or a maximum, because
one net alone, misled by a hand or a beard, must not decide. A face too small for the head net is read
from its box alone. The score is that of the surest masked face; without a face the frame cannot answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from proctor_models.detectors.heads import reading_of, sure_faces
from proctor_models.types import VIEWS, Observation, Reading, View

HEAD_WEIGHT = 0.6


@dataclass(frozen=True)
class Mask:
    """See the module."""

    name: str = "mask"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """Score of the face most surely masked, with its box; None where no face is seen."""
        faces = sure_faces(observation.scene)
        if not len(faces):
            return Reading(None, why="no face in sight")
        masked = []
        for xyxy, score, class_id in zip(faces.xyxy, faces.scores, faces.class_ids, strict=True):
            head = reading_of(xyxy, observation.heads)
            named_masked = faces.class_names[class_id] == "face_masked"
            masked.append(mask_score(named_masked, float(score), head.attributes if head else None))
        surest = max(range(len(masked)), key=masked.__getitem__)
        return Reading(masked[surest], faces.xyxy[surest][None])


def mask_score(named_masked: bool, score: float, attributes: Mapping[str, float] | None) -> float:
    """How sure it is that one face wears a mask, in [0, 1]; from 0.5 it is more likely than not.

    Args:
        named_masked: the scene net calls the face `face_masked`.
        score: the scene net's score of that box.
        attributes: the head net's reading of the face, None where it was too small to read.

    >>> round(mask_score(True, 0.8, {"mask": 0.9, "mask_incorrect": 0.2}), 2)
    0.9
    >>> round(mask_score(False, 0.4, None), 2)
    0.3
    """
    by_scene = (1 + score) / 2 if named_masked else (1 - score) / 2
    if attributes is None:
        return by_scene
    by_head = attributes.get("mask", 0.0)
    return HEAD_WEIGHT * by_head + (1 - HEAD_WEIGHT) * by_scene
