"""Files as evidence needs them: on the disk, not only on their way there, when a call returns."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from proctor_models.errors import EvidenceError
from proctor_models.files import sync_folder, write_bytes

try:
    import fcntl
except ModuleNotFoundError:  # Windows
    fcntl = None  # type: ignore[assignment]

RESERVE_BYTES = 256 * 1024


def write_durable(path: Path, content: bytes) -> None:
    """Write a file whole and put it and its name on the disk.

    Raises:
        OSError: the disk refuses; no part of the file stays.
    """
    with naming(path):
        write_bytes(path, content)
        sync_folder(path.parent)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an error of the disk name the file that was meant, not one on the way to it."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        raise


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into an error that says where and what to do."""
    try:
        yield
    except OSError as error:
        raise EvidenceError(
            f"{error.filename or path}: cannot be written ({error.strerror or error}); free the disk, or choose "
            "another folder with --out"
        ) from error


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that its name only ever stands for the whole content, and put both on the disk.

    Raises:
        EvidenceError: the disk is full or the folder gone; no part of the file stays.
    """
    with telling(path):
        write_durable(path, content)


class Reserve:
    """Room set aside on a disk, given up when the disk is full so that this can still be written down."""

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        """Take the room.

        Raises:
            OSError: there is not as much.
        """
        self._path, self._size = path, size
        self.take()

    def take(self) -> None:
        """Take the room, or take it back.

        Raises:
            OSError: there is not as much; none is taken.
        """
        try:
            with naming(self._path), self._path.open("wb") as stream:
                # Zeros that are written, where blocks cannot be asked for: a file of holes reserves nothing.
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(stream.fileno(), 0, self._size)
                else:
                    stream.write(bytes(self._size))
                    stream.flush()
                    os.fsync(stream.fileno())
        except BaseException:
            self.give()
            raise

    def give(self) -> None:
        """Give the room up."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


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

    def lock(self) -> None:
        """Keep other processes from appending until this one closes the file or ends.

        Raises:
            BlockingIOError: another one has it.
        """
        if fcntl is not None:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def cut(self, length: int) -> bytes:
        """Shorten the file to `length` bytes; return what was cut off.

        Raises:
            OSError: the disk refuses.
        """
        content = self.path.read_bytes()
        self.length = length
        self._cut()
        os.fsync(self._handle)
        self._hash = hashlib.sha256(content[:length])
        return content[length:]

    def append(self, piece: bytes, *, sync: bool = True) -> None:
        """Write `piece` at the end; with `sync` it is on the disk when the call returns.

        Raises:
            OSError: the disk refuses; the file is as it was.
        """
        with naming(self.path):
            self._append(piece, sync=sync)
        self.length += len(piece)
        self._hash.update(piece)

    def _append(self, piece: bytes, *, sync: bool) -> None:
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

    def sync(self) -> None:
        """Put everything written so far on the disk.

        Raises:
            OSError: the disk refuses.
        """
        with naming(self.path):
            os.fsync(self._handle)

    def close(self) -> None:
        """Let go of the file; calling it again does nothing."""
        if not self.closed:
            self.closed = True
            os.close(self._handle)

    def _cut(self) -> None:
        os.ftruncate(self._handle, self.length)
        self._ragged = False
