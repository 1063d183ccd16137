"""An exam watched while it goes on: cameras and streams, until somebody stops it.

Each camera has a thread that reads (`runtime.reader`); this thread analyses (`runtime.live_exam`).
"""

from __future__ import annotations

import json
import math
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Flag
from types import FrameType

from proctor_models.errors import ConfigError, VideoError
from proctor_models.runtime import patience
from proctor_models.runtime.entries import FINDINGS_FILE, SCORES_FILE
from proctor_models.runtime.events import Event
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.live_exam import LiveExam
from proctor_models.runtime.pace import Budget, Pace
from proctor_models.runtime.presence import PRESENT_FROM, told_from_s
from proctor_models.runtime.reader import Capture, Reader
from proctor_models.runtime.session import Setup, StateLine
from proctor_models.runtime.sources import Source, open_live
from proctor_models.types import View


@dataclass(frozen=True)
class LiveOptions:
    """What only live watching takes."""

    for_s: float | None = None
    """Seconds to watch; None until it is stopped."""
    cpu: float | None = None
    """Share of one core that the whole process may take; None for all it needs."""
    resume: bool = False
    """Whether to go on with a session that was cut short."""
    patience_s: float = math.inf
    """Seconds to wait at the end for room on a full disk. In the main thread Ctrl-C or SIGTERM ends the wait, too."""

    def check(self, *, is_live: bool) -> None:
        """Refuse what makes no sense, before anything is opened.

        Raises:
            ConfigError: a number is none above 0, or a recording is watched.
        """
        given = {"--for": self.for_s, "--cpu": self.cpu, "--resume": self.resume or None}
        for name, value in given.items():
            if value is not None and not is_live:
                raise ConfigError(f"{name}: expected only with live cameras; a recording is watched from end to end")
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ConfigError(f"{name}: expected a number above 0, got {value:g}")


class ExamClock:
    """Seconds of the exam that is going on, by a clock that nobody can set."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.start(0.0)

    def start(self, at_s: float) -> None:
        """Count on from here."""
        self._began = self._clock() - at_s

    def __call__(self) -> float:
        """Seconds of the exam, now."""
        return self._clock() - self._began


def watch_live(
    setup: Setup,
    sources: Mapping[View, Source],
    out: Path,
    options: LiveOptions = LiveOptions(),
    stop: Flag | None = None,
    opener: Callable[[Source], Capture] = open_live,
) -> Counter[str]:
    """Watch cameras until somebody stops it, and write all of `out` but the page; return findings by severity.

    Args:
        setup: what they are watched with.
        sources: by view.
        out: new or empty folder, or with `options.resume` that of a session that was cut short.
        options: how long, and how much of the processor.
        stop: set it to stop; Ctrl-C and SIGTERM do so too.
        opener: opens a source.

    Raises:
        ConfigError, VideoError, EvidenceError: see `watch.watch`. Once it watches, a camera that is lost or a disk
            that is full raises nothing: it is recorded. At the end a full disk is waited for (`runtime.patience`).
    """
    setup.monitor()  # what cannot be kept is refused before anything is opened or written
    stop, fresh, clock = stop or Flag(), Flag(), ExamClock()
    with ExitStack() as stack:
        readers: dict[View, Reader] = {}
        for view, one in sources.items():
            opened = _opened(one, opener, insist=not options.resume)
            readers[view] = Reader(view, opened, _opener(one, opener), Pace(setup.rates), clock, fresh)
            stack.callback(readers[view].stop)
        ledger = stack.enter_context(Ledger.resume(out) if options.resume else Ledger(out, live=True))
        monitor, before = setup.monitor(ledger), _scored(out)
        ledger.start(started(setup, sources))
        for view, reader in readers.items():
            reader.resolution_wh = ledger.resolution_wh.get(view, (0, 0))
        clock.start(ledger.timestamp_s)
        if options.resume:
            ledger.event(Event("restarted", clock(), None, {"frames_before": before.total()}))
        budget = None if options.cpu is None else Budget(options.cpu)
        exam = LiveExam(monitor, ledger, readers, clock, budget, told_from_s(setup.ruleset.rules))
        for reader in readers.values():
            reader.start()
        until_s = math.inf if options.for_s is None else clock() + options.for_s
        with _stopped_by_signals(stop, fresh):
            _run(exam, readers, ledger, clock, until_s, stop, fresh)
        for reader in readers.values():
            reader.stop()
        exam.finish("asked to" if stop.is_set() else "the time was up")
        session = _session(setup, sources, readers, exam.analysed + before, clock())
        give_up = Flag()
        with _stopped_by_signals(give_up, give_up):
            patience.complete(ledger, session, give_up, options.patience_s)
    return _found(out)


def _run(
    exam: LiveExam,
    readers: Mapping[View, Reader],
    ledger: Ledger,
    clock: ExamClock,
    until_s: float,
    stop: Flag,
    fresh: Flag,
) -> None:
    state = StateLine()
    while not stop.is_set() and (left_s := until_s - clock()) > 0:
        wait_s = min(exam.turn(), left_s)
        if wait_s > 0:
            fresh.wait(wait_s)
            fresh.clear()
        lost = [view for view, reader in readers.items() if reader.is_lost]
        dropped = sum(reader.dropped.total for reader in readers.values())
        more = f", frames {exam.analysed.total()}, dropped {dropped}"
        more += f", no picture: {', '.join(lost)}" if lost else ""
        state.show(clock(), ledger.findings, more)
    state.end()


@contextmanager
def _stopped_by_signals(stop: Flag, fresh: Flag) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end something in good order by a flag; the same once more ends the process."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals come to the main thread alone; whoever runs us elsewhere stops us by the flag
        return

    def end(number: int, _: FrameType | None) -> None:
        signal.signal(number, before[signal.Signals(number)])
        stop.set()
        fresh.set()

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _opened(source: Source, opener: Callable[[Source], Capture], *, insist: bool) -> Capture | None:
    """The camera; where an exam is gone on with, one that is not there yet is waited for instead of refused."""
    try:
        return opener(source)
    except VideoError:
        if insist:
            raise
        return None


def _opener(source: Source, opener: Callable[[Source], Capture]) -> Callable[[], Capture]:
    return lambda: opener(source)


def started(setup: Setup, sources: Mapping[View, Source]) -> dict[str, object]:
    """What the ledger of a live exam begins with."""
    views = {view: {"file_name": one.label, "source": one.kind} for view, one in sources.items()}
    return {**setup.to_dict(), "live": True, "views": views, PRESENT_FROM: told_from_s(setup.ruleset.rules)}


def _session(
    setup: Setup,
    sources: Mapping[View, Source],
    readers: Mapping[View, Reader],
    analysed: Mapping[str, int],
    duration_s: float,
) -> dict[str, object]:
    return {
        **setup.to_dict(),
        "live": True,
        "views": {
            view: {
                "file_name": sources[view].label,
                "source": sources[view].kind,
                "duration_s": round(duration_s, 3),
                "resolution_wh": list(reader.resolution_wh),
                "frames_analysed": analysed.get(view, 0),
                "frames_undecodable": reader.unreadable.total,
                "frames_dropped": reader.dropped.total,
            }
            for view, reader in readers.items()
        },
        "duration_s": round(duration_s, 3),
    }


def _scored(folder: Path) -> Counter[str]:
    """Frames by view that runs before this one analysed."""
    path = folder / SCORES_FILE
    with path.open(encoding="utf-8") as lines:
        # The last line may be half of one.
        return Counter(json.loads(line)["view"] for line in lines if line.endswith("}\n"))


def _found(folder: Path) -> Counter[str]:
    """Findings of the whole session by severity."""
    with (folder / FINDINGS_FILE).open(encoding="utf-8") as lines:
        return Counter(json.loads(line)["severity"] for line in lines)
