"""Sources without labels: single images and recordings.

A frame of such a source has no boxes. If the recipe says `labelled`, that means none of those classes is in any of its
frames (empty rooms, for example); otherwise every class is unknown.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from proctor_models.config import Source, expand
from proctor_models.data.changes import Sampling
from proctor_models.data.clips import VIDEO_SUFFIXES, ClipFrame, clip_frames
from proctor_models.data.drafts import IMAGE_SUFFIXES, Draft, Problems, frame_name, group_of, person_of, view_of
from proctor_models.data.pictures import encode_jpeg
from proctor_models.errors import TimestampError, VideoError


def read_images(source: Source, problems: Problems) -> Iterator[Draft]:
    """The images of a folder, searched in depth, or one image file; whatever is wrong is added to `problems`."""
    for top, path in _files(source, IMAGE_SUFFIXES, problems):
        relative = path.relative_to(top)
        clip = source.clips.get(source.name)
        person = person_of(source, source.name, clip)
        yield Draft(
            name=relative.with_suffix("").as_posix(),
            where=str(path),
            path=path,
            source=source.name,
            licence=source.licence or "",
            view=view_of(source, None),
            group=group_of(person, source.name, clip, relative.as_posix()),
            labelled=tuple(source.labelled),
            person=person,
            clip=clip,
        )


def read_video(source: Source, problems: Problems) -> Iterator[Draft]:
    """Frames of the recordings of a folder, or of one file, each file a clip and each frame with its own time.

    `every_s` says which frames are looked at, `change_bits` and `min_change` which of them are taken.
    """
    for top, path in _files(source, VIDEO_SUFFIXES, problems):
        clip = path.relative_to(top).with_suffix("").as_posix()
        person = person_of(source, source.name, clip)
        try:
            yield from clip_drafts(source, path, clip, person, lambda _time_s: tuple(source.labelled))
        except (VideoError, TimestampError) as error:
            where, _, what = str(error).partition(": ")
            problems.add(where, what)


def clip_drafts(
    source: Source, path: Path, clip: str, person: str | None, labelled_at: Callable[[float], tuple[str, ...] | None]
) -> Iterator[Draft]:
    """The frames taken of one recording; says at the end how many.

    Args:
        source: its `every_s`, `change_bits` and `min_change` say which frames are taken.
        path: the recording.
        clip: its name.
        person: the only person in it, if that is known.
        labelled_at: classes labelled exhaustively at a time in seconds; None leaves the frame out.

    Raises:
        VideoError, TimestampError: see `clip_frames`.
    """
    taken = 0
    for frame in clip_frames(path, Sampling.of(source)):
        labelled = labelled_at(frame.timestamp_s)
        if labelled is None:
            continue
        taken += 1
        yield frame_draft(source, path, clip, person, frame, labelled, f"{path} at {frame.timestamp_s:.3f} s")
    print(f"ingest {source.name}: {clip}: {taken} frames taken", file=sys.stderr, flush=True)


def frame_draft(
    source: Source,
    path: Path,
    clip: str,
    person: str | None,
    frame: ClipFrame,
    labelled: tuple[str, ...],
    where: str,
) -> Draft:
    """One frame of a recording, without boxes; `where` is how messages name it."""
    return Draft(
        name=frame_name(clip, frame.timestamp_s),
        where=where,
        path=path,
        source=source.name,
        licence=source.licence or "",
        view=view_of(source, None),
        group=group_of(person, source.name, clip, clip),
        labelled=labelled,
        encoded=encode_jpeg(frame.image, where),
        person=person,
        clip=clip,
        time_s=frame.timestamp_s,
    )


def _files(source: Source, suffixes: tuple[str, ...], problems: Problems) -> list[tuple[Path, Path]]:
    """Folder and file of everything the source has; ids come from the path inside the folder."""
    path = expand(source.path, f"ingest.sources.{source.name}.path")
    if path.is_file():
        files, top = [path], path.parent
    else:
        files, top = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in suffixes), path
    if not files:
        problems.add(str(path), f"expected files {', '.join(suffixes)}, found none; see `path` in the recipe")
    problems.need_licence(source.licence, str(path))
    if not source.licence:
        return []
    if source.labelled == "all":
        problems.add(str(path), "labelled: expected names of classes, got 'all'; there is no file that lists labels")
        return []
    for stem, count in Counter(file.relative_to(top).with_suffix("").as_posix() for file in files).items():
        if count > 1:
            problems.add(
                str(path), f"duplicate name {stem!r}: expected once whatever the suffix, got {count}; rename one"
            )
    return [(top, file) for file in files]
