"""What happened to the watching itself: recorded beside the findings, judged by nobody.

A finding says what the candidate's recordings show; an event says what could not be shown, and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from proctor_models.types import View

EventKind = Literal[
    "camera_lost",
    "camera_back",
    "picture_size",
    "frame_unreadable",
    "frames_dropped",
    "clock_wrong",
    "disk_full",
    "disk_back",
    "restarted",
    "stopped",
    "environment_scan",
]
EVENT_KINDS: tuple[EventKind, ...] = get_args(EventKind)


@dataclass(frozen=True)
class Event:
    """One thing that happened while an exam was watched."""

    kind: EventKind
    timestamp_s: float
    """Seconds on the exam's clock."""
    view: View | None = None
    """None where no one view is concerned."""
    detail: Mapping[str, str | int | float] = field(default_factory=dict)
    """What belongs to the kind, such as ``{"count": 12}`` of dropped frames or ``{"reason": ...}``."""


class Tally:
    """Counts what comes too often to be recorded one by one: the first at once, then at most one event in a while.

    >>> tally = Tally("frame_unreadable", "first", every_s=60)
    >>> for second in range(0, 90, 30):
    ...     tally.add(second)
    ...     print([(event.timestamp_s, event.detail["count"]) for event in tally.due(second)])
    [(0, 1)]
    []
    [(60, 2)]
    """

    def __init__(self, kind: EventKind, view: View | None, every_s: float = 60.0) -> None:
        self._kind, self._view, self._every_s = kind, view, every_s
        self._told_s: float | None = None
        self._count, self._since_s, self._reason = 0, 0.0, ""
        self.total = 0
        """All that was counted."""

    def add(self, timestamp_s: float, count: int = 1, reason: str = "") -> None:
        """Count something; the reason of the first is the one that is told."""
        if not self._count:
            self._since_s, self._reason = timestamp_s, reason
        self._count += count
        self.total += count

    def due(self, timestamp_s: float, *, end: bool = False) -> list[Event]:
        """The event to record now, if there is one; `end` asks for what is left."""
        waited = self._told_s is None or timestamp_s - self._told_s >= self._every_s
        if not self._count or not (waited or end):
            return []
        detail: dict[str, str | int | float] = {"count": self._count, "since_s": round(self._since_s, 3)}
        if self._reason:
            detail["reason"] = self._reason
        self._told_s, self._count = timestamp_s, 0
        return [Event(self._kind, timestamp_s, self._view, detail)]
