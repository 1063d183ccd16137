"""Frames made by hand, and what nets might say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proctor_models.config import DETECTOR_NAMES
from proctor_models.data.manifest import BoxLabel, FrameRecord
from proctor_models.evaluation.seen import Seen
from proctor_models.types import SCENE_CLASSES

ALL = ("person", "face", "face_masked", "phone", "earphone", "book_paper")
Box = tuple[float, float, float, float]


def label(name: str, xyxy: Box = (10.0, 10.0, 40.0, 40.0), **attributes: Any) -> BoxLabel:
    return BoxLabel(label=name, xyxy=xyxy, attributes=attributes)


def record(
    name: str, boxes: Sequence[BoxLabel] = (), labelled: Sequence[str] = ALL, person: str | None = None, **other: Any
) -> FrameRecord:
    fields = {"source": "made", "view": "first", "split": "val", "group": f"person:{person}" if person else name}
    return FrameRecord(
        id=f"made/{name}", file=f"{name}.png", sha256="", phash="0" * 16, width=100, height=80, licence="MIT",
        labelled=tuple(labelled), boxes=tuple(boxes), person=person, **{**fields, **other},
    )  # fmt: skip


def saw(
    frame: FrameRecord, found: Sequence[tuple[str, Box, float]] = (), scores: Mapping[str, float | None] | None = None
) -> Seen:
    boxes = [
        {
            "category_id": SCENE_CLASSES.index(name) + 1,
            "bbox": [x0, y0, x1 - x0, y1 - y0],
            "score": score,
            "area": (x1 - x0) * (y1 - y0),
            "iscrowd": 0,
            "attributes": {},
        }
        for name, (x0, y0, x1, y1), score in found
    ]
    said = dict.fromkeys(DETECTOR_NAMES, 0.0) | dict(scores or {})
    return Seen(frame, tuple(boxes), said)
