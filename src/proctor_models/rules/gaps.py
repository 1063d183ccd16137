"""Time that nobody recorded: jumps within a view, and ends that are late, early or missing. No scores are read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from proctor_models.errors import ConfigError
from proctor_models.rules.policy import Rule


class Came:
    """Times at which a view's frames came, analysed or not; what lies between them may be a gap.

    >>> came = Came(last_s=15.0)
    >>> came.present(15.0, 20.0)
    >>> came.present(28.0, 28.1)
    >>> came.up_to(28.1), came.last_s
    ([(15.0, 15.0), (20.0, 28.0), (28.1, 28.1)], 28.1)
    """

    def __init__(self, last_s: float | None = None) -> None:
        """`last_s` is the last frame that came; None before the first that was analysed."""
        self.last_s = last_s
        self._spans: list[tuple[float, float]] = []

    def present(self, since_s: float, until_s: float) -> None:
        """Frames came without a break in this time; heeded when the next one is analysed, or when there is no more."""
        if self._spans and since_s <= self._spans[-1][1]:
            earlier_s, later_s = self._spans.pop()
            since_s, until_s = min(earlier_s, since_s), max(later_s, until_s)
        self._spans.append((since_s, until_s))

    def up_to(self, timestamp_s: float | None = None) -> list[tuple[float, float]]:
        """Steps between what came, up to a frame that is analysed now, or to the end; none before the first frame."""
        found = []
        before_any = self.last_s is None
        now = [] if timestamp_s is None else [(timestamp_s, timestamp_s)]
        for since_s, until_s in [*self._spans, *now]:
            last_s = until_s if self.last_s is None else self.last_s
            found.append((last_s, since_s))
            self.last_s = max(last_s, until_s)
        self._spans.clear()
        return [] if before_any else found


def check_gap(rule: Rule, interval_s: float, where: str) -> None:
    """Refuse a rule that takes the usual step between two frames for a gap.

    Raises:
        ConfigError: see above; the message starts with `where`.
    """
    if rule.min_duration_s < 2 * interval_s:
        raise ConfigError(
            f"{where}.min_duration_s: {rule.min_duration_s:g} s is no gap on frames {interval_s:g} s apart; "
            f"analyse more frames a second, or set it to at least {2 * interval_s:g}"
        )


def jumps(rules: Sequence[Rule], view: str, last_s: float, timestamp_s: float) -> Iterator[tuple[Rule, float, float]]:
    """What lies between two frames of a view, under each rule that takes it for a gap: (rule, start_s, end_s)."""
    for rule in rules:
        if rule.is_gap and view in rule.views and timestamp_s - last_s >= rule.min_duration_s:
            yield rule, last_s, timestamp_s


def ends(
    rules: Sequence[Rule],
    first_s: Mapping[str, float],
    last_s: Mapping[str, float],
    expected_end_s: Mapping[str, float],
) -> Iterator[tuple[Rule, str, float, float]]:
    """Time at the recordings' two ends that nobody saw: (rule, view, start_s, end_s).

    Args:
        rules: all rules of the exam.
        first_s: by view, its first frame.
        last_s: by view, its last frame.
        expected_end_s: by view, where its recording should have ended, if that is known to be later; not empty
            where no view has frames.
    """
    begin_s = min(first_s.values(), default=0.0)
    finish_s = max((last_s or expected_end_s).values())
    for rule in rules:
        for view in rule.views if rule.is_gap else ():
            if view not in last_s:
                yield rule, view, begin_s, max(finish_s, expected_end_s.get(view, finish_s))
                continue
            within_s = math.inf if rule.ends_within_s is None else rule.ends_within_s
            end_s = expected_end_s.get(view, last_s[view])
            cut_s = end_s if end_s - last_s[view] >= rule.min_duration_s else last_s[view]
            if first_s[view] - begin_s > within_s:
                yield rule, view, begin_s, first_s[view]
            if finish_s - last_s[view] > within_s:
                yield rule, view, last_s[view], max(finish_s, cut_s)
            elif cut_s > last_s[view]:
                yield rule, view, last_s[view], cut_s
