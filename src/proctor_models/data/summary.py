"""Counts of a dataset: what the DVC metrics and the split's table show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from proctor_models.data.manifest import FrameRecord
from proctor_models.types import SCENE_CLASSES


def summarise(frames: Iterable[FrameRecord]) -> dict[str, object]:
    """Counts of frames and boxes: in all, by source, view, person and class.

    >>> summarise([])["frames"]
    0
    """
    frames = list(frames)
    boxes = Counter(box.label for frame in frames for box in frame.boxes)
    images = Counter(label for frame in frames for label in {box.label for box in frame.boxes})
    labelled = Counter(label for frame in frames for label in frame.labelled)
    return {
        "frames": len(frames),
        "boxes": boxes.total(),
        "frames_by_source": _sorted(Counter(frame.source for frame in frames)),
        "frames_by_view": _sorted(Counter(frame.view for frame in frames)),
        "frames_by_person": _sorted(Counter(frame.person or "unknown" for frame in frames)),
        "classes": {
            name: {"boxes": boxes[name], "frames_with": images[name], "frames_labelled": labelled[name]}
            for name in SCENE_CLASSES
            if boxes[name] or labelled[name]
        },
    }


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
