"""What the parts of `runtime.py` share: a figure with its target, the machine, the sample exam's frames."""

from __future__ import annotations

import heapq
import os
import platform
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import process_time
from typing import Any

import cv2

from proctor_models.errors import ConfigError, VideoError
from proctor_models.files import write_text
from proctor_models.runtime.pack import Pack
from proctor_models.runtime.video import Recording
from proctor_models.types import VIEWS, Image, View

PACKAGES = ("numpy", "onnxruntime", "opencv-python-headless", "torch", "ultralytics-opencv-headless")


@dataclass(frozen=True)
class Figure:
    """One measurement: the median of `values`, one a round, or why there is none."""

    part: str
    what: str
    unit: str
    values: tuple[float, ...] = ()
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""

    @property
    def median(self) -> float | None:
        """The figure."""
        return statistics.median(self.values) if self.values else None

    @property
    def target(self) -> str:
        """What was asked, in words.

        >>> Figure("watch", "frames", "1/s", (15.0, 15.5, 18.0), at_least=16).target
        'at least 16: missed'
        """
        if self.at_most is None and self.at_least is None:
            return ""
        limit = f"at most {self.at_most:g}" if self.at_most is not None else f"at least {self.at_least:g}"
        if self.median is None:
            return limit
        met = self.median <= self.at_most if self.at_most is not None else self.median >= (self.at_least or 0)
        return f"{limit}: {'met' if met else 'missed'}"

    @property
    def line(self) -> str:
        """One row of the table."""
        said = "not measured" if self.median is None else f"{self.median:.3f}"
        spread = f"{min(self.values):.3f} to {max(self.values):.3f}, n={len(self.values)}" if self.values else ""
        return f"{self.part:9}{self.what:46}{said:>12} {self.unit:9}{spread:26}{self.target:22}{self.note}".rstrip()

    @property
    def row(self) -> str:
        """One row of a page's table."""
        digits = 1 if self.unit == "CPU ms" else 2 if self.unit == "1/s" else 3
        said, spread, remark = self.note or "not measured", "", self.target
        if self.median is not None:
            said = f"{self.median:.{digits}f}"
            spread = f"{min(self.values):.{digits}f} to {max(self.values):.{digits}f}, n={len(self.values)}"
            remark = "; ".join(filter(None, (self.target, self.note)))
        return f"| {self.part} | {self.what.replace('  ', '- ')} | {said} | {self.unit} | {spread} | {remark} |"

    def to_dict(self) -> dict[str, Any]:
        """For the JSON file."""
        return asdict(self) | {"median": self.median, "target": self.target}


@dataclass(frozen=True)
class Plan:
    """What a run measures, and on what."""

    pack_folder: Path
    exam: Path
    weights: Path
    rules: str
    quick: bool
    rate_hz: float = 2.0
    work: Path = field(default_factory=Path)

    def load(self, threads: int = 1) -> Pack:
        """The pack, afresh."""
        return Pack.load(self.pack_folder, threads)

    @property
    def recordings(self) -> dict[View, Path]:
        """The exam's recordings by view.

        Raises:
            VideoError: the folder holds none.
        """
        found: dict[View, Path] = {view: self.exam / f"{view}.mp4" for view in VIEWS}
        there = {view: path for view, path in found.items() if path.is_file()}
        if not there:
            raise VideoError(f"{self.exam}: expected first.mp4 or second.mp4, got neither; `dvc pull` brings them")
        return there


def exam_frames(plan: Plan) -> Iterator[tuple[float, View, Image]]:
    """Frames of all views as they would have come, by the runtime's own reader."""

    def tagged(view: View, path: Path) -> Iterator[tuple[float, View, Image]]:
        for timestamp_s, image in Recording(path).frames(plan.rate_hz):
            yield timestamp_s, view, image

    return heapq.merge(*(tagged(view, path) for view, path in plan.recordings.items()), key=lambda frame: frame[0])


def bare_frames(plan: Plan) -> Iterator[Image]:
    """The same frames by OpenCV alone: what decoding costs at least."""

    def decoded(path: Path) -> Iterator[tuple[float, Image]]:
        capture, due_s = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG), 0.0
        while capture.grab():
            timestamp_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            if timestamp_s >= due_s - 1e-3:
                due_s = (int((timestamp_s + 1e-3) * plan.rate_hz) + 1) / plan.rate_hz
                yield timestamp_s, capture.retrieve()[1]

    for _, image in heapq.merge(*(decoded(path) for path in plan.recordings.values()), key=lambda frame: frame[0]):
        yield image


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of the whole process, all threads, while `work` runs."""
    start = process_time()
    work()
    return process_time() - start


def page_table(figures: Sequence[Figure], facts: Mapping[str, object]) -> str:
    """Figures and machine for a page of the documents."""
    head = ["| part | what | median | unit | least to most of the rounds | target, remark |", "|" + " --- |" * 6]
    measured_on = ", ".join(f"{key} {value}" for key, value in facts.items())
    return "\n".join([f"Measured on: {measured_on}.", "", *head, *(figure.row for figure in figures)])


def write_into(page: Path, name: str, text: str) -> None:
    """Replace what stands between the two comments called `name` in a page.

    Raises:
        ConfigError: the page has no such place.
    """
    before, after = around(page, name)
    write_text(page, f"{before}\n\n{text}\n\n{after}")


def around(page: Path, name: str) -> tuple[str, str]:
    """A page up to and from its two comments called `name`; asked before a long run, too.

    Raises:
        ConfigError: the page has no such place.
    """
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(start) if page.is_file() else ("", "", "")
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ConfigError(f"{page}: expected the comments {start} and {end}, to write between them; add them")
    return before + start, end + after


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").is_file() else ""
    facts: Mapping[str, str] = dict(
        (part.strip() for part in line.split(":", 1)) for line in info.splitlines() if ":" in line
    )
    flags = facts.get("flags", "").split()
    said: dict[str, object] = {
        "processor": facts.get("model name", platform.processor() or "unknown"),
        "cores": len(os.sched_getaffinity(0)),
        "vector": [name for name in ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8") if name in flags],
        "system": platform.platform(),
        "load_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }
    return said | {package: _version(package) for package in PACKAGES}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
