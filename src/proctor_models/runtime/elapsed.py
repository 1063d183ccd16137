"""How long nobody watched, when an exam is gone on with: by a clock that nobody can set, where there is one.

The ledger's first line, and each line of a restart, hold what the kernel counts since the computer started, suspended
or not. While the same start lasts, that says how much time has passed, and a wall clock that was set meanwhile is found
out. After a restart of the computer, or elsewhere than on Linux, only the wall clock is left. It is held against what
cannot be otherwise: time does not run backwards, and the computer was off until it started. That a wall clock was set
forward over a restart of the computer, nothing on it can tell; the ledger then says what the gap rests on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from proctor_models.runtime.entries import Entry
from proctor_models.runtime.events import Event

AGREE_S = 5.0
"""Clocks that are corrected bit by bit come apart by less in an exam."""
BY_BOOT = "the time since this computer started"
BY_WALL = "the wall clock, which nothing confirms"
BY_CALLER = "what the caller says"
BY_LEAST = "the least time that can have passed"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Boot:
    """A start of this computer, and how long ago it was."""

    id: str
    age_s: float

    @classmethod
    def now(cls) -> Boot | None:
        """None where the system does not say."""
        if not hasattr(time, "CLOCK_BOOTTIME"):
            return None
        try:
            return cls(_BOOT_ID.read_text("ascii").strip(), round(time.clock_gettime(time.CLOCK_BOOTTIME), 3))
        except (OSError, ValueError):
            return None

    @classmethod
    def of(cls, entry: Entry) -> Boot | None:
        """What a line of the ledger says; None where it says nothing."""
        raw = entry.content.get("boot")
        if not isinstance(raw, dict) or not isinstance(raw.get("id"), str) or type(raw.get("age_s")) is not float:
            return None
        return cls(raw["id"], raw["age_s"])


@dataclass(frozen=True)
class Elapsed:
    """Where the exam's clock stands, and by what."""

    timestamp_s: float
    """Seconds of the exam."""
    assumed: str
    """What that rests on."""
    wrong_by_s: float | None = None
    """How far the wall clock is ahead (below 0: behind), where it cannot be right."""

    def event(self) -> Event | None:
        """For the record, where the wall clock was wrong."""
        if self.wrong_by_s is None:
            return None
        return Event("clock_wrong", self.timestamp_s, None, {"wrong_by_s": self.wrong_by_s, "assumed": self.assumed})


def elapsed(entries: Sequence[Entry], now: datetime | None = None, boot: Boot | None = None) -> Elapsed:
    """Where the exam's clock stands now.

    Args:
        entries: the ledger's, one or more.
        now: the wall clock; None asks it.
        boot: this start of the computer; None where it is not known.
    """
    now = now or datetime.now(UTC)
    anchor = next(entry for entry in reversed(entries) if entry.kind in ("started", "resumed") or entry.seq == 0)
    last = entries[-1]
    then = Boot.of(anchor)
    if boot is not None and then is not None and boot.id == then.id:
        true_s = anchor.timestamp_s + boot.age_s - then.age_s
        return _against(true_s, _by_wall(anchor, now), BY_BOOT)
    off_s = 0.0 if boot is None or then is None else boot.age_s  # the computer has been on again for so long
    wall_s, least_s = _by_wall(last, now), _exam_s(last) + off_s
    if wall_s < least_s - AGREE_S:
        return _against(least_s, wall_s, BY_LEAST)
    return Elapsed(round(max(wall_s, least_s), 3), BY_WALL)


def _by_wall(entry: Entry, now: datetime) -> float:
    return _exam_s(entry) + (now - datetime.fromisoformat(entry.at)).total_seconds()


def _exam_s(entry: Entry) -> float:
    """When a line was written, on the exam's clock: events come while no frame does, and know the time better."""
    said = entry.content.get("timestamp_s") if entry.kind == "event" else None
    return max(entry.timestamp_s, said) if isinstance(said, float) else entry.timestamp_s


def _against(true_s: float, wall_s: float, by: str) -> Elapsed:
    apart_s = round(wall_s - true_s, 3)
    return Elapsed(round(true_s, 3), by, apart_s if abs(apart_s) > AGREE_S else None)
