"""The promotion ledger: which pack was a candidate, shipped or retired, since when, and what was held against it.

One line a promotion in a hash chain (`runtime.chain`), on the disk before `append` returns::

    {"seq", "at", "to", "pack": {version, recipe, manifest_sha256, models}, "by", "gates", "previous", "sha256"}

A pack is named by the hash of its manifest, which lists the hash of every other file. Only the standard library is
needed to read it: no server, no MLflow. What a chain cannot show, that its end was cut off, the registry shows: it
keeps the hash of the last line that it follows (`audit.registry`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from proctor_models.errors import RecordError
from proctor_models.runtime.chain import ChainRead, Line
from proctor_models.runtime.chain_file import ChainFile

PROMOTIONS_FILE = Path("mlflow") / "promotions.jsonl"
OPENING = b'{"seq": '
State = Literal["candidate", "shipped", "retired"]
STATES: tuple[State, ...] = get_args(State)


@dataclass(frozen=True)
class PackName:
    """Which pack."""

    version: str
    recipe: str
    """``name@sha256``."""
    manifest_sha256: str
    models: Mapping[str, str]
    """sha256 by net."""


@dataclass(frozen=True)
class Promotion:
    """One line of the ledger."""

    seq: int
    """Counted from 0."""
    at: str
    """UTC, as in 2026-01-02T03:04:05.678Z."""
    to: State
    pack: PackName
    by: str
    """Who promoted, as the machine knows them."""
    gates: Mapping[str, Any]
    """Every gate with what was wanted and found, exceptions with their reasons, and hashes of what was read."""
    sha256: str
    """Of the line."""

    @property
    def when(self) -> datetime:
        """`at` as a time."""
        return datetime.fromisoformat(self.at)

    @property
    def exceptions(self) -> dict[str, str]:
        """Reasons by the name of the gate that is missed. A pack with any is for research, not for judging exams."""
        rows = self.gates.get("results", ())
        return {str(row["gate"]): str(row["exception"]) for row in rows if row.get("exception")}


def read_promotions(path: Path) -> tuple[Promotion, ...]:
    """All promotions, oldest first; none where there is no file. A line that a kill cut off is left out.

    Raises:
        RecordError: the ledger was changed or cannot be read; the message names the line and what to do.
    """
    return _promotions(path, _chain(path).read())


def standing(promotions: Sequence[Promotion]) -> dict[State, Promotion]:
    """The pack that holds each state after these lines; one that another replaced holds none."""
    held: dict[State, Promotion] = {}
    for one in promotions:
        same = [state for state, other in held.items() if other.pack.manifest_sha256 == one.pack.manifest_sha256]
        for state in same:
            del held[state]
        held[one.to] = one
    return held


def at_time(promotions: Sequence[Promotion], when: datetime) -> dict[State, Promotion]:
    """The pack that held each state at a time; a promotion holds from its very moment on."""
    return standing([one for one in promotions if one.when <= when])


def parse_time(text: str) -> datetime:
    """A time as people write it; without a zone it is UTC, without an hour the day's end.

    Raises:
        ValueError: it is none.

    >>> parse_time("2026-03-01").isoformat(), parse_time("2026-03-01T08:00+08:00").isoformat()
    ('2026-03-01T23:59:59.999000+00:00', '2026-03-01T00:00:00+00:00')
    """
    when = datetime.fromisoformat(text)
    if len(text) <= 10:
        when = when.replace(hour=23, minute=59, second=59, microsecond=999_000)
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)


def append(
    path: Path, to: State, pack: PackName, by: str, gates: Mapping[str, Any], now: datetime | None = None
) -> Promotion:
    """Add a line; it is on the disk when the call returns. What a kill left half-written before it is cut off.

    Raises:
        RecordError: the ledger was changed, another promotion is under way, the clock runs backwards, or the disk
            refuses; nothing is added.
    """
    now = now or datetime.now(UTC)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written ({error.strerror}); check disk and rights") from None
    with _chain(path).adding() as tail:
        known = _promotions(path, tail.read)
        if known and now < known[-1].when:
            raise RecordError(
                f"{path}: at: expected a time after the last promotion's ({known[-1].at}), this clock says "
                f"{now.isoformat()}; set the clock right"
            )
        at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        stated = {"version": pack.version, "recipe": pack.recipe, "manifest_sha256": pack.manifest_sha256}
        fields = {"seq": len(known), "at": at, "to": to, "pack": {**stated, "models": dict(pack.models)}, "by": by}
        (line_sha256,) = tail.add([{**fields, "gates": gates}])
    return Promotion(len(known), at, to, pack, by, json.loads(json.dumps(gates)), line_sha256)


def _chain(path: Path) -> ChainFile:
    changed = "the ledger was changed: bring it back from git or from a copy, nothing is promoted on top of it"
    busy = "another promotion is under way; let it end, then promote again"
    return ChainFile(path, OPENING, RecordError, changed, busy)


def _promotions(path: Path, read: ChainRead) -> tuple[Promotion, ...]:
    return tuple(_promotion(line, f"{path}:{line.number}") for line in read.lines)


def _promotion(line: Line, where: str) -> Promotion:
    raw = line.fields
    pack = raw.get("pack")
    claims = {
        "seq": raw.get("seq") == line.number - 1,
        "at": isinstance(raw.get("at"), str),
        "to": raw.get("to") in STATES,
        "pack": isinstance(pack, dict) and pack.keys() == {"version", "recipe", "manifest_sha256", "models"},
        "by": isinstance(raw.get("by"), str),
        "gates": isinstance(raw.get("gates"), dict),
    }
    for name, sound in claims.items():
        if not sound:
            raise RecordError(
                f"{where}: {name}: expected that of a promotion, got {str(raw.get(name))[:80]!r}; use a version of "
                "this program that knows it"
            )
    return Promotion(raw["seq"], raw["at"], raw["to"], PackName(**raw["pack"]), raw["by"], raw["gates"], line.sha256)
