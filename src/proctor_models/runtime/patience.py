"""The end of a live exam on a full disk: what waits in memory is kept until there is room, or somebody gives up."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from threading import Event as Flag
from typing import Any

from proctor_models.errors import EvidenceError
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.terminal import StatusLine

RETRY_S = 2.0
"""Between two tries."""
TELL_S = 60.0
"""Between two lines about it in a log; on a terminal one line is kept up to date."""


def complete(ledger: Ledger, session: Mapping[str, Any], give_up: Flag, patience_s: float = math.inf) -> None:
    """Complete a ledger; while its disk refuses, say so on stderr and try again.

    Args:
        ledger: of a live exam.
        session: see `Ledger.complete`.
        give_up: set it, as from a signal's handler or another thread, to stop trying.
        patience_s: seconds after which to stop trying.

    Raises:
        EvidenceError: it was given up, or is refused for another reason than the disk. What waited waits on: the same
            call can be made again as long as the ledger is not closed.
    """
    line = StatusLine()
    until_s, tell_s = time.monotonic() + patience_s, -math.inf
    while (refusal := _refusal(ledger, session)) is not None:
        now_s = time.monotonic()
        if now_s >= until_s:
            raise _given_up(ledger, f"no room in {patience_s:g} s") from refusal
        if line.is_terminal or now_s - tell_s >= TELL_S:
            line.say(_told(ledger, refusal))
            tell_s = now_s
        if give_up.wait(min(RETRY_S, until_s - now_s)):
            raise _given_up(ledger, "told to wait no longer") from refusal


def _refusal(ledger: Ledger, session: Mapping[str, Any]) -> EvidenceError | None:
    """What the disk said to one more try; None once the ledger is complete."""
    try:
        ledger.complete(session)
    except EvidenceError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        return error
    return None


def _told(ledger: Ledger, refusal: EvidenceError) -> str:
    cause = refusal.__cause__
    why = cause.strerror if isinstance(cause, OSError) else None
    return (
        f"{ledger.folder}: cannot be written ({why or cause}): {_waiting(ledger)} in memory; free room on this disk, "
        "and the exam is completed by itself; Ctrl-C gives up what waits"
    )


def _given_up(ledger: Ledger, why: str) -> EvidenceError:
    return EvidenceError(
        f"{ledger.folder}: the exam is not complete, {why}: {_waiting(ledger)}; what is on the disk "
        "is whole: free the disk, then close the exam with `proctor watch --resume --for 1`"
    )


def _waiting(ledger: Ledger) -> str:
    return f"{ledger.waiting} entries ({ledger.waiting_bytes / 1e6:.1f} MB) wait"
