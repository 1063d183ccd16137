"""All rules of one exam over its views: readings in, findings opened and closed out.

Each view has its own clock, and each rule follows each of its views on its own. Both clocks count
seconds of the exam and start together, which the rule on recording gaps relies on where it compares
the views' ends.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from proctor_models.errors import ConfigError, ModelError, TimestampError
from proctor_models.rules.hysteresis import Hysteresis, Limits, Span
from proctor_models.rules.policy import RECORDING_GAP, VIEW_NAMES, Rule, RuleSet

_NEAR = 0.8  # of a rule's threshold


class ReadingLike(Protocol):
    """What a detector says of one frame."""

    @property
    def score(self) -> float | None:
        """In [0, 1]; None where the frame cannot answer."""

    @property
    def xyxy(self) -> Iterable[Iterable[float]]:
        """Boxes in pixels."""


@dataclass(frozen=True)
class Track:
    """One rule followed in one view; the key of everything kept by finding."""

    rule: Rule
    view: str


@dataclass(frozen=True)
class Change:
    """A finding opened or closed.

    `span` of an opened finding is what is known so far. A gap in a recording is known only when it is over,
    so it is reported closed and never opened; it has no peak, and its `peak_score` of 1 means nothing.
    """

    kind: Literal["opened", "closed"]
    number: int
    """Counts the findings of a session from 1, in the order they opened."""
    rule: Rule
    view: str
    span: Span
    threshold: float | None
    """Score the rule opened at; None for a gap in a recording."""


class Engine:
    """Follows every rule of a set."""

    def __init__(self, ruleset: RuleSet, thresholds: Mapping[str, float], interval_s: float) -> None:
        """Check every rule against what the detectors and the sampling can give.

        Args:
            ruleset: the rules.
            thresholds: shipped threshold by detector; its keys are the detectors there are.
            interval_s: seconds between two analysed frames of one view when nothing is missing.

        Raises:
            ConfigError: a rule names an unknown detector, or cannot be kept at this interval.
        """
        self.ruleset = ruleset
        self.interval_s = interval_s
        self._thresholds: dict[str, float] = {}
        self._follow: dict[Track, Hysteresis] = {}
        self._numbers: dict[Track, int] = {}
        self._count = 0
        self._first_s: dict[str, float] = {}
        self._last_s: dict[str, float] = {}
        self._finished = False
        for i, rule in enumerate(ruleset.rules):
            where = f"{ruleset.name}: rules[{i}]"
            if rule.is_gap:
                _check_gap(rule, interval_s, where)
                continue
            limits = self._limits(rule, thresholds, where)
            self._thresholds[rule.id] = limits.enter
            self._follow |= {Track(rule, view): Hysteresis(limits) for view in rule.views}

    def observe(self, view: str, timestamp_s: float, readings: Mapping[str, ReadingLike]) -> list[Change]:
        """Take the readings of one frame, by detector; a detector left out counts as not assessable.

        Raises:
            TimestampError: time runs backwards in this view.
            ModelError: a score is neither None nor in [0, 1].
        """
        self.check(view, timestamp_s)
        # All scores before any rule sees one, so that a refused frame changes nothing.
        scores = {name: _checked(reading.score, name, view, timestamp_s) for name, reading in readings.items()}
        self._first_s.setdefault(view, timestamp_s)
        changes = self._jump(view, timestamp_s)
        for track, follow in self._follow.items():
            if track.view != view:
                continue
            name = track.rule.detector
            boxes = readings[name].xyxy if name in readings else ()
            for event in follow.observe(timestamp_s, scores.get(name), boxes):
                changes.append(self._change(event.kind, track, event.span))
        self._last_s[view] = timestamp_s
        return changes

    def check(self, view: str, timestamp_s: float) -> None:
        """Refuse a time that `observe` would refuse; nothing is changed.

        Raises:
            ConfigError: there is no such view.
            TimestampError: time runs backwards in this view, or is no number.
        """
        if view not in VIEW_NAMES:
            raise ConfigError(f"view: expected one of {', '.join(VIEW_NAMES)}, got {view!r}")
        last_s = self._last_s.get(view, -math.inf)
        if not math.isfinite(timestamp_s) or timestamp_s < last_s:
            raise TimestampError(
                f"{view} view: expected a timestamp not before {last_s:g} s, got {timestamp_s:g} s; "
                "feed each view's frames in the order of their timestamps"
            )

    def resume(self, findings: int, last_s: Mapping[str, float]) -> None:
        """Go on where an engine of the same rules was stopped; what lies between is a gap.

        Args:
            findings: how many were numbered so far.
            last_s: by view, the last frame that was analysed.
        """
        self._count = findings
        self._first_s |= dict.fromkeys(last_s, 0.0)
        self._last_s |= last_s

    def under_way(self, view: str) -> dict[Track, Span]:
        """Spans under way in one view, findings already or not yet: what evidence must be kept for."""
        return {
            track: follow.span
            for track, follow in self._follow.items()
            if track.view == view and follow.span is not None
        }

    def suspected(self, view: str, scores: Mapping[str, float | None]) -> frozenset[str]:
        """Ids of rules worth a closer look in a view: a span is under way, or the latest score is near the threshold.

        Args:
            view: the view.
            scores: by detector, as read on its latest frame.
        """
        near = {
            track.rule.id
            for track in self._follow
            if track.view == view and (scores.get(track.rule.detector) or 0) >= _NEAR * self._thresholds[track.rule.id]
        }
        return frozenset(near | {track.rule.id for track in self.under_way(view)})

    def finish(self, expected_end_s: Mapping[str, float] | None = None) -> list[Change]:
        """No more frames: close what is open, and report views that are missing, late or short.

        Args:
            expected_end_s: by view, where the recording should have ended, if that is known to be later
                than its last frame.
        """
        if self._finished:
            return []
        self._finished = True
        changes = []
        for track, follow in self._follow.items():
            changes += [self._change(event.kind, track, event.span) for event in follow.finish()]
        if self._last_s:
            for track, start_s, end_s in self._ends(expected_end_s or {}):
                changes.append(self._gap(track, start_s, end_s))
        return changes

    def _limits(self, rule: Rule, thresholds: Mapping[str, float], where: str) -> Limits:
        if rule.detector not in thresholds:
            known = ", ".join([*thresholds, RECORDING_GAP])
            raise ConfigError(f"{where}.detector: expected one of {known}, got {rule.detector!r}")
        enter = thresholds[rule.detector] if rule.enter is None else rule.enter
        try:
            return Limits(
                enter=enter,
                leave=enter * rule.leave_ratio,
                min_duration_s=rule.min_duration_s,
                max_gap_s=rule.max_gap_s,
                min_share=rule.min_share,
                interval_s=self.interval_s,
            )
        except ConfigError as error:
            raise ConfigError(f"{where}.{error}") from None

    def _jump(self, view: str, timestamp_s: float) -> list[Change]:
        last_s = self._last_s.get(view)
        if last_s is None:
            return []
        return [
            self._gap(Track(rule, view), last_s, timestamp_s)
            for rule in self.ruleset.rules
            if rule.is_gap and view in rule.views and timestamp_s - last_s >= rule.min_duration_s
        ]

    def _ends(self, expected_end_s: Mapping[str, float]) -> list[tuple[Track, float, float]]:
        """Time at a recording's two ends that nobody saw: (track, start_s, end_s)."""
        begin_s, finish_s = min(self._first_s.values()), max(self._last_s.values())
        found: list[tuple[Track, float, float]] = []
        for rule in self.ruleset.rules:
            for view in rule.views if rule.is_gap else ():
                track = Track(rule, view)
                if view not in self._last_s:
                    found.append((track, begin_s, finish_s))
                    continue
                within_s = math.inf if rule.ends_within_s is None else rule.ends_within_s
                first_s, last_s = self._first_s[view], self._last_s[view]
                end_s = expected_end_s.get(view, last_s)
                cut_s = end_s if end_s - last_s >= rule.min_duration_s else last_s
                if first_s - begin_s > within_s:
                    found.append((track, begin_s, first_s))
                if finish_s - last_s > within_s:
                    found.append((track, last_s, max(finish_s, cut_s)))
                elif cut_s > last_s:
                    found.append((track, last_s, cut_s))
        return found

    def _change(self, kind: Literal["opened", "closed"], track: Track, span: Span) -> Change:
        if kind == "opened":
            self._count += 1
            self._numbers[track] = self._count
        threshold = self._thresholds[track.rule.id]
        return Change(kind, self._numbers[track], track.rule, track.view, span, threshold)

    def _gap(self, track: Track, start_s: float, end_s: float) -> Change:
        self._count += 1
        return Change("closed", self._count, track.rule, track.view, Span(start_s, end_s, start_s, 1.0), None)


def _check_gap(rule: Rule, interval_s: float, where: str) -> None:
    if rule.min_duration_s < 2 * interval_s:
        raise ConfigError(
            f"{where}.min_duration_s: {rule.min_duration_s:g} s is no gap on frames {interval_s:g} s apart; "
            f"analyse more frames a second, or set it to at least {2 * interval_s:g}"
        )


def _checked(score: float | None, detector: str, view: str, timestamp_s: float) -> float | None:
    if score is not None and not 0 <= score <= 1:
        raise ModelError(
            f"{detector}: {view} view at {timestamp_s:g} s: expected a score in [0, 1] or None, got {score}; "
            "the net behind it gives no usable numbers"
        )
    return None if score is None else float(score)
