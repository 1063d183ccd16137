"""Words and shapes shared by every layer; numpy and the standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (height, width, 3), blue-green-red
Boxes = NDArray[np.float32]  # (n, 4) xyxy in pixels of the whole image
Scores = NDArray[np.float32]  # (n,) in [0, 1]
ClassIds = NDArray[np.int64]  # (n,) index into the net's class names

View = Literal["first", "second"]  # the computer's webcam; the phone beside or behind the candidate
VIEWS: tuple[View, ...] = ("first", "second")
NetName = Literal["scene", "head", "thing", "outline"]
NETS: tuple[NetName, ...] = ("scene", "head", "thing", "outline")
"""All there are; a recipe or a pack may do without those of `OPTIONAL_NETS`."""
OPTIONAL_NETS: tuple[NetName, ...] = ("thing", "outline")
UNTAUGHT_NETS: tuple[NetName, ...] = ("outline",)
"""Those that take over public weights as they are: no frame of ours, and no person, stands behind them."""

# What `scene` draws boxes for. The first six are labelled in our frames; the others are kept from
# COCO, as hard negatives of a phone and for rules on screens.
SCENE_CLASSES: tuple[str, ...] = (
    "person",
    "face",
    "face_masked",
    "phone",
    "earphone",
    "book_paper",
    "laptop",
    "screen",
    "remote",
    "mouse",
    "keyboard",
    "cup",
    "bottle",
)

FACES: tuple[str, ...] = ("face", "face_masked")
"""Two names of one thing, bare and masked: where only the face counts, they are read together."""

# What `head` says of one head crop, each on its own in [0, 1].
HEAD_ATTRIBUTES: tuple[str, ...] = (
    "mask",
    "mask_incorrect",
    "earphone_over_ear",
    "earphone_in_ear",
    "hat",
    "ears_covered",
    "face_occluded",
)
SPOTS: tuple[str, ...] = ("earphone_in_ear",)
"""Attributes that a small thing decides, which has a place in the crop."""


# What `thing` says of a crop around a box that `scene` drew and named so.
THING_CLASSES: tuple[str, ...] = ("phone",)

# What `outline` draws anew where `scene` drew it and named it so.
OUTLINE_CLASSES: tuple[str, ...] = ("phone",)


@dataclass(frozen=True)
class Detections:
    """Boxes found in one frame, best first.

    ``class_names[class_ids[i]]`` is the class of row ``i``.
    """

    xyxy: Boxes
    scores: Scores
    class_ids: ClassIds
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.scores)

    def of(self, *names: str) -> Detections:
        """Only the rows whose class is one of `names`, order kept.

        >>> found = Detections(np.zeros((2, 4), np.float32), np.array([.9, .4], np.float32),
        ...                    np.array([0, 1]), ("person", "phone"))
        >>> round(float(found.of("phone").scores[0]), 1)
        0.4
        """
        wanted = np.array([name in names for name in self.class_names], np.bool_)
        keep = wanted[self.class_ids]
        return Detections(self.xyxy[keep], self.scores[keep], self.class_ids[keep], self.class_names)


@dataclass(frozen=True)
class HeadReading:
    """What the `head` net says of one head: probability by attribute, for the face at `xyxy`."""

    xyxy: Boxes  # (4,) the face box the crop was cut around
    attributes: Mapping[str, float]


@dataclass(frozen=True)
class CameraState:
    """What pixels and time say of the camera itself; no net is asked."""

    brightness: float
    """Mean luma in [0, 1]."""
    contrast: float
    """Luma of the 95th less that of the 5th percentile, in [0, 1]."""
    detail: float
    """Share of the picture's cells that hold an edge, in [0, 1]."""
    still_s: float
    """Seconds since the picture last changed by more than a recording's own noise; 0 on the first frame."""
    moved: float | None = None
    """How surely the fixed surroundings lie elsewhere than they did, in [0, 1]; None where it cannot be told."""


@dataclass(frozen=True)
class Observation:
    """One analysed frame: what the nets saw and how the camera stood, before any detector or rule."""

    timestamp_s: float
    view: View
    resolution_wh: tuple[int, int]
    scene: Detections
    heads: tuple[HeadReading, ...] = ()
    camera: CameraState | None = None
    """None where single pictures are read, which have no before."""


@dataclass(frozen=True)
class Reading:
    """What one detector says of one frame.

    `score` in [0, 1], or None where the frame cannot answer ("not assessable", `why` says so): hair
    over an ear is not "no earphone".
    """

    score: float | None
    xyxy: Boxes = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    why: str = ""
