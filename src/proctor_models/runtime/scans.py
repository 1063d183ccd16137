"""The camera's turn at the start of an exam, for each view that rules ask it of: followed, told once, recorded."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from contextlib import suppress

import numpy as np

from proctor_models.detectors.seat_absence import SIGNS
from proctor_models.rules.policy import RuleSet
from proctor_models.runtime.events import Event
from proctor_models.runtime.scan import EnvironmentScan, ScanResult
from proctor_models.types import VIEWS, Image, Observation, View

PRESENT = 0.4
"""Score of a person or face from which somebody is in the picture."""
_ANEW_S = 20.0  # a suspicion that lasts is seen well enough by the pace; a turn wants its frames to the end


class Scans:
    """Follows the turn in each view whose rules ask for one.

    Views may be observed by threads of their own, each view by one at a time.
    """

    def __init__(self, ruleset: RuleSet) -> None:
        within_s: dict[View, float] = {}
        for rule in ruleset.rules:
            for view in VIEWS if rule.is_scan else ():
                if view in rule.views:
                    within_s[view] = max(within_s.get(view, 0.0), rule.within_s)
        self._scans = {view: EnvironmentScan(limit_s, view) for view, limit_s in within_s.items()}
        self._last_s: dict[str, float] = {}
        self._told: set[str] = set()
        self._events: deque[Event] = deque()  # each taken by one thread alone, while another adds

    def observe(self, image: Image, observation: Observation) -> None:
        """Take a frame and what was seen in it."""
        view, timestamp_s = observation.view, observation.timestamp_s
        scan = self._scans.get(view)
        if scan is None:
            return
        signs = observation.scene.of(*SIGNS)
        scan.observe(image, timestamp_s, np.asarray(signs.xyxy[signs.scores >= PRESENT], np.float32))
        self._last_s[view] = timestamp_s
        if view not in self._told and not scan.wants_fast(timestamp_s, view):
            self._tell(view, scan.result())

    def seen(self, view: View) -> ScanResult | None:
        """What is known by now; None where no rule asks."""
        return self._scans[view].result() if view in self._scans else None

    def wants_fast(self, timestamp_s: float, view: View) -> bool:
        """See `EnvironmentScan.wants_fast`."""
        return view in self._scans and self._scans[view].wants_fast(timestamp_s, view)

    def suspected(self, timestamp_s: float, view: View) -> frozenset[str]:
        """A name for the pace, under which the view is analysed at the fast rate while the turn may go on."""
        if not self.wants_fast(timestamp_s, view):
            return frozenset()
        return frozenset({f"environment_scan/{timestamp_s // _ANEW_S:g}"})

    def resume(self, last_s: Mapping[str, float]) -> None:
        """Another process watched the start: what it saw of the turn is lost, so none is told."""
        for view in [view for view in self._scans if view in last_s]:
            if last_s[view] < self._scans.pop(view).within_s:
                why = "another process watched the start"
                self._events.append(Event("environment_scan", last_s[view], view, {"reason": why}))

    def finish(self) -> None:
        """No more frames: tell what became of a turn whose time was not up yet."""
        for view, scan in self._scans.items():
            if view in self._last_s and view not in self._told:
                self._tell(view, scan.result())

    def take_events(self) -> tuple[Event, ...]:
        """What was told since this was last asked."""
        taken = []
        with suppress(IndexError):
            while True:
                taken.append(self._events.popleft())
        return tuple(taken)

    def _tell(self, view: View, result: ScanResult) -> None:
        self._told.add(view)
        detail: dict[str, str | int | float] = {"candidate_share": round(result.candidate_share, 3)}
        if result.turn_deg is None:
            detail["reason"] = result.why
        else:
            detail |= {"turn_deg": round(result.turn_deg), "plus_minus_deg": round(result.plus_minus_deg)}
        self._events.append(Event("environment_scan", self._last_s[view], view, detail))
