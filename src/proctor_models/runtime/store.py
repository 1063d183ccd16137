"""The files of a watched exam, written in the order that keeps every line true: picture, ledger, findings.

What the disk refuses is an OSError that names the file; what was put whole before stays, and the same entry can be
put again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from proctor_models.errors import EvidenceError
from proctor_models.files import sync_folder, write_bytes
from proctor_models.runtime.chain import NOTHING_BEFORE, seal, sha256
from proctor_models.runtime.durable import AppendFile, naming, write_durable
from proctor_models.runtime.entries import EVIDENCE_FOLDER, FINDINGS_FILE, LEDGER_FILE, SCORES_FILE, EntryKind
from proctor_models.runtime.findings import Finding


@dataclass
class Pending:
    """An entry on its way to the disk."""

    kind: EntryKind
    timestamp_s: float
    content: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    """Pictures or a clip by path: on the disk before the entry is."""
    finding: Finding | None = None
    """Of an opened or closed one; a closed one has a line in findings.jsonl too."""
    is_sealed: bool = False
    """The ledger has it, only findings.jsonl still lacks it."""

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(map(len, self.files.values()))

    def without_files(self) -> None:
        """Give the pictures up: what is written then names none."""
        self.files = {}
        if self.finding is not None:
            self.finding = self.finding.without_pictures()


class Store:
    """Open files of one session."""

    def __init__(self, folder: Path, *, resume: bool = False) -> None:
        """Make the files in a folder that has none of them; or open them, to `resume`.

        Raises:
            OSError: the disk refuses, or another process writes this session.
        """
        self.folder = folder
        self.head, self.seq = NOTHING_BEFORE, 0
        self.hashes: dict[str, str] = {}
        """sha256 of each file in evidence/ that the ledger names."""
        self.snapshots: list[dict[str, object]] = []
        """Those in the ledger: view, timestamp_s, path."""
        with naming(folder):
            (folder / EVIDENCE_FOLDER).mkdir(parents=True, exist_ok=resume)
        with ExitStack() as opened:  # closes what was opened where something after it fails
            self.chain = self._append_file(LEDGER_FILE, resume, opened)
            self.chain.lock()
            self.lines = self._append_file(FINDINGS_FILE, resume, opened)
            self.scores = self._append_file(SCORES_FILE, resume, opened)
            sync_folder(folder)
            sync_folder(folder.parent)
            opened.pop_all()

    def put(self, entry: Pending) -> None:
        """Put an entry on the disk: its files, its line in the ledger, and that of a closed finding.

        Raises:
            OSError: the disk refuses; putting the same entry again goes on where this stopped.
            EvidenceError: a file of that name with another content is evidence already.
        """
        if not entry.is_sealed:
            self._put_files(entry.files)
            content = _content(entry)
            self.seal(entry.kind, entry.timestamp_s, content)
            entry.is_sealed = True
            if entry.kind == "snapshot":
                self.snapshots.append({name: content[name] for name in ("view", "timestamp_s", "path")})
        if entry.kind == "closed" and entry.finding is not None:
            self.lines.append(entry.finding.to_json().encode() + b"\n")

    def seal(self, kind: EntryKind, timestamp_s: float, content: Mapping[str, Any]) -> None:
        """Append one line to the chain.

        Raises:
            OSError: the disk refuses; the ledger is as it was.
        """
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields = {"seq": self.seq, "kind": kind, "at": at, "timestamp_s": timestamp_s, "content": content}
        line = seal(fields, self.head)
        self.chain.append(line)
        self.head, self.seq = sha256(line[:-1]), self.seq + 1

    def put_whole(self, name: str, content: bytes) -> None:
        """Write a file beside the ledger, all of it or nothing.

        Raises:
            OSError: the disk refuses.
        """
        write_durable(self.folder / name, content)

    def close(self) -> None:
        """Put on the disk what is not there yet, and let go; calling it again does nothing.

        Raises:
            OSError: the disk refuses; all files are let go of all the same.
        """
        try:
            for file in (self.scores, self.lines, self.chain):
                if not file.closed:
                    file.sync()
        finally:
            for file in (self.scores, self.lines, self.chain):
                file.close()

    def _append_file(self, name: str, resume: bool, opened: ExitStack) -> AppendFile:
        file = AppendFile(self.folder / name, resume=resume)
        opened.callback(file.close)
        return file

    def _put_files(self, files: Mapping[str, bytes]) -> None:
        digests = {path: sha256(content) for path, content in files.items()}
        for path, digest in digests.items():
            if self.hashes.get(path, digest) != digest:
                raise EvidenceError(
                    f"{self.folder / path}: expected a name for each picture, this one holds another; evidence is "
                    "never overwritten: let the monitor count on from `Ledger.next_number`"
                )
        for path, content in files.items():
            if path not in self.hashes:
                with naming(self.folder / path):
                    write_bytes(self.folder / path, content)
        with naming(self.folder / EVIDENCE_FOLDER):
            sync_folder(self.folder / EVIDENCE_FOLDER)
        self.hashes |= digests


def _content(entry: Pending) -> dict[str, Any]:
    """What the ledger's line says of an entry, the hashes of its files included."""
    hashes = {path: sha256(content) for path, content in entry.files.items()}
    if entry.finding is not None:
        return {"finding": json.loads(entry.finding.to_json()), "pictures": hashes, **entry.content}
    if entry.kind in ("snapshot", "clip"):
        ((path, digest),) = hashes.items()
        return {"path": path, "sha256": digest, **entry.content}
    return entry.content
