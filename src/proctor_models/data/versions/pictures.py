"""Frames as small pictures with their boxes, inside the page: SVG over an embedded JPEG."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from typing import TypeVar

import cv2
import numpy as np

from proctor_models.data.manifest import BoxLabel, FrameRecord, Manifest
from proctor_models.data.versions.boxes import BoxChange
from proctor_models.runtime.image import resize

THUMB_PX = 320  # longer side
JPEG_QUALITY = 78
T = TypeVar("T")


def spread(items: Sequence[T], most: int) -> list[T]:
    """At most `most` items, evenly spread from first to last.

    >>> spread(range(10), 4), spread("ab", 4)
    ([0, 3, 6, 9], ['a', 'b'])
    """
    if len(items) <= most:
        return list(items)
    picks = np.linspace(0, len(items) - 1, most).round().astype(int)
    return [items[i] for i in picks]


def thumb(manifest: Manifest, frame: FrameRecord, boxes: Iterable[BoxChange]) -> str:
    """The frame as an SVG element with its boxes; says so in its place where the picture is not there."""
    width, height = frame.width, frame.height
    shapes = "".join(_shapes(change, height) for change in boxes)
    source = _embedded(manifest, frame)
    picture = (
        f'<image href="{source}" width="{width}" height="{height}" preserveAspectRatio="none"/>'
        if source
        else f'<text class="missing" x="8" y="{height / 2:g}" font-size="{height / 14:g}">picture not there</text>'
    )
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(frame.id)}">{picture}{shapes}</svg>'


def plain(boxes: Iterable[BoxLabel], kind: str = "same") -> list[BoxChange]:
    """Labels as they are, all drawn one way."""
    return [BoxChange(kind, None, box) for box in boxes]


def _shapes(change: BoxChange, height: int) -> str:
    """The label after, and the one before where it lay elsewhere or is gone."""
    shapes = ""
    old, new = change.before, change.after
    if old is not None and (new is None or change.kind == "moved"):
        shapes += _rectangle(old, "old", height, "" if new is not None else old.label)
    if new is not None:
        name = "" if change.kind == "same" else new.label  # names of what stayed would hide what changed
        name = f"{old.label} > {name}" if old is not None and change.kind == "relabelled" else name
        shapes += _rectangle(new, change.kind, height, name)
    return shapes


def _rectangle(box: BoxLabel, kind: str, height: int, name: str) -> str:
    x0, y0, x1, y1 = box.xyxy
    size = height / 17
    text = ""
    if name:
        place = f'x="{x0 + 2:g}" y="{max(size, y0 - size / 4):g}" font-size="{size:g}"'
        text = f'<text class="{kind}" {place}>{escape(name)}</text>'
    shape = f'x="{x0:g}" y="{y0:g}" width="{x1 - x0:g}" height="{y1 - y0:g}"'
    return f'<rect class="{kind}" {shape} vector-effect="non-scaling-stroke"/>{text}'


def _embedded(manifest: Manifest, frame: FrameRecord) -> str:
    """The picture, made small, as a data URI; empty where it cannot be read."""
    path = manifest.image_path(frame)
    image = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    if image is None:
        return ""
    height, width = image.shape[:2]
    scale = min(1.0, THUMB_PX / max(width, height))
    small = resize(np.asarray(image, np.uint8), (max(1, round(width * scale)), max(1, round(height * scale))))
    done, encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode('ascii')}" if done else ""
