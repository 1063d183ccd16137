"""When one rule opens and closes findings: its own numbers, and the detector's threshold where it gives none."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from proctor_models.errors import ConfigError
from proctor_models.rules.hysteresis import Limits
from proctor_models.rules.policy import EXTERNAL, UNSCORED, Rule


def limits_of(
    rule: Rule, thresholds: Mapping[str, float], detectors: Collection[str], interval_s: float, where: str
) -> Limits:
    """Limits of a rule that reads scores.

    Args:
        rule: the rule.
        thresholds: shipped threshold by detector.
        detectors: names of all that may be read.
        interval_s: seconds between two analysed frames of one view when nothing is missing.
        where: begins every message, as ``remote-exam: rules[2]``.

    Raises:
        ConfigError: there is no such detector, no score to open at, or a limit cannot be kept at this interval.
    """
    if rule.detector not in detectors and not rule.is_external:
        known = ", ".join([*detectors, *UNSCORED, f"{EXTERNAL}NAME"])
        raise ConfigError(f"{where}.detector: expected one of {known}, got {rule.detector!r}")
    enter = thresholds.get(rule.detector) if rule.enter is None else rule.enter
    if enter is None:
        raise ConfigError(
            f"{where}.enter: expected a score above 0 to 1, as no threshold ships for {rule.detector}, got null; "
            "write it into the rule"
        )
    try:
        return Limits(
            enter=enter,
            leave=enter * rule.leave_ratio,
            min_duration_s=rule.min_duration_s,
            max_gap_s=rule.max_gap_s,
            min_share=rule.min_share,
            interval_s=interval_s,
        )
    except ConfigError as error:
        raise ConfigError(f"{where}.{error}") from None
