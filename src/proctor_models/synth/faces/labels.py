"""What the labels of a painted frame are: those of its base frame, as far as they still hold, and what was painted.

Nothing is claimed that nobody checked: the classes labelled exhaustively stay those of the base frame. A painted thing
of another class gets its box all the same; what else of that class may be in the frame stays unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from proctor_models.data.manifest import BoxLabel, FrameRecord
from proctor_models.synth.composites.layers import AttributeValue, Plane, box_of
from proctor_models.synth.faces.paint import Picture, pasted_box
from proctor_models.types import FACES, SCENE_CLASSES

HIDDEN = 0.8
"""A base label is dropped where more than this share of its box was painted over."""
XYXY = tuple[float, float, float, float]


def merged(
    base: FrameRecord,
    picture: Picture,
    face: XYXY | None,
    mask: Mapping[str, AttributeValue] | None = None,
    mask_box: XYXY | None = None,
    belongs: tuple[Plane, ...] = (),
    says: Mapping[str, AttributeValue] = MappingProxyType({}),
) -> tuple[BoxLabel, ...]:
    """The boxes of the result.

    Args:
        base: the frame that was painted on.
        picture: what was painted.
        face: box of the face that was chosen, as labelled in `base`; None where it is not.
        mask: attributes of a mask put on that face; None without one.
        mask_box: where the masked face is, in case `base` does not label it.
        belongs: what became part of the person with that face.
        says: what that face's label says now of what was painted.
    """
    boxes = []
    for box in base.boxes:
        chosen = box.label in FACES and box.xyxy == face
        if mask is not None and chosen:
            boxes.append(BoxLabel(label="face_masked", xyxy=box.xyxy, attributes={**box.attributes, **mask}))
        elif chosen and says:
            boxes.append(BoxLabel(label=box.label, xyxy=box.xyxy, attributes={**box.attributes, **says}))
        elif hidden_share(box.xyxy, picture.covered) <= HIDDEN:
            boxes.append(box)
    if mask is not None and face is None and mask_box is not None:
        boxes.append(BoxLabel(label="face_masked", xyxy=mask_box, attributes=dict(mask)))
    if belongs:
        boxes = _grown(boxes, face or mask_box, belongs)
    for thing in picture.pasted:
        found = pasted_box(thing)
        if found is not None:
            boxes.append(BoxLabel(label=thing.label, xyxy=found, attributes=dict(thing.attributes)))
    return tuple(boxes)


def hidden_share(xyxy: XYXY, covered: Plane) -> float:
    """Share of a box that was painted over.

    >>> hidden_share((0, 0, 4, 4), np.tri(4, dtype=np.float32))
    0.625
    """
    x0, y0, x1, y1 = xyxy
    part = covered[max(int(y0), 0) : max(int(np.ceil(y1)), 1), max(int(x0), 0) : max(int(np.ceil(x1)), 1)]
    return float(part.mean()) if part.size else 0.0


def _grown(boxes: list[BoxLabel], face: XYXY | None, belongs: tuple[Plane, ...]) -> list[BoxLabel]:
    """The smallest person around the face, grown by what became part of them."""
    if face is None:
        return boxes
    x, y = (face[0] + face[2]) / 2, (face[1] + face[3]) / 2
    around = [
        i
        for i, b in enumerate(boxes)
        if b.label == "person" and b.xyxy[0] < x < b.xyxy[2] and b.xyxy[1] < y < b.xyxy[3]
    ]
    if not around:
        return boxes
    own = min(around, key=lambda i: (boxes[i].xyxy[2] - boxes[i].xyxy[0]) * (boxes[i].xyxy[3] - boxes[i].xyxy[1]))
    x0, y0, x1, y1 = boxes[own].xyxy
    for part in belongs:
        found = box_of(part)
        if found is not None:
            x0, y0, x1, y1 = min(x0, found[0]), min(y0, found[1]), max(x1, found[2]), max(y1, found[3])
    grown = BoxLabel(
        label="person", xyxy=(float(x0), float(y0), float(x1), float(y1)), attributes=boxes[own].attributes
    )
    return [grown if i == own else box for i, box in enumerate(boxes)]


def coco_image(number: int, name: str, base: FrameRecord, painted: str) -> dict[str, object]:
    """The image's entry: rights, person, clip and side of a split are the base frame's."""
    known = {
        "subject": base.person,
        "clip": base.clip,
        "time_s": base.time_s,
    }
    tags = {k: v for k, v in base.tags.items() if k != "synthetic"}
    return {
        "id": number,
        "file_name": name,
        "width": base.width,
        "height": base.height,
        "source_repo": source_of(base.source),
        "source_path": base.id,
        "group": base.group,
        "licence": base.licence,
        "labelled_categories": list(base.labelled),
        "view": base.view,
        "synthetic": True,
        "tags": tags | {"synthetic_kind": "composite", "base": base.id, "painted": painted},
        **{key: value for key, value in known.items() if value is not None},
    }


def coco_annotation(number: int, image: int, box: BoxLabel) -> dict[str, object]:
    """One box as COCO writes it."""
    x0, y0, x1, y1 = (round(value, 2) for value in box.xyxy)
    wide, high = round(x1 - x0, 2), round(y1 - y0, 2)
    return {
        "id": number,
        "image_id": image,
        "category_id": SCENE_CLASSES.index(box.label) + 1,
        "bbox": [x0, y0, wide, high],
        "area": round(wide * high, 2),
        "iscrowd": 0,
        "attributes": dict(box.attributes),
    }


def source_of(source: str) -> str:
    """The name under which frames made from a source appear, so that a recipe can weigh them by themselves.

    >>> source_of("exam-room")
    'synth-faces/exam-room'
    """
    return f"synth-faces/{source}"
