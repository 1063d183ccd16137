"""What the review page takes from a session's ledger: what happened to the watching, and clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proctor_models.runtime.chain import NOTHING_BEFORE
from proctor_models.runtime.entries import Entry, completed, expired_files, read_ledger
from proctor_models.runtime.presence import PRESENT_FROM
from proctor_models.runtime.report_curves import Span

RESTARTED = "restarted"
PICTURE_SIZE = "picture_size"


@dataclass(frozen=True)
class Happening:
    """One thing that happened to the watching itself."""

    kind: str
    """See `runtime.events`."""
    timestamp_s: float
    """Seconds on the exam's clock."""
    end_s: float | None
    """Where watching went on, after a restart."""
    view: str | None
    at: str
    """Wall clock when it was written, UTC."""
    detail: dict[str, str | int | float]


@dataclass(frozen=True)
class Journal:
    """A session's ledger, as far as the page shows it; empty for a folder without one."""

    head: str | None = None
    """Hash of the ledger's last line."""
    heads: tuple[str, ...] = (NOTHING_BEFORE,)
    """What the last line's hash was at any time since the watching ended: expiries add lines, and decisions hang on the
    one that was the last when the first of them was made."""
    happenings: tuple[Happening, ...] = ()
    """By time."""
    clips: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Paths by finding id."""
    present: Mapping[str, list[Span]] | None = None
    """By view, when frames came and were not analysed; None where the ledger does not tell."""
    expired: frozenset[str] = frozenset()
    """Paths of what a policy has deleted."""


def read_journal(folder: Path) -> Journal:
    """Read `ledger.jsonl`, where there is one.

    Raises:
        EvidenceError: the ledger cannot be read or was changed, or a line of it lacks a field.
    """
    entries = read_ledger(folder)
    if not entries:
        return Journal()
    clips: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        if entry.kind == "clip":
            finding = entry.content["finding"]
            clips[finding] = (*clips.get(finding, ()), entry.content["path"])
    present = _present(entries) if PRESENT_FROM in entries[0].content else None
    end = completed(entries) or entries[-1]
    heads = tuple(entry.line.sha256 for entry in entries[end.seq :])
    return Journal(heads[-1], heads, _happenings(entries), clips, present, frozenset(expired_files(entries)))


def _present(entries: Sequence[Entry]) -> dict[str, list[Span]]:
    """What was told bit by bit, in one piece where frames came on."""
    found: dict[str, list[Span]] = {}
    for entry in entries:
        for since_s, until_s in entry.content["spans"] if entry.kind == "present" else ():
            spans = found.setdefault(entry.content["view"], [])
            if spans and since_s <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(spans[-1][1], until_s))
            else:
                spans.append((since_s, until_s))
    return found


def _happenings(entries: Sequence[Entry]) -> tuple[Happening, ...]:
    found = [
        Happening(RESTARTED, *_gap(entry), view=None, at=entry.at, detail=_assumed(entry))
        for entry in entries
        if entry.kind == "resumed"
    ]
    told = bool(found)  # a restart is told once, by the line that knows the gap
    measured: set[object] = set()
    for entry in entries:
        if entry.kind == "event" and not (told and entry.content.get("event") == RESTARTED):
            raw = entry.content
            view, detail = raw.get("view"), raw.get("detail")
            if raw["event"] == PICTURE_SIZE and view not in measured:
                measured.add(view)  # what a view begins with is nothing that happened
                continue
            found.append(
                Happening(
                    kind=raw["event"],
                    timestamp_s=_seconds(raw.get("timestamp_s"), entry.timestamp_s),
                    end_s=None,
                    view=view if isinstance(view, str) else None,
                    at=entry.at,
                    detail=dict(detail) if isinstance(detail, dict) else {},
                )
            )
    return tuple(sorted(found, key=lambda each: each.timestamp_s))


def _assumed(entry: Entry) -> dict[str, str | int | float]:
    said = entry.content.get("assumed")
    return {"assumed": said} if isinstance(said, str) else {}


def _gap(entry: Entry) -> tuple[float, float]:
    start = _seconds(entry.content.get("from_s"), entry.timestamp_s)
    return start, max(start, _seconds(entry.content.get("to_s"), start))


def _seconds(value: Any, otherwise: float) -> float:
    return round(float(value), 3) if isinstance(value, int | float) and not isinstance(value, bool) else otherwise
