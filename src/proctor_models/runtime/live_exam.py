"""The analysing side of a live exam: the newest frame of whichever view has waited longest, within a budget.

Whatever keeps it from seeing is recorded as an event, and the time nobody saw is found by the rule on recording gaps.
Frames that came and were not analysed are no such time: monitor and ledger are told when they came.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping

from proctor_models.errors import DataError, ModelError
from proctor_models.runtime.events import Event
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.monitor import Monitor
from proctor_models.runtime.pace import Budget
from proctor_models.runtime.reader import Reader, Taken
from proctor_models.runtime.report_curves import GAP_MIN_S
from proctor_models.types import View

IDLE_S = 0.25
"""How long to wait for a frame before looking around."""


class LiveExam:
    """The analysing side: takes frames, hands them to the monitor, records what happens."""

    def __init__(
        self,
        monitor: Monitor,
        ledger: Ledger,
        readers: Mapping[View, Reader],
        clock: Callable[[], float],
        budget: Budget | None = None,
        told_from_s: float = GAP_MIN_S,
    ) -> None:
        """Start where the clock stands.

        Args:
            monitor: judges the frames.
            ledger: started already.
            readers: by view.
            clock: seconds on the exam's clock, now.
            budget: the processor time that may be taken; None for all that is needed.
            told_from_s: see `presence.told_from_s`.
        """
        self.analysed: Counter[str] = Counter()
        """Frames by view, in this run."""
        self._monitor, self._ledger, self._readers = monitor, ledger, readers
        self._clock, self._budget, self._told_from_s = clock, budget, told_from_s
        self._latest_s: dict[str, float] = {}
        # By view, until when it is known what came: the last frame that was analysed, or what was told since.
        self._known_s = dict.fromkeys(readers, round(clock(), 3))

    def turn(self) -> float:
        """Record what happened and analyse one frame, if there is one and time for it; seconds to wait for more.

        Raises:
            EvidenceError: see `Ledger`.
        """
        self.record()
        waiting = [reader for reader in self._readers.values() if reader.has_frame]
        if not waiting:
            return IDLE_S
        owed_s = 0.0 if self._budget is None else self._budget.wait_s()
        if owed_s > 0:
            return min(owed_s, IDLE_S)  # meanwhile newer frames take the place of the ones that wait
        # The one that waited longest: within a tight budget, too, both views are seen.
        reader = min(waiting, key=lambda one: self._latest_s.get(one.view, -math.inf))
        taken = reader.take()
        if taken is not None:
            self._analyse(reader, taken)
        return 0.0

    def record(self, *, end: bool = False) -> None:
        """Put what happened since on the disk; `end` adds what is counted and not told yet."""
        for reader in self._readers.values():
            for event in reader.events(end=end):
                self._ledger.event(event)
            if reader.error is not None:
                raise reader.error

    def finish(self, why: str) -> None:
        """No more frames: record that it stopped and why, and close what is open."""
        now_s = round(self._clock(), 3)
        self.record(end=True)
        for reader in self._readers.values():
            self._tell_present(reader, now_s)
        self._ledger.event(Event("stopped", now_s, None, {"reason": why}))
        for reported in self._monitor.finish(dict.fromkeys(self._readers, now_s)):
            self._ledger.report(reported)
        self._tell_events()

    def _tell_present(self, reader: Reader, before_s: float) -> None:
        """What came of a view and was not analysed, to the monitor, and to the ledger from which it is replayed."""
        spans = reader.presence.between(self._known_s[reader.view], before_s)
        self._known_s[reader.view] = before_s
        if spans:
            self._ledger.present(reader.view, before_s, spans)
        for since_s, until_s in spans:
            self._monitor.present(reader.view, since_s, until_s)

    def _tell_events(self) -> None:
        for event in self._monitor.take_events():
            self._ledger.event(event)

    def _analyse(self, reader: Reader, taken: Taken) -> None:
        self._latest_s[reader.view] = taken.timestamp_s
        timestamp_s = round(taken.timestamp_s, 3)  # as the monitor takes it
        if timestamp_s - self._known_s[reader.view] >= self._told_from_s:
            self._tell_present(reader, timestamp_s)
        try:
            step = self._monitor.observe(taken.image, timestamp_s, reader.view)
        except (ModelError, DataError) as error:
            reader.count_unreadable(taken.timestamp_s, str(error))
            return
        reader.pace.tell(taken.timestamp_s, step.suspected)
        self._known_s[reader.view] = timestamp_s
        self._ledger.step(reader.view, timestamp_s, step)
        self._tell_events()
        self.analysed[reader.view] += 1
