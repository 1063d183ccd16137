"""What waits for the disk: nothing, as long as the disk takes it.

When a disk refuses, findings and events go first, with the room that was kept for this; then pictures and clips; scores
come last. Memory is bounded: past the bound scores and random pictures are dropped, then the pictures of findings,
never a finding. What was dropped is counted, and said when there is room again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from proctor_models.runtime.durable import Reserve
from proctor_models.runtime.events import EventKind
from proctor_models.runtime.store import Pending, Store

MOST_FILE_BYTES = 64 * 2**20
"""Pictures and clips in memory: an hour of findings, at a hundred of four pictures each."""
MOST_SCORE_BYTES = 8 * 2**20
"""Lines of scores in memory: more than an hour of two views."""
RETRY_S = 1.0
"""Between two looks whether there is room again."""
URGENT = ("opened", "closed", "event", "present")


class Backlog:
    """Puts entries on the disk in order, and keeps those that it refuses."""

    def __init__(self, store: Store, reserve: Reserve, *, live: bool) -> None:
        """Without `live` nothing is kept: what the disk refuses is raised as it comes.

        Args:
            store: where entries go.
            reserve: room for the news that the disk is full.
            live: whether to go on when the disk refuses.
        """
        self.reserve, self.live = reserve, live
        self.is_full = False
        """Whether the disk refused something and there was no room since."""
        self._store = store
        self._urgent: deque[Pending] = deque()
        self._others: deque[Pending] = deque()
        self._scores: deque[bytes] = deque()
        self._score_bytes = 0
        self._full_s = 0.0
        self._tried = 0.0
        self._lost = {"scores": 0, "pictures": 0}

    def __len__(self) -> int:
        return len(self._urgent) + len(self._others) + len(self._scores)

    @property
    def size(self) -> int:
        """Bytes of pictures, clips and scores that wait."""
        return sum(each.size for each in (*self._urgent, *self._others)) + self._score_bytes

    def put(self, entry: Pending) -> None:
        """Put an entry on the disk, after all that waited before it.

        Raises:
            OSError: the disk refuses; not with `live`.
        """
        if self._fits(entry):
            (self._urgent if entry.kind in URGENT else self._others).append(entry)
        self._drain(entry.timestamp_s)

    def score(self, line: bytes, timestamp_s: float) -> None:
        """Append a line of scores, which is safe from a killed process at once and from a power cut after a sync.

        Raises:
            OSError: the disk refuses; not with `live`.
        """
        if self._score_bytes + len(line) > MOST_SCORE_BYTES:
            self._lost["scores"] += 1
        else:
            self._scores.append(line)
            self._score_bytes += len(line)
        self._drain(timestamp_s)

    def guard(self, action: Callable[[], None], timestamp_s: float) -> None:
        """Do something else with the disk; what it refuses is noted, and raised unless `live`."""
        try:
            action()
        except OSError as error:
            self.refused(error, timestamp_s)

    def settle(self, timestamp_s: float) -> None:
        """Put everything on the disk that still waits.

        Raises:
            OSError: the disk refuses; what it refused waits on.
        """
        self._flush_all()
        if self.is_full:
            self._back(timestamp_s)

    def refused(self, error: OSError, timestamp_s: float) -> None:
        """The disk refused: say so with the room that was kept, and put there what else is urgent.

        Raises:
            OSError: `error`; not with `live`.
        """
        if not self.live:
            raise error
        if self.is_full:
            return
        self.is_full, self._full_s, self._tried = True, timestamp_s, time.monotonic()
        self.reserve.give()
        self._urgent.appendleft(_event("disk_full", timestamp_s, {"reason": error.strerror or str(error)}))
        with suppress(OSError):
            self._flush(self._urgent)

    def _drain(self, timestamp_s: float) -> None:
        if self.is_full and time.monotonic() - self._tried >= RETRY_S:
            self._tried = time.monotonic()
            try:
                self.reserve.take()
                self.settle(timestamp_s)
            except OSError:
                self.reserve.give()
        try:
            self._flush(self._urgent)
            if not self.is_full:
                self._flush_all()
        except OSError as error:
            self.refused(error, timestamp_s)

    def _flush(self, queue: deque[Pending]) -> None:
        while queue:
            try:
                self._store.put(queue[0])
            except OSError:
                raise  # it stays first
            except Exception:
                queue.popleft()  # never to be written: raised once, not with every entry after it
                raise
            queue.popleft()

    def _flush_all(self) -> None:
        self._flush(self._urgent)
        self._flush(self._others)
        while self._scores:
            self._store.scores.append(self._scores[0], sync=False)
            self._score_bytes -= len(self._scores.popleft())

    def _back(self, timestamp_s: float) -> None:
        lost = {f"lost_{name}": number for name, number in self._lost.items()}
        self._store.put(_event("disk_back", timestamp_s, {"full_s": round(timestamp_s - self._full_s, 3), **lost}))
        self.is_full, self._lost = False, dict.fromkeys(self._lost, 0)

    def _fits(self, entry: Pending) -> bool:
        """Make room in memory; False where an entry that is not urgent finds none."""
        held = sum(each.size for each in (*self._urgent, *self._others))
        if entry.kind in URGENT:
            while self._others and held + entry.size > MOST_FILE_BYTES:
                dropped = self._others.pop()
                self._lost["pictures"] += len(dropped.files)
                held -= dropped.size
        if held + entry.size <= MOST_FILE_BYTES:
            return True
        self._lost["pictures"] += len(entry.files)
        entry.without_files()
        return entry.kind in URGENT


def _event(kind: EventKind, timestamp_s: float, detail: dict[str, str | int | float]) -> Pending:
    content = {"event": kind, "timestamp_s": timestamp_s, "view": None, "detail": detail}
    return Pending("event", timestamp_s, content)
