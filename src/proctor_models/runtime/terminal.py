"""What a watching says on stderr. Whoever read it may go away; the watching stays."""

from __future__ import annotations

import os
import select
import sys
from contextlib import suppress
from typing import TextIO


class StatusLine:
    """One line, kept up to date on a terminal; in a log, one line after the other."""

    def __init__(self) -> None:
        self.is_terminal = sys.stderr is not None and sys.stderr.isatty()

    def say(self, text: str) -> None:
        """Show it; without anybody to read, do nothing."""
        say(f"\r{text}\033[K" if self.is_terminal else text, end="" if self.is_terminal else "\n")

    def end(self) -> None:
        """Leave the line."""
        if self.is_terminal:
            say("")


def say(text: str, end: str = "\n") -> None:
    """Print on stderr, if anybody reads it: a log on a full disk misses the line, a reader who left all that follow."""
    if sys.stderr is None:  # closed by whoever started this; print would take stdout
        return
    try:
        print(text, end=end, file=sys.stderr, flush=True)
    except BrokenPipeError:
        leave(sys.stderr)
    except OSError:
        pass


def is_left(stream: TextIO) -> bool:
    """Whether a stream leads into a pipe that nobody reads any more."""
    try:
        asked = select.poll()
        asked.register(stream.fileno(), select.POLLOUT)
        return any(said & (select.POLLERR | select.POLLHUP) for _, said in asked.poll(0))
    except (AttributeError, OSError, ValueError):  # Windows does not poll; a notebook's streams have no descriptor
        return False


def leave(stream: TextIO) -> None:
    """Let a stream whose reader has gone lead nowhere, as later lines and the interpreter's end would fail on it."""
    with suppress(OSError, ValueError):  # without a descriptor, as in a notebook, nothing is flushed at the end
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
