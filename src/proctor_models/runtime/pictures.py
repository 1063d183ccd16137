"""Image sequences: a folder of pictures as a recording, timed by their names or by a given rate."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from proctor_models.errors import DataError, VideoError
from proctor_models.runtime.pixels import read_image
from proctor_models.types import Image

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
_TIME = re.compile(r"(?:.*?[^0-9.])?(\d+(?:\.\d+)?)(ms|s)", re.ASCII)
_NUMBER = re.compile(r"(\d+)")
_TICK_S = 1e-3


class PictureFolder:
    """A folder of pictures read once, in the order of their times; the same in use as `video.Recording`."""

    def __init__(self, path: Path, pictures_hz: float | None = None) -> None:
        """List the folder and time its pictures; the first one's time is second 0.

        Args:
            path: the folder; what lies deeper is not read.
            pictures_hz: pictures a second, in the order of the numbers in their names. None where every name ends
                with its time: ``first-000012500ms.jpg`` or ``12.5s.png``.

        Raises:
            VideoError: no folder or no picture in it, a name without a time, two pictures of one time, or a first
                picture that is none.
        """
        self.path = path
        """The folder."""
        self.undecodable = 0
        """Pictures that could not be decoded, counted as they are passed."""
        self.decoded = 0
        """Pictures passed so far, sampled or not."""
        if pictures_hz is not None and not 0 < pictures_hz < float("inf"):
            raise VideoError(f"--pictures-rate: expected pictures a second above 0, got {pictures_hz:g}")
        names = self._names()
        timed = _by_number(names, pictures_hz) if pictures_hz else _by_name(path, names)
        self._pictures = [(time_s - timed[0][0], name) for time_s, name in timed]
        self._usual_s = 1 / pictures_hz if pictures_hz else _median_interval(self._pictures)
        self.fps: float | None = 1 / self._usual_s if self._usual_s else None
        """Pictures a second, usually; nothing is timed by it."""
        self.stated_duration_s: float | None = self._pictures[-1][0] + self._usual_s
        """From the first picture to the end of the last."""
        self._time_s = 0.0
        height, width = self._first().shape[:2]
        self.resolution_wh = (width, height)
        """Size of the first picture that can be decoded."""

    @property
    def duration_s(self) -> float:
        """Seconds from the start to the end of the last picture passed."""
        return self._time_s + self._usual_s if self.decoded else 0.0

    def frames(self, rate_hz: float) -> Iterator[tuple[float, Image]]:
        """Yield (timestamp_s, image), at most `rate_hz` a second; see `video.Recording.frames`.

        Raises:
            VideoError: `rate_hz` is not above 0.
        """
        if not rate_hz > 0:
            raise VideoError(f"{self.path}: rate_hz: expected a number above 0, got {rate_hz}")
        due_s = 0.0
        for timestamp_s, name in self._pictures:
            self.decoded, self._time_s = self.decoded + 1, timestamp_s
            if timestamp_s < due_s - _TICK_S:
                continue
            due_s = (int((timestamp_s + _TICK_S) * rate_hz) + 1) / rate_hz
            try:
                image = read_image(self.path / name)
            except DataError:
                self.undecodable += 1
                continue
            yield timestamp_s, image

    def close(self) -> None:
        """Nothing is held open; a recording has this too."""

    def _names(self) -> list[str]:
        if not self.path.is_dir():
            raise VideoError(f"{self.path}: no such folder of pictures")
        names = [p.name for p in self.path.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file()]
        if not names:
            raise VideoError(f"{self.path}: expected pictures ({', '.join(SUFFIXES)}) in this folder, got none")
        return names

    def _first(self) -> Image:
        for _, name in self._pictures:
            try:
                return read_image(self.path / name)
            except DataError:
                continue
        raise VideoError(f"{self.path}: expected at least one picture, none of {len(self._pictures)} can be decoded")


def time_in_name(stem: str) -> float | None:
    """Seconds that the end of a picture's name states, its suffix left out; None if it states none.

    >>> time_in_name("first-000012500ms"), time_in_name("12.5s"), time_in_name("IMG_0012")
    (12.5, 12.5, None)
    """
    found = _TIME.fullmatch(stem)
    if found is None:
        return None
    return float(found[1]) / (1000 if found[2] == "ms" else 1)


def _by_name(path: Path, names: list[str]) -> list[tuple[float, str]]:
    timed = []
    for name in sorted(names):
        time_s = time_in_name(Path(name).stem)
        if time_s is None:
            raise VideoError(
                f"{path / name}: expected a name that ends with its time, as 000012500ms.jpg or 12.5s.jpg; rename the "
                "pictures, or say how many there are a second with --pictures-rate"
            )
        timed.append((time_s, name))
    timed.sort()
    for (before_s, before), (time_s, name) in pairwise(timed):
        if time_s == before_s:
            raise VideoError(f"{path}: expected one picture a time, got {before} and {name} at {time_s:g} s")
    return timed


def _by_number(names: list[str], pictures_hz: float) -> list[tuple[float, str]]:
    """In the order people count: 2 before 10."""

    def parts(name: str) -> list[tuple[int, int, str]]:
        return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in _NUMBER.split(name)]

    return [(index / pictures_hz, name) for index, name in enumerate(sorted(names, key=parts))]


def _median_interval(pictures: list[tuple[float, str]]) -> float:
    intervals = sorted(later[0] - sooner[0] for sooner, later in pairwise(pictures))
    return intervals[len(intervals) // 2] if intervals else 0.0
