"""Frames of recordings of which it is known what happens when (`event_clips`), though nobody drew boxes.

Time says a lot without a box: while no phone is handled, no frame shows one, so `phone` is labelled there and has
no box; while one is, a frame shows some phone nobody has drawn, so `phone` is not labelled. What is left open, and
pictures held over a gap, say nothing. Boxes of the others come from decisions (`add_box` and `labelled`).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from proctor_models.config import Source, expand
from proctor_models.data.drafts import Draft, Problems
from proctor_models.data.event_clips import Clip, read_clips
from proctor_models.data.footage import clip_drafts
from proctor_models.errors import DataError, TimestampError, VideoError
from proctor_models.types import FACES

ABSENT = {"phone": "phone", "book": "book_paper", "earphone": "earphone"}
"""Kind of event to the class of which nothing is in sight while it does not happen."""
EMPTY = ("person", *FACES)
"""Classes of which nothing is in sight while the seat is empty."""


def read_events(source: Source, problems: Problems) -> Iterator[Draft]:
    """Frames of every clip of a folder, each with what its time says; whatever is wrong is added to `problems`.

    The source's `labelled` names those of the classes that are to be believed; empty for all. `every_s`, `change_bits`
    and `min_change` say which frames are taken.
    """
    path = expand(source.path, f"ingest.sources.{source.name}.path")
    known = sorted({*EMPTY, *ABSENT.values()})
    wrong = sorted(set(source.labelled) - set(known)) if source.labelled != "all" else ["all"]
    if wrong:
        problems.add(
            str(path), f"labelled: expected some of {', '.join(known)}, got {wrong[0]!r}: events do not tell it"
        )
    problems.need_licence(source.licence, str(path))
    if problems:
        return
    try:
        for clip in read_clips(path):
            person = source.persons.get(clip.name, source.person or clip.subject)
            yield from clip_drafts(source, clip.path, clip.name, person, partial(_labelled, source, clip))
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

    absent = [name for kind, name in ABSENT.items() if not happens(kind) and not open_question(kind)]
    empty = happens("absence") and not open_question("absence")
    return (*absent, *(EMPTY if empty else ()))


def _labelled(source: Source, clip: Clip, time_s: float) -> tuple[str, ...] | None:
    """What a frame at `time_s` is labelled with; None for one, as of a held picture, of which nothing is known."""
    return tuple(name for name in absent_at(clip, time_s) if not source.labelled or name in source.labelled) or None
