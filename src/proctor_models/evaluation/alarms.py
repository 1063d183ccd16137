"""What another threshold would have told of a watched exam: its scores through the rules again, without a picture.

Figures of single frames do not say how often a candidate is accused: rules ask for time. What `proctor watch` wrote of
an exam holds every score, so another threshold can be tried in a second. It is tried on the frames that were analysed
with the shipped one: at an adaptive pace, where nothing was suspected then, there are fewer of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from proctor_models.data.event_clips import DETECTOR_OF
from proctor_models.errors import DataError
from proctor_models.evaluation.event_matching import NEAR_S
from proctor_models.evaluation.thresholds import GRID
from proctor_models.rules.engine import Engine
from proctor_models.rules.policy import Rule, RuleSet
from proctor_models.runtime.pace import rates

KIND_OF = {**{detector: kind for kind, detector in DETECTOR_OF.items()}, "mask": "mask"}
"""Detector to the kind of event that its findings tell of; for others, the kind that is called as the detector."""
SCORES_FILE, SESSION_FILE = "scores.jsonl", "session.json"


@dataclass(frozen=True)
class Shown:
    """Something an exam shows in one view, as whoever staged or labelled it says."""

    kind: str
    view: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Scored:
    """An exam as it was watched: every score by time."""

    rows: tuple[Mapping[str, Any], ...]
    """view, timestamp_s, scores by detector."""
    thresholds: Mapping[str, float]
    """Shipped, by detector."""
    interval_s: float
    """Longest usual time between two frames of a view."""
    hours: float
    """How long the exam is."""


@dataclass(frozen=True)
class Alarms:
    """What one threshold of one detector would have told."""

    threshold: float
    findings: int
    false: int
    """Findings in a view that showed nothing of the kind within two seconds of them."""
    false_s: float
    """Seconds under findings while the view showed nothing of the kind: low thresholds make one long finding."""
    events: int
    missed: int
    """Events that no finding met."""


@dataclass(frozen=True)
class _Reading:
    score: float | None
    xyxy: tuple[tuple[float, ...], ...] = ()


def read_scored(folder: Path) -> Scored:
    """The folder that `proctor watch` wrote.

    Raises:
        DataError: it is not there, or not whole.
    """
    try:
        session = json.loads((folder / SESSION_FILE).read_text(encoding="utf-8"))
        lines = (folder / SCORES_FILE).read_text(encoding="utf-8").splitlines()
        rows = tuple(json.loads(line) for line in lines)
        for row in rows:
            _ = row["view"], float(row["timestamp_s"]), row["scores"].get
        interval_s = rates(session.get("pace", "fixed"), float(session["rate_hz"])).interval_s
        return Scored(rows, session["thresholds"], interval_s, float(session["duration_s"]) / 3600)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{folder}: expected the folder of a watched exam, with {SESSION_FILE} and {SCORES_FILE}, got {error}; "
            "run `proctor watch` to its end"
        ) from None


def read_shown(path: Path) -> tuple[Shown, ...]:
    """What an exam shows, from a list of ``{event, view, start_s, end_s}``; nothing where there is no such file.

    Raises:
        DataError: it is another list.
    """
    if not path.is_file():
        return ()
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
        return tuple(
            Shown(str(one["event"]), str(one["view"]), float(one["start_s"]), float(one["end_s"])) for one in listed
        )
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: expected a list of event, view, start_s and end_s, got {error}; mend it") from None


def alarms(
    scored: Scored, ruleset: RuleSet, detector: str, shown: Sequence[Shown], thresholds: Sequence[float] = GRID
) -> list[Alarms]:
    """Findings, false ones and missed events at every threshold of one detector; empty if no rule reads it.

    Args:
        scored: the exam.
        ruleset: the rules; those of other detectors are left out.
        detector: whose threshold moves. A rule with an `enter` of its own moves, too.
        shown: what the exam shows. An exam of which nothing is known counts as innocent: every finding is false.
        thresholds: to try.
    """
    rules = [rule for rule in ruleset.rules if rule.detector == detector]
    views = {row["view"] for row in scored.rows} & {view for rule in rules for view in rule.views}
    events = [one for one in shown if one.kind == KIND_OF.get(detector, detector) and one.view in views]
    if not rules:
        return []
    return [
        _judged(threshold, _findings(scored, replace(ruleset, rules=_at(rules, threshold)), detector), events)
        for threshold in thresholds
    ]


def _at(rules: Sequence[Rule], threshold: float) -> tuple[Rule, ...]:
    return tuple(replace(rule, enter=threshold) for rule in rules)


def _findings(scored: Scored, ruleset: RuleSet, detector: str) -> list[tuple[str, float, float]]:
    """View, start and end of every finding."""
    engine = Engine(ruleset, {}, scored.interval_s, (detector,))
    changes = []
    for row in scored.rows:
        reading = {detector: _Reading(row["scores"].get(detector))}
        changes += engine.observe(row["view"], float(row["timestamp_s"]), reading)
    changes += engine.finish()
    return [(change.view, change.span.start_s, change.span.end_s) for change in changes if change.kind == "closed"]


def _judged(threshold: float, findings: Sequence[tuple[str, float, float]], events: Sequence[Shown]) -> Alarms:
    met = {event for event in events if any(_near(finding, event) for finding in findings)}
    false = sum(not any(_near(finding, event) for event in events) for finding in findings)
    false_s = sum(_outside_s(finding, events) for finding in findings)
    return Alarms(threshold, len(findings), false, false_s, len(events), len(events) - len(met))


def _near(finding: tuple[str, float, float], event: Shown) -> bool:
    view, start_s, end_s = finding
    return view == event.view and start_s <= event.end_s + NEAR_S and end_s >= event.start_s - NEAR_S


def _outside_s(finding: tuple[str, float, float], events: Sequence[Shown]) -> float:
    """Seconds of a finding that no event of its view explains.

    >>> _outside_s(("first", 0.0, 30.0), [Shown("phone", "first", 6.0, 12.0), Shown("phone", "second", 0.0, 30.0)])
    20.0
    """
    view, at_s, end_s = finding
    outside_s = 0.0
    for event in sorted(events, key=lambda one: one.start_s):
        if event.view == view:
            outside_s += max(0.0, min(end_s, event.start_s - NEAR_S) - at_s)
            at_s = max(at_s, event.end_s + NEAR_S)
    return outside_s + max(0.0, end_s - at_s)
