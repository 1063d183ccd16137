"""What every format is read into before an image file is opened, and the list of what is wrong with a source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal

from proctor_models.config import Source
from proctor_models.data.manifest import AttributeValue
from proctor_models.errors import DataError
from proctor_models.types import SCENE_CLASSES

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
CHECKED = "checked"
"""What a person says of a frame whose pre-labels are right now: CVAT's tag of that name."""
NOT_LABELS = ("score",)
"""Attributes that say how sure a model was; they are no labels and are left out."""
SHOWN = 20  # problems of one source that a message lists

ViewName = Literal["first", "second", "other"]
_VIEWS: dict[str, ViewName] = {
    "first": "first",
    "webcam": "first",
    "webcam-like": "first",
    "office desk": "first",
    "second": "second",
}
_FRAME_NAME = re.compile(r"(?P<clip>.+)/(?P<ms>\d{9,})ms")
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

    def need_licence(self, licence: str | None, where: str) -> None:
        """Note that neither the source nor its recipe states a licence."""
        if not licence:
            self.add(where, "licence: none stated; state it as the recipe's `licence` of this source")

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


def frame_name(clip: str, timestamp_s: float) -> str:
    """Name of a frame of a clip, without suffix; `clip_of` reads it.

    >>> frame_name("hall/exam", 12.3456)
    'hall/exam/000012346ms'
    """
    return f"{clip}/{round(timestamp_s * 1000):09d}ms"


def clip_of(name: str) -> tuple[str, float] | None:
    """Clip and time in seconds of a frame named by `frame_name`; None for any other name.

    >>> clip_of("hall/exam/000012346ms"), clip_of("holiday/beach")
    (('hall/exam', 12.346), None)
    """
    found = _FRAME_NAME.fullmatch(name)
    return (found["clip"], int(found["ms"]) / 1000) if found else None


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


def person_of(source: Source, collection: str, clip: str | None) -> str | None:
    """The only person in a frame, as the recipe says it of the clip, of the collection, or of the source.

    >>> of = Source(name="a", format="video", path=".", persons={"mon": "P1"}, person="P2")
    >>> person_of(of, "a", "mon"), person_of(of, "a", "tue")
    ('P1', 'P2')
    """
    return source.persons.get(clip or "", source.persons.get(collection, source.person))


def typed(text: str) -> AttributeValue:
    """An attribute's text as a truth value where it is one.

    >>> typed("true"), typed("False"), typed("earbud")
    (True, False, 'earbud')
    """
    return {"true": True, "false": False}.get(text.lower(), text)


def labelled_by(source: Source, listed: Iterable[str] | None, problems: Problems, where: str) -> tuple[str, ...]:
    """Our classes labelled exhaustively in every frame of a labelling tool's file, as the recipe says.

    Args:
        source: its `labelled` must be given: a tool knows which labels there are, not which were looked for.
        listed: our classes by the labels the file lists, "" for dropped ones; None where it lists none.
        problems: gets a line where the recipe does not say it.
        where: how messages name the file.
    """
    if "labelled" not in source.model_fields_set or (source.labelled == "all" and listed is None):
        all_too = ", or `all` for every label of the task" if listed is not None else ""
        problems.add(
            where,
            "labelled: expected the recipe to name the classes that were looked for in every frame, got "
            f"{source.labelled or 'nothing'!r}; say `labelled: [phone, ...]` of this source{all_too}, [] for none",
        )
        return ()
    if source.labelled == "all":
        return tuple(dict.fromkeys(name for name in listed or () if name))
    return source.labelled


def inside(name: str) -> bool:
    """Whether a file name a source states stays inside its folder.

    >>> inside("a/b.png"), inside("../b.png"), inside("/b.png"), inside("")
    (True, False, False, False)
    """
    path = PurePosixPath(name)
    return bool(path.name) and not path.is_absolute() and ".." not in path.parts and "\\" not in name


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
