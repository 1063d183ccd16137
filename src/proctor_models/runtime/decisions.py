"""What people decided on the review page: lines of a chain beside the ledger.

A line is ``{"finding", "decision", "note", "decided_at", "previous", "sha256"}``; of several about one finding the last
holds. The first line names the ledger's last line at that time as its `previous`, so that decisions belong to one
ledger, and none can be changed, or taken out from between others, unnoticed. That the latest ones were cut off, or the
file as a whole was removed, nothing shows: file a copy with the evidence when the review is done.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, cast, get_args

from proctor_models.errors import EvidenceError
from proctor_models.runtime.chain import NOTHING_BEFORE
from proctor_models.runtime.chain_file import ChainFile
from proctor_models.runtime.entries import read_ledger

DECISIONS_FILE = "decisions.jsonl"
OPENING = b'{"finding": '
NOTE_MAX = 2000
"""Characters."""
Choice = Literal["confirmed", "dismissed", "open"]
CHOICES: tuple[Choice, ...] = get_args(Choice)


@dataclass(frozen=True)
class Decision:
    """What a person says of one finding; "open" takes an earlier decision back."""

    finding: str
    decision: Choice
    note: str
    decided_at: str
    """UTC, as in 2026-01-02T03:04:05.678Z."""


def decisions_from(raw: object, known: Collection[str]) -> list[Decision]:
    """Check what a page sent: ``{"decisions": [{"finding", "decision", "note"}, ...]}``, decided now.

    Args:
        raw: as read from JSON.
        known: ids of the session's findings.

    Raises:
        EvidenceError: a field is missing, unknown or wrong; the message names it.

    >>> decisions_from({"decisions": [{"finding": "F0001", "decision": "open", "note": ""}]}, {"F0001"})[0].decision
    'open'
    """
    rows = raw.get("decisions") if isinstance(raw, dict) and raw.keys() == {"decisions"} else None
    if not isinstance(rows, list) or not 1 <= len(rows) <= max(1, len(known)):
        raise EvidenceError("decisions: expected a list with at most one for each finding; reload the page")
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    made: list[Decision] = []
    for index, row in enumerate(rows):
        fields = row if isinstance(row, dict) else {}
        claims = {
            "finding": ("a finding of this session", _is_text(fields.get("finding")) and fields["finding"] in known),
            "decision": (f"one of {', '.join(CHOICES)}", fields.get("decision") in CHOICES),
            "note": (f"text of at most {NOTE_MAX} characters", _is_note(fields.get("note"))),
        }
        for name, (expected, sound) in claims.items():
            if not sound:
                got = repr(fields.get(name))[:80]
                raise EvidenceError(f"decisions[{index}].{name}: expected {expected}, got {got}; reload the page")
        if fields.keys() != claims.keys():
            raise EvidenceError(f"decisions[{index}]: expected {', '.join(claims)} and nothing else; reload the page")
        made.append(Decision(fields["finding"], fields["decision"], fields["note"], now))
    return made


def read_decisions(folder: Path) -> dict[str, Decision]:
    """The decision that holds for each finding somebody looked at; empty where nobody has.

    Raises:
        EvidenceError: the file cannot be read or was changed; the message names the line.
    """
    return {each.finding: each for each in every_decision(folder)}


def every_decision(folder: Path) -> tuple[Decision, ...]:
    """Everything that was decided, oldest first: people change their minds, and that stays.

    Raises:
        EvidenceError: as of `read_decisions`.
    """
    chain = _chain(folder)
    return tuple(_decision(line.fields, f"{chain.path}:{line.number}") for line in chain.read().lines)


def append_decisions(folder: Path, decided: Sequence[Decision]) -> None:
    """Add lines; they are on the disk when the call returns. Safe beside other processes that do the same.

    Raises:
        EvidenceError: the file was changed, or the disk refuses; nothing is added.
    """
    names = ("finding", "decision", "note", "decided_at")
    with _chain(folder).adding() as tail:
        head = None if tail.read.lines else _ledger_head(folder)
        tail.add([{name: getattr(each, name) for name in names} for each in decided], head)


def _chain(folder: Path) -> ChainFile:
    # Whether the first line hangs on the ledger is for `proctor audit verify`; here the lines must hold together.
    changed = f"run `proctor audit verify {folder}`"
    return ChainFile(folder / DECISIONS_FILE, OPENING, EvidenceError, changed, hangs_on_another=True)


def _decision(raw: Mapping[str, Any], where: str) -> Decision:
    if not isinstance(raw.get("finding"), str) or raw.get("decision") not in CHOICES or not _is_note(raw.get("note")):
        raise EvidenceError(f"{where}: expected finding, decision and note; use a runtime of the version that wrote it")
    return Decision(raw["finding"], cast(Choice, raw["decision"]), raw["note"], str(raw.get("decided_at", "")))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_note(value: object) -> bool:
    # Half of a surrogate pair, which JSON can spell, could be neither hashed nor written.
    return isinstance(value, str) and len(value) <= NOTE_MAX and not any("\ud800" <= c <= "\udfff" for c in value)


def _ledger_head(folder: Path) -> str:
    entries = read_ledger(folder)
    return entries[-1].line.sha256 if entries else NOTHING_BEFORE
