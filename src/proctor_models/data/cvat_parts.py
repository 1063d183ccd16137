"""What CVAT's two formats share: the task's labels, and boxes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from proctor_models.config import Source
from proctor_models.data.drafts import CHECKED, NOT_LABELS, DraftBox, Problems, our_class, typed
from proctor_models.data.manifest import AttributeValue
from proctor_models.data.markup import Element

SHAPES = ("polygon", "polyline", "points", "ellipse", "cuboid", "mask", "skeleton")
FOREIGN = ("auto", "file")
"""What CVAT says of a box that a model drew, or that was read from a file."""


@dataclass(frozen=True)
class Task:
    """What a file says of its task."""

    classes: Mapping[str, str] = field(default_factory=dict)
    """The task's labels to our classes, "" for those the recipe drops; without `checked`."""
    inputs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Kind of input (checkbox, number, select, ...) by label and attribute."""
    checked: bool = False
    """Whether it has the label `checked`."""
    video: str = ""
    """The recording's file name."""
    first: int = 0
    last: int | None = None
    step: int = 1
    """Number of the first and last frame shown, and how far apart two are."""
    resolution_wh: tuple[int, int] | None = None
    """Size of the recording's frames in pixels."""


def task_of(source: Source, path: Path, root: Element, problems: Problems) -> Task:
    """What the file's <meta> says; an unknown label is a problem."""
    meta = root.first("meta")
    about = next((child for child in meta.children if child.first("labels")), None) if meta else None
    if meta is None or about is None:
        problems.add(f"{path}:{root.line}", "meta: expected the task's <labels>, got none; export from CVAT again")
        return Task()
    classes: dict[str, str] = {}
    inputs: dict[tuple[str, str], str] = {}
    checked = False
    listed = about.first("labels")
    for label in listed.every("label") if listed else ():
        name, where = label.said("name"), f"{path}:{label.line}: label {label.said('name')!r}"
        if name == CHECKED:
            checked = True
            continue
        classes[name] = our_class(source, name, problems, where)
        attributes = label.first("attributes")
        for attribute in attributes.every("attribute") if attributes else ():
            inputs[name, attribute.said("name")] = attribute.said("input_type")
    size = (about.said("original_size", "width"), about.said("original_size", "height"))
    filtered = about.said("frame_filter").removeprefix("step=")
    return Task(
        classes=classes,
        inputs=inputs,
        checked=checked,
        video=about.said("source"),
        first=_whole(about.said("start_frame"), 0),
        last=_whole(about.said("stop_frame"), -1) if about.said("stop_frame").isdecimal() else None,
        step=max(1, _whole(filtered, 1)),
        resolution_wh=(int(size[0]), int(size[1])) if all(text.isdecimal() for text in size) else None,
    )


def _whole(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() else otherwise


def number(element: Element, key: str, where: str, problems: Problems) -> float | None:
    """A number an element states; None after noting that it does not."""
    text = element.attributes.get(key)
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    problems.add(where, f"{key}: expected a number, got {text!r}; export the labels again")
    return None


def box_of(box: Element, path: Path, what: str, task: Task, problems: Problems, label: str = "") -> DraftBox | None:
    """One <box>; None where the recipe drops its label, or after noting what is wrong.

    Args:
        box: the element.
        path: its file.
        what: how messages name it, beside file and line.
        task: the labels there are.
        problems: gets what is wrong.
        label: of the track it belongs to; a box of an image states its own.
    """
    where = f"{path}:{box.line}: {what}"
    label = label or box.attributes.get("label", "")
    if label not in task.classes:
        known = ", ".join(task.classes) or "none"
        problems.add(where, f"label: expected one of the task's ({known}), got {label!r}; export the labels again")
        return None
    if not task.classes[label]:
        return None
    turned = number(box, "rotation", where, problems) if "rotation" in box.attributes else 0.0
    if turned:
        problems.add(where, f"rotation: expected 0 degrees, got {turned:g}; draw the box upright around the thing")
        return None
    corners = [number(box, key, where, problems) for key in ("xtl", "ytl", "xbr", "ybr")]
    if None in corners:
        return None
    x0, y0, x1, y1 = (float(value or 0) for value in corners)
    return DraftBox(where, task.classes[label], (x0, y0, x1, y1), attributes_of(box, label, task))


def attributes_of(box: Element, label: str, task: Task) -> dict[str, AttributeValue]:
    """Attributes a box states, as truth values and numbers where the task says so."""
    attributes: dict[str, AttributeValue] = {}
    for attribute in box.every("attribute"):
        name, text = attribute.attributes.get("name", ""), attribute.text.strip()
        if not text or name in NOT_LABELS:
            continue
        kind = task.inputs.get((label, name), "")
        try:
            attributes[name] = float(text) if kind == "number" else typed(text)
        except ValueError:
            attributes[name] = text
    return attributes
