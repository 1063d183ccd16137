"""What one kind of exam asks for: rules as data, checked in full when they are read.

A rule file is YAML in configs/rules/ and JSON in a pack; both hold the same keys::

    schema: proctor-rules/1
    name: remote-exam
    title: {zh: ..., en: ...}
    rules:
      - id: phone                       # lower case, digits and dashes; unique in the file
        detector: phone                 # a detector, external/NAME, recording_gap or environment_scan
        views: [first, second]          # where it applies
        enter: null                     # score that opens a finding; null = the detector's shipped threshold,
                                        # where it has one: those of camera and displays have none
        leave_ratio: 0.7                # a finding stays open down to enter x leave_ratio
        min_duration_s: 1.0             # shorter spans are no finding
        max_gap_s: 2.0                  # spans this close are one finding
        min_share: 0.5                  # optional: share of frames that must be positive to open
        from_s: 180.0                   # optional: not asked before this second of the exam
        severity: cheating
        title: {zh: ..., en: ...}
        article: {zh: ..., en: ...}     # document, place and wording of the clause

A rule on `recording_gap` reads time, not scores: it has no `enter`, `leave_ratio`, `max_gap_s` or
`min_share`. Its `views` are those that must be recorded, `min_duration_s` is the shortest interruption,
and `ends_within_s` (optional) how much later than the other view a view may start, or earlier end.

A rule on `environment_scan` asks once for the camera being turned round the room at the start: instead of the keys of
a score it has `within_s`, by when it must be done, `min_turn_deg`, and `min_candidate_share`, the share of the turn in
which the candidate is in the picture.

A rule on `external/NAME` reads a score that the caller pushes (`Monitor.signal`), as one of speech or of identity; its
`enter` is a number. What is not pushed is not assessable.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, get_args

from proctor_models.errors import ConfigError, shown

SCHEMA = "proctor-rules/1"
RECORDING_GAP = "recording_gap"
ENVIRONMENT_SCAN = "environment_scan"
UNSCORED = (RECORDING_GAP, ENVIRONMENT_SCAN)
"""What rules read besides scores: their findings have no peak and no threshold."""
EXTERNAL = "external/"
"""Begins the name of a detector that the caller feeds."""
VIEW_NAMES = ("first", "second")

Severity = Literal["breach_of_discipline", "cheating", "invalid_recording"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

_LARGEST = 1e12
_COMMON = {"id", "detector", "views", "severity", "title", "article"}
_SCORED = {"min_duration_s", "enter", "leave_ratio", "max_gap_s"}
_MAY_SCORED = {"min_share", "from_s"}
_GAP, _MAY_GAP = {"min_duration_s"}, {"ends_within_s"}
_SCAN = {"within_s", "min_turn_deg", "min_candidate_share"}


@dataclass(frozen=True)
class Text:
    """One text in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Rule:
    """A clause of an exam's rules, as far as pictures and time can show it."""

    id: str
    """Name of the rule, unique in its set."""
    detector: str
    """Detector whose score is read, one of `UNSCORED`, or `external/NAME`."""
    views: tuple[str, ...]
    """Views the rule applies to; each has findings of its own."""
    min_duration_s: float
    """Seconds from the first to the last positive frame below which a span is no finding; 0 for a scan."""
    severity: Severity
    """What the exam's document calls it; the consequence is a person's to decide."""
    title: Text
    article: Text
    """Document, place and wording of the clause."""
    enter: float | None = None
    """Score in (0, 1] from which a frame is positive; None takes the detector's shipped threshold."""
    leave_ratio: float = 1.0
    """Once open, a finding goes on while the score is at least ``enter * leave_ratio``."""
    max_gap_s: float = 0.0
    """Seconds without a positive frame that a finding bridges."""
    min_share: float = 0.5
    """A span opens only while this share of its assessable frames is positive: lone spikes do not add up."""
    ends_within_s: float | None = None
    """`recording_gap` only: seconds a view may start after, or end before, the other; None compares nothing."""
    from_s: float = 0.0
    """Seconds of the exam before which no frame is assessable under the rule."""
    within_s: float = 0.0
    """`environment_scan` only: seconds after the view's first frame by which the turn is done."""
    min_turn_deg: float = 0.0
    """`environment_scan` only: degrees that the camera has to be turned through, one way."""
    min_candidate_share: float = 0.0
    """`environment_scan` only: share of the turn in which the candidate is in the picture."""

    @property
    def is_gap(self) -> bool:
        """Whether the rule reads time instead of scores."""
        return self.detector == RECORDING_GAP

    @property
    def is_scan(self) -> bool:
        """Whether the rule asks for the camera's turn at the start."""
        return self.detector == ENVIRONMENT_SCAN

    @property
    def is_scored(self) -> bool:
        """Whether the rule reads scores: of a detector, or pushed from outside."""
        return self.detector not in UNSCORED

    @property
    def is_external(self) -> bool:
        """Whether the caller pushes the scores."""
        return self.detector.startswith(EXTERNAL)


@dataclass(frozen=True)
class RuleSet:
    """All rules of one kind of exam."""

    name: str
    title: Text
    rules: tuple[Rule, ...]
    sha256: str
    """Hash of the meaning: the same for the YAML source and the JSON in a pack."""


def ruleset_from_dict(raw: object, where: str) -> RuleSet:
    """Check a rule file and return its rules.

    Args:
        raw: what the YAML or JSON parser made of the file.
        where: the file's name, for messages.

    Raises:
        ConfigError: a key is missing, unknown or wrong; the message names it, as ``rules[2].min_duration_s``.

    >>> ruleset_from_dict({"schema": "proctor-rules/1", "name": "Exam"}, "exam.yaml")
    Traceback (most recent call last):
    proctor_models.errors.ConfigError: exam.yaml: rules: missing; add it
    """
    top = _Keys(raw, where, "")
    top.only({"schema", "name", "title", "rules"}, set())
    if top.raw["schema"] != SCHEMA:
        top.wrong("schema", repr(SCHEMA), top.raw["schema"])
    items = top.raw["rules"]
    if not isinstance(items, list) or not items:
        top.wrong("rules", "a list of at least one rule", items)
    rules = tuple(_rule(_Keys(item, where, f"rules[{i}].")) for i, item in enumerate(items))
    seen: dict[str, int] = {}
    for i, rule in enumerate(rules):
        if rule.id in seen:
            top.wrong(f"rules[{i}].id", f"an id that rules[{seen[rule.id]}] does not have already", rule.id)
        seen[rule.id] = i
    name, title = top.slug("name"), top.text("title")
    # Only now, with every value checked: a list that holds itself cannot be written down.
    meaning = json.dumps(top.raw, sort_keys=True, ensure_ascii=False)
    return RuleSet(name, title, rules, hashlib.sha256(meaning.encode()).hexdigest())


def _rule(keys: _Keys) -> Rule:
    detector = keys.raw.get("detector")
    kind, optional = {RECORDING_GAP: (_GAP, _MAY_GAP), ENVIRONMENT_SCAN: (_SCAN, set[str]())}.get(
        detector if isinstance(detector, str) else "", (_SCORED, _MAY_SCORED)
    )
    keys.only(_COMMON | kind, optional)
    common: dict[str, Any] = {
        "id": keys.slug("id"),
        "detector": keys.word("detector"),
        "views": keys.views("views"),
        "severity": keys.choice("severity", SEVERITIES),
        "title": keys.text("title"),
        "article": keys.text("article"),
    }
    if detector == ENVIRONMENT_SCAN:
        return _scan_rule(keys, common)
    common["min_duration_s"] = keys.number("min_duration_s", 0, math.inf, "seconds")
    return _gap_rule(keys, common) if detector == RECORDING_GAP else _scored_rule(keys, common)


def _scan_rule(keys: _Keys, common: dict[str, Any]) -> Rule:
    return Rule(
        **common,
        min_duration_s=0.0,
        within_s=keys.number("within_s", 0, math.inf, "seconds", above=True),
        min_turn_deg=keys.number("min_turn_deg", 0, 360, "degrees", above=True),
        min_candidate_share=keys.number("min_candidate_share", 0, 1, "a share"),
    )


def _gap_rule(keys: _Keys, common: dict[str, Any]) -> Rule:
    if common["min_duration_s"] == 0:
        keys.wrong("min_duration_s", "seconds above 0", 0)
    within_s = keys.raw.get("ends_within_s")
    if within_s is not None:
        within_s = keys.number("ends_within_s", 0, math.inf, "seconds")
    return Rule(**common, ends_within_s=within_s)


def _scored_rule(keys: _Keys, common: dict[str, Any]) -> Rule:
    rule = Rule(
        **common,
        enter=None if keys.raw["enter"] is None else keys.number("enter", 0, 1, "a score", above=True),
        leave_ratio=keys.number("leave_ratio", 0, 1, "a ratio", above=True),
        max_gap_s=keys.number("max_gap_s", 0, math.inf, "seconds"),
        min_share=keys.number("min_share", 0, 1, "a share") if "min_share" in keys.raw else Rule.min_share,
        from_s=keys.number("from_s", 0, math.inf, "seconds") if "from_s" in keys.raw else Rule.from_s,
    )
    if rule.is_external and not re.fullmatch(EXTERNAL + "[a-z][a-z0-9_]*", rule.detector):
        keys.wrong("detector", f"{EXTERNAL} and lower-case letters, digits or underscores", rule.detector)
    if rule.is_external and rule.enter is None:
        keys.wrong("enter", "a score, a number above 0 to 1, as no threshold ships for what is fed from outside", None)
    return rule


class _Keys:
    """One mapping of the file, read key by key with messages that say where."""

    def __init__(self, raw: object, where: str, prefix: str) -> None:
        self.where, self.prefix = where, prefix
        if not isinstance(raw, dict):
            raise ConfigError(f"{where}: {prefix.rstrip('.') or 'file'}: expected keys and values, got {shown(raw)}")
        self.raw: dict[str, Any] = raw

    def wrong(self, key: str, expected: str, got: object) -> NoReturn:
        raise ConfigError(f"{self.where}: {self.prefix}{key}: expected {expected}, got {shown(got)}")

    def only(self, required: set[str], optional: set[str]) -> None:
        # Unknown keys first: a misspelt key is both unknown and missing, and the spelling is what helps.
        for key in self.raw:
            if key not in required | optional:
                known = ", ".join(sorted(required | optional))
                name = shown(key).strip("'")  # escaped: half a character could not be printed
                raise ConfigError(f"{self.where}: {self.prefix}{name}: unknown key; known here: {known}")
        for key in sorted(required):
            if key not in self.raw:
                raise ConfigError(f"{self.where}: {self.prefix}{key}: missing; add it")

    def word(self, key: str) -> str:
        value = self.raw[key]
        if not isinstance(value, str) or not value.strip():
            self.wrong(key, "a text that is not empty", value)
        if any("\ud800" <= sign <= "\udfff" for sign in value):
            self.wrong(key, "whole characters", value)
        return value

    def slug(self, key: str) -> str:
        value = self.word(key)
        if not re.fullmatch(r"[a-z][a-z0-9-]*", value):
            self.wrong(key, "lower-case letters, digits and dashes", value)
        return value

    def text(self, key: str) -> Text:
        both = _Keys(self.raw[key], self.where, f"{self.prefix}{key}.")
        both.only({"zh", "en"}, set())
        return Text(both.word("zh"), both.word("en"))

    def views(self, key: str) -> tuple[str, ...]:
        value = self.raw[key]
        sound = isinstance(value, list | tuple) and value and all(view in VIEW_NAMES for view in value)
        if not sound or len(set(value)) != len(value):
            self.wrong(key, f"a list of different views out of {', '.join(VIEW_NAMES)}", value)
        return tuple(value)

    def choice(self, key: str, known: tuple[str, ...]) -> str:
        value = self.raw[key]
        if value not in known:
            self.wrong(key, f"one of {', '.join(known)}", value)
        return str(value)

    def number(self, key: str, low: float, high: float, unit: str, *, above: bool = False) -> float:
        value = self.raw[key]
        # Not math.isfinite: YAML holds whole numbers that no float does.
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST
        if not is_number or not low <= value <= high or (above and value == low):
            bounds = f"{'above' if above else 'from'} {low:g}" + (f" to {high:g}" if math.isfinite(high) else " up")
            self.wrong(key, f"{unit}, a number {bounds}", value)
        return float(value)
