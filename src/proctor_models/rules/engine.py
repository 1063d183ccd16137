"""All rules of one exam over its views: readings in, findings opened and closed out.

Each view has its own clock, and each rule follows each of its views on its own. Both clocks count
seconds of the exam and start together, which the rule on recording gaps relies on where it compares
the views' ends.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Literal, Protocol

from proctor_models.errors import ConfigError, ModelError, TimestampError
from proctor_models.rules.gaps import Came, check_gap, ends, jumps
from proctor_models.rules.hysteresis import Hysteresis, Span
from proctor_models.rules.limits import limits_of
from proctor_models.rules.policy import VIEW_NAMES, RuleSet
from proctor_models.rules.tracks import Change, Track
from proctor_models.rules.turns import ScanLike, Turns

SIGNAL_LAG_S = 10.0
"""Seconds by which scores from outside may lag the frames before their silence closes a finding."""
_NEAR = 0.8  # of a rule's threshold


class ReadingLike(Protocol):
    """What a detector says of one frame."""

    @property
    def score(self) -> float | None:
        """In [0, 1]; None where the frame cannot answer."""

    @property
    def xyxy(self) -> Iterable[Iterable[float]]:
        """Boxes in pixels."""


class Engine:
    """Follows every rule of a set."""

    def __init__(
        self,
        ruleset: RuleSet,
        thresholds: Mapping[str, float],
        interval_s: float,
        detectors: Collection[str] = (),
    ) -> None:
        """Check every rule against what the detectors and the sampling can give.

        Args:
            ruleset: the rules.
            thresholds: shipped threshold by detector.
            interval_s: seconds between two analysed frames of one view when nothing is missing.
            detectors: names of the detectors there are besides: a rule that reads one gives its `enter`.

        Raises:
            ConfigError: a rule names an unknown detector, has no score to open at, or cannot be kept at this interval.
        """
        self.ruleset = ruleset
        self.interval_s = interval_s
        self._thresholds: dict[str, float] = {}
        self._follow: dict[Track, Hysteresis] = {}
        self._numbers: dict[Track, int] = {}
        self._count = 0
        self._first_s: dict[str, float] = {}
        self._last_s: dict[str, float] = {}
        self._came = {view: Came() for view in VIEW_NAMES}
        self._turns = Turns(ruleset)
        self._signalled_s: dict[Track, float] = {}
        self._pending: list[Change] = []
        self._finished = False
        known = tuple(dict.fromkeys([*thresholds, *detectors]))
        for i, rule in enumerate(ruleset.rules):
            where = f"{ruleset.name}: rules[{i}]"
            if rule.is_gap:
                check_gap(rule, interval_s, where)
            if not rule.is_scored:
                continue
            limits = limits_of(rule, thresholds, known, interval_s, where)
            self._thresholds[rule.id] = limits.enter
            self._follow |= {Track(rule, view): Hysteresis(limits) for view in rule.views}

    def observe(
        self, view: str, timestamp_s: float, readings: Mapping[str, ReadingLike], scan: ScanLike | None = None
    ) -> list[Change]:
        """Take the readings of one frame, by detector; a detector left out counts as not assessable.

        Args:
            view: the view.
            timestamp_s: seconds on its clock.
            readings: by detector.
            scan: what is known by now of the camera's turn in this view, for rules that ask for one.

        Raises:
            TimestampError: time runs backwards in this view.
            ModelError: a score is neither None nor in [0, 1].
        """
        self.check(view, timestamp_s)
        # All scores before any rule sees one, so that a refused frame changes nothing.
        scores = {name: _checked(reading.score, name, view, timestamp_s) for name, reading in readings.items()}
        self._first_s.setdefault(view, timestamp_s)
        changes = [*self._signalled(view, timestamp_s), *self._jumps(view, timestamp_s)]
        changes += self._turned(view, timestamp_s, scan)
        for track, follow in self._follow.items():
            if track.view != view or track.rule.is_external:
                continue
            name = track.rule.detector
            boxes = readings[name].xyxy if name in readings else ()
            score = scores.get(name) if timestamp_s >= track.rule.from_s else None
            for event in follow.observe(timestamp_s, score, boxes):
                changes.append(self._change(event.kind, track, event.span))
        self._last_s[view] = timestamp_s
        return changes

    def signal(self, name: str, timestamp_s: float, view: str, score: float | None) -> None:
        """Take a score of a detector that the caller feeds; what it opens and closes comes with the view's next frame.

        Args:
            name: the rules' ``external/NAME``.
            timestamp_s: seconds on the view's clock, not before the last one of this name; it may lag the frames.
            view: which recording it is heard or seen in.
            score: in [0, 1], or None where it cannot be told.

        Raises:
            ConfigError: no rule reads it in this view.
            TimestampError: time runs backwards, or is no number.
            ModelError: the score is none.
        """
        tracks = [
            track
            for track in self._follow
            if track.rule.is_external and (track.rule.detector, track.view) == (name, view)
        ]
        if not tracks:
            known = ", ".join(f"{one} ({at} view)" for one, at in self.external) or "none"
            raise ConfigError(f"signal: expected one that a rule reads ({known}), got {name!r} ({view} view)")
        score = _checked(score, name, view, timestamp_s)
        for track in tracks:
            asked = score if timestamp_s >= track.rule.from_s else None
            for event in self._follow[track].observe(timestamp_s, asked):
                self._pending.append(self._change(event.kind, track, event.span))
            self._signalled_s[track] = timestamp_s

    @property
    def external(self) -> tuple[tuple[str, str], ...]:
        """What the caller may feed: (name, view)."""
        tracks = (track for track in self._follow if track.rule.is_external)
        return tuple(dict.fromkeys((track.rule.detector, track.view) for track in tracks))

    @property
    def thresholds(self) -> dict[str, float]:
        """Score that opens a finding, by rule; rules that read no scores are left out."""
        return dict(self._thresholds)

    @property
    def least(self) -> dict[str, float]:
        """By detector, the lowest score that keeps a finding of any rule open; less counts for none."""
        lowest: dict[str, float] = {}
        for track, follow in self._follow.items():
            leave, name = follow.limits.leave, track.rule.detector
            lowest[name] = min(leave, lowest.get(name, leave))
        return lowest

    def check(self, view: str, timestamp_s: float) -> None:
        """Refuse a time that `observe` would refuse; nothing is changed.

        Raises:
            ConfigError: there is no such view.
            TimestampError: time runs backwards in this view, or is no number.
        """
        _known(view)
        last_s = self._last_s.get(view, -math.inf)
        if not math.isfinite(timestamp_s) or timestamp_s < last_s:
            raise TimestampError(
                f"{view} view: expected a timestamp not before {last_s:g} s, got {timestamp_s:g} s; "
                "feed each view's frames in the order of their timestamps"
            )

    def resume(self, findings: int, last_s: Mapping[str, float], first_s: Mapping[str, float] | None = None) -> None:
        """Go on where an engine of the same rules was stopped; what lies between is a gap.

        Args:
            findings: how many were numbered so far.
            last_s: by view, the last frame that was analysed.
            first_s: by view, the first one; a view that is left out counts as there from the exam's start.
        """
        self._count = findings
        self._turns.resume(last_s)
        self._first_s |= {view: (first_s or {}).get(view, 0.0) for view in last_s}
        self._last_s |= last_s
        self._came |= {view: Came(at_s) for view, at_s in last_s.items()}

    def present(self, view: str, since_s: float, until_s: float) -> None:
        """Frames came without a break in this time, though not all were analysed: it is no gap in the recording.

        What opened or closed meanwhile stays as it is: nobody looked. A gap before `since_s` comes with the next frame,
        so it does not matter how long before that frame this is called.

        Raises:
            ConfigError: there is no such view.
        """
        _known(view)
        self._came[view].present(since_s, until_s)

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
        changes, self._pending = self._pending, []
        for track, follow in self._follow.items():
            changes += [self._change(event.kind, track, event.span) for event in follow.finish()]
        for view, last_s in self._last_s.items():
            changes += self._turned(view, last_s, None, over=True)
        for view in self._last_s:
            changes += self._jumps(view)
        came_s = {view: came.last_s for view in self._last_s if (came := self._came[view]).last_s is not None}
        if came_s or expected_end_s:
            for rule, view, start_s, end_s in ends(self.ruleset.rules, self._first_s, came_s, expected_end_s or {}):
                changes.append(self._gap(Track(rule, view), start_s, end_s))
        return changes

    def _signalled(self, view: str, timestamp_s: float) -> list[Change]:
        """What pushed scores opened and closed by now; what has not been pushed for long is closed."""
        for track, last_s in self._signalled_s.items():
            follow = self._follow[track]
            silent_s = follow.limits.unseen_s + SIGNAL_LAG_S
            if track.view == view and follow.span is not None and timestamp_s - last_s > silent_s:
                self._pending += [self._change(event.kind, track, event.span) for event in follow.finish()]
        due = [change for change in self._pending if change.view == view]
        self._pending = [change for change in self._pending if change.view != view]
        return due

    def _turned(self, view: str, timestamp_s: float, scan: ScanLike | None, *, over: bool = False) -> list[Change]:
        """The camera's turn, where its time is up."""
        first_s = self._first_s[view]
        short = self._turns.judge(view, timestamp_s - first_s, scan, over=over)
        return [self._gap(Track(rule, view), first_s, timestamp_s) for rule in short]

    def _jumps(self, view: str, timestamp_s: float | None = None) -> list[Change]:
        """Gaps between all that came of a view since its last frame, up to the one analysed now, or to the end."""
        return [
            self._gap(Track(rule, view), start_s, end_s)
            for last_s, since_s in self._came[view].up_to(timestamp_s)
            for rule, start_s, end_s in jumps(self.ruleset.rules, view, last_s, since_s)
        ]

    def _change(self, kind: Literal["opened", "closed"], track: Track, span: Span) -> Change:
        if kind == "opened":
            self._count += 1
            self._numbers[track] = self._count
        threshold = self._thresholds[track.rule.id]
        return Change(kind, self._numbers[track], track.rule, track.view, span, threshold)

    def _gap(self, track: Track, start_s: float, end_s: float) -> Change:
        self._count += 1
        return Change("closed", self._count, track.rule, track.view, Span(start_s, end_s, start_s, 1.0), None)


def _known(view: str) -> None:
    if view not in VIEW_NAMES:
        raise ConfigError(f"view: expected one of {', '.join(VIEW_NAMES)}, got {view!r}")


def _checked(score: float | None, detector: str, view: str, timestamp_s: float) -> float | None:
    if score is not None and not 0 <= score <= 1:
        raise ModelError(
            f"{detector}: {view} view at {timestamp_s:g} s: expected a score in [0, 1] or None, got {score}; "
            "the net behind it gives no usable numbers"
        )
    return None if score is None else float(score)
