"""`proctor ingest`: labelled frames of any format into one dataset folder, checked in full.

The folder holds `manifest.jsonl`, `images/<source>/...` and `summary.json`. A stretched image (`native_aspect`)
gets its true shape here, once, and its boxes with it; every other image file is copied byte for byte.

Frames of the recipe's `exclude_persons` are read, counted and left out, with their rooms, recordings and copies
(`proctor_models.data.versions.persons`); a forgotten person who is not excluded stops the stage.

A box may leave its image by up to 2 px (rounding, half-pixel conventions) and is clipped; further out it is refused.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from proctor_models.config import Recipe, Source
from proctor_models.data.coco import read_coco
from proctor_models.data.cvat import read_cvat
from proctor_models.data.drafts import Draft, Problems
from proctor_models.data.event_frames import read_events
from proctor_models.data.footage import read_images, read_video
from proctor_models.data.label_studio import read_label_studio
from proctor_models.data.manifest import FrameRecord, Manifest
from proctor_models.data.pictures import checked_boxes, opened, store, unstretch
from proctor_models.data.summary import summarise
from proctor_models.data.versions.persons import persons_of, without
from proctor_models.data.versions.record import refuse_forgotten
from proctor_models.data.yolo import read_yolo
from proctor_models.errors import ConfigError
from proctor_models.files import building, write_json

SUMMARY_FILE = "summary.json"
IMAGES_FOLDER = "images"
PROGRESS_EVERY = 500  # frames between two lines of progress

Reader = Callable[[Source, Problems], Iterator[Draft]]
READERS: dict[str, Reader] = {
    "coco": read_coco,
    "yolo": read_yolo,
    "cvat": read_cvat,
    "label-studio": read_label_studio,
    "images": read_images,
    "video": read_video,
    "events": read_events,
}


def ingest(recipe: Recipe, out: Path, only: tuple[str, ...] = ()) -> Manifest:
    """Read every source of the recipe, or `only` those named, into the dataset folder `out`.

    Returns:
        The manifest as written.

    Raises:
        ConfigError: two sources of one name, one in `only` that the recipe lacks, or a path that cannot be expanded.
        DataError: something is wrong with a source; the message lists up to 20 problems by file and item; or it
            holds frames of a forgotten person. `out` is then as it was before.
    """
    names = [source.name for source in recipe.ingest.sources]
    for name in names:
        if names.count(name) > 1 or Path(name).name != name:
            raise ConfigError(f"recipe {recipe.name}: ingest.sources: expected distinct plain names, got {name!r}")
    unknown = sorted(set(only) - set(names))
    if unknown:
        raise ConfigError(f"--only: expected sources of recipe {recipe.name} ({', '.join(names)}), got {unknown[0]!r}")
    with building(out) as part:
        frames: list[FrameRecord] = []
        for source in (source for source in recipe.ingest.sources if not only or source.name in only):
            frames += read_source(source, part / IMAGES_FOLDER)
        frames, excluded = _without_excluded(recipe, frames, part / IMAGES_FOLDER, out)
        (part / IMAGES_FOLDER).mkdir(exist_ok=True)
        Manifest(tuple(frames), part / IMAGES_FOLDER).save(part)
        write_json(part / SUMMARY_FILE, summarise(frames) | ({"excluded": excluded} if excluded else {}))
    return Manifest.load(out)


def _without_excluded(
    recipe: Recipe, frames: list[FrameRecord], images: Path, out: Path
) -> tuple[list[FrameRecord], dict[str, int]]:
    """The frames that stay, and how many each excluded person had; their image files are removed."""
    codes = recipe.ingest.exclude_persons
    refuse_forgotten(persons_of(frames), codes, out)
    kept = without(frames, codes, images)
    if not codes:
        return kept, {}
    named = persons_of(frames)
    counts = {code: named[code] for code in codes} | {"frames": len(frames) - len(kept)}
    said = ", ".join(f"{code} {named[code]}" for code in codes)
    print(f"ingest: {counts['frames']} frames left out, excluded persons: {said}", file=sys.stderr, flush=True)
    return kept, counts


def read_source(source: Source, images: Path) -> list[FrameRecord]:
    """Every frame of one source, checked; image files are written under `images`.

    Raises:
        DataError: something is wrong with it; up to 20 problems are listed.
    """
    problems = Problems(source.name)
    frames = []
    collections: set[str] = set()
    clips: set[str] = set()
    for number, draft in enumerate(READERS[source.format](source, problems), start=1):
        collections.add(draft.source)
        clips.add(draft.clip or draft.source)
        frame = _stored(source, draft, images, problems)
        if frame is not None:
            frames.append(frame)
        if number % PROGRESS_EVERY == 0:
            print(f"ingest {source.name}: {number} frames", file=sys.stderr, flush=True)
    for key, named, known in (("persons", source.persons, collections | clips), ("clips", source.clips, collections)):
        for name in sorted(named.keys() - known) if not problems else ():  # a slip here would be a leak later
            problems.add(f"recipe: {key}", f"no frame comes from {name!r}; known: {', '.join(sorted(known))}")
    problems.refuse()
    print(f"ingest {source.name}: {len(frames)} frames read", file=sys.stderr, flush=True)
    return frames


def _stored(source: Source, draft: Draft, images: Path, problems: Problems) -> FrameRecord | None:
    """The frame's record, its image written under `images`; None after noting what is wrong."""
    picture = opened(draft, problems)
    if picture is None:
        return None
    shown = unstretch(picture, draft.native_aspect, draft.where) if draft.native_aspect else picture
    boxes = checked_boxes(draft.boxes, picture.resolution_wh, shown.resolution_wh, problems)
    if problems:
        return None  # nothing of this source will be kept: only the checks go on
    file = f"{source.name}/{draft.name}{shown.suffix}"
    return FrameRecord(
        id=f"{source.name}/{draft.name}",
        file=file,
        sha256=store(shown, images / file),
        phash=shown.phash,
        width=shown.resolution_wh[0],
        height=shown.resolution_wh[1],
        source=draft.source,
        licence=draft.licence,
        view=draft.view,
        person=draft.person,
        clip=draft.clip,
        time_s=draft.time_s,
        group=draft.group,
        labelled=draft.labelled,
        boxes=boxes,
        tags=dict(draft.tags),
    )
