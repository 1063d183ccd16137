"""The folder a watched exam leaves behind, written as the exam goes.

    ledger.jsonl      what happened, in a hash chain (`runtime.chain`): each line is on the disk before the call returns
    session.json      what was watched with which pack and rules; a folder that has it is whole
    findings.jsonl    one line a closed finding, the same as in the ledger; see `runtime.findings`
    scores.jsonl      one line an analysed frame: {view, timestamp_s, scores: {detector: number or null}}
    evidence/         pictures and clips of findings, and the random snapshots

A picture is on the disk before the line that names it, so a line never names a picture that is not there. A run that
is killed keeps every finding opened or closed so far, and lacks session.json. A run of a recording that fails before
anything was found leaves no folder.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from proctor_models.errors import EvidenceError
from proctor_models.runtime.chain import NOTHING_BEFORE, seal, sha256
from proctor_models.runtime.durable import AppendFile, write_durable
from proctor_models.runtime.entries import LEDGER_FILE
from proctor_models.runtime.events import Event
from proctor_models.runtime.monitor import EVIDENCE_FOLDER, Reported, Step

SESSION_FILE = "session.json"
FINDINGS_FILE = "findings.jsonl"
SCORES_FILE = "scores.jsonl"
SESSION_SCHEMA = "proctor-session/1"
CHECKPOINT_S = 60.0
"""Exam time after which scores are sealed, if no finding came before."""


class Ledger:
    """Writes one session; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        """Take a folder that is absent or empty.

        Raises:
            EvidenceError: the folder holds something, or cannot be written.
        """
        self.folder = folder
        self.findings = 0
        """Findings closed so far."""
        self.snapshots: list[dict[str, object]] = []
        """Snapshots written so far: view, timestamp_s, path."""
        self.seed = secrets.token_hex(16)
        """128 random bits that set the times of the snapshots: nobody can foresee them, an auditor can follow them."""
        self.next_number = 1
        """Number of the next finding to open."""
        self._head, self._seq = NOTHING_BEFORE, 0
        self._timestamp_s = self._sealed_s = 0.0
        self._sealed_bytes = 0
        self._made_folder = not folder.exists()
        with _disk(folder):
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise EvidenceError(
                    f"{folder}: expected a new or empty folder, this one holds something; evidence is never "
                    "overwritten: choose another folder, or move this one away"
                )
            (folder / EVIDENCE_FOLDER).mkdir(parents=True)
            self._chain = AppendFile(folder / LEDGER_FILE)
            self._lines = AppendFile(folder / FINDINGS_FILE)
            self._scores = AppendFile(folder / SCORES_FILE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if error is not None and not self.findings and not self.snapshots:
            self._discard()

    @property
    def head(self) -> str:
        """Hash of the ledger's last line: kept elsewhere, it guards the whole ledger against being written anew."""
        return self._head

    def start(self, content: Mapping[str, Any]) -> None:
        """Say what the exam is watched with (pack, rules, thresholds, views); before anything else.

        Raises:
            EvidenceError: the disk is full or the folder gone.
        """
        self._seal("started", {**content, "snapshot_seed": self.seed})

    def step(self, view: str, timestamp_s: float, step: Step) -> None:
        """Write what one frame brought.

        Raises:
            EvidenceError: the disk is full or the folder gone.
        """
        self._timestamp_s = max(self._timestamp_s, round(timestamp_s, 3))
        scores = {name: None if score is None else round(score, 4) for name, score in step.scores.items()}
        line = json.dumps({"view": view, "timestamp_s": round(timestamp_s, 3), "scores": scores}, allow_nan=False)
        with _disk(self.folder / SCORES_FILE):
            self._scores.append(line.encode() + b"\n", sync=False)
        for reported in step.reported:
            self.report(reported)
        if step.snapshot is not None:
            path = f"{EVIDENCE_FOLDER}/snapshot-{view}-{round(timestamp_s * 1000):09d}ms.jpg"
            digest = self._picture(path, step.snapshot)
            self._seal("snapshot", {"path": path, "sha256": digest, "view": view})
            self.snapshots.append({"view": view, "timestamp_s": round(timestamp_s, 3), "path": path})
        if self._timestamp_s - self._sealed_s >= CHECKPOINT_S:
            self._seal_scores()

    def report(self, reported: Reported) -> None:
        """Put one closed finding on the disk, its pictures first.

        Raises:
            EvidenceError: the disk is full or the folder gone.
        """
        finding = reported.finding
        pictures = {path: self._picture(path, jpeg) for path, jpeg in reported.pictures.items()}
        line = finding.to_json()
        self._seal("closed", {"finding": json.loads(line), "pictures": pictures})
        with _disk(self.folder / FINDINGS_FILE):
            self._lines.append(line.encode() + b"\n")
        self.findings += 1
        self._seal_scores()

    def event(self, event: Event) -> None:
        """Write what happened to the watching.

        Raises:
            EvidenceError: the disk is full or the folder gone.
        """
        self._timestamp_s = max(self._timestamp_s, round(event.timestamp_s, 3))
        at_s, detail = round(event.timestamp_s, 3), dict(event.detail)
        self._seal("event", {"event": event.kind, "timestamp_s": at_s, "view": event.view, "detail": detail})

    def complete(self, session: Mapping[str, Any]) -> None:
        """Seal the scores, write session.json, and close the ledger: the mark that nothing is missing.

        Raises:
            EvidenceError: the disk is full or the folder gone.
        """
        whole = {"schema": SESSION_SCHEMA, **session, "snapshots": self.snapshots, "complete": True}
        text = json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False).encode() + b"\n"
        self._seal_scores()
        write_atomic(self.folder / SESSION_FILE, text)
        hashes = {SESSION_FILE: sha256(text), FINDINGS_FILE: self._lines.sha256, SCORES_FILE: self._scores.sha256}
        self._seal("completed", hashes)
        self.close()

    def close(self) -> None:
        """Put the lines written so far on the disk; without `complete` the session stays incomplete."""
        for file in (self._scores, self._lines, self._chain):
            if not file.closed:
                with _disk(file.path):
                    file.sync()
                    file.close()

    def _picture(self, path: str, content: bytes) -> str:
        write_atomic(self.folder / path, content)
        return sha256(content)

    def _seal_scores(self) -> None:
        """Note in the chain what the scores are up to here."""
        self._sealed_s = self._timestamp_s
        if self._scores.length == self._sealed_bytes:
            return
        with _disk(self.folder / SCORES_FILE):
            self._scores.sync()
        self._seal("scores", {"bytes": self._scores.length, "sha256": self._scores.sha256})
        self._sealed_bytes = self._scores.length

    def _seal(self, kind: str, content: Mapping[str, Any]) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        fields = {"seq": self._seq, "kind": kind, "at": at, "timestamp_s": self._timestamp_s, "content": content}
        line = seal(fields, self._head)
        with _disk(self.folder / LEDGER_FILE):
            self._chain.append(line)
        self._head, self._seq = sha256(line[:-1]), self._seq + 1

    def _discard(self) -> None:
        """Leave no trace of a run that has nothing to show."""
        with _disk(self.folder):
            for name in (LEDGER_FILE, FINDINGS_FILE, SCORES_FILE, SESSION_FILE):
                (self.folder / name).unlink(missing_ok=True)
            for picture in (self.folder / EVIDENCE_FOLDER).iterdir():
                picture.unlink()
            (self.folder / EVIDENCE_FOLDER).rmdir()
            if self._made_folder:
                self.folder.rmdir()


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that its name only ever stands for the whole content, and put both on the disk.

    Raises:
        EvidenceError: the disk is full or the folder gone; no part of the file stays.
    """
    with _disk(path):
        write_durable(path, content)


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into an error that says where and what to do."""
    try:
        yield
    except OSError as error:
        raise EvidenceError(
            f"{path}: cannot be written ({error.strerror or error}); free the disk, or choose another folder with --out"
        ) from error
