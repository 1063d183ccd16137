"""A finding as it leaves the runtime: one JSON line, described by ``schema/findings.schema.json``.

The schema is for whoever reads the lines elsewhere; here they are checked by hand, so that the runtime
needs no schema library. A test holds the two together.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass, fields, replace
from importlib import resources
from typing import Any, NoReturn, cast

from proctor_models.errors import EvidenceError, shown
from proctor_models.rules.hysteresis import Box
from proctor_models.rules.policy import SEVERITIES, UNSCORED, VIEW_NAMES, Text
from proctor_models.runtime import strict_json

SCHEMA = "proctor-finding/1"
STATUS = "for review"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"F[0-9]{4,}")


@dataclass(frozen=True)
class Finding:
    """A span of exam time under one rule, for a person to review. Never a verdict.

    Raises:
        EvidenceError: a field is not what the schema allows; the message names it.
    """

    id: str
    """``F0001`` and up, in the order the findings of a session opened."""
    rule: str
    """Id of the rule in its set."""
    detector: str
    """Detector the rule reads, or one of `UNSCORED`."""
    title: Text
    article: Text
    """Document, place and wording of the clause."""
    severity: str
    """What the clause calls it, if a person confirms it."""
    view: str
    start_s: float
    """First positive frame, seconds on the exam's clock; for a gap, the last frame before it."""
    end_s: float
    """Last positive frame; for a gap, the first frame after it."""
    peak_s: float | None
    """Frame with the highest score; None for a gap, which has no score."""
    peak_score: float | None
    threshold: float | None
    """Score from which a frame counted as positive."""
    boxes: tuple[Box, ...]
    """xyxy in pixels of the peak frame."""
    evidence: tuple[str, ...]
    """Unmarked pictures (peak, before, after), paths relative to the session's folder."""
    marked: str | None
    """The peak picture with the boxes drawn in, for readers that draw none."""
    model_sha256: dict[str, str]
    """Hash of each net's file, by net."""
    rules_sha256: str
    interrupted: bool = False
    """Whether the watching was cut off while this was seen: `end_s` is the last frame before, the rest is unknown."""

    def __post_init__(self) -> None:
        for name, expected, sound in self._claims():
            if not sound:
                _wrong("finding", name, expected, getattr(self, name))

    def to_json(self) -> str:
        """The finding as one line, without the line's end."""
        raw = {"schema": SCHEMA, **asdict(self), "status": STATUS}
        if not self.interrupted:
            del raw["interrupted"]
        return json.dumps(raw, ensure_ascii=False, allow_nan=False)

    def without_pictures(self) -> Finding:
        """The same, for where its pictures could not be kept."""
        return replace(self, evidence=(), marked=None)

    @staticmethod
    def from_json(line: str, where: str) -> Finding:
        """Read a line back; `where` names file and line in messages.

        Raises:
            EvidenceError: the line is not a finding of this schema; the message names the field.
        """
        try:
            raw = strict_json.loads(line)
        except ValueError as error:
            raise EvidenceError(f"{where}: half-written or not JSON ({error}); run `proctor watch` again") from None
        if not isinstance(raw, dict) or raw.get("schema") != SCHEMA or raw.get("status") != STATUS:
            raise EvidenceError(f"{where}: expected schema {SCHEMA!r} and status {STATUS!r}, got {line:.80}")
        names = {field.name for field in fields(Finding)}
        raw.setdefault("interrupted", False)
        odd = sorted((raw.keys() - {"schema", "status"}) ^ names)
        if odd:
            raise EvidenceError(
                f"{where}: fields missing or unknown: {', '.join(odd)[:200]}; use a runtime of this version"
            )
        try:
            return Finding(
                **{name: raw[name] for name in names - {"title", "article", "boxes", "evidence"}},
                title=Text(**raw["title"]),
                article=Text(**raw["article"]),
                boxes=tuple(tuple(box) for box in raw["boxes"]),
                evidence=tuple(raw["evidence"]),
            )
        except TypeError as error:
            raise EvidenceError(f"{where}: a text, list or box has another shape: {str(error)[:200]}") from None
        except EvidenceError as error:
            raise EvidenceError(f"{where}: {error}") from None

    def _claims(self) -> list[tuple[str, str, bool]]:
        """What must hold: (field, what is expected, whether it holds)."""
        is_gap = self.detector in UNSCORED
        scored = "null for a recording gap, else a number"
        return [
            ("id", "F and at least four digits", _matches(_ID, self.id)),
            ("rule", "text", _is_text(self.rule)),
            ("detector", "text", _is_text(self.detector)),
            ("title", "text in zh and en", _is_text(self.title.zh) and _is_text(self.title.en)),
            ("article", "text in zh and en", _is_text(self.article.zh) and _is_text(self.article.en)),
            ("severity", f"one of {', '.join(SEVERITIES)}", self.severity in SEVERITIES),
            ("view", f"one of {', '.join(VIEW_NAMES)}", self.view in VIEW_NAMES),
            ("start_s", "seconds, 0 or more", _in(self.start_s, 0, math.inf)),
            ("end_s", "seconds, not before start_s", _in(self.end_s, self.start_s, math.inf)),
            ("peak_s", f"{scored} from start_s to end_s", _maybe(is_gap, self.peak_s, self.start_s, self.end_s)),
            ("peak_score", f"{scored} from 0 to 1", _maybe(is_gap, self.peak_score, 0, 1)),
            ("threshold", f"{scored} from 0 to 1", _maybe(is_gap, self.threshold, 0, 1)),
            ("boxes", "boxes of four numbers", all(_is_box(box) for box in self.boxes)),
            ("evidence", "different paths inside the session's folder", _are_paths(self.evidence)),
            ("marked", "null or a path inside the folder", self.marked is None or _is_inside(self.marked)),
            ("model_sha256", "sha256 by net", _are_hashes(self.model_sha256)),
            ("rules_sha256", "sha256 in hexadecimal", _matches(_SHA256, self.rules_sha256)),
            ("interrupted", "true or false", isinstance(self.interrupted, bool)),
        ]


def findings_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one line of ``findings.jsonl``.

    >>> findings_schema()["properties"]["status"]["const"]
    'for review'
    """
    file = resources.files("proctor_models.runtime") / "schema" / "findings.schema.json"
    schema: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return schema


def _wrong(where: str, name: str, expected: str, got: object) -> NoReturn:
    raise EvidenceError(f"{where}: {name}: expected {expected}, got {shown(got)}")


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _in(value: object, low: float, high: float) -> bool:
    # The bounds may be fields too, wrong ones included.
    if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in (value, low, high)):
        return False
    return math.isfinite(cast(float, value)) and low <= cast(float, value) <= high


def _maybe(is_gap: bool, value: object, low: float, high: float) -> bool:
    return value is None if is_gap else _in(value, low, high)


def _is_box(box: object) -> bool:
    return isinstance(box, tuple) and len(box) == 4 and all(_in(v, -math.inf, math.inf) for v in box)


def _is_inside(path: object) -> bool:
    """Whether a path stays in the folder on every system: no drive, no root, no way up."""
    return isinstance(path, str) and re.fullmatch(r"(?:[\w-]+/)*[\w-]+\.jpg", path, re.ASCII) is not None


def _are_paths(value: tuple[object, ...]) -> bool:
    return all(_is_inside(path) for path in value) and len(set(value)) == len(value)


def _are_hashes(value: object) -> bool:
    return isinstance(value, dict) and bool(value) and all(_matches(_SHA256, digest) for digest in value.values())
