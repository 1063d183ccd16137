"""Labels of one frame in two versions, matched by overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from proctor_models.boxes import iou
from proctor_models.data.manifest import BoxLabel, FrameRecord

SAME_CLASS_IOU = 0.3  # a box of the same class that overlaps this much has moved; less, and it is another box
OTHER_CLASS_IOU = 0.5  # a box of another class that overlaps this much was relabelled
MOVED_PX = 0.5  # corners this near have not moved: rounding differs between tools


@dataclass(frozen=True)
class BoxChange:
    """What became of one label."""

    kind: str
    """`added`, `removed`, `moved`, `relabelled`, `attributes` or `same`."""
    before: BoxLabel | None
    after: BoxLabel | None

    def __str__(self) -> str:
        """As one phrase.

        >>> box = BoxLabel(label="phone", xyxy=(1, 2, 3, 4))
        >>> print(BoxChange("relabelled", box, BoxLabel(label="remote", xyxy=(1, 2, 3, 4))))
        phone became remote
        """
        before, after = self.before, self.after
        if before is None or after is None:
            return f"{(before or after or _NOTHING).label} {self.kind}"
        if self.kind == "relabelled":
            return f"{before.label} became {after.label}"
        if self.kind == "moved":
            most = max(abs(a - b) for a, b in zip(before.xyxy, after.xyxy, strict=True))
            return f"{after.label} moved by up to {most:.0f} px"
        return f"{after.label}: {_attributes(before, after)}"


_NOTHING = BoxLabel(label="person", xyxy=(0, 0, 1, 1))


def _attributes(before: BoxLabel, after: BoxLabel) -> str:
    """Which attributes differ, as ``worn: True, was none``."""
    names = sorted(before.attributes.keys() | after.attributes.keys())
    old, new = before.attributes, after.attributes
    return ", ".join(
        f"{name}: {new.get(name, 'none')}, was {old.get(name, 'none')}"
        for name in names
        if new.get(name) != old.get(name)
    )


def match_boxes(before: FrameRecord, after: FrameRecord) -> list[BoxChange]:
    """What became of every label of one frame; boxes of a resized frame are compared at its later size.

    Boxes are paired best overlap first, half a point ahead where the class is the same, each at most once. A box
    that changed class and place is `relabelled`; one that changed place and attributes is `moved`.
    """
    olds = [_resized(box, before, after) for box in before.boxes]
    pairs = _pairs(olds, after.boxes)
    changes = [BoxChange(_kind(olds[i], after.boxes[j]), olds[i], after.boxes[j]) for i, j in pairs]
    taken, given = {i for i, _ in pairs}, {j for _, j in pairs}
    changes += [BoxChange("removed", box, None) for i, box in enumerate(olds) if i not in taken]
    changes += [BoxChange("added", None, box) for j, box in enumerate(after.boxes) if j not in given]
    return changes


def _resized(box: BoxLabel, before: FrameRecord, after: FrameRecord) -> BoxLabel:
    if (before.width, before.height) == (after.width, after.height):
        return box
    to_x, to_y = after.width / before.width, after.height / before.height
    x0, y0, x1, y1 = box.xyxy
    return box.model_copy(update={"xyxy": (x0 * to_x, y0 * to_y, x1 * to_x, y1 * to_y)})


def _pairs(olds: Sequence[BoxLabel], news: Sequence[BoxLabel]) -> list[tuple[int, int]]:
    if not olds or not news:
        return []
    overlap = iou(np.array([b.xyxy for b in olds], np.float32), np.array([b.xyxy for b in news], np.float32))
    candidates = []
    for i, old in enumerate(olds):
        for j, new in enumerate(news):
            same = old.label == new.label
            if overlap[i, j] >= (SAME_CLASS_IOU if same else OTHER_CLASS_IOU):
                candidates.append((-(float(overlap[i, j]) + 0.5 * same), i, j))
    pairs: list[tuple[int, int]] = []
    for _, i, j in sorted(candidates):
        if all(i != a and j != b for a, b in pairs):
            pairs.append((i, j))
    return sorted(pairs)


def _kind(old: BoxLabel, new: BoxLabel) -> str:
    if old.label != new.label:
        return "relabelled"
    if any(abs(a - b) > MOVED_PX for a, b in zip(old.xyxy, new.xyxy, strict=True)):
        return "moved"
    return "same" if old.attributes == new.attributes else "attributes"
