"""Earphone: an earphone of any kind worn on a head, over the ear or in it.

A head that the head net has read is judged by it alone: the surer of its two earphone attributes. It sees an earbud at
four times the resolution of the scene net, whose boxes on such heads are shown, and count for nothing: on people whom
neither net had seen they told an earbud from an ear no better than chance (docs/experiments.md). Where a head was not
read, as it is turned away or small, the best `earphone` box of the scene net that lies on it speaks.

A box that touches no head (earphones on a desk, around a neck) does not count. Where no head is large enough to
read and no box lies on one, the frame cannot answer: nobody saw the ears. Nor can a head whose ears are surely
covered: hair over the ear is not "no earphone". There `ears_covered` and the earphone are two names for the same
pixels, and the surer one counts; else long hair would be taken for headphones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proctor_models.boxes import covered
from proctor_models.detectors.heads import UNREAD, ear_region, head_regions, legible, reading_of, sure_faces
from proctor_models.types import VIEWS, Boxes, Observation, Reading, View

ATTRIBUTES = ("earphone_over_ear", "earphone_in_ear")
"""Of the head net."""
ON_HEAD = 0.5
"""Share of an earphone box that must lie in a head's region."""
SHOWN_SCORE = 0.25
"""Earphone boxes scored lower are not shown."""
LONE_SCORE = 0.1
"""Where no head could be read, a box on a head scored lower says nothing, and so nothing was seen."""
COVERED_SCORE = 0.7
"""`ears_covered` of the head net from which a head's ears are out of sight; an older net does not say it."""


@dataclass(frozen=True)
class Earphone:
    """See the module."""

    name: str = "earphone"
    views: tuple[View, ...] = VIEWS

    def read(self, observation: Observation) -> Reading:
        """Highest score of any head; None where no head could be read, or all that were have their ears covered."""
        found = observation.scene.of("earphone")
        looks: list[tuple[float, Boxes]] = []
        why, judged = UNREAD, np.zeros(len(found), bool)  # judged: boxes on heads that the head net has read
        heads = legible(observation.heads)
        for face in sure_faces(observation.scene).xyxy:
            head = reading_of(face, heads)
            if head is None:
                continue
            touching = on_head(found.xyxy, ear_region(face[None]))
            judged |= touching
            score = max(head.attributes.get(name, 0.0) for name in ATTRIBUTES)
            covers = head.attributes.get("ears_covered", 0.0)
            if covers >= COVERED_SCORE and score < covers:
                why = "hair or headwear covers the ears"
                continue
            shown = found.xyxy[touching & (found.scores >= SHOWN_SCORE)]
            # No box of its own: the head is where a reviewer should look.
            looks.append((score, shown if len(shown) else face[None]))
        worn = on_head(found.xyxy, head_regions(observation)) & ~judged
        if not looks:
            worn &= found.scores >= LONE_SCORE
        if worn.any():
            looks.append((float(found.scores[worn].max()), found.xyxy[worn]))
        if not looks:
            return Reading(None, why=why)
        return Reading(*max(looks, key=lambda look: look[0]))


def on_head(earphones: Boxes, regions: Boxes) -> NDArray[np.bool_]:
    """Which earphone boxes lie on a head, by the regions of the heads; shape (len(earphones),).

    >>> earphone, region = np.array([[0, 0, 4, 4]], np.float32), np.array([[1, 0, 9, 9]], np.float32)
    >>> on_head(earphone, region).tolist(), on_head(earphone, region + 2).tolist()
    ([True], [False])
    """
    return np.asarray((covered(earphones, regions) >= ON_HEAD).any(1), np.bool_)
