"""Recordings: frames with the presentation time the container gives them, sampled by time.

Time is never counted in frames: phones record at a varying rate, and a camera that was off leaves a gap
that a frame count would hide. What is read is one plain file; playlists and lists of files, through
which a recording could make the decoder open other files or addresses, are refused.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import cv2
import numpy as np

from proctor_models.errors import TimestampError, VideoError
from proctor_models.runtime.pixels import MAX_PIXELS, MAX_SIDE_PX
from proctor_models.runtime.plain_files import is_plain
from proctor_models.types import Image

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf"
_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_OPENING = Lock()
_FROZEN_FRAMES = 25  # so many frames with one and the same time: the stream carries none
_DAMAGED_FRAMES = 250  # so many failures in a row: the recording has ended, this is no damaged stretch
_LENGTH_ERROR_S = 1.0  # a header's length may be off by as much without anything being cut off
_TICK_S = 1e-3  # containers round times to a millisecond or so; two times this close are one
_LONGEST_S = 1e6  # eleven days; a later frame is damage, and would make an exam of centuries
_MAX_RATE_HZ = 1e4


class Recording:
    """One video file opened for reading, once, from its start."""

    def __init__(self, path: Path) -> None:
        """Open the file and read its header.

        Raises:
            VideoError: there is no such file, or it is not a video the runtime reads.
        """
        self.path = path
        """The file."""
        self._capture = _open(path)
        width, height = (int(self._capture.get(p)) for p in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX and width * height <= MAX_PIXELS):
            raise VideoError(
                f"{path}: expected frames of 1 to {MAX_SIDE_PX} px a side and at most {MAX_PIXELS} pixels, "
                f"got {width}x{height}"
            )
        self.resolution_wh = (width, height)
        """Size of the frames in pixels, after the rotation the file asks for."""
        self.fps: float | None = _sane(self._capture.get(cv2.CAP_PROP_FPS), 1e-6, 1e6)
        """Nominal frames a second as the header states them; nothing is timed by it."""
        count = _sane(self._capture.get(cv2.CAP_PROP_FRAME_COUNT), 1, 1e9) or 0
        self.stated_duration_s: float | None = _sane(count / self.fps, 0, _LONGEST_S) if self.fps and count else None
        """Length the header states, for a progress bar; None where it states none."""
        self.undecodable = 0
        """Frames the file promises that could not be decoded: damaged ones, counted as they are passed, and
        when `frames` is exhausted those that were cut off its end (estimated where the file has no index)."""
        self.decoded = 0
        """Frames passed so far, sampled or not."""
        self._stated_frames = int(count)
        self._container = _container(path)
        self._time_s = self._offset_s = 0.0
        self._intervals_us: Counter[int] = Counter()  # how often each: a list would grow with the recording

    @property
    def duration_s(self) -> float:
        """Seconds from the start to the end of the last frame passed; the length once `frames` is exhausted."""
        if not self.decoded:
            return 0.0
        return self._time_s + self._usual_s()

    def frames(self, rate_hz: float) -> Iterator[tuple[float, Image]]:
        """Yield (timestamp_s, image), at most `rate_hz` a second; a slower recording gives each frame once.

        The first frame at or after each multiple of ``1 / rate_hz`` is taken. A frame that cannot be
        decoded is passed over and counted in `undecodable`.

        Raises:
            VideoError: `rate_hz` is not above 0, nothing could be decoded, or the stream carries no times or
                absurd ones.
            TimestampError: time runs backwards.
        """
        if not 0 < rate_hz <= _MAX_RATE_HZ:
            raise VideoError(
                f"{self.path}: rate_hz: expected a number above 0, {_MAX_RATE_HZ:g} at most, got {rate_hz}"
            )
        due_s = 0.0
        try:
            for timestamp_s in self._times():
                if timestamp_s < due_s - _TICK_S:
                    continue
                due_s = (int((timestamp_s + _TICK_S) * rate_hz) + 1) / rate_hz
                decoded, image = self._capture.retrieve()
                if decoded and image is not None:
                    yield timestamp_s, np.asarray(image, np.uint8)
                else:
                    self.undecodable += 1
        finally:
            self.close()
        self.undecodable = max(self.undecodable, self._cut_off())
        if self.decoded == 0:
            raise VideoError(f"{self.path}: expected at least one frame, none could be decoded; is the upload whole?")

    def close(self) -> None:
        """Let go of the file; `frames` does so when it ends."""
        self._capture.release()

    def _times(self) -> Iterator[float]:
        """Advance frame by frame, check time, and yield the timestamp in seconds."""
        same = failed = 0
        while failed < _DAMAGED_FRAMES:
            # A damaged packet fails like the end of the file does; behind it the recording goes on.
            if not self._capture.grab():
                failed += 1
                continue
            self.undecodable += failed
            failed = 0
            timestamp_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            if not timestamp_s <= _LONGEST_S:
                raise VideoError(
                    f"{self.path}: frame {self.decoded}: expected times up to {_LONGEST_S:g} s, got {timestamp_s:g} s; "
                    "copy the recording into a new container and run again"
                )
            if timestamp_s < self._time_s - _TICK_S:
                raise TimestampError(
                    f"{self.path}: frame {self.decoded}: time runs backwards, from {self._time_s:.3f} s to "
                    f"{timestamp_s:.3f} s; copy the recording into a new container and run again"
                )
            same = same + 1 if self.decoded and timestamp_s <= self._time_s else 0
            if same >= _FROZEN_FRAMES:
                raise self._without_times()
            if timestamp_s > self._time_s:
                self._intervals_us[round(1e6 * (timestamp_s - self._time_s))] += 1
                self._time_s = timestamp_s
            if not self.decoded:
                self._offset_s = max(0.0, self._capture.get(cv2.CAP_PROP_PTS)) / (self.fps or 1.0)
            self.decoded += 1
            yield timestamp_s
        if self.decoded > 1 and self._time_s == 0:
            raise self._without_times()

    def _usual_s(self) -> float:
        """Seconds one frame is shown: the median, as any one interval may be a gap and the stated fps may lie."""
        passed = 0
        for interval_us, count in sorted(self._intervals_us.items()):
            passed += count
            if 2 * passed >= self._intervals_us.total():
                return interval_us / 1e6
        return 1 / (self.fps or 1.0)

    def _cut_off(self) -> int:
        """Frames the header promises beyond those decoded."""
        if self._container == "mp4":  # its index lists every frame
            return max(0, self._stated_frames - self.decoded)
        if self._container == "mkv" and self.stated_duration_s is not None:  # its header states a length, from time 0
            missing_s = self.stated_duration_s - self._offset_s - self.duration_s
            if missing_s > _LENGTH_ERROR_S:
                return self.undecodable + round(missing_s / self._usual_s())
        return 0

    def _without_times(self) -> VideoError:
        return VideoError(
            f"{self.path}: frames carry no presentation times (stuck at {self._time_s:.3f} s); "
            "record into mp4, mkv or webm, or remux the raw stream with its true frame rate"
        )


def frames(path: Path, rate_hz: float) -> Iterator[tuple[float, Image]]:
    """Yield (timestamp_s, image) of a recording, at most `rate_hz` a second; see `Recording.frames`."""
    yield from Recording(path).frames(rate_hz)


def _open(path: Path) -> cv2.VideoCapture:
    if not is_plain(path):
        raise VideoError(f"{path}: no such recording")
    with capture_options(f"protocol_whitelist;file|format_whitelist;{FORMATS}"):
        # An absolute path, so that no part of the name is read as a protocol or a pattern.
        capture = cv2.VideoCapture(str(path.resolve()), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise VideoError(
            f"{path}: expected a video file ({path.stat().st_size} bytes found), it cannot be opened; "
            "is the upload whole? Formats read: " + FORMATS.replace(",", ", ")
        )
    return capture


def _sane(number: float, low: float, high: float) -> float | None:
    """What a header states, if it can be: damaged ones state negative rates, infinity and NaN."""
    return number if math.isfinite(number) and low <= number <= high else None


@contextmanager
def capture_options(options: str) -> Iterator[None]:
    """FFmpeg's options for what is opened meanwhile, as ``name;value|name;value``.

    OpenCV reads them from the environment, which the whole process shares: so one opens at a time.
    """
    with _OPENING:
        before = os.environ.get(_OPTIONS)
        os.environ[_OPTIONS] = options
        try:
            yield
        finally:
            if before is None:
                del os.environ[_OPTIONS]
            else:
                os.environ[_OPTIONS] = before


def _container(path: Path) -> str:
    """By the first bytes: `mp4` (also mov), `mkv` (also webm) or nothing."""
    with path.open("rb") as stream:
        start = stream.read(8)
    if start[4:] == b"ftyp":
        return "mp4"
    return "mkv" if start[:4] == b"\x1a\x45\xdf\xa3" else ""
