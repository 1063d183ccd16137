"""COCO folders: an images folder and one JSON file, with what COCO does not know per image.

Beyond COCO an image may state: `labelled_categories` (the classes labelled exhaustively), `source_repo` and
`source_path` (the collection and the file in it), `licence`, `view`, `subject` (a code; "empty" means nobody) and
`room_subject` (whose room it is), `clip`, `group` (what it shares with the frame it was made from: see
`FrameRecord.group`), `frame_index`, `fps`, `time_s`, `activity`, `holds`, `synthetic`,
`native_aspect` (true width over height of an image that is stored stretched) and `tags` (text by name). An annotation
may have `attributes`. Other keys are left out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictStr, ValidationError

from proctor_models.config import Source, expand
from proctor_models.data.drafts import (
    NOT_LABELS,
    Draft,
    DraftBox,
    Problems,
    clip_of,
    group_of,
    inside,
    our_class,
    person_of,
    view_of,
)


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


class _Category(_Part):
    id: int
    name: str = Field(min_length=1)


class _Licence(_Part):
    id: int
    name: str


class _Info(_Part):
    prelabelled: bool | None = None
    fps: float | None = Field(default=None, gt=0)


class _Annotation(_Part):
    id: int
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    iscrowd: int = 0
    score: float | None = None
    attributes: dict[str, StrictStr | StrictBool | StrictFloat] = {}


class _Image(_Part):
    id: int
    file_name: str = Field(min_length=1)
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    license: int | None = None
    licence: str | None = None
    labelled_categories: tuple[str, ...] | None = None
    source_repo: str | None = None
    source_path: str | None = None
    view: str | None = None
    subject: str | None = None
    room_subject: str | None = None
    group: str | None = None
    clip: str | None = None
    frame_index: int | None = Field(default=None, ge=0)
    fps: float | None = Field(default=None, gt=0)
    time_s: float | None = Field(default=None, ge=0)
    activity: str | None = None
    holds: str | None = None
    synthetic: bool | None = None
    native_aspect: float | None = Field(default=None, gt=0.2, lt=5)
    tags: dict[str, str] = {}


class _Coco(_Part):
    info: _Info = _Info()
    licenses: tuple[_Licence, ...] = ()
    categories: tuple[_Category, ...] = Field(min_length=1)
    images: tuple[_Image, ...] = Field(min_length=1)
    annotations: tuple[_Annotation, ...]


def read_coco(source: Source, problems: Problems) -> Iterator[Draft]:
    """The frames of a COCO source, in the file's order; whatever is wrong is added to `problems`."""
    folder = expand(source.path, f"ingest.sources.{source.name}.path")
    path = folder / (source.annotations or "annotations.json")
    coco = _parsed(path, problems)
    if coco is None:
        return
    if not source.confirmed:
        _human(path, coco, problems)
    classes = _classes(source, path, coco, problems)
    _unique(path, coco, problems)
    boxes = _boxes(path, coco, classes, problems)
    licences = {entry.id: entry.name for entry in coco.licenses}
    for image in coco.images:
        where = f"{path}: image {image.id} ({image.file_name})"
        if not inside(image.file_name):
            problems.add(where, f"file_name: expected a path inside {source.images}/, got {image.file_name!r}")
            continue
        unknown = set(image.labelled_categories or ()) - {category.name for category in coco.categories}
        if unknown:
            problems.add(where, f"labelled_categories: expected names of categories, got {min(unknown)!r}")
        licence = image.licence or licences.get(-1 if image.license is None else image.license) or source.licence
        if not licence:
            problems.add(
                where, "licence: none stated; state it in the file, or as the source's `licence` in the recipe"
            )
            continue
        yield _draft(
            source,
            coco,
            image,
            _Stated(where, folder / source.images / image.file_name, licence, classes, tuple(boxes[image.id])),
        )


@dataclass(frozen=True)
class _Stated:
    """What is known of an image beside its own entry."""

    where: str
    path: Path
    licence: str
    classes: dict[int, str]
    boxes: tuple[DraftBox, ...]


def _parsed(path: Path, problems: Problems) -> _Coco | None:
    try:
        return _Coco.model_validate_json(path.read_bytes())
    except OSError as error:
        problems.add(str(path), f"expected a COCO file, got {error.strerror}; see `path`, `annotations` in the recipe")
    except ValidationError as error:
        for one in error.errors():
            if one["type"] == "json_invalid":
                why = one["msg"].removeprefix("Invalid JSON: ")
                problems.add(
                    str(path), f"expected JSON, got what ends early or is damaged ({why}); export or fetch it again"
                )
                continue
            got = "" if one["type"] == "missing" else f", got {_as_written(one['input'])[:60]!r}"
            where = ".".join(str(part) for part in one["loc"]) or "file"
            problems.add(f"{path}: {where}", f"{one['msg']}{got}")
    return None


def _as_written(value: object) -> str:
    """A value as the file has it, not as Python would.

    >>> _as_written("1"), _as_written({"id": None})
    ('1', '{"id": null}')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _human(path: Path, coco: _Coco, problems: Problems) -> None:
    """Refuse boxes of a model: a net must not learn from what it said itself."""
    remedy = (
        "a person has to correct these boxes; then remove the mark and every `score`, or say `confirmed: true` of "
        "this source in the recipe"
    )
    if coco.info.prelabelled:
        problems.add(f"{path}: info.prelabelled", f"expected labels of people, got boxes of a model; {remedy}")
    scored = [annotation for annotation in coco.annotations if annotation.score is not None]
    if scored and coco.info.prelabelled is None:
        problems.add(
            f"{path}: annotation {scored[0].id}",
            f"score: expected labels of people, got {scored[0].score} and {len(scored) - 1} more scores, as a model "
            f"gives them; {remedy}",
        )


def _classes(source: Source, path: Path, coco: _Coco, problems: Problems) -> dict[int, str]:
    """Category id to our class, "" where the recipe drops it."""
    classes: dict[int, str] = {}
    for category in coco.categories:
        where = f"{path}: category {category.id} ({category.name})"
        if category.id in classes:
            problems.add(where, "duplicate id: another category has it; ids must be unique")
        classes[category.id] = our_class(source, category.name, problems, where)
    return classes


def _unique(path: Path, coco: _Coco, problems: Problems) -> None:
    stems = [_stem(image) for image in coco.images]
    for what, values in (
        ("image id", [image.id for image in coco.images]),
        ("file_name (without suffix)", stems),
        ("annotation id", [annotation.id for annotation in coco.annotations]),
    ):
        for value, count in Counter(values).items():
            if count > 1:
                problems.add(str(path), f"duplicate {what} {value!r}: expected once, got {count} times; mend the file")


def _boxes(path: Path, coco: _Coco, classes: dict[int, str], problems: Problems) -> dict[int, list[DraftBox]]:
    boxes: dict[int, list[DraftBox]] = {image.id: [] for image in coco.images}
    for annotation in coco.annotations:
        where = f"{path}: annotation {annotation.id} of image {annotation.image_id}"
        if annotation.image_id not in boxes:
            problems.add(where, "image_id: no such image in the file; add the image or remove the annotation")
        elif annotation.category_id not in classes:
            problems.add(where, f"category_id: no category {annotation.category_id} in the file; add it or mend the id")
        elif annotation.iscrowd:
            problems.add(where, "iscrowd: expected 0, got 1; a crowd is not one object: box each, or drop the class")
        elif annotation.attributes.get("rotation", 0.0):
            turned = annotation.attributes["rotation"]
            problems.add(where, f"rotation: expected 0 degrees, got {turned}; draw the box upright around the thing")
        elif label := classes[annotation.category_id]:
            x, y, width, height = annotation.bbox
            corners = (x, y, x + width, y + height)
            attributes = {name: value for name, value in annotation.attributes.items() if name not in NOT_LABELS}
            boxes[annotation.image_id].append(DraftBox(where, label, corners, attributes))
    return boxes


def _labelled(source: Source, coco: _Coco, image: _Image, classes: dict[int, str]) -> tuple[str, ...]:
    """Our classes labelled exhaustively: one that several source classes make up needs all of them."""
    if image.labelled_categories is None:
        if source.labelled != "all":
            return source.labelled
        return tuple(dict.fromkeys(name for name in classes.values() if name))
    stated = set(image.labelled_categories)
    partial = {classes[category.id] for category in coco.categories if category.name not in stated}
    ours = (classes[category.id] for category in coco.categories if category.name in stated)
    return tuple(dict.fromkeys(name for name in ours if name and name not in partial))


def _person(source: Source, image: _Image, clip: str | None) -> str | None:
    if image.subject is not None:
        return None if image.subject == "empty" else image.subject
    return person_of(source, image.source_repo or source.name, clip)


def _clip(source: Source, coco: _Coco, image: _Image) -> tuple[str | None, float | None]:
    """Clip and time: as the image states them, else as its name does, else the clip the recipe names."""
    named, named_s = clip_of(_stem(image)) or (None, None)
    clip = image.clip or named or source.clips.get(image.source_repo or source.name)
    fps = image.fps or coco.info.fps
    if image.time_s is not None:
        return clip, image.time_s
    return clip, image.frame_index / fps if image.frame_index is not None and fps else named_s


def _stem(image: _Image) -> str:
    return str(PurePosixPath(image.file_name).with_suffix(""))


def _tags(image: _Image) -> dict[str, str]:
    known = {"view": image.view, "activity": image.activity, "holds": image.holds, "room": image.room_subject}
    synthetic = {"synthetic": "true"} if image.synthetic else {}
    return {name: value for name, value in known.items() if value} | synthetic | image.tags


def _draft(source: Source, coco: _Coco, image: _Image, stated: _Stated) -> Draft:
    collection = image.source_repo or source.name
    clip, time_s = _clip(source, coco, image)
    person = _person(source, image, clip)
    return Draft(
        name=_stem(image),
        where=stated.where,
        path=stated.path,
        source=collection,
        licence=stated.licence,
        view=view_of(source, image.view),
        group=image.group
        or group_of(person or image.room_subject, collection, clip, image.source_path or image.file_name),
        labelled=_labelled(source, coco, image, stated.classes),
        stated_wh=(image.width, image.height),
        native_aspect=image.native_aspect,
        person=person,
        clip=clip,
        time_s=time_s,
        boxes=stated.boxes,
        tags=_tags(image),
    )
