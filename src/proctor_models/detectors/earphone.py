"""Earphone: an earphone of any kind worn on a head, over the ear or in it.

Two looks make the score, joined by noisy-or, ``1 - (1 - a)(1 - b)``: `a`, the surer of the head net's
two earphone attributes, and `b`, the best `earphone` box of the scene net that lies on that head. The head
net sees an earbud at four times the resolution; the scene net sees a headset whose band leaves the crop.
Noisy-or lets either look speak alone and puts first what both see; as both look at the same pixels the
result is not a probability, which the threshold, chosen on validation frames, makes up for. One exception:
`earphone_in_ear` counts less than half, because the head net has learnt earbuds from a single wearer, and what
it takes for an earbud may be his room; with a box beside it, it still tips the balance.

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
from proctor_models.detectors.heads import UNREAD, ear_region, head_regions, reading_of, sure_faces
from proctor_models.types import VIEWS, Boxes, Observation, Reading, View

SHARES = {"earphone_over_ear": 1.0, "earphone_in_ear": 0.45}
"""Head attribute to the share of it that counts."""
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
        why, hidden = UNREAD, np.zeros(len(found), bool)  # hidden: faint boxes on covered ears
        for face in sure_faces(observation.scene).xyxy:
            head = reading_of(face, observation.heads)
            if head is None:
                continue
            touching = on_head(found.xyxy, ear_region(face[None]))
            by_head = max(share * head.attributes.get(name, 0.0) for name, share in SHARES.items())
            by_scene = float(found.scores[touching].max(initial=0))
            score = 1 - (1 - by_head) * (1 - by_scene)
            covers = head.attributes.get("ears_covered", 0.0)
            if covers >= COVERED_SCORE and score < covers:
                why, hidden = "hair or headwear covers the ears", hidden | touching
                continue
            shown = found.xyxy[touching & (found.scores >= SHOWN_SCORE)]
            # No box of its own: the head is where a reviewer should look.
            looks.append((score, shown if len(shown) else face[None]))
        worn = on_head(found.xyxy, head_regions(observation)) & ~hidden
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
