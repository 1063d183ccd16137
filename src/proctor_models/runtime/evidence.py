"""The folder a watched exam leaves behind, written as the exam goes.

    session.json      what was watched with which pack and rules; written last, so a folder that has it is whole
    findings.jsonl    one line a finding, on the disk as soon as it closes; see `runtime.findings`
    scores.jsonl      one line an analysed frame: {view, timestamp_s, scores: {detector: number or null}}
    evidence/         pictures of findings, and the random snapshots

A finding's pictures are on the disk before its line is, so a line never names a picture that is not
there. A run that is killed keeps every finding closed so far, and lacks session.json. A run that fails
before anything was found leaves no folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from proctor_models.errors import EvidenceError
from proctor_models.files import write_bytes
from proctor_models.runtime.monitor import EVIDENCE_FOLDER, Reported, Step

SESSION_FILE = "session.json"
FINDINGS_FILE = "findings.jsonl"
SCORES_FILE = "scores.jsonl"
SESSION_SCHEMA = "proctor-session/1"


class Ledger:
    """Writes one session; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        """Take a folder that is absent or empty.

        Raises:
            EvidenceError: the folder holds something, or cannot be written.
        """
        self.folder = folder
        self.findings = 0
        """Findings written so far."""
        self.snapshots: list[dict[str, object]] = []
        """Snapshots written so far: view, timestamp_s, path."""
        self._made_folder = not folder.exists()
        with _disk(folder):
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise EvidenceError(
                    f"{folder}: expected a new or empty folder, this one holds something; evidence is never "
                    "overwritten: choose another folder, or move this one away"
                )
            (folder / EVIDENCE_FOLDER).mkdir(parents=True)
            self._findings = self._new(FINDINGS_FILE)
            self._scores = self._new(SCORES_FILE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if error is not None and not self.findings and not self.snapshots:
            self._discard()

    def step(self, view: str, timestamp_s: float, step: Step) -> None:
        """Write what one frame brought.

        Raises:
            EvidenceError: the disk is full or the folder gone.
        """
        scores = {name: None if score is None else round(score, 4) for name, score in step.scores.items()}
        line = json.dumps({"view": view, "timestamp_s": round(timestamp_s, 3), "scores": scores}, allow_nan=False)
        with _disk(self.folder / SCORES_FILE):
            self._scores.write(line + "\n")
        for reported in step.reported:
            self.report(reported)
        if step.snapshot is not None:
            path = f"{EVIDENCE_FOLDER}/snapshot-{view}-{round(timestamp_s * 1000):09d}ms.jpg"
            write_atomic(self.folder / path, step.snapshot)
            self.snapshots.append({"view": view, "timestamp_s": round(timestamp_s, 3), "path": path})

    def report(self, reported: Reported) -> None:
        """Put one finding on the disk, its pictures first.

        Raises:
            EvidenceError: the disk is full or the folder gone.
        """
        for path, jpeg in reported.pictures.items():
            write_atomic(self.folder / path, jpeg)
        with _disk(self.folder / FINDINGS_FILE):
            self._findings.write(reported.finding.to_json() + "\n")
            self._findings.flush()
            os.fsync(self._findings.fileno())
        self.findings += 1

    def complete(self, session: Mapping[str, Any]) -> None:
        """Close the lines and write session.json: the mark that nothing is missing.

        Raises:
            EvidenceError: the disk is full or the folder gone.
        """
        self.close()
        whole = {"schema": SESSION_SCHEMA, **session, "snapshots": self.snapshots, "complete": True}
        text = json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False)
        write_atomic(self.folder / SESSION_FILE, text.encode() + b"\n")

    def close(self) -> None:
        """Put the lines written so far on the disk; without `complete` the session stays incomplete."""
        for stream, name in ((self._scores, SCORES_FILE), (self._findings, FINDINGS_FILE)):
            if not stream.closed:
                with _disk(self.folder / name), stream:
                    stream.flush()
                    os.fsync(stream.fileno())

    def _discard(self) -> None:
        """Leave no trace of a run that has nothing to show."""
        with _disk(self.folder):
            for name in (FINDINGS_FILE, SCORES_FILE, SESSION_FILE):
                (self.folder / name).unlink(missing_ok=True)
            for picture in (self.folder / EVIDENCE_FOLDER).glob("*.jpg"):
                picture.unlink()
            (self.folder / EVIDENCE_FOLDER).rmdir()
            if self._made_folder:
                self.folder.rmdir()

    def _new(self, name: str) -> TextIO:
        # "x": of two runs that start at once on one folder, one is refused. Plain \n on every system.
        return (self.folder / name).open("x", encoding="utf-8", newline="\n")


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that its name only ever stands for the whole content.

    Raises:
        EvidenceError: the disk is full or the folder gone; no part of the file stays.
    """
    with _disk(path):
        write_bytes(path, content)


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into an error that says where and what to do."""
    try:
        yield
    except OSError as error:
        raise EvidenceError(
            f"{path}: cannot be written ({error.strerror or error}); free the disk, or choose another folder with --out"
        ) from error
