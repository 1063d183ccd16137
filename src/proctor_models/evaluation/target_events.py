"""Figures of events for the table of targets: what `proctor evaluate-events` counted, of several folds together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from proctor_models.errors import DataError
from proctor_models.evaluation.exact import binomial_interval
from proctor_models.evaluation.folds import HeldOut
from proctor_models.evaluation.measures import NOTHING, Measured
from proctor_models.evaluation.stored import read_object

SCHEMA = "proctor-events/1"
_COUNTS = ("events", "found", "true_findings", "false_findings")


def read_events(paths: Sequence[Path], held: HeldOut) -> dict[str, dict[str, Any]]:
    """Counts by kind of event, of all files together: events, found, true and false findings, worst onset, people.

    A clip counts once, as its frames do: by its name, for each kind as the first file has it whose rules read the kind.

    Raises:
        DataError: a file is not one that `evaluate-events` wrote, was measured with other nets than those of a fold,
            or shows people whom that fold was trained on, by either of their codes.
    """
    together: dict[str, dict[str, Any]] = {}
    for path in paths:
        content = read_object(path)
        if content.get("schema") != SCHEMA:
            raise DataError(
                f"{path}: schema: expected {SCHEMA!r}, got {content.get('schema')!r:.40}; run evaluate-events"
            )
        try:
            _check(path, content["pack"]["models"], _codes(content), held)
            for kind in content["kinds"]:
                _add(together.setdefault(kind, _nothing()), content["clips"], kind)
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{path}: expected what `evaluate-events` writes, got another form ({error!r})") from None
    return together


def event_figure(events: Mapping[str, Any] | None, kind: str, figure: str) -> Measured:
    """`precision`, `recall` or `onset_error_max_s` of one kind; shares with exact intervals, each event on its own.

    >>> counts = {"absence": {"events": 4, "found": 3, "true_findings": 3, "false_findings": 0,
    ...                       "onset_error_max_s": 1.5, "persons": {"S1"}}}
    >>> event_figure(counts, "absence", "recall").value, event_figure(None, "absence", "recall").value
    (0.75, None)
    """
    row = (events or {}).get(kind)
    if row is None:
        return NOTHING
    people = frozenset(row["persons"])
    if figure == "onset_error_max_s":
        return Measured(row[figure], frames=row["events"], groups=people, by="event")
    true = row["true_findings"]
    part, whole = (true, true + row["false_findings"]) if figure == "precision" else (row["found"], row["events"])
    if not whole:
        return NOTHING
    low, high = binomial_interval(part, whole) or (None, None)
    return Measured(part / whole, low, high, frames=whole, groups=people, by="event")


def _nothing() -> dict[str, Any]:
    return {**dict.fromkeys(_COUNTS, 0), "onset_error_max_s": None, "persons": set(), "clips": set()}


def _add(sums: dict[str, Any], clips: Sequence[Mapping[str, Any]], kind: str) -> None:
    """Count what the clips show that no file before has shown."""
    new = [clip for clip in clips if clip["name"] not in sums["clips"]]
    for clip in new:
        events = [event for event in clip["events"] if event["event"] == kind and event["counted"]]
        answers = [finding["true"] for finding in clip["findings"] if finding["event"] == kind]
        onsets = [abs(event["onset_s"]) for event in events if event["onset_s"] is not None]
        sums["events"] += len(events)
        sums["found"] += sum(event["found"] for event in events)
        sums["true_findings"] += sum(answer is True for answer in answers)
        sums["false_findings"] += sum(answer is False for answer in answers)
        before = sums["onset_error_max_s"]
        sums["onset_error_max_s"] = max(onsets + ([] if before is None else [before]), default=None)
        # Those with an event, or with a finding of one: whoever shows neither proves nothing of either figure.
        if events or any(answer is not None for answer in answers):
            sums["persons"].add(clip["person"])
    sums["clips"] |= {clip["name"] for clip in new}


def _codes(content: Mapping[str, Any]) -> set[str]:
    """Every code of the people whom the clips show."""
    return {*content["persons"], *(clip[code] for clip in content["clips"] for code in ("person", "subject"))}


def _check(path: Path, models: Mapping[str, str], persons: set[str], held: HeldOut) -> None:
    fold = next((fold for fold in held.folds if fold["models"] == models), None)
    if fold is None:
        names = ", ".join(str(one["fold"]) for one in held.folds)
        raise DataError(f"{path}: pack.models: expected the nets of a fold ({names}), got others; use that fold's pack")
    known = sorted(persons & set(fold["people_trained_on"]))
    if known:
        raise DataError(
            f"{path}: persons: expected nobody whom fold {fold['fold']} was trained on, got {', '.join(known)}; "
            "run evaluate-events with --persons of the people it holds out"
        )
