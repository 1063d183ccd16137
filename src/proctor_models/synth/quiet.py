"""Silence for packages that write notes where Python cannot stop them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """MediaPipe writes its start-up notes straight to file descriptor 2: nothing comes through in this block."""
    sys.stderr.flush()
    kept = os.dup(2)
    with Path(os.devnull).open("w") as sink:
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
