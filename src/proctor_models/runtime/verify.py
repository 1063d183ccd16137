"""Is the folder of a watched exam as it was written? Every byte of its evidence is held against the ledger.

What this cannot show: a hash chain has no secret. Who may write to the folder can write all of it anew, ledger
included, and who cuts a finished session short and takes out what lay behind the cut leaves what a killed process
would have left (which is why an unfinished session is no good news). Keep the head, printed at the end, where they
cannot reach it (an e-mail to the exam office will do): with it, `verify` proves that all lines up to that head are the
ones written then. Nor can a chain show that a camera showed what was there, or that a clock was right.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from proctor_models.errors import EvidenceError
from proctor_models.runtime.chain import NOTHING_BEFORE, Break, ChainRead, read_chain, sha256
from proctor_models.runtime.decisions import DECISIONS_FILE
from proctor_models.runtime.decisions import OPENING as DECISION
from proctor_models.runtime.entries import (
    EVIDENCE_FOLDER,
    FINDINGS_FILE,
    LEDGER_FILE,
    OPENING,
    SCORES_FILE,
    SESSION_FILE,
    Entry,
    completed,
    entry_of,
    expired_files,
    named_files,
)
from proctor_models.runtime.plain_files import read_plain
from proctor_models.runtime.verdict import Changed, Verdict

MOST_BYTES = 2**30
_KNOWN = {LEDGER_FILE, FINDINGS_FILE, SCORES_FILE, SESSION_FILE, DECISIONS_FILE, EVIDENCE_FOLDER, ".reserve"}
_PART = re.compile(r"\..+\.[0-9a-f]{8}\.part")


def verify(folder: Path, head: str | None = None) -> Verdict:
    """Hold every file of a session against its ledger.

    A folder that is being written may end, or expire, between two files that are read here. So one that seems changed
    is read once more before that is said.

    Args:
        folder: of one watched exam.
        head: hash of a line of the ledger that was kept elsewhere; None where nobody kept one.

    Raises:
        EvidenceError: there is no ledger, or it cannot be read.
    """
    verdict = _verify(folder, head)
    return _verify(folder, head) if verdict.changed else verdict


def _verify(folder: Path, head: str | None) -> Verdict:
    # Before the ledger, so that a line written meanwhile is not taken for one the ledger lacks.
    findings = _read(folder / FINDINGS_FILE)
    try:
        content = read_plain(folder / LEDGER_FILE, MOST_BYTES, links=False)
    except FileNotFoundError:
        raise EvidenceError(
            f"{folder}: expected {LEDGER_FILE}, the ledger of a watched exam, there is none; name the folder that "
            "`proctor watch` wrote, or it was taken out"
        ) from None
    except (OSError, OverflowError) as error:
        raise EvidenceError(f"{folder / LEDGER_FILE}: cannot be read ({error}); check the folder") from None
    read = read_chain(content, opening=OPENING)
    entries, changed = _entries(read)
    if head is not None and head not in {line.sha256 for line in read.lines}:
        what = f"no line has the hash {head}: it was written anew, or cut off before that line"
        changed.append(Changed(LEDGER_FILE, None, 0, len(content), what))
    audit = _Audit(folder, entries, bool(changed), completed(entries) is not None)
    parts = [*audit.files(), *audit.findings(findings), *audit.scores(), *audit.session(), *audit.decisions(read)]
    if read.torn and not read.breaks:
        parts.append(f"{LEDGER_FILE}: a line of which {len(read.torn)} bytes were written, which nobody was told of")
    if not audit.is_complete:
        parts.append(f"{LEDGER_FILE}: the session was not watched to its end, or the ledger's end was cut off")
    changed += [part for part in parts if isinstance(part, Changed)]
    first = min((each.number for each in read.breaks), default=len(entries) + 1)
    return Verdict(
        head=read.head,
        entries=len(entries),
        findings=sum(entry.kind == "closed" for entry in entries),
        files=audit.good_files,
        expired=audit.expired,
        whole_until_s=max((entry.timestamp_s for entry in entries if entry.line.number < first), default=0.0),
        is_complete=audit.is_complete,
        changed=tuple(changed),
        unfinished=tuple(part for part in parts if isinstance(part, str)),
        uncovered=tuple(sorted(_uncovered(folder))),
    )


Part = Changed | str  # a change, or what is only unfinished


@dataclass
class _Audit:
    """The files beside a ledger, one check each."""

    folder: Path
    entries: Sequence[Entry]
    ledger_changed: bool
    """Then what should be there is not known in full, and only what whole lines say is checked."""
    is_complete: bool
    good_files: int = 0
    expired: int = 0

    def files(self) -> Iterator[Part]:
        """Pictures and clips: as they were written, all there, and nothing besides."""
        named, gone = named_files(self.entries), expired_files(self.entries)
        for path, digest in named.items():
            content = _read(self.folder / path)
            if content is None and path in gone and not os.path.lexists(self.folder / path):
                self.expired += 1
            elif content is None:
                yield Changed(path, None, 0, 0, "is missing, or no plain file")
            elif sha256(content) != digest:
                yield Changed(path, None, 0, len(content), "another content than the ledger names")
            elif path in gone:
                yield f"{path}: expired ({gone[path]}), and still there: run `proctor audit expire` again"
            else:
                self.good_files += 1
        for path in [] if self.ledger_changed else sorted(_below(self.folder, EVIDENCE_FOLDER)):
            if path in named:
                continue
            if self.is_complete:
                yield Changed(path, None, 0, _size(self.folder / path), "was put there: the ledger does not name it")
            else:
                yield f"{path}: the ledger does not name it, as of a picture that was being written"

    def findings(self, content: bytes | None) -> Iterator[Part]:
        """Lines of findings.jsonl: those that the ledger says were closed."""
        name = FINDINGS_FILE
        if content is None:
            yield from self._missing(name)
            return
        if self.ledger_changed:
            yield from self._against_end(name, content)
            return
        closed = [entry.content["finding"] for entry in self.entries if entry.kind == "closed"]
        expected = b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in closed)
        if content == expected:
            return
        if not self.is_complete and expected.startswith(content.rstrip(b"\0")):
            lacking = len(closed) - content.count(b"\n")
            yield f"{name}: closed findings that are in the ledger only: {lacking}"
            return
        shorter = min(len(content), len(expected))
        at = next((i for i in range(shorter) if content[i] != expected[i]), shorter)
        start, end = content.rfind(b"\n", 0, at) + 1, content.find(b"\n", at) + 1 or len(content)
        yield Changed(name, content.count(b"\n", 0, at) + 1, start, end, "not the finding that the ledger holds")

    def scores(self) -> Iterator[Part]:
        """Lines of scores.jsonl: as sealed at every checkpoint."""
        content, name = _read(self.folder / SCORES_FILE), SCORES_FILE
        if content is None:
            yield from self._missing(name)
            return
        seals = [(e.content["bytes"], e.content["sha256"]) for e in self.entries if e.kind == "scores"]
        hashed, start = hashlib.sha256(), 0
        for end, digest in seals:
            if len(content) < end:
                yield Changed(name, _line(content, len(content)), len(content), end, "the end was cut off")
                return
            hashed.update(content[start:end])
            if hashed.hexdigest() != digest:
                what = f"not as sealed, up to line {_line(content, end - 1)}; what lies behind is unproven"
                yield Changed(name, _line(content, start), start, end, what)
                return
            start = end
        if len(content) > start and self.is_complete and not self.ledger_changed:
            yield Changed(name, _line(content, start), start, len(content), "lines were added")
        elif len(content) > start and not self.is_complete:
            yield f"{name}: the last {len(content) - start} bytes were not sealed yet"

    def session(self) -> Iterator[Part]:
        """session.json: as it was when the session was complete, and not there before."""
        content = _read(self.folder / SESSION_FILE)
        if self.is_complete and content is None:
            yield from self._missing(SESSION_FILE)
        elif self.is_complete and content is not None:
            yield from self._against_end(SESSION_FILE, content)
        elif os.path.lexists(self.folder / SESSION_FILE):
            yield f"{SESSION_FILE}: is there, but the ledger does not seal it"

    def decisions(self, ledger: ChainRead) -> Iterator[Part]:
        """decisions.jsonl: a chain of its own, which hangs on a line of the ledger."""
        name = DECISIONS_FILE
        if not os.path.lexists(self.folder / name):
            return
        content = _read(self.folder / name)
        if content is None:
            yield Changed(name, None, 0, 0, "is no plain file, or cannot be read")
            return
        alone = read_chain(content)
        first = str(alone.lines[0].fields["previous"]) if alone.lines else NOTHING_BEFORE
        read = read_chain(content, first, opening=DECISION)
        yield from _broken(name, read.breaks)
        known = self.ledger_changed or first in {line.sha256 for line in ledger.lines}
        if read.lines and not read.breaks and not known:
            what = "belongs to another ledger, or lines before it were removed"
            yield Changed(name, 1, 0, read.lines[0].end, what)
        if read.torn and not read.breaks:
            yield f"{name}: a decision of which {len(read.torn)} bytes were written, which nobody was told was saved"

    def _against_end(self, name: str, content: bytes) -> Iterator[Part]:
        """A file as a whole against the ledger's last line, where that is known."""
        end = completed(self.entries)
        if end is not None and sha256(content) != end.content.get(name):
            yield Changed(name, None, 0, len(content), "another content than the ledger names")

    def _missing(self, name: str) -> Iterator[Part]:
        if self.entries:
            yield Changed(name, None, 0, 0, "is missing, or no plain file")


def _entries(read: ChainRead) -> tuple[list[Entry], list[Changed]]:
    """Lines as entries, and where the ledger is none."""
    changed = list(_broken(LEDGER_FILE, read.breaks))
    entries: list[Entry] = []
    for line in read.lines:
        try:
            entry = entry_of(line, LEDGER_FILE)
        except EvidenceError as error:
            if not read.breaks:
                changed.append(Changed(LEDGER_FILE, line.number, line.start, line.end, str(error)))
            continue
        entries.append(entry)
    end = completed(entries)
    inner = [entry for entry in entries if end is not None and entry.seq > end.seq and entry.kind != "expired"]
    if entries and entries[0].kind != "started" and not read.breaks:
        inner.append(entries[0])
    for entry in inner:
        what = "a ledger begins with `started` and ends with `completed`, which only expiries follow"
        changed.append(Changed(LEDGER_FILE, entry.line.number, entry.line.start, entry.line.end, what))
    return entries, changed


def _read(path: Path) -> bytes | None:
    """A file's content; None where there is no plain file."""
    try:
        return read_plain(path, MOST_BYTES, links=False)
    except (OSError, OverflowError):
        return None


def _broken(name: str, breaks: Sequence[Break]) -> Iterator[Changed]:
    for each in breaks:
        yield Changed(name, each.number, each.start, each.end, each.what)


def _below(folder: Path, name: str) -> Iterator[str]:
    """Everything in a folder that is no folder itself; a link counts as what it is, not as where it leads."""
    top = folder / name
    if top.is_symlink() or not top.is_dir():
        return
    for path in top.iterdir():
        if path.is_symlink() or not path.is_dir() or not any(path.iterdir()):
            yield f"{name}/{path.name}"
        else:
            yield from _below(folder, f"{name}/{path.name}")


def _uncovered(folder: Path) -> Iterator[str]:
    for path in folder.iterdir():
        if path.name not in _KNOWN and not _PART.fullmatch(path.name):
            yield path.name


def _size(path: Path) -> int:
    return path.lstat().st_size


def _line(content: bytes, at: int) -> int:
    return content.count(b"\n", 0, at) + 1
