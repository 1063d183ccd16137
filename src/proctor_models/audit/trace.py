"""`proctor audit trace`: one page from a finding to the frames that trained the nets that found it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor_models.audit.lineage import Words, lineage
from proctor_models.audit.page import data_uri, write_page
from proctor_models.audit.promotions import Promotion, at_time, parse_time, read_promotions
from proctor_models.audit.replay import read_findings
from proctor_models.audit.score_curve import score_curve
from proctor_models.errors import EvidenceError, RecordError
from proctor_models.runtime.decisions import Decision, every_decision
from proctor_models.runtime.entries import Entry, expired_files, named_files, read_ledger
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.verdict import Verdict
from proctor_models.runtime.verify import verify


@dataclass(frozen=True)
class Standing:
    """How a pack stood in the promotion ledger when an exam began."""

    state: str = ""
    line: Promotion | None = None
    missing: Words | None = None


def trace(folder: Path, finding_id: str, out: Path, pack: Path | None, ledger: Path) -> str:
    """Write the page, and say in a line what it could not find.

    Args:
        folder: of a watched exam.
        finding_id: as F0001.
        out: the page.
        pack: the pack; None looks below export/.
        ledger: promotion ledger.

    Raises:
        EvidenceError: there is no such finding, or the folder cannot be read; nothing is written.
        RecordError: the promotion ledger was changed.
    """
    finding = find(folder, finding_id)
    entries = ledger_of(folder)
    verdict, verdict_missing = verdict_of(folder)
    road = lineage(finding.model_sha256, pack)
    manifest = None if road.pack is None else road.pack.name.manifest_sha256
    content = {
        "finding": finding,
        "pictures": _pictures(folder, finding, entries),
        "curve": score_curve(folder, finding),
        "decisions": decided(folder)[finding.id],
        "verdict": verdict,
        "verdict_missing": verdict_missing,
        "lineage": road,
        "promotion": standing_at(ledger, manifest, entries),
    }
    write_page(out, "trace.html", **content)
    holes = [said.en for said in (road.pack_missing, *(net.runs_missing for net in road.nets)) if said is not None]
    holes += [net.data.missing.en for net in road.nets if net.data.missing is not None]
    return f"trace: {out}" + "".join(f"\n  not found: {hole}" for hole in dict.fromkeys(holes))


def find(folder: Path, finding_id: str) -> Finding:
    """The finding of that id.

    Raises:
        EvidenceError: there is none; the message names those there are.
    """
    known = read_findings(folder)
    for finding in known:
        if finding.id == finding_id:
            return finding
    there = ", ".join(each.id for each in known[:12]) or "none"
    more = f" and {len(known) - 12} more" if len(known) > 12 else ""
    raise EvidenceError(f"{folder}: finding: expected one of {there}{more}, got {finding_id!r}")


def ledger_of(folder: Path) -> tuple[Entry, ...]:
    """The entries of an exam's ledger as far as it holds; none where it was changed, which `verdict_of` says."""
    try:
        return read_ledger(folder)
    except EvidenceError:
        return ()


def verdict_of(folder: Path) -> tuple[Verdict | None, Words | None]:
    """What `audit verify` says, or why it cannot."""
    try:
        return verify(folder), None
    except EvidenceError as error:
        return None, Words(f"无法核对账本：{error}", f"the ledger cannot be checked: {error}")


def decided(folder: Path) -> Mapping[str, Sequence[Decision]]:
    """Every decision by finding, oldest first: people change their minds, and that stays.

    Raises:
        EvidenceError: the decisions were changed.
    """
    found: defaultdict[str, list[Decision]] = defaultdict(list)
    for each in every_decision(folder):
        found[each.finding].append(each)
    return found


def standing_at(ledger: Path, manifest_sha256: str | None, entries: Sequence[Entry]) -> Standing:
    """How the pack stood when the exam began.

    Raises:
        RecordError: the promotion ledger was changed.
    """
    if manifest_sha256 is None:
        return Standing(missing=Words("没有模型包，无从查起", "without the pack there is nothing to look up"))
    if not ledger.is_file():
        return Standing(missing=Words(f"没有发布账本 {ledger}", f"there is no promotion ledger {ledger}"))
    if not entries:
        return Standing(missing=Words("考试账本没有开始时间", "the exam's ledger does not say when it began"))
    try:
        held = at_time(read_promotions(ledger), parse_time(entries[0].at))
    except ValueError as error:
        raise RecordError(f"{ledger}: {error}") from None
    for state, line in held.items():
        if line.pack.manifest_sha256 == manifest_sha256:
            return Standing(state, line)
    shipped = held.get("shipped")
    version = shipped.pack.version if shipped else "none"
    return Standing(
        missing=Words(
            f"考试开始时该模型包未处于任何发布状态；当时发布的是 {version}",
            f"when the exam began this pack was neither candidate, shipped nor retired; shipped was {version}",
        )
    )


def pictures_of(finding: Finding) -> tuple[str, ...]:
    """Paths of a finding's pictures, the marked one first."""
    return tuple(filter(None, (finding.marked, *finding.evidence)))


def _pictures(folder: Path, finding: Finding, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    gone, named = expired_files(entries), named_files(entries)
    clips = [e.content["path"] for e in entries if e.kind == "clip" and e.content["finding"] == finding.id]
    return [
        {
            "path": path,
            "uri": data_uri(folder, path),
            "sha256": named.get(path, ""),
            "reason": gone.get(path, ""),
        }
        for path in (*pictures_of(finding), *clips)
    ]
