"""How often a view is analysed, and how much of the processor that may take.

`Pace` looks at times and pictures alone, so a recording is always sampled the same way. `Budget` looks at the processor
and at the clock on the wall, and is for live watching only.

Hysteresis counts frames in a span's share of positive ones. That stays right at an uneven pace: from the frame after a
span's first to the one it opens on, the pace is the fast one throughout, unless that takes longer than `FAST_S`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from proctor_models.errors import ConfigError
from proctor_models.runtime.camera import Thumbnail, thumbnail
from proctor_models.types import Image

PaceName = Literal["fixed", "adaptive"]
PACES: tuple[PaceName, ...] = get_args(PaceName)

FAST_S = 30.0
"""One suspicion makes the pace fast for so long; what has been in the picture longer is seen well enough."""
FORGET_S = 30.0
"""So long without a suspicion, and it counts as a new one when it comes back: a score that flickers does not."""
MOVED = 4.0
"""Grey levels between two thumbnails, as a mean over one of 48 blocks, from which something moved: a camera's noise
averages out to one or two."""
OWED_S = 30.0
"""Work beyond the budget is made up for by pauses, but not longer than this."""
_BLOCK_PX = 8
_SLOWEST_HZ = 1.0  # what the durations in configs/rules/ hold from
_TICK_S = 1e-3  # containers round times to a millisecond or so


@dataclass(frozen=True)
class Rates:
    """Frames analysed a second; `usual_hz` unless there is a reason for another."""

    usual_hz: float
    fast_hz: float
    """While something is suspected."""
    slow_hz: float
    """While nothing moves and nothing is suspected."""

    @property
    def interval_s(self) -> float:
        """The longest usual time between two frames, which rules are checked against."""
        return 1 / self.slow_hz


def rates(pace: PaceName, rate_hz: float) -> Rates:
    """The rates of a pace: fixed, or from half to twice the usual, but never slower than 1 Hz for the sake of it.

    Raises:
        ConfigError: the rate is no number above 0, or there is no such pace.

    >>> rates("adaptive", 2)
    Rates(usual_hz=2, fast_hz=4, slow_hz=1.0)
    >>> rates("fixed", 2)
    Rates(usual_hz=2, fast_hz=2, slow_hz=2)
    """
    if not (math.isfinite(rate_hz) and rate_hz > 0):
        raise ConfigError(f"--rate: expected frames a second above 0, got {rate_hz:g}")
    if pace not in PACES:
        raise ConfigError(f"--pace: expected one of {', '.join(PACES)}, got {pace!r}")
    if pace == "fixed":
        return Rates(rate_hz, rate_hz, rate_hz)
    return Rates(rate_hz, 2 * rate_hz, min(rate_hz, max(_SLOWEST_HZ, rate_hz / 2)))


class Pace:
    """Chooses the frames of one view; frames come in the order of their timestamps.

    >>> pace, still = Pace(rates("adaptive", 2)), np.zeros((48, 64, 3), np.uint8)
    >>> [t / 4 for t in range(13) if pace.due(t / 4, still)]
    [0.0, 1.0, 2.0, 3.0]
    >>> pace.tell(3.0, frozenset({"phone"}))
    >>> [t / 4 for t in range(13, 17) if pace.due(t / 4, still)]
    [3.25, 3.5, 3.75, 4.0]
    """

    def __init__(self, rates: Rates) -> None:
        self.rates = rates
        """What it chooses from."""
        self._looked_s: float | None = None
        self._last: tuple[float, Thumbnail | None] | None = None
        self._seen: dict[str, tuple[float, float]] = {}
        self._suspected: frozenset[str] = frozenset()

    def candidate(self, timestamp_s: float) -> bool:
        """Whether a frame is worth decoding to ask `due`: there is at most one for each step of the fast rate."""
        if self._looked_s is not None and not _next(self._looked_s, timestamp_s, self.rates.fast_hz):
            return False
        self._looked_s = timestamp_s
        return True

    def due(self, timestamp_s: float, image: Image) -> bool:
        """Whether to analyse this frame (uint8, blue-green-red); if so, the next is counted from it."""
        even = self.rates.fast_hz == self.rates.slow_hz
        small = None if even else thumbnail(image)
        if self._last is not None and not _next(self._last[0], timestamp_s, self._rate_hz(timestamp_s, small)):
            return False
        self._last = (timestamp_s, small)
        return True

    def tell(self, timestamp_s: float, suspected: frozenset[str]) -> None:
        """What the analysed frame made suspected, by any names that mean the same on the next frame."""
        seen = dict(self._seen)
        for name in suspected:
            since_s, _ = seen.get(name, (timestamp_s, timestamp_s))
            seen[name] = (since_s, timestamp_s)
        # Whole values, never changed in place: another thread may be asking `due`.
        self._seen = {name: span for name, span in seen.items() if timestamp_s - span[1] <= FORGET_S}
        self._suspected = suspected

    def _rate_hz(self, timestamp_s: float, small: Thumbnail | None) -> float:
        suspected, seen = self._suspected, self._seen
        if any(name in seen and timestamp_s - seen[name][0] < FAST_S for name in suspected):
            return self.rates.fast_hz
        last = None if self._last is None else self._last[1]
        still = small is not None and last is not None and movement(small, last) < MOVED
        return self.rates.slow_hz if still and not suspected else self.rates.usual_hz


def paced(frames: Callable[[float], Iterator[tuple[float, Image]]], pace: Pace) -> Iterator[tuple[float, Image]]:
    """Of a recording's `frames` (called with a rate), those that a pace chooses: (timestamp_s, image).

    Whoever takes them says with `Pace.tell` what each made suspected before the next is taken.
    """
    for timestamp_s, image in frames(pace.rates.fast_hz):
        if pace.due(timestamp_s, image):
            yield timestamp_s, image


def movement(one: Thumbnail, other: Thumbnail) -> float:
    """How much two thumbnails differ where they differ most: the largest of their blocks' mean differences.

    >>> hand = np.zeros((48, 64), np.uint8)
    >>> hand[:8, :8] = 20
    >>> movement(hand, np.zeros((48, 64), np.uint8))
    20.0
    """
    height, width = one.shape
    apart = np.abs(one.astype(np.int16) - other)
    blocks = apart.reshape(height // _BLOCK_PX, _BLOCK_PX, width // _BLOCK_PX, _BLOCK_PX)
    return float(blocks.mean((1, 3)).max())


class Budget:
    """A share of one core: a bucket that time fills and that the process's use of the processor empties."""

    def __init__(
        self,
        share: float,
        window_s: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.process_time,
    ) -> None:
        """Start with an empty bucket.

        Args:
            share: of one core, above 0; above 1 for more than one core.
            window_s: seconds' worth of work that may be saved up.
            clock: seconds that pass.
            cpu: seconds of processor time that the process took.

        Raises:
            ConfigError: the share is no number above 0.
        """
        if not (math.isfinite(share) and share > 0):
            raise ConfigError(f"--cpu: expected a share of one core above 0, as 0.5, got {share:g}")
        self.share = share
        """Of one core."""
        self._most_s, self._most_owed_s = share * window_s, share * OWED_S
        self._clock, self._cpu = clock, cpu
        self._at_s, self._used_s, self._left_s = clock(), cpu(), 0.0

    def wait_s(self) -> float:
        """Seconds until there is processor time for another frame; 0 if there is now."""
        at_s, used_s = self._clock(), self._cpu()
        left_s = self._left_s + self.share * (at_s - self._at_s) - (used_s - self._used_s)
        # What is owed is bounded too: a page that was rendered must not silence the watching for minutes.
        self._left_s = max(-self._most_owed_s, min(self._most_s, left_s))
        self._at_s, self._used_s = at_s, used_s
        return max(0.0, -self._left_s / self.share)


def _next(last_s: float, timestamp_s: float, rate_hz: float) -> bool:
    """Whether a multiple of ``1 / rate_hz`` lies behind the last frame and not behind this one.

    >>> _next(0.52, 0.96, 2), _next(0.52, 1.0, 2)
    (False, True)
    """
    return int((timestamp_s + _TICK_S) * rate_hz) > int((last_s + _TICK_S) * rate_hz)
