"""Recorded clips whose events are known: what they show, when, and what nobody can say.

A folder holds ``NAME.mp4``, ``NAME.events.json``, a list of ``{event, start_frame, end_frame}`` (video frames from 0,
both ends included), and ``NAME.meta.json`` with `person` (and `subject`, another code of theirs), `fps_assumed`,
`n_frames`, `uncertain` spans in the same form and, by source clip, `held_frames`: frames that were missing there, so
that the video holds the picture before them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from proctor_models.errors import DataError

EVENTS_SUFFIX, META_SUFFIX = ".events.json", ".meta.json"
DETECTOR_OF = {
    "phone": "phone",
    "book": "book_paper",
    "absence": "seat_absence",
    "second_person": "multiple_faces",
    "earphone": "earphone",
}
"""Kind of event to the detector whose findings tell of it."""

Time = tuple[float, float]
"""First and last frame of a span, seconds; both are in it."""


@dataclass(frozen=True)
class Event:
    """Something that happened in a clip."""

    kind: str
    start_s: float
    """Its first frame."""
    end_s: float
    """Its last frame."""
    certain: tuple[Time, ...]
    """What is left of it without uncertain and held frames; nothing is left of an event that is not to be counted."""


@dataclass(frozen=True)
class Clip:
    """One recording, filmed by the computer's webcam, and what is known of it."""

    name: str
    path: Path
    person: str
    subject: str
    """Code the recordings give the person; where one person has several codes, `person` is the one of all."""
    fps: float
    """Frames a second; video frame n is at ``n / fps``."""
    frames: int
    events: tuple[Event, ...]
    ignored: dict[str, tuple[Time, ...]]
    """By kind of event: time in which nobody can say whether it happens."""
    held_s: float
    """Seconds in which the video holds a picture because the source has none."""

    @property
    def watched_s(self) -> float:
        """Seconds that show something."""
        return self.frames / self.fps - self.held_s


def read_clips(folder: Path, persons: Sequence[str] = ()) -> tuple[Clip, ...]:
    """The clips of a folder in the order of their names, all or only those of `persons` (by either code).

    Raises:
        DataError: no clip there, none of one of the persons, a video is missing, or a field is wrong.
    """
    found = sorted(folder.glob(f"*{EVENTS_SUFFIX}"))
    if not found:
        raise DataError(f"{folder}: expected NAME.mp4 with NAME{EVENTS_SUFFIX} and NAME{META_SUFFIX}, got no such clip")
    clips = tuple(_clip(path) for path in found)
    known = sorted({code for clip in clips for code in (clip.person, clip.subject)})
    for person in persons:
        if person not in known:
            raise DataError(f"{folder}: --persons: expected some of {', '.join(known)}, got {person!r}")
    return tuple(clip for clip in clips if not persons or {clip.person, clip.subject} & set(persons))


def _clip(path: Path) -> Clip:
    name = path.name.removesuffix(EVENTS_SUFFIX)
    video, meta_path = path.with_name(f"{name}.mp4"), path.with_name(f"{name}{META_SUFFIX}")
    if not video.is_file():
        raise DataError(f"{video}: no such recording, though {path.name} tells its events; bring it, or remove that")
    meta = _json(meta_path)
    fps, frames, person = _head(meta_path, meta)
    held = _held(meta_path, meta, frames)
    unsure = _spans(meta_path, "uncertain", meta.get("uncertain", []), frames)
    # A held picture shows what was, not what is: it speaks for no kind.
    ignored = {kind: held | _frames_of(unsure, kind) for kind in DETECTOR_OF}
    events = tuple(
        Event(kind, start / fps, end / fps, _runs(set(range(start, end + 1)) - ignored[kind], fps))
        for kind, start, end in _spans(path, "", _json(path), frames)
    )
    times = {kind: _runs(numbers, fps) for kind, numbers in ignored.items()}
    return Clip(name, video, person, str(meta.get("subject") or person), fps, frames, events, times, len(held) / fps)


def _head(path: Path, meta: Any) -> tuple[float, int, str]:
    """Frames a second, frames and person."""
    if not isinstance(meta, dict):
        _wrong(path, "file", "an object", meta)
    fps, frames, person = meta.get("fps_assumed"), meta.get("n_frames"), meta.get("person")
    if isinstance(fps, bool) or not (isinstance(fps, int | float) and 0 < fps < math.inf):
        _wrong(path, "fps_assumed", "frames a second, a number above 0", fps)
    if isinstance(frames, bool) or not (isinstance(frames, int) and frames > 0):
        _wrong(path, "n_frames", "a whole number above 0", frames)
    if not (isinstance(person, str) and person):
        _wrong(path, "person", "a code", person)
    return float(fps), frames, person


def _held(path: Path, meta: dict[str, Any], frames: int) -> set[int]:
    """Frames that the source lacks, of all source clips."""
    sources = meta.get("source", [])
    if not (isinstance(sources, list) and all(isinstance(source, dict) for source in sources)):
        _wrong(path, "source", "a list of objects", sources)
    held = [frame for source in sources for frame in source.get("held_frames", ())]
    if not all(isinstance(frame, int) and 0 <= frame < frames for frame in held):
        _wrong(path, "source.held_frames", f"frame numbers below {frames}", held)
    return set(held)


def _spans(path: Path, field: str, raw: object, frames: int) -> list[tuple[str, int, int]]:
    """Kind, first and last frame of each entry."""
    if not isinstance(raw, list):
        _wrong(path, field or "file", "a list", raw)
    spans = []
    for i, entry in enumerate(raw):
        where = f"{field}[{i}]"
        kind, start, end = (entry.get(key) if isinstance(entry, dict) else None for key in _KEYS)
        if kind not in DETECTOR_OF:
            _wrong(path, f"{where}.event", f"one of {', '.join(DETECTOR_OF)}", kind)
        if not (isinstance(start, int) and isinstance(end, int) and 0 <= start <= end < frames):
            _wrong(path, where, f"0 <= start_frame <= end_frame < {frames}", f"{start} and {end}")
        spans.append((str(kind), start, end))
    return sorted(spans, key=lambda span: span[1:])


_KEYS = ("event", "start_frame", "end_frame")


def _frames_of(spans: Iterable[tuple[str, int, int]], kind: str) -> set[int]:
    return {frame for name, start, end in spans if name == kind for frame in range(start, end + 1)}


def _runs(numbers: Iterable[int], fps: float) -> tuple[Time, ...]:
    """Frame numbers as spans of time, neighbours together.

    >>> _runs({4, 5, 9}, 2.0)
    ((2.0, 2.5), (4.5, 4.5))
    """
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return tuple((start / fps, end / fps) for start, end in runs)


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path}: expected JSON, it cannot be read ({type(error).__name__})") from None


def _wrong(path: Path, field: str, expected: str, got: object) -> NoReturn:
    raise DataError(f"{path}: {field}: expected {expected}, got {got!r:.80}")
