"""Time that nobody recorded: jumps within a view, and ends that are late, early or missing. No scores are read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from proctor_models.errors import ConfigError
from proctor_models.rules.policy import Rule


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
