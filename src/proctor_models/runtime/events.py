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
    "frame_unreadable",
    "frames_dropped",
    "clock_wrong",
    "disk_full",
    "disk_back",
    "restarted",
    "stopped",
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
