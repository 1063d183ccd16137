"""Which finding tells of which event of a clip, and what the two sides make together."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from proctor_models.data.event_clips import DETECTOR_OF, Clip, Event, Time
from proctor_models.evaluation.exact import binomial_interval, poisson_interval
from proctor_models.runtime.findings import Finding

NEAR_S = 2.0
"""A finding that starts so soon after an event's end, or before its start, still tells of it."""
_TICK_S = 0.01  # containers round times, findings do too


@dataclass(frozen=True)
class Met:
    """An event that counts, and when the first finding of it began."""

    clip: Clip
    event: Event
    found: bool
    onset_s: float | None
    """Start of the finding minus start of the event; None where nothing found it, or a finding that an earlier event
    had opened went on into it."""


@dataclass(frozen=True)
class Told:
    """A finding, and whether an event was behind it; None where nobody can say."""

    clip: Clip
    finding: Finding
    kind: str
    true: bool | None


@dataclass(frozen=True)
class Matched:
    """All events and findings of some clips, of the kinds that a rule reads."""

    met: tuple[Met, ...]
    told: tuple[Told, ...]


def match_clip(clip: Clip, findings: Sequence[Finding], kinds: Iterable[str]) -> Matched:
    """Hold the findings of one clip against its events, kind by kind.

    A finding hits an event if it shares time with what is certain of it, or starts within two seconds of it. One that
    hits none but touches time in which nobody can say is neither true nor false.
    """
    met: list[Met] = []
    told: list[Told] = []
    for kind in kinds:
        of_kind = sorted((f for f in findings if f.detector == DETECTOR_OF[kind]), key=lambda f: f.start_s)
        events = [event for event in clip.events if event.kind == kind and event.certain]
        hits = [[f for f in of_kind if any(_hits(f, part) for part in event.certain)] for event in events]
        opened: set[str] = set()
        for event, found in zip(events, hits, strict=True):
            first = found[0] if found else None
            fresh = first is not None and first.id not in opened
            met.append(Met(clip, event, first is not None, first.start_s - event.start_s if first and fresh else None))
            opened |= {finding.id for finding in found}
        for finding in of_kind:
            unsure = any(_touches(finding, part) for part in clip.ignored[kind])
            told.append(Told(clip, finding, kind, True if finding.id in opened else (None if unsure else False)))
    return Matched(tuple(met), tuple(told))


def _touches(finding: Finding, part: Time) -> bool:
    return finding.start_s <= part[1] + _TICK_S and finding.end_s >= part[0] - _TICK_S


def _hits(finding: Finding, part: Time) -> bool:
    near_s = NEAR_S + _TICK_S
    return _touches(finding, part) or part[0] - near_s <= finding.start_s <= part[1] + near_s


def together(parts: Iterable[Matched]) -> Matched:
    """Several clips as one."""
    listed = list(parts)
    return Matched(tuple(m for part in listed for m in part.met), tuple(t for part in listed for t in part.told))


def judged_hours(clips: Iterable[Clip], kind: str) -> float:
    """Watched time without that in which nobody can say whether the kind happens: where a finding of it can be false.

    Frames that the source lacks are among the time that is left out.
    """
    return sum(_judged_frames(clip, kind) / clip.fps for clip in clips) / 3600


def _judged_frames(clip: Clip, kind: str) -> int:
    return clip.frames - sum(round((last - first) * clip.fps) + 1 for first, last in clip.ignored[kind])


def event_figures(matched: Matched, hours: float, kind: str | None = None) -> dict[str, Any]:
    """Figures of one kind, or of all; None where nothing can be said.

    Intervals are exact and take each event, and each false finding, as independent of the others.

    Args:
        matched: events and findings.
        hours: what `false_per_hour` is over: as findings in uncertain time are not false ones, that time is not in it,
            see `judged_hours`. For all kinds, the mean of theirs.
        kind: of event; None for all.
    """
    met = [one for one in matched.met if kind in (None, one.event.kind)]
    told = [one for one in matched.told if kind in (None, one.kind)]
    found, events = sum(one.found for one in met), len(met)
    true, false = (sum(one.true is answer for one in told) for answer in (True, False))
    onsets = [abs(one.onset_s) for one in met if one.onset_s is not None]
    return {
        "events": events,
        "persons": len({one.clip.person for one in met}),
        "found": found,
        "findings": len(told),
        "true_findings": true,
        "false_findings": false,
        "ignored_findings": len(told) - true - false,
        **_with_interval("recall", found / events if events else None, binomial_interval(found, events)),
        **_with_interval(
            "precision", true / (true + false) if true + false else None, binomial_interval(true, true + false)
        ),
        **_with_interval("false_per_hour", false / hours if hours else None, poisson_interval(false, hours)),
        "onset_error_median_s": statistics.median(onsets) if onsets else None,
        "onset_error_max_s": max(onsets, default=None),
    }


def _with_interval(name: str, value: float | None, span: tuple[float, float] | None) -> dict[str, float | None]:
    low, high = span or (None, None)
    return {name: value, f"{name}_low": low, f"{name}_high": high}
