"""The folder a watched exam leaves behind, written as the exam goes.

    ledger.jsonl      what happened, in a hash chain (`runtime.chain`): each line is on the disk before the call returns
    session.json      what was watched with which pack and rules; a folder that has it is whole
    findings.jsonl    one line a closed finding, the same as in the ledger; see `runtime.findings`
    scores.jsonl      one line an analysed frame: {view, timestamp_s, scores: {detector: number or null}}
    evidence/         pictures and clips of findings, and the random snapshots

A picture is on the disk before the line that names it, so a line never names a picture that is not there. A run that
is killed keeps every finding opened or closed so far, and lacks session.json; `Ledger.resume` goes on with it. A run
of a recording that fails before anything was found leaves no folder.

A disk that refuses stops the watching of a recording, which can be watched again. A live exam cannot: there the ledger
notes it with room kept for this, holds in memory what it cannot write, within a bound, and writes it later.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Any, Self

from proctor_models.errors import EvidenceError
from proctor_models.runtime.backlog import Backlog
from proctor_models.runtime.chain import sha256
from proctor_models.runtime.clips import CLIP_SUFFIX, encode_clip
from proctor_models.runtime.durable import Reserve, disk_errors
from proctor_models.runtime.elapsed import Boot
from proctor_models.runtime.entries import EVIDENCE_FOLDER, FINDINGS_FILE, SCORES_FILE, SESSION_FILE, EntryKind
from proctor_models.runtime.events import Event
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.resume import Left, left_behind, open_again, take_up
from proctor_models.runtime.seals import Seals
from proctor_models.runtime.steps import Opened, Reported, Step
from proctor_models.runtime.store import Pending, Store

SESSION_SCHEMA = "proctor-session/1"
RESERVE_FILE = ".reserve"


class Ledger:
    """Writes one session; use it as a context manager. Safe to use from several threads."""

    def __init__(self, folder: Path, *, live: bool = False) -> None:
        """Take a folder that is absent or empty.

        Args:
            folder: where everything goes.
            live: whether the exam is going on right now: then a disk that refuses never raises before `complete`.

        Raises:
            EvidenceError: the folder holds something, or cannot be written.
        """
        made_folder = not folder.exists()
        with disk_errors(folder):
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise EvidenceError(
                    f"{folder}: expected a new or empty folder, this one holds something; evidence is never "
                    "overwritten: choose another folder, or move this one away"
                )
            self._open(Store(folder), live)
        self._made_folder = made_folder

    def _open(self, store: Store, live: bool) -> None:
        self.folder, self._store = store.folder, store
        self.findings = 0
        """Findings closed so far."""
        self.seed = secrets.token_hex(16)
        """128 random bits that set the times of the snapshots: nobody can foresee them, an auditor can follow them."""
        self.next_number = 1
        """Number of the next finding to open."""
        self.last_s: dict[str, float] = {}
        """By view, the last frame that runs before this one analysed."""
        self.first_s: dict[str, float] = {}
        """By view, the first one."""
        self.resolution_wh: dict[str, tuple[int, int]] = {}
        """By view, what its frames measured in runs before this one, in pixels."""
        self._left: Left | None = None
        self._lock = RLock()
        self._timestamp_s = 0.0
        self._backlog = Backlog(store, Reserve(store.folder / RESERVE_FILE), live=live)
        self._seals = Seals(store, self._backlog)
        self._made_folder = False

    @classmethod
    def resume(cls, folder: Path, *, live: bool = True) -> Self:
        """Go on with a session whose process ended before it was complete; `start` then says what it is gone on with.

        Nothing is changed before `start`. Let the monitor count on from `next_number`, `first_s` and `last_s`.

        Raises:
            EvidenceError: there is no session, it is complete, was changed, or is being written by another process.
        """
        with disk_errors(folder):
            left = left_behind(folder)
            ledger = cls.__new__(cls)
            ledger._open(open_again(left), live)
        ledger._left = left
        ledger.findings, ledger.next_number = left.findings, left.next_number
        ledger.first_s, ledger.last_s = dict(left.first_s), dict(left.last_s)
        ledger.resolution_wh = left.resolution_wh
        ledger._timestamp_s = ledger._seals.sealed_s = left.timestamp_s
        return ledger

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        nothing = not self.findings and not self.snapshots and self._left is None and not self._backlog.live
        if error is not None and nothing:
            self._discard()

    @property
    def head(self) -> str:
        """Hash of the ledger's last line: kept elsewhere, it guards the whole ledger against being written anew."""
        return self._store.head

    @property
    def timestamp_s(self) -> float:
        """The exam's clock, as far as it is in the ledger: where a resumed session goes on, once it is started."""
        return self._timestamp_s

    @property
    def snapshots(self) -> list[dict[str, object]]:
        """Snapshots on the disk: view, timestamp_s, path."""
        return self._store.snapshots

    @property
    def waiting(self) -> int:
        """Entries that are not on the disk yet because it refuses them; always 0 for a recording."""
        return len(self._backlog)

    @property
    def waiting_bytes(self) -> int:
        """Bytes of pictures, clips and scores among them."""
        return self._backlog.size

    def start(self, content: Mapping[str, Any], timestamp_s: float | None = None) -> None:
        """Say what the exam is watched with (pack, rules, thresholds, views); before anything else.

        Args:
            content: written as it is, with the seed of the snapshots.
            timestamp_s: seconds on the exam's clock at which a resumed session goes on; None asks the computer's
                clocks how long nobody watched (`runtime.elapsed`), and a wall clock that is wrong is an event.

        Raises:
            EvidenceError: the disk refuses; or a session is resumed with another pack, rules or thresholds.
        """
        with self._lock, disk_errors(self.folder):
            if self._left is None:
                boot = Boot.now() if self._backlog.live else None
                since = {} if boot is None else {"boot": asdict(boot)}
                self._store.seal("started", 0.0, {**content, "snapshot_seed": self.seed, **since})
                return
            passed = take_up(self._left, self._store, content, self.seed, timestamp_s)
            self.findings += len(self._left.open)
            self._timestamp_s = max(self._timestamp_s, passed.timestamp_s)
            self._seals.sealed_bytes = self._store.scores.length
            wrong = passed.event()
            if wrong is not None:
                self.event(wrong)

    def step(self, view: str, timestamp_s: float, step: Step) -> None:
        """Write what one frame brought.

        Raises:
            EvidenceError: the disk refuses; not in a live exam.
        """
        with self._lock:
            self._advance(timestamp_s)
            scores = {name: None if score is None else round(score, 4) for name, score in step.scores.items()}
            line = json.dumps(
                {"view": view, "timestamp_s": round(float(timestamp_s), 3), "scores": scores}, allow_nan=False
            )
            with disk_errors(self.folder / SCORES_FILE):
                self._backlog.score(line.encode() + b"\n", self._timestamp_s)
            for opened in step.opened:
                self._opened(opened)
            for reported in step.reported:
                self.report(reported)
            if step.snapshot is not None:
                self._snapshot(view, timestamp_s, step.snapshot)
            self._seals.keep(self._timestamp_s, found=bool(step.opened or step.reported))

    def present(self, view: str, timestamp_s: float, spans: Sequence[tuple[float, float]]) -> None:
        """Write when frames came that were not analysed: what the monitor is told, before the step it belongs to.

        Args:
            view: the view.
            timestamp_s: of the frame that is analysed next; of the end, where there is none.
            spans: since when and until when, in seconds and to the millisecond, one after another.

        Raises:
            EvidenceError: the disk refuses; not in a live exam.
        """
        with self._lock:
            self._advance(timestamp_s)
            told = [[float(since_s), float(until_s)] for since_s, until_s in spans]
            self._put("present", {"view": view, "timestamp_s": round(float(timestamp_s), 3), "spans": told})

    def report(self, reported: Reported) -> None:
        """Put one closed finding on the disk, its pictures first.

        Raises:
            EvidenceError: the disk refuses; not in a live exam.
        """
        finding = reported.finding
        with self._lock:
            self._advance(finding.end_s)
            self._put("closed", files=dict(reported.pictures), finding=finding)
            self.findings += 1
            if reported.clip:
                path = f"{EVIDENCE_FOLDER}/{finding.id}{CLIP_SUFFIX}"
                self._put("clip", {"finding": finding.id}, {path: encode_clip(reported.clip)})
            self._seals.keep(self._timestamp_s, found=True)

    def event(self, event: Event) -> None:
        """Write what happened to the watching.

        Raises:
            EvidenceError: the disk refuses; not in a live exam.
        """
        with self._lock:
            at_s, detail = round(event.timestamp_s, 3), dict(event.detail)
            self._put("event", {"event": event.kind, "timestamp_s": at_s, "view": event.view, "detail": detail})

    def complete(self, session: Mapping[str, Any]) -> None:
        """Seal the scores, write session.json, and close the ledger: the mark that nothing is missing.

        Of a live exam, what waits for the disk waits on when this raises: free the disk and call it again, or let
        `runtime.patience.complete` do so. Only `close`, as at the end of a ``with`` block, gives it up.

        Raises:
            EvidenceError: the disk refuses, in a live exam too.
        """
        with self._lock, disk_errors(self.folder):
            if self._backlog.live:
                self._backlog.reserve.give()  # its room is for the end, too
            try:
                self._complete(session)
            except OSError as error:
                self._backlog.refused(error, self._timestamp_s)
                raise
        self.close()

    def _complete(self, session: Mapping[str, Any]) -> None:
        self._backlog.settle(self._timestamp_s)
        self._seals.seal(self._timestamp_s)
        # After the backlog, in which snapshots may have waited.
        whole = {"schema": SESSION_SCHEMA, **session, "snapshots": self.snapshots, "complete": True}
        text = json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False).encode("utf-8", "replace") + b"\n"
        self._store.put_whole(SESSION_FILE, text)
        hashes = {
            SESSION_FILE: sha256(text),
            FINDINGS_FILE: self._store.lines.sha256,
            SCORES_FILE: self._store.scores.sha256,
        }
        self._store.seal("completed", self._timestamp_s, hashes)

    def close(self) -> None:
        """Put the lines written so far on the disk; without `complete` the session stays incomplete."""
        with self._lock:
            try:
                with disk_errors(self.folder):
                    self._store.close()
            except EvidenceError:
                if not self._backlog.live:
                    raise
            finally:
                self._backlog.reserve.give()

    def _opened(self, opened: Opened) -> None:
        self.next_number = max(self.next_number, int(opened.finding.id[1:]) + 1)
        self._put("opened", files=dict(opened.pictures), finding=opened.finding)

    def _snapshot(self, view: str, timestamp_s: float, jpeg: bytes) -> None:
        path = f"{EVIDENCE_FOLDER}/snapshot-{view}-{round(timestamp_s * 1000):09d}ms.jpg"
        self._put("snapshot", {"view": view, "timestamp_s": round(float(timestamp_s), 3)}, {path: jpeg})

    def _put(
        self,
        kind: EntryKind,
        content: dict[str, Any] | None = None,
        files: dict[str, bytes] | None = None,
        finding: Finding | None = None,
    ) -> None:
        """Put an entry on the disk, or among what waits for it."""
        with disk_errors(self.folder):
            self._backlog.put(Pending(kind, self._timestamp_s, content or {}, files or {}, finding))

    def _advance(self, timestamp_s: float) -> None:
        self._timestamp_s = max(self._timestamp_s, round(float(timestamp_s), 3))

    def _discard(self) -> None:
        """Leave no trace of a run that has nothing to show."""
        with disk_errors(self.folder):
            for path in [*(self.folder / EVIDENCE_FOLDER).iterdir(), *self.folder.glob("*.json*")]:
                path.unlink()
            (self.folder / EVIDENCE_FOLDER).rmdir()
            if self._made_folder:
                self.folder.rmdir()
