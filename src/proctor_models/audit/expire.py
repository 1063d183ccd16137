"""`proctor audit expire`: evidence goes when the policy says so, and that it went stays in the chain.

The entry is on the disk before the first file is deleted. A process that is killed in between leaves files that the
ledger says are gone: `proctor audit verify` calls that unfinished, and running this again deletes them. Lines are never
deleted: that there was a finding, when, under which rule and with which score, stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from proctor_models.audit.retention import Policy, load_policy
from proctor_models.errors import EvidenceError
from proctor_models.files import sync_folder
from proctor_models.runtime.chain import seal
from proctor_models.runtime.clips import CLIP_SUFFIX
from proctor_models.runtime.decisions import Decision, read_decisions
from proctor_models.runtime.durable import AppendFile
from proctor_models.runtime.entries import (
    EVIDENCE_FOLDER,
    LEDGER_FILE,
    Entry,
    completed,
    expired_files,
    named_files,
    read_ledger,
)
from proctor_models.runtime.report import PAGE_FILE, render
from proctor_models.runtime.verify import verify

_FINDING = re.compile(r"evidence/(F[0-9]{4,})(?![0-9])")


@dataclass(frozen=True)
class Expiry:
    """What went, or would go."""

    folder: Path
    files: Mapping[str, str]
    """Reason by path of what expires now."""
    finished: tuple[str, ...]
    """What an earlier run said is gone and left there."""
    kept: int
    """Pictures and clips that stay."""
    is_dry: bool

    def to_text(self) -> str:
        """For people."""
        verb = "would expire" if self.is_dry else "expired"
        lines = [f"{self.folder}: {len(self.files)} files {verb}, {self.kept} stay"]
        lines += [f"  {path}: {reason}" for path, reason in self.files.items()]
        lines += [f"  {path}: expired before, deleted now" for path in self.finished]
        return "\n".join(lines)


def expire(folder: Path, policy: Path, now: datetime | None = None, *, dry_run: bool = False) -> Expiry:
    """Delete what has outlived the policy and record it; done again, it finishes what was cut off.

    Args:
        folder: of a watched exam, whole or cut short, that nobody is watching right now.
        policy: configs/audit/retention.yaml, or the same as JSON.
        now: the time to reckon from; None for this moment.
        dry_run: only say what would go.

    Raises:
        ConfigError: the policy cannot be read.
        EvidenceError: the folder was changed since it was written, is being written, or the disk refuses.
    """
    rules = load_policy(policy)
    now = now or datetime.now(UTC)
    for change in verify(folder).changed:
        raise EvidenceError(f"{folder}: was changed, so nothing is deleted from it: {change}; look into that first")
    entries = read_ledger(folder)
    if (folder / EVIDENCE_FOLDER).is_symlink():
        raise EvidenceError(f"{folder / EVIDENCE_FOLDER}: expected a folder, got a link; nothing is deleted through it")
    named = named_files(entries)  # only what the ledger named as evidence is ever deleted, whatever an entry says
    gone = [path for path in expired_files(entries) if path in named]
    left = {path: digest for path, digest in named.items() if path not in gone}
    due = dict(_due(entries, left, read_decisions(folder), rules, now))
    unfinished = tuple(sorted(path for path in gone if (folder / path).exists()))
    found = Expiry(folder, due, unfinished, len(left) - len(due), dry_run)
    if not dry_run and (due or unfinished):
        _delete(folder, entries, {path: (left[path], reason) for path, reason in due.items()}, unfinished, rules)
    return found


def _due(
    entries: Sequence[Entry],
    left: Mapping[str, str],
    decisions: Mapping[str, Decision],
    policy: Policy,
    now: datetime,
) -> Iterator[tuple[str, str]]:
    """Paths that have outlived the policy, with the reason."""
    ended = datetime.fromisoformat((completed(entries) or entries[-1]).at)
    severity = {
        entry.content["finding"]["id"]: str(entry.content["finding"]["severity"])
        for entry in entries
        if entry.kind in ("opened", "closed")
    }
    snapshots = {entry.content["path"] for entry in entries if entry.kind == "snapshot"}
    for path in left:
        named = _FINDING.match(path)
        finding = named[1] if named else None
        if path in snapshots or finding is None or finding not in severity:
            since, days, what = ended, policy.snapshots_days, "a random snapshot, or a picture of no finding"
        else:
            decision = decisions.get(finding)
            choice = decision.decision if decision else "open"
            kind = "clips" if path.endswith(CLIP_SUFFIX) else "pictures"
            decided = datetime.fromisoformat(decision.decided_at) if decision and choice != "open" else ended
            since, days = max(ended, decided), policy.days(kind, choice, severity[finding])
            what = f"of {finding}, {choice}, {severity[finding]}"
        if days is not None and now - since > timedelta(days=days):
            yield path, f"{what}: kept {days:g} days from {since.date().isoformat()}"


def _delete(
    folder: Path,
    entries: Sequence[Entry],
    due: Mapping[str, tuple[str, str]],
    unfinished: Sequence[str],
    policy: Policy,
) -> None:
    had_page = (folder / PAGE_FILE).is_file()
    try:
        if due:
            _record(folder, entries, due, policy)
        # Pictures lie in the page, too: it goes first, and is made anew without them.
        (folder / PAGE_FILE).unlink(missing_ok=True)
        for path in (*due, *unfinished):
            (folder / path).unlink(missing_ok=True)
        sync_folder(folder / EVIDENCE_FOLDER)
        sync_folder(folder)
    except OSError as error:
        raise EvidenceError(
            f"{error.filename or folder}: cannot be deleted or recorded ({error.strerror or error}); check disk and "
            "rights, then run `proctor audit expire` again"
        ) from None
    if had_page and completed(entries) is not None:
        render(folder)


def _record(folder: Path, entries: Sequence[Entry], due: Mapping[str, tuple[str, str]], policy: Policy) -> None:
    """Put the entry on the disk."""
    path = folder / LEDGER_FILE
    file = AppendFile(path, resume=True)
    try:
        try:
            file.lock()
        except BlockingIOError:
            raise EvidenceError(f"{folder}: another process watches this exam right now; let it end first") from None
        if len(read_ledger(folder)) != len(entries):
            raise EvidenceError(f"{folder}: the ledger grew meanwhile; run `proctor audit expire` again")
        end = entries[-1].line.end
        if path.stat().st_size != end:
            file.cut(end)  # what a killed process left half-written, which nobody was told of
        files = {name: {"sha256": digest, "reason": reason} for name, (digest, reason) in due.items()}
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields = {"seq": len(entries), "kind": "expired", "at": at, "timestamp_s": entries[-1].timestamp_s}
        content = {"policy": policy.name, "policy_sha256": policy.sha256, "files": files}
        file.append(seal({**fields, "content": json.loads(json.dumps(content))}, entries[-1].line.sha256))
    finally:
        file.close()
