"""What every format is read into before an image file is opened, and the list of what is wrong with a source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from proctor_models.config import Source
from proctor_models.data.manifest import AttributeValue
from proctor_models.errors import DataError
from proctor_models.types import SCENE_CLASSES

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
SHOWN = 20  # problems of one source that a message lists

ViewName = Literal["first", "second", "other"]
_VIEWS: dict[str, ViewName] = {
    "first": "first",
    "webcam": "first",
    "webcam-like": "first",
    "office desk": "first",
    "second": "second",
}
_ROBOFLOW = re.compile(r"\.rf\.[0-9A-Za-z]+$")
_SIDES = {"train", "valid", "val", "test"}


@dataclass(frozen=True)
class DraftBox:
    """One box as the source states it, unchecked: pixels of the image as it is stored."""

    where: str
    label: str
    xyxy: tuple[float, float, float, float]
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Draft:
    """One frame as the source states it; `path` is its image file, or `encoded` its bytes (a frame of a video)."""

    name: str
    """Path of the image inside the source, without suffix; the id is ``<source>/<name>``."""
    where: str
    """How messages name it."""
    path: Path
    source: str
    licence: str
    view: ViewName
    group: str
    labelled: tuple[str, ...]
    encoded: bytes | None = None
    stated_wh: tuple[int, int] | None = None
    native_aspect: float | None = None
    person: str | None = None
    clip: str | None = None
    time_s: float | None = None
    boxes: tuple[DraftBox, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


class Problems:
    """All that is wrong with one source, so that a person mends it in one go."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines: list[str] = []

    def add(self, where: str, what: str) -> None:
        """Note one problem: `where` names file and item, `what` says expected, got and what to do."""
        self._lines.append(f"{where}: {what}")

    def __bool__(self) -> bool:
        return bool(self._lines)

    def refuse(self) -> None:
        """Raise if there is any problem.

        Raises:
            DataError: with the number of problems and the first 20 of them.
        """
        if not self._lines:
            return
        many = len(self._lines)
        rest = f"\n  ... and {many - SHOWN} more" if many > SHOWN else ""
        listed = "\n  ".join(self._lines[:SHOWN])
        counted = f"{many} problem{'s' * (many > 1)}"
        raise DataError(f"source {self._source!r}: {counted}; nothing was written\n  {listed}{rest}")


def view_of(source: Source, stated: str | None) -> ViewName:
    """The view of a frame: the recipe's, else what the frame states; an unknown word is `other`.

    >>> view_of(Source(name="a", format="coco", path="."), "webcam-like")
    'first'
    >>> view_of(Source(name="a", format="coco", path="."), "street/portrait")
    'other'
    """
    return source.view or _VIEWS.get((stated or "").strip().lower(), "other")


def our_class(source: Source, name: str, problems: Problems, where: str) -> str:
    """The source's class `name` as one of ours, or "" where the recipe drops it or it is unknown (a problem)."""
    ours = source.classes.get(name, name)
    if ours and ours not in SCENE_CLASSES:
        problems.add(
            where,
            f"class: expected one of {', '.join(SCENE_CLASSES)}, got {ours!r}; "
            f"map it in the recipe's `classes` ({name}: <one of ours>, or an empty value to drop it)",
        )
        return ""
    return ours


def original_picture(source: str, path: str) -> str:
    """Key of the photograph a file was made from: augmented copies and composites of it share the key.

    Roboflow writes ``name_jpg.rf.<hash>.jpg``, one hash a copy, into train/, valid/ or test/.

    >>> original_picture("me/set", "set/train/images/cup_jpg.rf.0a1b.jpg")
    'picture:me/set/set/images/cup_jpg'
    >>> original_picture("me/set", "photos/459.jpg")
    'picture:me/set/photos/459'
    """
    file = PurePosixPath(path)
    stem, count = _ROBOFLOW.subn("", file.stem)
    folders = [part for part in file.parent.parts if not (count and part in _SIDES)]
    return f"picture:{PurePosixPath(source, *folders, stem)}"


def group_of(person: str | None, source: str, clip: str | None, picture: str) -> str:
    """Key of the frames that must stay together: the person, else the clip, else the original picture.

    >>> group_of(None, "me/set", "exam_mov", "frame_1.jpg")
    'clip:me/set/exam_mov'
    """
    if person:
        return f"person:{person}"
    return f"clip:{source}/{clip}" if clip else original_picture(source, picture)
