"""Files as evidence needs them: on the disk, not only on their way there, when a call returns."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from proctor_models.files import sync_folder, write_bytes

RESERVE_BYTES = 256 * 1024


def write_durable(path: Path, content: bytes) -> None:
    """Write a file whole and put it and its name on the disk.

    Raises:
        OSError: the disk refuses; no part of the file stays.
    """
    write_bytes(path, content)
    sync_folder(path.parent)


class AppendFile:
    """A file that only grows, by whole pieces: a piece that the disk refuses leaves nothing behind."""

    def __init__(self, path: Path, *, resume: bool = False) -> None:
        """Make the file, which must not exist; or, to `resume`, open one that does.

        Raises:
            OSError: it exists, or does not; or the disk refuses.
        """
        self.path = path
        self._hash = hashlib.sha256(path.read_bytes() if resume else b"")
        # Exclusive: of two runs that start at once on one folder, one is refused.
        flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._handle = os.open(path, flags if resume else flags | os.O_CREAT | os.O_EXCL, 0o644)
        self.length = os.fstat(self._handle).st_size
        """Bytes written so far."""
        self._ragged = False
        self.closed = False

    @property
    def sha256(self) -> str:
        """Of all bytes written so far, in hexadecimal."""
        return self._hash.hexdigest()

    def append(self, piece: bytes, *, sync: bool = True) -> None:
        """Write `piece` at the end; with `sync` it is on the disk when the call returns.

        Raises:
            OSError: the disk refuses; the file is as it was.
        """
        if self._ragged:
            self._cut()
        self._ragged = True
        try:
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(self._handle, rest) :]
            if sync:
                os.fsync(self._handle)
        except BaseException:
            with suppress(OSError):
                self._cut()
            raise
        self._ragged = False
        self.length += len(piece)
        self._hash.update(piece)

    def sync(self) -> None:
        """Put everything written so far on the disk.

        Raises:
            OSError: the disk refuses.
        """
        os.fsync(self._handle)

    def close(self) -> None:
        """Let go of the file; calling it again does nothing."""
        if not self.closed:
            self.closed = True
            os.close(self._handle)

    def _cut(self) -> None:
        os.ftruncate(self._handle, self.length)
        self._ragged = False
