"""Live exams of cameras that exist only in tests, with and without threads."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event as Flag
from typing import Any

from cameras import GAP, PHONE, THRESHOLDS, Camera, Clock, Red, Shown, grey, ruleset
from proctor_models.errors import VideoError
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.live import started
from proctor_models.runtime.live_exam import LiveExam
from proctor_models.runtime.pace import Pace, PaceName, rates
from proctor_models.runtime.reader import Capture, Reader
from proctor_models.runtime.session import Setup
from proctor_models.runtime.sources import source
from proctor_models.types import Image, View


def showing(seconds: float, image: Any = None, fps: float = 10) -> list[Shown]:
    return [(1 / fps, grey() if image is None else image)] * round(seconds * fps)


def reader(
    clock: Clock, *cameras: Iterable[Shown] | VideoError, view: View = "first", pace: PaceName = "fixed"
) -> Reader:
    """A reader of cameras that follow each other: each is what opening gives once the one before is lost."""
    following = iter(cameras)

    def open_next() -> Capture:
        found = next(following, VideoError("not there"))
        if isinstance(found, VideoError):
            raise found
        return Camera(clock, found)

    return Reader(view, open_next(), open_next, Pace(rates(pace, 2)), clock)


class Exam:
    """A live exam without threads: cameras, monitor and ledger in step with a clock that the cameras move."""

    def __init__(
        self,
        out: Path,
        shown: dict[View, list[Shown]],
        observer: Any = None,
        budget: Any = None,
        resume_s: float | None = None,
    ) -> None:
        """With `resume_s`, the exam in `out` is gone on with at that time."""
        self.clock = Clock(resume_s or 0.0)
        self.setup = Setup(observer or Red(), ruleset(), THRESHOLDS, "1.0", 2.0, "adaptive")
        self.ledger = Ledger(out, live=True) if resume_s is None else Ledger.resume(out)
        monitor = self.setup.monitor(self.ledger)
        self.ledger.start(started(self.setup, {view: source("0") for view in shown}), resume_s)
        self.readers = {view: reader(self.clock, frames, view=view, pace="adaptive") for view, frames in shown.items()}
        budget = None if budget is None else budget(self.clock)
        self.exam = LiveExam(monitor, self.ledger, self.readers, self.clock, budget)

    def run(self, until_s: float, work: Callable[[], None] = lambda: None) -> None:
        while self.clock.now_s < until_s:
            for one in self.readers.values():
                wait_s = one.step()
                self.clock.now_s += wait_s
            if self.exam.turn() == 0:
                work()

    def stop(self) -> None:
        self.exam.finish("asked to")
        self.ledger.close()


def entries(out: Path, kind: str) -> list[dict[str, Any]]:
    lines = (out / "ledger.jsonl").read_text("utf-8").splitlines()
    return [line["content"] for line in map(json.loads, lines) if line["kind"] == kind]


def findings(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "findings.jsonl").read_text("utf-8").splitlines()]


class Webcam:
    """A camera of 20 frames a second on the real clock: red from 0.2 s on."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.released = Flag()

    def grab(self) -> bool:
        time.sleep(0.05)
        return not self.released.is_set()

    def retrieve(self) -> tuple[bool, Image]:
        return True, grey(red=time.monotonic() - self._began > 0.2)

    def get(self, _: int) -> float:
        return 1000 * (time.monotonic() + 5000)

    def release(self) -> None:
        self.released.set()


def quick() -> Setup:
    """Rules that find something within a second."""
    hasty = ruleset({**PHONE, "min_duration_s": 0.5, "max_gap_s": 0}, {**GAP, "min_duration_s": 2.0})
    return Setup(Red(), hasty, THRESHOLDS, "1.0", 4.0)
