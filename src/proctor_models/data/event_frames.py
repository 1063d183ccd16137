"""Frames of recordings of which it is known what happens when (`event_clips`), though nobody drew boxes.

Time says a lot without a box: while no phone is handled, no frame shows one, so `phone` is labelled there and has
no box; while one is, a frame shows some phone nobody has drawn, so `phone` is not labelled. What is left open, and
pictures held over a gap, say nothing. Boxes of the others come from decisions (`add_box` and `labelled`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from proctor_models.config import Source, expand
from proctor_models.data.changes import Sampling
from proctor_models.data.clips import clip_frames
from proctor_models.data.drafts import Draft, Problems, frame_name, group_of, view_of
from proctor_models.data.event_clips import Clip, read_clips
from proctor_models.data.pictures import encode_jpeg
from proctor_models.errors import DataError, TimestampError, VideoError

ABSENT = {"phone": ("phone",), "book": ("book_paper",), "earphone": ("earphone",)}
"""Kind of event to the classes of which nothing is in sight while it does not happen."""
EMPTY = ("person", "face", "face_masked")
"""Classes of which nothing is in sight while the seat is empty."""


def read_events(source: Source, problems: Problems) -> Iterator[Draft]:
    """Frames of every clip of a folder, each with what its time says; whatever is wrong is added to `problems`.

    The source's `labelled` names those of the classes that are to be believed; empty for all. `every_s`, `change_bits`
    and `min_change` say which frames are taken.
    """
    path = expand(source.path, f"ingest.sources.{source.name}.path")
    known = sorted({*EMPTY, *(name for names in ABSENT.values() for name in names)})
    wrong = sorted(set(source.labelled) - set(known)) if source.labelled != "all" else ["all"]
    if wrong:
        problems.add(
            str(path), f"labelled: expected some of {', '.join(known)}, got {wrong[0]!r}: events do not tell it"
        )
    if not source.licence:
        problems.add(str(path), "licence: none stated; state it as the recipe's `licence` of this source")
    if problems:
        return
    try:
        for clip in read_clips(path):
            taken = 0
            for draft in _drafts(source, clip):
                taken += 1
                yield draft
            print(f"ingest {source.name}: {clip.name}: {taken} frames taken", file=sys.stderr, flush=True)
    except (DataError, VideoError, TimestampError) as error:
        where, _, what = str(error).partition(": ")
        problems.add(where, what)


def absent_at(clip: Clip, time_s: float) -> tuple[str, ...]:
    """Classes of which a frame at `time_s` shows nothing, as far as the clip's events tell.

    >>> from pathlib import Path
    >>> from proctor_models.data.event_clips import Event
    >>> events = (Event("phone", 2.0, 4.0, ((2.0, 4.0),)), Event("absence", 6.0, 8.0, ((6.0, 8.0),)))
    >>> clip = Clip("c", Path("c.mp4"), "P", "P", 1.0, 20, events, {"earphone": ((0.0, 3.0),)}, 0.0)
    >>> absent_at(clip, 3.0), absent_at(clip, 7.0)
    (('book_paper',), ('phone', 'book_paper', 'earphone', 'person', 'face', 'face_masked'))
    """
    half_s = 0.5 / clip.fps  # spans end on their last frame's time, and a recording's clock may round it

    def during(spans: Iterator[tuple[float, float]]) -> bool:
        return any(start - half_s < time_s < end + half_s for start, end in spans)

    def happens(kind: str) -> bool:
        return during((event.start_s, event.end_s) for event in clip.events if event.kind == kind)

    def open_question(kind: str) -> bool:
        return during(iter(clip.ignored.get(kind, ())))

    absent = [name for kind, names in ABSENT.items() if not happens(kind) and not open_question(kind) for name in names]
    empty = happens("absence") and not open_question("absence")
    return (*absent, *(EMPTY if empty else ()))


def _drafts(source: Source, clip: Clip) -> Iterator[Draft]:
    """The frames taken of one clip; a held picture, which speaks of nothing, is left out."""
    person = source.persons.get(clip.name, source.person or clip.subject)
    for frame in clip_frames(clip.path, Sampling.of(source)):
        labelled = tuple(
            name for name in absent_at(clip, frame.timestamp_s) if not source.labelled or name in source.labelled
        )
        if not labelled:
            continue
        where = f"{clip.path} at {frame.timestamp_s:.3f} s"
        yield Draft(
            name=frame_name(clip.name, frame.timestamp_s),
            where=where,
            path=clip.path,
            source=source.name,
            licence=source.licence or "",
            view=view_of(source, None),
            group=group_of(person, source.name, clip.name, clip.name),
            labelled=labelled,
            encoded=encode_jpeg(frame.image, where),
            person=person,
            clip=clip.name,
            time_s=frame.timestamp_s,
        )
