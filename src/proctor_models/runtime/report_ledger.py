"""Reads and checks the folder a watched exam leaves behind, before any of it is shown to a person.

The folder holds `session.json`, `findings.jsonl`, `scores.jsonl` and `evidence/`. Only fields named
here are read; everything else in the lines is left alone.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from proctor_models.errors import EvidenceError
from proctor_models.runtime import strict_json
from proctor_models.runtime.entries import FINDINGS_FILE, LEDGER_FILE, SCORES_FILE, SESSION_FILE
from proctor_models.runtime.evidence import SESSION_SCHEMA
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.report_curves import Track
from proctor_models.types import VIEWS

_AGAIN = "run `proctor watch` again"
_GO_ON = (
    "the exam was not watched to its end: watch the recording again, or close a live one with "
    "`proctor watch --resume --for 1`"
)
Raw = Mapping[str, Any]


@dataclass(frozen=True)
class Recording:
    """What was watched of one view."""

    file_name: str
    """As the recording was called: untrusted text."""
    duration_s: float
    resolution_wh: tuple[float, ...]
    frames_analysed: int
    frames_undecodable: int
    """Frames that the recording holds but that could not be read."""


@dataclass(frozen=True)
class Snapshot:
    """A frame kept at random, whether or not anything was found in it."""

    view: str
    timestamp_s: float
    path: str


@dataclass(frozen=True)
class Session:
    """The exam as a whole."""

    views: dict[str, Recording]
    pack_version: str
    models: dict[str, str]
    """sha256 by net."""
    rules_name: str
    rules_sha256: str
    title: dict[str, str]
    """Of the rule set, by language."""
    duration_s: float
    rate_hz: float
    thresholds: dict[str, float]
    """By detector, as shipped with the pack."""
    snapshots: tuple[Snapshot, ...]


@dataclass(frozen=True)
class Exam:
    """One watched exam, checked."""

    session: Session
    findings: tuple[Finding, ...]
    """By start time."""
    times_s: dict[str, list[float]]
    """Analysed frames by view."""
    tracks: dict[tuple[str, str], Track]
    """Scores by (detector, view)."""
    sha256: dict[str, str]
    """Hash of each file read."""

    @property
    def horizon_s(self) -> float:
        """End of the time axis: a gap may reach past what was recorded, to the end a header promised."""
        return max([self.session.duration_s, *(finding.end_s for finding in self.findings)])


def read_exam(folder: Path) -> Exam:
    """Read the three files in `folder`.

    Raises:
        EvidenceError: a file is missing, half-written or of another schema, or a field is wrong; the
            message names file, line and field.
    """
    contents = {name: _bytes(folder / name) for name in (SESSION_FILE, FINDINGS_FILE, SCORES_FILE)}
    session = _session(_object(contents[SESSION_FILE], SESSION_FILE))
    lines = _lines(contents[FINDINGS_FILE], FINDINGS_FILE)
    findings = [Finding.from_json(line.decode("utf-8", "replace"), where) for line, where in lines]
    _refuse_repeated(findings)
    findings.sort(key=lambda finding: (finding.start_s, finding.id))
    times_s, tracks = _scores(_lines(contents[SCORES_FILE], SCORES_FILE))
    sha256 = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    return Exam(session, tuple(findings), times_s, tracks, sha256)


def evidence_path(folder: Path, name: str, where: str) -> Path:
    """The file behind an evidence entry, which may not exist.

    Raises:
        EvidenceError: `name` leads out of `folder`, through a link for example, or is none that a file can have.
    """
    path = folder / name
    if "\0" in name or not path.resolve().is_relative_to(folder.resolve()):
        _wrong(where, "evidence", "a path inside the folder", name)
    return path


def _session(raw: Raw) -> Session:
    where = SESSION_FILE
    _schema(raw, SESSION_SCHEMA, where)
    if raw.get("complete") is not True:
        _wrong(where, "complete", "true: the recordings were watched to their end", raw.get("complete"))
    views = {name: _recording(view, f"{where}: views.{name}") for name, view in _mapping(raw, "views", where).items()}
    if not views or not set(views) <= set(VIEWS):
        _wrong(where, "views", f"one or more of {', '.join(VIEWS)}", sorted(views))
    pack, rules = _mapping(raw, "pack", where), _mapping(raw, "rules", where)
    models, thresholds = _mapping(pack, "models", f"{where}: pack"), _mapping(raw, "thresholds", where)
    return Session(
        views=views,
        pack_version=_text(pack, "version", f"{where}: pack"),
        models={name: _text(models, name, f"{where}: pack.models") for name in sorted(models)},
        rules_name=_text(rules, "name", f"{where}: rules"),
        rules_sha256=_text(rules, "sha256", f"{where}: rules"),
        title=_bilingual(rules, "title", f"{where}: rules"),
        duration_s=_number(raw, "duration_s", where),
        rate_hz=_number(raw, "rate_hz", where, above=0.0),
        thresholds={name: _number(thresholds, name, f"{where}: thresholds") for name in thresholds},
        snapshots=tuple(_snapshot(each, f"{where}: snapshots") for each in raw.get("snapshots") or ()),
    )


def _recording(raw: object, where: str) -> Recording:
    if not isinstance(raw, dict):
        _wrong(where, "view", "an object", raw)
    return Recording(
        file_name=_text(raw, "file_name", where),
        duration_s=_number(raw, "duration_s", where),
        resolution_wh=_numbers(raw.get("resolution_wh"), "resolution_wh", where, 2),
        frames_analysed=int(_number(raw, "frames_analysed", where)),
        frames_undecodable=int(_number_or_none(raw, "frames_undecodable", where) or 0),
    )


def _snapshot(raw: object, where: str) -> Snapshot:
    if not isinstance(raw, dict):
        _wrong(where, "snapshot", "an object", raw)
    return Snapshot(_choice(raw, "view", where, VIEWS), _number(raw, "timestamp_s", where), _text(raw, "path", where))


def _refuse_repeated(findings: list[Finding]) -> None:
    seen: set[str] = set()
    for number, finding in enumerate(findings, start=1):
        if finding.id in seen:
            _wrong(f"{FINDINGS_FILE}:{number}", "id", "an id used once", finding.id)
        seen.add(finding.id)


def _scores(lines: Iterator[tuple[bytes, str]]) -> tuple[dict[str, list[float]], dict[tuple[str, str], Track]]:
    times_s: dict[str, list[float]] = {}
    collected: dict[tuple[str, str], tuple[list[float], list[float | None]]] = {}
    for line, where in lines:
        raw = _object(line, where)
        view, time_s = _choice(raw, "view", where, VIEWS), _number(raw, "timestamp_s", where)
        seen = times_s.setdefault(view, [])
        if seen and time_s < seen[-1]:  # two frames may come in the same millisecond
            _wrong(where, "timestamp_s", f"not before {seen[-1]} of the same view", time_s)
        seen.append(time_s)
        scores = _mapping(raw, "scores", where)
        for detector in scores:
            times, values = collected.setdefault((detector, view), ([], []))
            times.append(time_s)
            values.append(_number_or_none(scores, detector, where))
    return times_s, {key: Track(*pair) for key, pair in sorted(collected.items())}


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        is_cut_off = path.name == SESSION_FILE and (path.parent / LEDGER_FILE).exists()
        what_to_do = _GO_ON if is_cut_off else _AGAIN
        raise EvidenceError(f"{path}: cannot be read ({error.strerror}); {what_to_do}") from None


def _object(content: bytes, where: str) -> Raw:
    try:
        raw = strict_json.loads(content)
    except ValueError as error:
        raise EvidenceError(f"{where}: half-written or not JSON ({error}); {_AGAIN}") from None
    if not isinstance(raw, dict):
        _wrong(where, "line", "an object", raw)
    return raw


def _lines(content: bytes, name: str) -> Iterator[tuple[bytes, str]]:
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            yield line, f"{name}:{number}"


def _wrong(where: str, field: str, expected: str, got: object) -> NoReturn:
    raise EvidenceError(f"{where[:160]}: {field[:80]}: expected {expected}, got {str(got)[:80]!r}; {_AGAIN}")


def _schema(raw: Raw, expected: str, where: str) -> None:
    if raw.get("schema") != expected:
        _wrong(where, "schema", repr(expected), raw.get("schema"))


def _text(raw: Raw, field: str, where: str) -> str:
    value = raw.get(field)
    if not isinstance(value, str) or not value:
        _wrong(where, field, "text", value)
    return value


def _number(raw: Raw, field: str, where: str, above: float = -1e-9) -> float:
    value = raw.get(field)
    if not isinstance(value, int | float) or not _is_finite(value) or value <= above:
        _wrong(where, field, "a number, 0 or more" if above < 0 else f"a number above {above:g}", value)
    return round(max(0.0, float(value)), 4)


def _number_or_none(raw: Raw, field: str, where: str) -> float | None:
    return None if raw.get(field) is None else _number(raw, field, where)


def _numbers(values: object, field: str, where: str, count: int) -> tuple[float, ...]:
    if not isinstance(values, list) or len(values) != count or not all(_is_finite(value) for value in values):
        _wrong(where, field, f"{count} numbers", values)
    return tuple(round(float(value), 2) for value in values)


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _choice(raw: Raw, field: str, where: str, known: tuple[str, ...]) -> str:
    value = raw.get(field)
    if value not in known:
        _wrong(where, field, f"one of {', '.join(known)}", value)
    return str(value)


def _mapping(raw: Raw, field: str, where: str) -> dict[str, Any]:
    value = raw.get(field)
    if not isinstance(value, dict):
        _wrong(where, field, "an object", value)
    return value


def _bilingual(raw: Raw, field: str, where: str) -> dict[str, str]:
    pair = _mapping(raw, field, where)
    return {language: _text(pair, language, f"{where}: {field}") for language in ("zh", "en")}
