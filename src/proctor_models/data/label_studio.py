"""Label Studio's exports, "JSON" and "JSON-MIN": rectangles, with what is said of each.

A task counts where a person submitted it. One that was skipped, or holds nothing but predictions of a model, is left
out and counted; a file of which no task was submitted is refused. Of several annotations of a task, that marked as
ground truth counts; without one, the latest, if all are by one person; two people who disagree are for a third.

Choices made for a rectangle become its attributes ("true" and "false" truth values), choices made for the whole image
tags of the frame. JSON-MIN does not say which rectangle a choice belongs to, so it is read only where there is none.

An image is found by its file below images/: the path that the task states, then that path without its first folders;
of an upload also the name without the eight digits that Label Studio puts before it. Nothing is ever fetched. A task's
data may state `clip`, `time_s`, `view`, `person` and `licence`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

from proctor_models.config import Source, expand
from proctor_models.data.drafts import (
    IMAGE_SUFFIXES,
    NOT_LABELS,
    Draft,
    DraftBox,
    Problems,
    clip_of,
    group_of,
    inside,
    labelled_by,
    our_class,
    person_of,
    typed,
    view_of,
)
from proctor_models.data.label_studio_parts import Region, Submitted, read_tasks
from proctor_models.data.manifest import AttributeValue

_UPLOAD = re.compile(r"[0-9a-f]{8}-(?=.)")


def read_label_studio(source: Source, problems: Problems) -> Iterator[Draft]:
    """The frames of a Label Studio source, in the file's order; whatever is wrong is added to `problems`."""
    top = expand(source.path, f"ingest.sources.{source.name}.path")
    path = top / (source.annotations or "annotations.json")
    labelled = labelled_by(source, None, problems, str(path))
    tasks = read_tasks(path, source.name, problems)
    taken: dict[Path, str] = {}
    for task in tasks:
        file = _file(top / source.images, task, problems)
        if file is None:
            continue
        if file in taken:
            problems.add(task.where, f"image: {file.name} is that of {taken[file]} too; keep one task an image")
            continue
        taken[file] = task.where
        draft = _draft(source, top / source.images, file, task, labelled, problems)
        if draft is not None:
            yield draft


def _draft(
    source: Source, images: Path, file: Path, task: Submitted, labelled: tuple[str, ...], problems: Problems
) -> Draft | None:
    name = file.relative_to(images).with_suffix("").as_posix()
    licence = _stated(task, "licence") or source.licence
    problems.need_licence(licence, task.where)
    if not licence:
        return None
    sizes = {region.resolution_wh for region in task.regions}
    if len(sizes) > 1:
        problems.add(task.where, f"original_width, original_height: expected one size, got {sorted(sizes)}")
        return None
    named, named_s = clip_of(name) or (None, None)
    clip = _stated(task, "clip") or named or source.clips.get(source.name)
    person = _stated(task, "person") or person_of(source, source.name, clip)
    boxes, tags = _boxes(source, task, problems)
    return Draft(
        name=name,
        where=task.where,
        path=file,
        source=source.name,
        licence=licence,
        view=view_of(source, _stated(task, "view")),
        group=group_of(person, source.name, clip, file.relative_to(images).as_posix()),
        labelled=labelled,
        stated_wh=next(iter(sizes), None),
        person=person,
        clip=clip,
        time_s=_time_s(task, named_s, problems),
        boxes=tuple(boxes),
        tags=tags,
    )


def _stated(task: Submitted, key: str) -> str | None:
    value = task.data.get(key)
    return value if isinstance(value, str) and value else None


def _time_s(task: Submitted, named_s: float | None, problems: Problems) -> float | None:
    value = task.data.get("time_s", named_s)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")):
        return None if value is None else float(value)
    problems.add(task.where, f"data.time_s: expected seconds from 0, got {value!r}; mend the task's data")
    return None


def _boxes(source: Source, task: Submitted, problems: Problems) -> tuple[list[DraftBox], dict[str, str]]:
    """Rectangles with their attributes, and the choices that no rectangle owns."""
    said: dict[str, dict[str, AttributeValue]] = {}
    rectangles: list[tuple[Region, str]] = []
    tags: dict[str, str] = {}
    for region in task.regions:
        if region.type == "choices":
            if region.name in NOT_LABELS:
                continue
            if region.xywh is None:
                tags[region.name] = ", ".join(region.labels)
            else:
                said.setdefault(region.id, {})[region.name] = typed(", ".join(region.labels))
        elif len(region.labels) != 1:
            problems.add(region.where, f"rectanglelabels: expected one label, got {len(region.labels)}; choose one")
        elif label := our_class(source, region.labels[0], problems, region.where):
            rectangles.append((region, label))
    return [DraftBox(r.where, label, _corners(r), said.get(r.id, {})) for r, label in rectangles], tags


def _corners(region: Region) -> tuple[float, float, float, float]:
    """Per cent of the image to pixels."""
    x, y, width, height = region.xywh or (0.0, 0.0, 0.0, 0.0)
    wide, high = region.resolution_wh
    return x * wide / 100, y * high / 100, (x + width) * wide / 100, (y + height) * high / 100


def _file(images: Path, task: Submitted, problems: Problems) -> Path | None:
    """The image file a task is about."""
    stated = {key: _path_in(value) for key, value in task.data.items() if isinstance(value, str)}
    pictures = {k: path for k, path in stated.items() if PurePosixPath(path).suffix.lower() in IMAGE_SUFFIXES}
    if "image" in pictures:
        pictures = {"image": pictures["image"]}
    if len(pictures) != 1:
        got = ", ".join(pictures) or "none"
        problems.add(task.where, f"data: expected one image ({', '.join(IMAGE_SUFFIXES)}), got {got}; name it `image`")
        return None
    ((key, path),) = pictures.items()
    for candidate in _candidates(path):
        if inside(candidate) and (images / candidate).is_file():
            return images / candidate
    problems.add(
        task.where,
        f"data.{key}: expected the image below {images}, got {task.data[key]!r}, of which no file is there; "
        "put the images there (nothing is fetched), or mend `images` in the recipe",
    )
    return None


def _path_in(text: str) -> str:
    """The path in what a task says of its image: a local file's `?d=`, a URL's path, or the text itself."""
    url = urlsplit(text)
    local = parse_qs(url.query).get("d")
    if local:
        return local[0].lstrip("/")
    return unquote(url.path).lstrip("/")


def _candidates(path: str) -> list[str]:
    """Names the file may have, the most exact first.

    >>> _candidates("data/upload/3/0a1b2c3d-desk.png")
    ['data/upload/3/0a1b2c3d-desk.png', 'upload/3/0a1b2c3d-desk.png', '3/0a1b2c3d-desk.png', '0a1b2c3d-desk.png', \
'desk.png']
    """
    parts = PurePosixPath(path).parts
    names = ["/".join(parts[start:]) for start in range(len(parts))]
    if names and (bare := _UPLOAD.sub("", names[-1], count=1)) != names[-1]:
        names.append(bare)
    return names
