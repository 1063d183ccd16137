"""Sources without labels: single images and recordings.

A frame of such a source has no boxes. If the recipe says `labelled`, that means none of those classes is in any of its
frames (empty rooms, for example); otherwise every class is unknown.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from proctor_models.config import Source, expand
from proctor_models.data.changes import Sampling
from proctor_models.data.clips import VIDEO_SUFFIXES, clip_frames
from proctor_models.data.drafts import IMAGE_SUFFIXES, Draft, Problems, frame_name, group_of, person_of, view_of
from proctor_models.data.pictures import encode_jpeg
from proctor_models.errors import TimestampError, VideoError


def read_images(source: Source, problems: Problems) -> Iterator[Draft]:
    """The images of a folder, searched in depth, or one image file; whatever is wrong is added to `problems`."""
    for top, path in _files(source, IMAGE_SUFFIXES, problems):
        relative = path.relative_to(top)
        yield _draft(source, path, relative.with_suffix("").as_posix(), relative.as_posix())


def read_video(source: Source, problems: Problems) -> Iterator[Draft]:
    """Frames of the recordings of a folder, or of one file, each file a clip and each frame with its own time.

    `every_s` says which frames are looked at, `change_bits` and `min_change` which of them are taken.
    """
    for top, path in _files(source, VIDEO_SUFFIXES, problems):
        clip = path.relative_to(top).with_suffix("").as_posix()
        taken = 0
        try:
            for frame in clip_frames(path, Sampling.of(source)):
                where, taken = f"{path} at {frame.timestamp_s:.3f} s", taken + 1
                yield _draft(
                    source,
                    path,
                    frame_name(clip, frame.timestamp_s),
                    clip,
                    where=where,
                    clip=clip,
                    time_s=frame.timestamp_s,
                    encoded=encode_jpeg(frame.image, where),
                )
        except (VideoError, TimestampError) as error:
            where, _, what = str(error).partition(": ")
            problems.add(where, what)
        else:
            print(f"ingest {source.name}: {clip}: {taken} frames taken", file=sys.stderr, flush=True)


def _files(source: Source, suffixes: tuple[str, ...], problems: Problems) -> list[tuple[Path, Path]]:
    """Folder and file of everything the source has; ids come from the path inside the folder."""
    path = expand(source.path, f"ingest.sources.{source.name}.path")
    if path.is_file():
        files, top = [path], path.parent
    else:
        files, top = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in suffixes), path
    if not files:
        problems.add(str(path), f"expected files {', '.join(suffixes)}, found none; see `path` in the recipe")
    if not source.licence:
        problems.add(str(path), "licence: none stated; state it as the recipe's `licence` of this source")
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


def _draft(  # noqa: PLR0913 - one argument for each thing that images and recordings differ in
    source: Source,
    path: Path,
    name: str,
    picture: str,
    *,
    where: str = "",
    clip: str | None = None,
    time_s: float | None = None,
    encoded: bytes | None = None,
) -> Draft:
    clip = clip or source.clips.get(source.name)
    person = person_of(source, source.name, clip)
    return Draft(
        name=name,
        where=where or str(path),
        path=path,
        source=source.name,
        licence=source.licence or "",
        view=view_of(source, None),
        group=group_of(person, source.name, clip, picture),
        labelled=tuple(source.labelled),
        encoded=encoded,
        person=person,
        clip=clip,
        time_s=time_s,
    )
