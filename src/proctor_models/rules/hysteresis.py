"""Scores over time to spans: one rule, one view, one clock.

How a span lives:

- A frame is **positive** when its score is at least `enter`; once the finding is open, at least `leave`.
  So a score that hovers around one threshold gives one finding, not twenty.
- A span **starts** at a positive frame and **opens** (becomes a finding) at the first positive frame that
  lies `min_duration_s` later. Duration is last positive minus first positive: a span seen on one frame
  lasts 0 s.
- While it is not open it is **dropped** as soon as fewer than `min_share` of its assessable frames are
  positive: single spikes, however many, do not add up to a finding.
- An open finding **closes** at its last positive frame, once more than `max_gap_s` have passed without one.
- **Not assessable** (score None) is neither positive nor negative: it does not count in the share, and it
  does not keep a finding alive longer than `max_gap_s`.
- Two frames further apart than ``max(max_gap_s, 2 * interval_s)`` have time between them that **nobody
  saw**: what was open closes at its last positive frame, and nothing is carried over.

Sampled frames come early or late by up to one source frame, so all three limits are compared with a
quarter of the sampling interval to spare.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from proctor_models.errors import ConfigError, TimestampError

Box = tuple[float, float, float, float]  # xyxy in pixels


@dataclass(frozen=True)
class Limits:
    """When one rule opens and closes findings.

    Raises:
        ConfigError: a limit cannot be kept at this sampling interval; the message starts with its name.
    """

    enter: float
    """Score in (0, 1] that makes a frame positive."""
    leave: float
    """Score in (0, enter] that keeps an open finding open."""
    min_duration_s: float
    max_gap_s: float
    min_share: float
    """In [0, 1]."""
    interval_s: float
    """Seconds between two analysed frames when nothing is missing."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.interval_s) and self.interval_s > 0):
            raise ConfigError(f"interval_s: expected seconds above 0, got {self.interval_s}")
        if not 0 < self.leave <= self.enter <= 1:
            raise ConfigError(f"enter: expected 0 < leave <= enter <= 1, got leave {self.leave} and enter {self.enter}")
        if 0 < self.min_duration_s < self.interval_s - self.slack_s:
            raise ConfigError(
                f"min_duration_s: {self.min_duration_s:g} s cannot be measured on frames {self.interval_s:g} s apart; "
                f"analyse more frames a second, or set it to at least {self.interval_s:g}"
            )
        if 0 < self.max_gap_s < 2 * self.interval_s - self.slack_s:
            raise ConfigError(
                f"max_gap_s: {self.max_gap_s:g} s cannot bridge one missed frame on frames {self.interval_s:g} s "
                f"apart; analyse more frames a second, or set it to at least {2 * self.interval_s:g}, or to 0"
            )

    @property
    def slack_s(self) -> float:
        """Seconds a sampled frame may come early or late without changing what is found."""
        return self.interval_s / 4

    @property
    def unseen_s(self) -> float:
        """Seconds between two frames above which nobody saw what lay between them."""
        return max(self.max_gap_s, 2 * self.interval_s) + self.slack_s


@dataclass(frozen=True)
class Span:
    """Time under one rule in one view."""

    start_s: float
    """First positive frame."""
    end_s: float
    """Last positive frame so far."""
    peak_s: float
    """First frame with the highest score."""
    peak_score: float
    boxes: tuple[Box, ...] = ()
    """What the detector pointed at on the peak frame."""

    @property
    def duration_s(self) -> float:
        """Last positive minus first positive frame."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Transition:
    """A finding opened, or closed with its final span."""

    kind: Literal["opened", "closed"]
    span: Span


class Hysteresis:
    """Follows one rule in one view, frame by frame.

    >>> limits = Limits(enter=0.5, leave=0.3, min_duration_s=1, max_gap_s=2, min_share=0.5, interval_s=1)
    >>> follow = Hysteresis(limits)
    >>> for t, score in enumerate([0.1, 0.6, 0.9, 0.4, 0.1, 0.1, 0.1]):
    ...     for transition in follow.observe(t, score):
    ...         print(t, transition.kind, transition.span.start_s, transition.span.end_s, transition.span.peak_score)
    2 opened 1 2 0.9
    6 closed 1 3 0.9
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.span: Span | None = None
        """The span under way, open or not yet."""
        self.is_open = False
        """Whether `span` is a finding already."""
        self._last_s: float | None = None
        self._last_positive = False
        self._positive = 0
        self._assessable = 0

    def observe(
        self, timestamp_s: float, score: float | None, boxes: Iterable[Iterable[float]] = ()
    ) -> list[Transition]:
        """Take one frame; return what it opened and closed, in that order of time.

        Args:
            timestamp_s: seconds on this view's clock.
            score: in [0, 1], or None where the frame cannot answer.
            boxes: xyxy in pixels, kept if this is the peak.

        Raises:
            TimestampError: time runs backwards, or is no number.
        """
        step_s = self._advance(timestamp_s)
        transitions: list[Transition] = []
        if self._lapsed(timestamp_s, step_s, self._is_positive(score)):
            transitions += self._end()
        # Judged again: after a close the bar is back at `enter`.
        positive = self._is_positive(score)
        if positive and score is not None:
            self._extend(timestamp_s, score, boxes)
        if self.span is not None and score is not None:
            self._assessable += 1
            self._positive += positive
        self._last_positive = positive
        return transitions + self._judge(positive)

    def finish(self) -> list[Transition]:
        """No more frames: close what is open, at its last positive frame."""
        return self._end()

    def _advance(self, timestamp_s: float) -> float:
        last_s = self._last_s
        if not math.isfinite(timestamp_s) or (last_s is not None and timestamp_s < last_s):
            raise TimestampError(
                f"timestamp_s: expected a time not before {last_s if last_s is not None else 0} s, got {timestamp_s}; "
                "feed each view's frames in the order of their timestamps"
            )
        self._last_s = timestamp_s
        return 0.0 if last_s is None else timestamp_s - last_s

    def _is_positive(self, score: float | None) -> bool:
        return score is not None and score >= (self.limits.leave if self.is_open else self.limits.enter)

    def _lapsed(self, timestamp_s: float, step_s: float, positive: bool) -> bool:
        if self.span is None:
            return False
        if step_s > self.limits.unseen_s:
            return True
        # Two neighbouring positive frames belong together even where max_gap_s is 0.
        neighbours = positive and self._last_positive
        return not neighbours and timestamp_s - self.span.end_s > self.limits.max_gap_s + self.limits.slack_s

    def _extend(self, timestamp_s: float, score: float, boxes: Iterable[Iterable[float]]) -> None:
        if self.span is None:
            self.span = Span(timestamp_s, timestamp_s, timestamp_s, score, _boxes(boxes))
            self._positive = self._assessable = 0
        elif score > self.span.peak_score:
            self.span = Span(self.span.start_s, timestamp_s, timestamp_s, score, _boxes(boxes))
        else:
            self.span = replace(self.span, end_s=timestamp_s)

    def _judge(self, positive: bool) -> list[Transition]:
        """Open the span under way, drop it, or leave it."""
        if self.span is None or self.is_open:
            return []
        if self._positive < self.limits.min_share * self._assessable:
            self.span = None
        elif positive and self.span.duration_s >= self.limits.min_duration_s - self.limits.slack_s:
            self.is_open = True
            return [Transition("opened", self.span)]
        return []

    def _end(self) -> list[Transition]:
        transitions = [Transition("closed", self.span)] if self.span is not None and self.is_open else []
        self.span, self.is_open, self._last_positive = None, False, False
        return transitions


def _boxes(boxes: Iterable[Iterable[float]]) -> tuple[Box, ...]:
    rows = []
    for box in boxes:
        x0, y0, x1, y1 = (float(value) for value in box)
        rows.append((x0, y0, x1, y1))
    return tuple(rows)
