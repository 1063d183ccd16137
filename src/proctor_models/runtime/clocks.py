"""Two views, two clocks, one exam: where a frame lies on the exam's clock.

Recorded: each file counts from its own start, and the caller says how much later the second one started.

Live: a frame carries the camera's own time, and arrives some time after it was taken. The least delay seen of late is
taken for the way it always has, so that a frame which waited in a network keeps the time it was taken at; a device
clock that runs a little fast or slow is followed, because old delays are forgotten.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from proctor_models.errors import ConfigError
from proctor_models.types import View

WINDOW_S = 60.0
"""Delays are remembered for so long: at 100 parts in a million a clock drifts 6 ms in it."""
AHEAD_S = 1.0
"""A frame that is so much sooner than its fastest predecessors was not sent by a faster network."""
LATE_S = 5.0
"""A frame that waited longer than this was stamped wrongly."""
_STEP_S = 1.0  # one delay is kept for each second, the least


def start_offsets(second_offset_s: float) -> dict[View, float]:
    """Seconds to add to each recording's own time; the exam starts with the recording that started first.

    Args:
        second_offset_s: how much later than the first recording the second one started; below 0 if earlier.

    Raises:
        ConfigError: it is no number.

    >>> start_offsets(2.5), start_offsets(-4.0)
    ({'first': 0.0, 'second': 2.5}, {'first': 4.0, 'second': 0.0})
    """
    if not math.isfinite(second_offset_s):
        raise ConfigError(f"--second-offset: expected seconds, got {second_offset_s}")
    return {"first": max(0.0, -second_offset_s), "second": max(0.0, second_offset_s)}


def shifted(times_s: Mapping[View, float], offsets_s: Mapping[View, float]) -> dict[View, float]:
    """Times by view on the exam's clock."""
    return {view: time_s + offsets_s.get(view, 0.0) for view, time_s in times_s.items()}


@dataclass(frozen=True)
class Placed:
    """A frame on the exam's clock."""

    timestamp_s: float
    """Never before the view's last, never after the frame's arrival."""
    wrong_by_s: float | None = None
    """Set where the device's clock jumped: how far it is ahead (above 0) or behind."""


class LiveClock:
    """Places the frames of one live view.

    >>> clock = LiveClock()
    >>> [round(clock.place(device_s, arrival_s).timestamp_s, 2)
    ...  for device_s, arrival_s in [(100, 5.2), (100.5, 5.6), (101, 6.9), (101.5, 7.0)]]
    [5.2, 5.6, 6.1, 6.6]
    >>> clock.place(4000, 8.0)
    Placed(timestamp_s=8.0, wrong_by_s=3897.1)
    """

    def __init__(self, start_s: float = -math.inf) -> None:
        """No frame is placed before `start_s` on the exam's clock."""
        self._delays: deque[tuple[float, float]] = deque()  # arrival, least delay in its second
        self._last_device_s = -math.inf
        self._last_s = start_s

    def place(self, device_s: float | None, arrival_s: float) -> Placed:
        """Where a frame lies.

        Args:
            device_s: seconds on the device's clock, whatever they count from; None if it states none.
            arrival_s: seconds on the exam's clock, now.
        """
        # One time for several frames is none: some streams carry no times.
        if device_s is None or not math.isfinite(device_s) or device_s == self._last_device_s:
            return Placed(self._after_last(arrival_s))
        delay_s = arrival_s - device_s
        wrong_by_s = self._wrong_by(device_s, delay_s)
        if wrong_by_s is not None:
            self._delays.clear()  # from here on the new clock is the one to follow
        self._remember(arrival_s, delay_s)
        self._last_device_s = device_s
        placed_s = arrival_s if wrong_by_s is not None else device_s + self._least()
        return Placed(self._after_last(placed_s), wrong_by_s)

    def forget(self) -> None:
        """The camera was opened anew: its clock may count from another start."""
        self._delays.clear()
        self._last_device_s = -math.inf

    def _wrong_by(self, device_s: float, delay_s: float) -> float | None:
        if not self._delays:
            return None
        ahead_s = round(self._least() - delay_s, 3)
        backwards = device_s < self._last_device_s
        return ahead_s if backwards or ahead_s > AHEAD_S or ahead_s < -LATE_S else None

    def _least(self) -> float:
        return min(delay_s for _, delay_s in self._delays)

    def _remember(self, arrival_s: float, delay_s: float) -> None:
        if self._delays and arrival_s - self._delays[-1][0] < _STEP_S:
            at_s, least_s = self._delays[-1]
            self._delays[-1] = (at_s, min(least_s, delay_s))
        else:
            self._delays.append((arrival_s, delay_s))
        while self._delays[0][0] < arrival_s - WINDOW_S:
            self._delays.popleft()

    def _after_last(self, timestamp_s: float) -> float:
        self._last_s = max(self._last_s, timestamp_s)
        return self._last_s
