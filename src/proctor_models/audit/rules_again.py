"""scores.jsonl through the rules: the findings that must come out, without any picture."""

from __future__ import annotations

import math
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from proctor_models.detectors import DETECTORS
from proctor_models.errors import ConfigError, EvidenceError, ModelError, TimestampError
from proctor_models.rules.engine import Engine
from proctor_models.rules.hysteresis import Span
from proctor_models.rules.policy import Rule, RuleSet
from proctor_models.rules.tracks import Change
from proctor_models.runtime import strict_json
from proctor_models.runtime.changes import finding_of
from proctor_models.runtime.entries import Entry
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.pace import rates
from proctor_models.runtime.presence import PRESENT_FROM

_Key = tuple[str, str, float]  # rule, view, start in seconds: numbers differ where rules are left out

_NUMBER = re.compile(r"F([0-9]{4,})")


@dataclass(frozen=True)
class _Reading:
    score: float | None
    xyxy: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class _Resume:
    """Where the watching was taken up again, and what the ledger holds of the time before."""

    after_bytes: float
    """Bytes of scores that were there."""
    findings: int
    """Highest number given to a finding."""
    open: frozenset[_Key]
    closed: frozenset[_Key]
    stopped_s: float | None
    """When the exam had been stopped before, and its end could not be completed."""


@dataclass
class _Again:
    """One engine, or several where the watching was taken up again."""

    ruleset: RuleSet
    thresholds: Mapping[str, float]
    interval_s: float
    models: Mapping[str, str]
    found: list[Finding] = field(default_factory=list)
    open: dict[int, Change] = field(default_factory=dict)
    last_s: dict[str, float] = field(default_factory=dict)
    first_s: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engine = self._engine()
        self._before: tuple[dict[int, Change], int] = {}, 0  # what was open, and how much found, before the last frame

    def observe(self, view: str, timestamp_s: float, scores: Mapping[str, float | None]) -> None:
        self._before = dict(self.open), len(self.found)
        readings = {name: _Reading(score) for name, score in scores.items()}
        self._take(self.engine.observe(view, timestamp_s, readings))
        self.last_s[view] = timestamp_s
        self.first_s.setdefault(view, timestamp_s)

    def present(self, spans: Iterable[tuple[str, float, float]]) -> None:
        """What the monitor was told before a frame, or before the end."""
        for view, since_s, until_s in spans:
            self.engine.present(view, since_s, until_s)

    def resume(self, at: _Resume) -> None:
        """What a killed process left open is closed at the last frame anybody saw; a new engine goes on."""
        self._forget_untold(at)
        for change in self.open.values():
            end_s = max(change.span.end_s, self.last_s.get(change.view, 0.0))
            self.found.append(replace(self._finding(change, replace(change.span, end_s=end_s)), interrupted=True))
        self.open.clear()
        self.engine = self._engine()
        self.engine.resume(at.findings, self.last_s, self.first_s)

    def _forget_untold(self, at: _Resume) -> None:
        """What the last frame, or the end, alone would have changed and the ledger does not hold did not happen.

        A kill came between a frame's scores and its entries, or in the midst of the end.
        """
        were_open, found = self._before
        self.found[found:] = [each for each in self.found[found:] if _key(each) in at.closed]
        known = {number for number, change in self.open.items() if self._key_of(change) in at.open}
        closed = {
            n: change for n, change in were_open.items() if n not in self.open and self._key_of(change) in at.open
        }
        self.open = {n: c for n, c in self.open.items() if n in known or n in were_open} | closed

    def finish(self, expected_end_s: Mapping[str, float]) -> None:
        self._before = dict(self.open), len(self.found)
        self._take(self.engine.finish(expected_end_s))

    def _engine(self) -> Engine:
        known = [detector.name for detector in DETECTORS]
        shipped = {name: self.thresholds[name] for name in known if name in self.thresholds}
        return Engine(self.ruleset, shipped, self.interval_s, known)

    def _take(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.kind == "opened":
                self.open[change.number] = change
            else:
                self.open.pop(change.number, None)
                self.found.append(self._finding(change, change.span))

    def _key_of(self, change: Change) -> _Key:
        return _key(self._finding(change, change.span))

    def _finding(self, change: Change, span: Span) -> Finding:
        """As the monitor writes it, without boxes and pictures."""
        return finding_of(replace(change, span=span), self.models, self.ruleset.sha256)


class _Told:
    """When frames came that were not analysed, as the ledger says it, a run of the watching at a time."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._runs: list[dict[str, deque[Entry]]] = [defaultdict(deque)]
        for entry in entries:
            if entry.kind == "present":
                self._runs[-1][entry.content["view"]].append(entry)
            elif entry.kind == "resumed":
                self._runs.append(defaultdict(deque))

    def before(self, view: str, timestamp_s: float) -> Iterator[tuple[str, float, float]]:
        """What was told of a view before its frame at this time, once."""
        waiting = self._runs[0][view]
        while waiting and waiting[0].content["timestamp_s"] <= timestamp_s:
            for since_s, until_s in waiting.popleft().content["spans"]:
                yield view, since_s, until_s

    def before_end(self) -> Iterator[tuple[str, float, float]]:
        """What is left."""
        for view in list(self._runs[0]):
            yield from self.before(view, math.inf)

    def resume(self) -> None:
        """Another process went on: what the one before was told was lost with it."""
        self._runs.pop(0)


def is_replayable(rule: Rule, session: Mapping[str, Any], entries: Sequence[Entry]) -> bool:
    """Whether what is on record decides a rule.

    Live, a gap in a recording is time in which no frame came. Frames that came and were not analysed are none: scores
    do not know of them, and ledgers of version 0.3.0 and before do not either.
    """
    if rule.is_gap:
        return not session.get("live") or (bool(entries) and PRESENT_FROM in entries[0].content)
    return rule.is_scored and not rule.is_external


def findings_again(path: Path, session: Mapping[str, Any], entries: Sequence[Entry], ruleset: RuleSet) -> list[Finding]:
    """Findings that the scores give, by their number; boxes and pictures left empty.

    Args:
        path: scores.jsonl.
        session: what session.json says.
        entries: the session's ledger; empty for a folder that is older than ledgers.
        ruleset: the pack's rules, with the hash that the pack lists.

    Raises:
        EvidenceError: a line is no line of scores, or these scores cannot have been watched with these rules.
    """
    kept = replace(ruleset, rules=tuple(rule for rule in ruleset.rules if is_replayable(rule, session, entries)))
    started = entries[0].content if entries else session
    interval_s = started.get("interval_s") or rates(session.get("pace", "fixed"), float(session["rate_hz"])).interval_s
    try:
        again = _Again(kept, session["thresholds"], float(interval_s), session["pack"]["models"])
        resumes, told = list(_resumes(entries)), _Told(entries)
        for end, raw in _lines(path):
            while resumes and end > resumes[0].after_bytes:
                _resume(again, told, resumes.pop(0), session["views"])
            view, timestamp_s = raw["view"], float(raw["timestamp_s"])
            again.present(told.before(view, timestamp_s))
            again.observe(view, timestamp_s, raw["scores"])
        for at in resumes:
            _resume(again, told, at, session["views"])
        again.present(told.before_end())
        again.finish(_ends(session, entries))
    except (ConfigError, ModelError, TimestampError, KeyError, TypeError, AttributeError) as error:
        raise EvidenceError(f"{path}: cannot be followed with these rules: {error}") from None
    return sorted(again.found, key=lambda each: each.id)


def _resume(again: _Again, told: _Told, at: _Resume, views: Iterable[str]) -> None:
    if at.stopped_s is not None:
        again.present(told.before_end())
        again.finish(dict.fromkeys(views, at.stopped_s))
    again.resume(at)
    told.resume()


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each line with the byte it ends at."""
    end = 0
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read ({error.strerror}); nothing can be replayed without it") from None
    for number, row in enumerate(content.splitlines(keepends=True), start=1):
        end += len(row)
        try:
            raw = strict_json.loads(row)
        except ValueError as error:
            raise EvidenceError(f"{path}:{number}: expected scores ({error}); run `proctor audit verify`") from None
        if not isinstance(raw, dict) or raw.keys() != {"view", "timestamp_s", "scores"}:
            raise EvidenceError(f"{path}:{number}: expected view, timestamp_s and scores, got {row[:80]!r}")
        yield end, raw


def _resumes(entries: Sequence[Entry]) -> Iterator[_Resume]:
    numbers = [0]
    opened: dict[str, _Key] = {}
    closed: set[_Key] = set()
    stopped_s: float | None = None
    for index, entry in enumerate(entries):
        if entry.kind in ("opened", "closed"):
            finding = entry.content["finding"]
            numbers.append(int(finding["id"][1:]))
            key = finding["rule"], finding["view"], finding["start_s"]
            if entry.kind == "opened":
                opened[finding["id"]] = key
            else:
                opened.pop(finding["id"], None)
                closed.add(key)
        if entry.kind == "event" and entry.content["event"] == "stopped":
            stopped_s = float(entry.content["timestamp_s"])
        if entry.kind != "resumed":
            continue
        names = " ".join(entry.content["left_over"])
        numbers += [int(number) for number in _NUMBER.findall(names)]
        after = entries[index + 1] if index + 1 < len(entries) else None
        bytes_ = float(after.content["bytes"]) if after is not None and after.kind == "scores" else 0.0
        yield _Resume(bytes_, max(numbers), frozenset(opened.values()), frozenset(closed), stopped_s)
        stopped_s = None


def _key(finding: Finding) -> _Key:
    return finding.rule, finding.view, finding.start_s


def _ends(session: Mapping[str, Any], entries: Sequence[Entry]) -> dict[str, float]:
    """Where each view should have ended, as `Monitor.finish` was told."""
    if not session.get("live"):
        return {view: float(end_s) for view, end_s in (session.get("expected_end_s") or {}).items()}
    stopped = [e.content for e in entries if e.kind == "event" and e.content["event"] == "stopped"]
    end_s = float(stopped[-1]["timestamp_s"]) if stopped else math.nan
    return dict.fromkeys(session["views"], end_s) if math.isfinite(end_s) else {}
