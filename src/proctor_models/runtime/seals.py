"""When the scores of an exam are noted in its chain, and when they are surely on the disk."""

from __future__ import annotations

import time

from proctor_models.runtime.backlog import Backlog
from proctor_models.runtime.durable import disk_errors
from proctor_models.runtime.entries import SCORES_FILE
from proctor_models.runtime.store import Store

CHECKPOINT_S = 60.0
"""Exam time after which scores are sealed, if no finding came before."""
SYNC_S = 5.0
"""Time after which scores are on the disk even if the power fails; a killed process loses none."""


class Seals:
    """Seals the scores of one session; its caller holds the lock."""

    def __init__(self, store: Store, backlog: Backlog) -> None:
        self.sealed_s = 0.0
        """Exam time of the last seal."""
        self.sealed_bytes = 0
        """Bytes of scores that it covers."""
        self._store, self._backlog = store, backlog
        self._synced = time.monotonic()

    def keep(self, timestamp_s: float, *, found: bool) -> None:
        """Seal the scores where that is due, or at least have them synced every few seconds.

        Args:
            timestamp_s: now, on the exam's clock.
            found: whether a finding was opened or closed, which is sealed at once.

        Raises:
            EvidenceError: the disk refuses; not in a live exam.
        """
        if self._backlog.is_full:
            return
        with disk_errors(self._store.folder / SCORES_FILE):
            if found or timestamp_s - self.sealed_s >= CHECKPOINT_S:
                self._backlog.guard(lambda: self.seal(timestamp_s), timestamp_s)
            elif time.monotonic() - self._synced >= SYNC_S:
                self._backlog.guard(self._store.scores.sync, timestamp_s)
                self._synced = time.monotonic()

    def seal(self, timestamp_s: float) -> None:
        """Note in the chain what the scores are up to here.

        Raises:
            OSError: the disk refuses.
        """
        scores = self._store.scores
        self.sealed_s, self._synced = timestamp_s, time.monotonic()
        if scores.length != self.sealed_bytes:
            scores.sync()
            self._store.seal("scores", timestamp_s, {"bytes": scores.length, "sha256": scores.sha256})
            self.sealed_bytes = scores.length
