"""Recordings as clips: frames, each with its own time, checked for damage."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av

from proctor_models.data.changes import Sampler, Sampling
from proctor_models.errors import VideoError
from proctor_models.runtime.video import FORMATS, Recording
from proctor_models.types import Image

VIDEO_SUFFIXES = (".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".3gp", ".ts")
_EVERY_FRAME_HZ = 1e4
_TICK_S = 1e-3
_PLAIN_FILES = {"protocol_whitelist": "file", "format_whitelist": FORMATS}  # no playlist may open other files
_KEEP = "say `damaged: keep` of its source in the recipe (`--damaged keep` in `proctor prelabel`)"


@dataclass(frozen=True)
class ClipFrame:
    """One frame of a recording."""

    index: int
    """Its number in the order of decoding, from 0, as labelling tools count."""
    timestamp_s: float
    image: Image


@dataclass(frozen=True)
class Grid:
    """The frames of a recording that a labelling task showed: `first`, `first + step`, ... up to `last`."""

    first: int = 0
    last: int | None = None
    step: int = 1

    def holds(self, index: int) -> bool:
        """Whether the task showed the frame.

        >>> [i for i in range(9) if Grid(1, 7, 3).holds(i)]
        [1, 4, 7]
        """
        return (
            self.first <= index and (self.last is None or index <= self.last) and not (index - self.first) % self.step
        )


def clip_frames(
    path: Path,
    sampling: Sampling,
    grid: Grid | None = None,
    inspected: Inspection | None = None,
) -> Iterator[ClipFrame]:
    """Frames of a recording, as `sampling` says, each with its own presentation time.

    Args:
        path: the recording.
        sampling: which frames, and what to do with a file of which something is lost: `keep` leaves out the frames that
            are, and says so.
        grid: take only frames that a labelling task showed; None for any.
        inspected: what `inspect` said of the file; None to ask it now.

    Raises:
        VideoError: not a video, no frame in it, or damaged where that is refused; the message names file and time.
        TimestampError: time runs backwards.
    """
    lost = (inspected or inspect(path)).damages
    if lost and sampling.damaged == "refuse":
        raise VideoError(
            f"{path}: {lost[0].said}; {len(lost)} such places; fetch the file again, or {_KEEP}, which leaves such "
            "frames out"
        )
    for place in lost:
        print(f"{path}: {place.said}; left out", file=sys.stderr, flush=True)
    sampler, recording = Sampler(sampling), Recording(path)
    # A grid counts frames, so each has to pass; without one the decoder may skip what is not due.
    for timestamp_s, image in recording.frames(_EVERY_FRAME_HZ if grid else 1 / sampling.every_s):
        index = recording.decoded - 1
        if grid is not None and not grid.holds(index):
            continue
        if any(place.spoils(timestamp_s) for place in lost) or not sampler.due(timestamp_s):
            continue
        if sampler.take(timestamp_s, image):
            yield ClipFrame(index, timestamp_s, image)
    if recording.undecodable:
        said = (
            f"{path}: expected every frame the file states, {recording.undecodable} of "
            f"{recording.decoded + recording.undecodable} did not decode; what there is ends at "
            f"{recording.duration_s:.3f} s"
        )
        if sampling.damaged == "refuse":
            raise VideoError(f"{said}; the file is damaged or cut off: fetch it again, or {_KEEP}")
        print(said, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Damage:
    """A stretch of a recording that is lost or filled up with guesses."""

    start_s: float
    end_s: float
    what: str

    @property
    def said(self) -> str:
        """The stretch in words."""
        span = f"{self.start_s:.3f} s" if self.start_s == self.end_s else f"{self.start_s:.3f} to {self.end_s:.3f} s"
        return f"damaged at {span}: {self.what}"

    def spoils(self, timestamp_s: float) -> bool:
        """Whether a frame at that time is not to be trusted."""
        return self.start_s <= timestamp_s <= self.end_s


@dataclass(frozen=True)
class Inspection:
    """What decoding a recording from end to end shows."""

    frames: int
    """How many there are, patched-up ones included."""
    damages: tuple[Damage, ...]
    """Stretches that do not decode as they were recorded, in order of time."""


def inspect(path: Path) -> Inspection:
    """Decode a recording once, frame by frame, and ask whether each is whole.

    The reader of the runtime shows a damaged frame as the decoder patches it up, which is right for a person who
    reviews an exam and wrong for one who labels. A damaged stretch lasts until the next key frame, because all frames
    up to there are made from the damaged one.

    Raises:
        VideoError: the file cannot be opened or holds no video.
    """
    try:
        with av.open(str(path.resolve()), options=_PLAIN_FILES) as container:
            if not container.streams.video:
                raise VideoError(f"{path}: expected a video, got a file without a picture stream")
            return _decode_all(container)
    except FileNotFoundError:
        raise VideoError(f"{path}: no such recording") from None
    except av.error.FFmpegError as error:
        size = path.stat().st_size
        raise VideoError(
            f"{path}: expected a video file ({size} bytes found), it cannot be opened ({error.strerror}); "
            "is the upload whole?"
        ) from None


def _decode_all(container: av.container.InputContainer) -> Inspection:
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    start_s = float((stream.start_time or 0) * stream.time_base)
    found: list[Damage] = []
    now_s, count, since_s, why = 0.0, 0, -1.0, ""
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.FFmpegError as error:
            since_s, why = (since_s, why) if why else (now_s, str(error.strerror))
            continue
        for frame in frames:
            count += 1
            now_s = frame.time - start_s if frame.time is not None else now_s
            if frame.is_corrupt:
                since_s, why = (since_s, why) if why else (now_s, "picture data is lost")
            elif frame.key_frame and why:
                found.append(Damage(since_s, now_s - _TICK_S, why))
                why = ""
    if why:
        found.append(Damage(since_s, now_s, why))
    return Inspection(count, tuple(found))
