"""Lines of a ledger, read back: what the report page, the audit and a restart go by.

started    pack, rules, thresholds, views, snapshot_seed
opened     finding (as it stood), pictures {path: sha256}
closed     finding (whole), pictures {path: sha256}
snapshot   view, path, sha256
clip       finding (its id), path, sha256
present    view, timestamp_s, spans [[since_s, until_s]]: when frames came before that time and were not analysed
scores     bytes, sha256: scores.jsonl from its start up to there
event      event (its kind, see `runtime.events`), timestamp_s, view, detail
resumed    from_s, to_s (the gap), what was cut off and what was left over
completed  sha256 of session.json, findings.jsonl and scores.jsonl
expired    files {path: {sha256, reason}} that were deleted by a policy; may follow `completed`
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from proctor_models.errors import EvidenceError
from proctor_models.runtime.chain import Line, read_chain

LEDGER_FILE = "ledger.jsonl"
SESSION_FILE = "session.json"
FINDINGS_FILE = "findings.jsonl"
SCORES_FILE = "scores.jsonl"
EVIDENCE_FOLDER = "evidence"
OPENING = b'{"seq": '
_PATH = re.compile(rf"{EVIDENCE_FOLDER}/[\w.-]+", re.ASCII)
EntryKind = Literal[
    "started",
    "opened",
    "closed",
    "snapshot",
    "clip",
    "present",
    "scores",
    "event",
    "resumed",
    "completed",
    "expired",
]
ENTRY_KINDS: tuple[EntryKind, ...] = get_args(EntryKind)


_HAVE: dict[EntryKind, dict[str, type]] = {
    "started": {"snapshot_seed": str},
    "opened": {"finding": dict, "pictures": dict},
    "closed": {"finding": dict, "pictures": dict},
    "snapshot": {"view": str, "timestamp_s": float, "path": str, "sha256": str},
    "clip": {"finding": str, "path": str, "sha256": str},
    "present": {"view": str, "timestamp_s": float, "spans": list},
    "scores": {"bytes": int, "sha256": str},
    "event": {"event": str},
    "resumed": {"snapshot_seed": str, "left_over": dict},
    "completed": {SESSION_FILE: str, FINDINGS_FILE: str, SCORES_FILE: str},
    "expired": {"files": dict},
}
"""What readers go by, so that a ledger of another make is refused and not stumbled over."""


@dataclass(frozen=True)
class Entry:
    """One line of a ledger."""

    seq: int
    """Counted from 0."""
    kind: EntryKind
    at: str
    """Wall clock when it was written, UTC, as in 2026-01-02T03:04:05.678Z."""
    timestamp_s: float
    """Seconds on the exam's clock."""
    content: Mapping[str, Any]
    line: Line


def read_ledger(folder: Path) -> tuple[Entry, ...]:
    """All entries of a session's ledger in the order they were written; a torn end is left out.

    None for a folder that was written before there were ledgers.

    Raises:
        EvidenceError: the ledger cannot be read, or was changed; the message names the line.
    """
    path = folder / LEDGER_FILE
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read ({error.strerror}); check the folder's permissions") from None
    read = read_chain(content, opening=OPENING)
    for broken in read.breaks:
        raise EvidenceError(f"{path}:{broken.number}: {broken.what}; run `proctor audit verify {folder}`")
    return tuple(entry_of(line, str(path)) for line in read.lines)


def entry_of(line: Line, where: str) -> Entry:
    """A line of a chain as an entry of a ledger.

    Raises:
        EvidenceError: it is another kind of line; the message names the field.
    """
    raw = line.fields
    claims = {
        "seq": raw.get("seq") == line.number - 1,
        "kind": raw.get("kind") in ENTRY_KINDS,
        "at": isinstance(raw.get("at"), str),
        "timestamp_s": isinstance(raw.get("timestamp_s"), int | float),
        "content": isinstance(raw.get("content"), dict),
    }
    for name, sound in claims.items():
        if not sound:
            raise EvidenceError(
                f"{where}:{line.number}: {name}: expected that of a ledger's line, got {str(raw.get(name))[:80]!r}; "
                "use a runtime of the version that wrote it"
            )
    for name, kind in _HAVE[raw["kind"]].items():
        if not isinstance(raw["content"].get(name), kind):
            raise EvidenceError(
                f"{where}:{line.number}: content.{name}: expected {kind.__name__}, got "
                f"{str(raw['content'].get(name))[:80]!r}; use a runtime of the version that wrote it"
            )
    if raw["kind"] == "present":
        for span in raw["content"]["spans"]:
            if not _is_span(span):
                raise EvidenceError(
                    f"{where}:{line.number}: content.spans: expected [since_s, until_s] each, got {str(span)[:80]!r}; "
                    "use a runtime of the version that wrote it"
                )
    return Entry(raw["seq"], raw["kind"], raw["at"], float(raw["timestamp_s"]), raw["content"], line)


def _is_span(span: object) -> bool:
    if not (isinstance(span, list) and [type(edge_s) for edge_s in span] == [float, float]):
        return False
    return math.isfinite(span[0]) and math.isfinite(span[1]) and span[0] <= span[1]


def named_files(entries: Iterable[Entry]) -> dict[str, str]:
    """sha256 of every file in evidence/ that a ledger names, by its path.

    Raises:
        EvidenceError: a path leads elsewhere.
    """
    named: dict[str, str] = {}
    for entry in entries:
        content = entry.content
        if entry.kind in ("snapshot", "clip"):
            named[content["path"]] = content["sha256"]
        elif entry.kind in ("opened", "closed", "resumed"):
            named |= content.get("pictures", {}) | content.get("left_over", {})
    for path in named:
        if not _PATH.fullmatch(path):
            raise EvidenceError(f"{LEDGER_FILE}: path: expected a file in {EVIDENCE_FOLDER}/, got {path!r:.80}")
    return named


def expired_files(entries: Iterable[Entry]) -> dict[str, str]:
    """Reason by path of every file that a ledger says was deleted by a policy."""
    gone: dict[str, str] = {}
    for entry in entries:
        if entry.kind == "expired":
            files = entry.content["files"].items()
            gone |= {path: str(said.get("reason", "")) if isinstance(said, dict) else "" for path, said in files}
    return gone


def completed(entries: Iterable[Entry]) -> Entry | None:
    """The entry that ends the watching; None where it was cut off. Only expiries may follow it."""
    return next((entry for entry in entries if entry.kind == "completed"), None)
