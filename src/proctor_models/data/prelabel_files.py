"""The files labelling tools import: boxes of a model with their scores, marked as such."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proctor_models.data.drafts import CHECKED
from proctor_models.types import SCENE_CLASSES

_LOOKS: dict[str, tuple[str, ...]] = {
    "headwear": ("unknown", "none", "hat", "headscarf"),
    "ears": ("unknown", "visible", "covered"),
    "occluded": ("unknown", "false", "true"),
}
ASKED: dict[str, dict[str, tuple[str, ...]]] = {
    "earphone": {"kind": ("earbud", "headphone"), "worn": ("true", "false")},
    "face": _LOOKS,
    "face_masked": {"mask_incorrect": ("false", "true"), **_LOOKS},
}
"""Attributes a person is asked for, by class, with their values; the first is a new box's."""


@dataclass(frozen=True)
class Guess:
    """One box of a model: xyxy in pixels of the image."""

    label: str
    xyxy: tuple[float, float, float, float]
    score: float
    attributes: Mapping[str, str | bool]


@dataclass(frozen=True)
class GuessedFrame:
    """One frame and what a model says of it."""

    file: str
    """Path below images/."""
    resolution_wh: tuple[int, int]
    boxes: tuple[Guess, ...]
    doubt: float
    """How little the detector that is most in doubt could decide, in [0, 1]."""
    unsure: str
    """That detector."""
    score: float
    """Its score."""
    clip: str | None = None
    time_s: float | None = None


@dataclass(frozen=True)
class Written:
    """What goes into the folder beside images/, and what the person does with it."""

    files: Mapping[str, str]
    steps: str


def as_cvat(frames: Sequence[GuessedFrame], names: tuple[str, ...], model: str) -> Written:
    """CVAT for images 1.1, and the labels a task for it needs."""
    root = ET.Element("annotations")
    ET.SubElement(root, "version").text = "1.1"
    task = ET.SubElement(ET.SubElement(root, "meta"), "task")
    ET.SubElement(task, "name").text = f"pre-labelled by {model}"
    listed = ET.SubElement(task, "labels")
    labels = _cvat_labels(names)
    for label in labels:
        _cvat_label(ET.SubElement(listed, "label"), label)
    for number, frame in enumerate(sorted(frames, key=lambda frame: frame.file)):
        width, height = frame.resolution_wh
        about = {"id": str(number), "name": frame.file, "width": str(width), "height": str(height)}
        image = ET.SubElement(root, "image", about)
        for box in frame.boxes:
            corners = {key: f"{value:.2f}" for key, value in zip(("xtl", "ytl", "xbr", "ybr"), box.xyxy, strict=True)}
            about = {"label": box.label, "source": "auto", "occluded": "0", **corners, "z_order": "0"}
            element = ET.SubElement(image, "box", about)
            for name, value in {"score": f"{box.score:.2f}", **box.attributes}.items():
                text = str(value).lower() if isinstance(value, bool) else value
                ET.SubElement(element, "attribute", {"name": name}).text = text
    ET.indent(root)
    xml = '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"
    return Written({"prelabels.xml": xml, "labels.json": json.dumps(labels, indent=2) + "\n"}, _CVAT_STEPS)


def _cvat_labels(names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Labels in the form CVAT's label constructor takes as raw text."""
    score = {
        "name": "score",
        "mutable": True,
        "input_type": "number",
        "default_value": "0",
        "values": ["0", "1", "0.01"],
    }
    labels = []
    for name in names:
        attributes = [score]
        for attribute, values in ASKED.get(name, {}).items():
            truth = set(values) == {"true", "false"}
            attributes.append(
                {
                    "name": attribute,
                    "mutable": True,
                    "input_type": "checkbox" if truth else "select",
                    "default_value": values[0],
                    "values": [values[0]] if truth else list(values),
                }
            )
        labels.append({"name": name, "type": "rectangle", "attributes": attributes})
    return [*labels, {"name": CHECKED, "type": "tag", "attributes": []}]


def _cvat_label(element: ET.Element, label: Mapping[str, Any]) -> None:
    ET.SubElement(element, "name").text = label["name"]
    ET.SubElement(element, "type").text = label["type"]
    attributes = ET.SubElement(element, "attributes")
    for asked in label["attributes"]:
        attribute = ET.SubElement(attributes, "attribute")
        for key in ("name", "mutable", "input_type", "default_value"):
            ET.SubElement(attribute, key).text = str(asked[key])
        ET.SubElement(attribute, "values").text = "\n".join(asked["values"])


def as_label_studio(frames: Sequence[GuessedFrame], names: tuple[str, ...], model: str) -> Written:
    """Label Studio tasks with predictions, the most doubtful first, and the interface they are for."""
    tasks = []
    for frame in frames:
        data: dict[str, Any] = {"image": f"/data/local-files/?d=images/{frame.file}", "doubt": frame.doubt}
        if frame.clip is not None:
            data |= {"clip": frame.clip, "time_s": frame.time_s}
        result = [part for number, box in enumerate(frame.boxes) for part in _regions(f"b{number}", box, frame)]
        # Label Studio's own "uncertainty" order takes the lowest score first.
        prediction = {"model_version": model, "score": round(1 - frame.doubt, 4), "result": result}
        tasks.append({"data": data, "predictions": [prediction]})
    text = json.dumps(tasks, indent=1, ensure_ascii=False) + "\n"
    return Written({"tasks.json": text, "label_config.xml": _interface(names)}, _LABEL_STUDIO_STEPS)


def _regions(name: str, box: Guess, frame: GuessedFrame) -> list[dict[str, Any]]:
    """One box and what is said of it; they share an id."""
    width, height = frame.resolution_wh
    x0, y0, x1, y1 = box.xyxy
    place = {"x": 100 * x0 / width, "y": 100 * y0 / height, "rotation": 0}
    place |= {"width": 100 * (x1 - x0) / width, "height": 100 * (y1 - y0) / height}
    shared = {"id": name, "to_name": "image", "original_width": width, "original_height": height, "image_rotation": 0}
    rectangle = {"from_name": "label", "type": "rectanglelabels", "score": box.score}
    regions = [shared | rectangle | {"value": place | {"rectanglelabels": [box.label]}}]
    for attribute, value in box.attributes.items():
        text = str(value).lower() if isinstance(value, bool) else value
        regions.append(shared | {"from_name": attribute, "type": "choices", "value": place | {"choices": [text]}})
    return regions


def _interface(names: tuple[str, ...]) -> str:
    view = ET.Element("View")
    ET.SubElement(view, "Image", {"name": "image", "value": "$image", "zoom": "true"})
    labels = ET.SubElement(view, "RectangleLabels", {"name": "label", "toName": "image"})
    for name in names:
        ET.SubElement(labels, "Label", {"value": name})
    for label, asked in ASKED.items():
        if label in names:
            for attribute, values in asked.items():
                about = {"name": attribute, "toName": "image", "perRegion": "true", "whenTagName": "label"}
                choices = ET.SubElement(view, "Choices", {**about, "whenLabelValue": label})
                for value in values:
                    ET.SubElement(choices, "Choice", {"value": value})
    ET.indent(view)
    return ET.tostring(view, encoding="unicode") + "\n"


def as_coco(frames: Sequence[GuessedFrame], names: tuple[str, ...], model: str) -> Written:
    """A COCO file, the most doubtful frames first, that says it is pre-labelled."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, frame in enumerate(frames, start=1):
        width, height = frame.resolution_wh
        image = {"id": number, "file_name": frame.file, "width": width, "height": height, "doubt": frame.doubt}
        images.append(image if frame.clip is None else image | {"clip": frame.clip, "time_s": frame.time_s})
        for box in frame.boxes:
            x0, y0, x1, y1 = box.xyxy
            size = (round(x1 - x0, 2), round(y1 - y0, 2))
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": SCENE_CLASSES.index(box.label) + 1,
                    "bbox": [x0, y0, *size],
                    "area": round(size[0] * size[1], 2),
                    "iscrowd": 0,
                    "score": box.score,
                    "attributes": dict(box.attributes),
                }
            )
    categories = [{"id": SCENE_CLASSES.index(name) + 1, "name": name} for name in names]
    info = {"description": "Boxes of a model, for a person to correct.", "prelabelled": True, "model": model}
    coco = {"info": info, "images": images, "annotations": annotations, "categories": categories}
    return Written({"prelabels.json": json.dumps(coco, ensure_ascii=False) + "\n"}, _COCO_STEPS)


_HEAD = """{frames} frames with boxes by {model}. They are guesses: a person corrects them.
doubt.csv lists the frames, the most doubtful first.

"""
_TAIL = """
Then name this folder as a source in a recipe, with the licence of the frames, and the classes you looked for in every
one of them:

    - {{name: mine, format: FORMAT, path: FOLDER, licence: own, labelled: [person, face, phone]}}
"""
_CVAT_STEPS = (
    _HEAD
    + f"""1. CVAT: new task; in the constructor's Raw tab paste labels.json; upload the content of images/ as a
   zip, which keeps its folders: (cd images && zip -r ../images.zip .)
2. Menu of the task: Upload annotations, format CVAT 1.1, prelabels.xml.
3. Correct the boxes. Give each frame that is right, an empty one too, the tag `{CHECKED}`.
4. Export task dataset, format CVAT for images 1.1; put annotations.xml here. Frames without the tag are left out.
"""
    + _TAIL.replace("FORMAT", "cvat")
)
_LABEL_STUDIO_STEPS = (
    _HEAD
    + """1. Start Label Studio with LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true and
   LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT=<this folder>; new project; paste label_config.xml as labelling interface; add
   <this folder>/images as local storage.
2. Import tasks.json. The boxes come as predictions, in order of doubt.
3. Correct each task and submit it. Predictions nobody submitted are left out.
4. Export as JSON; put the file here as annotations.json.
"""
    + _TAIL.replace("FORMAT", "label-studio")
)
_COCO_STEPS = (
    _HEAD
    + """1. Import prelabels.json and images/ into a tool that reads COCO.
2. Correct every frame.
3. Export as COCO; put the file here as annotations.json. If the tool kept `info.prelabelled` or `score`, remove them,
   or say `confirmed: true` of the source.
"""
    + _TAIL.replace("FORMAT", "coco")
)
