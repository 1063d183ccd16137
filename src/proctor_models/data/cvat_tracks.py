"""CVAT for video: tracks against the frames of the recording they were drawn on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from proctor_models.config import Source
from proctor_models.data.changes import Sampling
from proctor_models.data.clips import VIDEO_SUFFIXES, ClipFrame, Grid, clip_frames, inspect
from proctor_models.data.cvat_parts import FOREIGN, SHAPES, Task, box_of
from proctor_models.data.drafts import Draft, DraftBox, Problems, inside, person_of
from proctor_models.data.footage import frame_draft
from proctor_models.data.manifest import AttributeValue
from proctor_models.data.markup import Element
from proctor_models.errors import TimestampError, VideoError


@dataclass(frozen=True)
class Key:
    """A box of a track at one frame; `outside` means that the thing is not to be seen from here on."""

    frame: int
    outside: bool
    box: DraftBox


@dataclass(frozen=True)
class Track:
    """One thing through a recording: keys in order of their frames."""

    keys: tuple[Key, ...]

    def at(self, frame: int) -> DraftBox | None:
        """Its box at a frame, None where it is not to be seen.

        Between two keys the corners move in straight lines, as CVAT moves them; the last key holds until the end.

        >>> def key(frame: int, x: float) -> Key:
        ...     return Key(frame, frame == 6, DraftBox("", "phone", (x, 0.0, x + 8, 8.0)))
        >>> track = Track((key(2, 0.0), key(4, 4.0), key(6, 8.0)))
        >>> [box and box.xyxy[0] for box in map(track.at, (1, 2, 3, 4, 5, 6))]
        [None, 0.0, 2.0, 4.0, 6.0, None]
        """
        place = bisect_right(self.keys, frame, key=lambda key: key.frame) - 1
        if place < 0 or self.keys[place].outside:
            return None
        key = self.keys[place]
        if key.frame == frame:
            return key.box
        where = f"{key.box.where}, shown at frame {frame}"
        if place + 1 == len(self.keys):
            return replace(key.box, where=where)
        after = self.keys[place + 1]
        share = (frame - key.frame) / (after.frame - key.frame)
        x0, y0, x1, y1 = (a + share * (b - a) for a, b in zip(key.box.xyxy, after.box.xyxy, strict=True))
        return replace(key.box, where=where, xyxy=(x0, y0, x1, y1))


def read_tracks(
    source: Source,
    top: Path,
    path: Path,
    task: Task,
    labelled: tuple[str, ...],
    tracks: Sequence[Element],
    problems: Problems,
) -> Iterator[Draft]:
    """Frames of the recording that the task showed, with the boxes of all tracks."""
    video = _video(top, path, task, problems)
    drawn = [track for track in (_track(e, path, task, problems) for e in tracks) if track is not None]
    if not source.confirmed:
        _human(path, tracks, problems)
    if video is None or problems:
        return
    clip = video.relative_to(top).with_suffix("").as_posix()
    person = person_of(source, source.name, clip)
    try:
        for frame in _shown(video, source, path, task):
            where = f"{video} at {frame.timestamp_s:.3f} s (frame {frame.index})"
            yield replace(
                frame_draft(source, video, clip, person, frame, labelled, where),
                stated_wh=task.resolution_wh,
                boxes=tuple(box for box in (track.at(frame.index) for track in drawn) if box is not None),
            )
    except (VideoError, TimestampError) as error:
        where, _, what = str(error).partition(": ")
        problems.add(where, what)


def _shown(video: Path, source: Source, path: Path, task: Task) -> Iterator[ClipFrame]:
    """The frames the task showed and the source asks for, each with its number.

    Raises:
        VideoError: damaged, because a number is a place only while no frame is missing; or shorter than the task.
    """
    seen = inspect(video)
    if seen.damages:
        raise VideoError(
            f"{video}: {seen.damages[0].said}; tracks count frames, so a damaged recording cannot carry them: "
            "fetch the file that was labelled again"
        )
    if task.last is not None and task.last >= seen.frames:
        wanted = task.last + 1
        raise VideoError(f"{video}: expected the {wanted} frames of {path.name}, got {seen.frames}: another recording?")
    sampling = replace(Sampling.of(source), damaged="refuse")
    yield from clip_frames(video, sampling, Grid(task.first, task.last, task.step), seen)


def _human(path: Path, tracks: Sequence[Element], problems: Problems) -> None:
    foreign = [track for track in tracks if track.attributes.get("source") in FOREIGN]
    if foreign:
        problems.add(
            f"{path}:{foreign[0].line}: track {foreign[0].attributes.get('id')}",
            f"source: expected tracks drawn by a person, got {foreign[0].attributes['source']!r} on {len(foreign)}: a "
            "model or a file brought them in; correct them, then say `confirmed: true` of this source in the recipe",
        )


def _video(top: Path, path: Path, task: Task, problems: Problems) -> Path | None:
    """The recording: the one the task names, else the only one in the folder."""
    if task.video and inside(task.video) and (top / task.video).is_file():
        return top / task.video
    there = sorted(p for p in top.iterdir() if p.suffix.lower() in VIDEO_SUFFIXES) if top.is_dir() else []
    if not task.video and len(there) == 1:
        return there[0]
    named = f"the recording {task.video!r} that the task was made of" if task.video else "one recording"
    got = ", ".join(p.name for p in there) or "none"
    problems.add(str(path), f"source: expected {named} in {top}, got {got}; put it there under that name")
    return None


def _frame(box: Element) -> int:
    text = box.attributes.get("frame", "")
    return int(text) if text.isdecimal() else -1


def _track(track: Element, path: Path, task: Task, problems: Problems) -> Track | None:
    name, label = track.attributes.get("id", "?"), track.attributes.get("label", "")
    shapes = [child for child in track.children if child.tag in SHAPES]
    if shapes and task.classes.get(label, label):
        problems.add(
            f"{path}:{shapes[0].line}: {shapes[0].tag} of track {name}",
            f"expected boxes, got a {shapes[0].tag}; draw rectangles, or drop the label in the recipe's `classes`",
        )
    keys: dict[int, Key] = {}
    carried: Mapping[str, AttributeValue] = {}
    for element in sorted(track.every("box"), key=_frame):
        text = element.attributes.get("frame", "")
        what = f"box of track {name} at frame {text}"
        box = box_of(element, path, what, task, problems, label)
        if box is None:
            continue
        if not text.isdecimal() or int(text) in keys:
            problems.add(box.where, f"frame: expected a number once in the track, got {text!r}; export again")
            continue
        carried = {**carried, **box.attributes}  # a key states what has changed since the one before
        box = DraftBox(box.where, box.label, box.xyxy, carried)
        keys[int(text)] = Key(int(text), element.attributes.get("outside", "0") == "1", box)
    return Track(tuple(keys[frame] for frame in sorted(keys))) if keys else None
