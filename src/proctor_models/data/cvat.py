"""CVAT's own XML, "CVAT for images 1.1" and "CVAT for video 1.1", as its "Export task dataset" writes it.

For images the folder holds annotations.xml and images/; for video annotations.xml and the recording that it names (or
the only one there). Of a recording those frames are taken that the task showed (start, stop and step of the task) and
that the source's `every_s`, `change_bits` and `min_change` ask for.

Boxes are read; other shapes are refused, unless the recipe drops their label. Attributes keep their names; `score`,
which says how sure a model was, is no label and is left out.

CVAT marks a box that came from a file or a model, but not whether anyone looked at it since. So a task may have a label
`checked` of type tag, as `proctor prelabel` makes it: then the frames that carry the tag are read, and the others are
left out and counted. Without that label such boxes are refused, unless the recipe says `confirmed: true`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from proctor_models.config import Source, expand
from proctor_models.data.cvat_parts import FOREIGN, SHAPES, Task, box_of, number, task_of
from proctor_models.data.cvat_tracks import read_tracks
from proctor_models.data.drafts import (
    CHECKED,
    Draft,
    Problems,
    clip_of,
    group_of,
    inside,
    labelled_by,
    person_of,
    view_of,
)
from proctor_models.data.markup import Element, read_xml
from proctor_models.errors import DataError


def read_cvat(source: Source, problems: Problems) -> Iterator[Draft]:
    """The frames of a CVAT source, in the file's order; whatever is wrong is added to `problems`."""
    top = expand(source.path, f"ingest.sources.{source.name}.path")
    path = top / (source.annotations or "annotations.xml")
    try:
        root = read_xml(path)
    except DataError as error:
        problems.add(*str(error).split(": ", 1))
        return
    version = root.said("version")
    if root.tag != "annotations" or version != "1.1":
        got = f"<{root.tag}> of version {version or 'none'}"
        problems.add(f"{path}:{root.line}", f"expected <annotations> of version 1.1, got {got}; export CVAT 1.1")
        return
    task = task_of(source, path, root, problems)
    problems.need_licence(source.licence, str(path))
    labelled = labelled_by(source, task.classes.values(), problems, str(path))
    if problems:  # without labels or licence nothing below could be right
        return
    images, tracks = list(root.every("image")), list(root.every("track"))
    if images and tracks:
        problems.add(f"{path}:{tracks[0].line}", "expected images or tracks, got both; export one format at a time")
    elif images:
        yield from _Images(source, top, path, task, labelled).read(images, problems)
    else:
        yield from read_tracks(source, top, path, task, labelled, tracks, problems)


@dataclass(frozen=True)
class _Images:
    """The images of one file."""

    source: Source
    top: Path
    path: Path
    task: Task
    labelled: tuple[str, ...]

    def read(self, images: list[Element], problems: Problems) -> Iterator[Draft]:
        """Those that count, in order."""
        stems = Counter(PurePosixPath(image.attributes.get("name", "")).with_suffix("").as_posix() for image in images)
        for stem, count in stems.items():
            if count > 1:
                problems.add(str(self.path), f"duplicate image {stem!r}: expected once, got {count}; rename one")
        counted = self._confirmed(images, problems)
        for image in counted:
            draft = self._draft(image, problems)
            if draft is not None:
                yield draft

    def _confirmed(self, images: list[Element], problems: Problems) -> list[Element]:
        """The images whose labels a person stands for."""
        if self.source.confirmed:
            return images
        if self.task.checked:
            counted = [i for i in images if any(t.attributes.get("label") == CHECKED for t in i.every("tag"))]
            if not counted:
                problems.add(
                    str(self.path),
                    f"tag {CHECKED!r}: expected on every frame that a person has gone through, got it on none of "
                    f"{len(images)}; correct the pre-labels in CVAT, tag each frame that is right, and export again",
                )
            elif len(counted) < len(images):
                left = len(images) - len(counted)
                print(f"ingest {self.source.name}: {left} frames without the tag {CHECKED!r} left out", file=sys.stderr)
            return counted
        foreign = [s for i in images for s in i.every("box") if s.attributes.get("source") in FOREIGN]
        if foreign:
            problems.add(
                f"{self.path}:{foreign[0].line}",
                f"source: expected boxes drawn by a person, got {foreign[0].attributes['source']!r} on "
                f"{len(foreign)}: a model or a file brought them in; add a label {CHECKED!r} (type tag) to the task "
                "and tag each frame that a person finds right, or say `confirmed: true` of this source in the recipe",
            )
        return images

    def _draft(self, image: Element, problems: Problems) -> Draft | None:
        name = image.attributes.get("name", "")
        where = f"{self.path}:{image.line}: image {name!r}"
        if not inside(name):
            problems.add(where, f"name: expected a path inside {self.source.images}/; export the task again")
            return None
        sizes = [number(image, key, where, problems) for key in ("width", "height")]
        if None in sizes:
            return None
        for shape in image.children:
            label = shape.attributes.get("label", "")
            if shape.tag in SHAPES and self.task.classes.get(label, label):
                problems.add(
                    f"{self.path}:{shape.line}: {shape.tag} of image {name!r}",
                    f"expected boxes, got a {shape.tag}; draw a rectangle, or drop the label in the recipe's `classes`",
                )
        boxes = [box_of(box, self.path, f"box of image {name!r}", self.task, problems) for box in image.every("box")]
        clip, time_s = clip_of(str(PurePosixPath(name).with_suffix(""))) or (None, None)
        clip = clip or self.source.clips.get(self.source.name)
        person = person_of(self.source, self.source.name, clip)
        return Draft(
            name=str(PurePosixPath(name).with_suffix("")),
            where=where,
            path=self._file(image, name),
            source=self.source.name,
            licence=self.source.licence or "",
            view=view_of(self.source, None),
            group=group_of(person, self.source.name, clip, name),
            labelled=self.labelled,
            stated_wh=(int(sizes[0] or 0), int(sizes[1] or 0)),
            person=person,
            clip=clip,
            time_s=time_s,
            boxes=tuple(box for box in boxes if box is not None),
        )

    def _file(self, image: Element, name: str) -> Path:
        """The image file; a project's export keeps one folder a subset."""
        folder = self.top / self.source.images
        subset = image.attributes.get("subset", "")
        in_subset = folder / subset / name
        return in_subset if inside(subset) and in_subset.is_file() else folder / name
