"""A chain (`runtime.chain`) in a file of its own, to which several processes may add lines.

One of them at a time: the file is locked, read, and held to be whole before a line is added; the line is on the disk
when `Tail.add` returns, and what a kill left half-written is cut off first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor_models.errors import ProctorError
from proctor_models.files import sync_folder
from proctor_models.runtime.chain import NOTHING_BEFORE, ChainRead, read_chain, seal, sha256
from proctor_models.runtime.durable import AppendFile


@dataclass(frozen=True)
class ChainFile:
    """Where a chain lies, and what is said when it cannot be used."""

    path: Path
    opening: bytes
    """How every line begins."""
    error: type[ProctorError]
    """Raised for whatever is wrong with the file."""
    changed: str
    """What to do where a line was changed."""
    busy: str | None = None
    """Why a second process is refused while one adds lines; None lets it wait."""
    hangs_on_another: bool = False
    """Whether the first line names a line of another chain as the one before it. That it does is not checked here."""

    def read(self) -> ChainRead:
        """The chain as it lies on the disk; an empty one where there is no file.

        Raises:
            ProctorError: as `error`: it cannot be read, or was changed; the message names the line.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            content = b""
        except OSError as error:
            raise self.error(f"{self.path}: cannot be read ({error.strerror}); check the file's rights") from None
        previous = _named_by_first(content) if self.hangs_on_another else NOTHING_BEFORE
        read = read_chain(content, previous, opening=self.opening)
        for broken in read.breaks:
            raise self.error(f"{self.path}:{broken.number}: {broken.what}; {self.changed}")
        return read

    @contextmanager
    def adding(self) -> Iterator[Tail]:
        """The end of the file for this process alone; the file is made if there is none, its folder is not.

        Raises:
            ProctorError: as `error`: another process adds lines, the chain was changed, or the disk refuses.
        """
        try:
            file = _open_locked(self.path, wait=self.busy is None)
            try:
                yield Tail(file, self.read())
            finally:
                file.close()
        except BlockingIOError:
            raise self.error(f"{self.path}: {self.busy}") from None
        except OSError as error:
            why = error.strerror or error
            raise self.error(f"{self.path}: cannot be written ({why}); check disk and rights, then try again") from None


@dataclass(frozen=True)
class Tail:
    """The end of a chain that nobody else adds to meanwhile."""

    _file: AppendFile
    read: ChainRead
    """What stands before it."""

    def add(self, rows: Sequence[Mapping[str, Any]], previous: str | None = None) -> list[str]:
        """Add lines, all of them or none; they are on the disk when the call returns.

        Args:
            rows: fields of each line.
            previous: hash that the first of them names; None for that of the last line there is.

        Returns:
            sha256 of each line.

        Raises:
            OSError: the disk refuses; the file is as it was.
        """
        if self.read.torn:
            self._file.cut(self.read.whole_bytes)  # a write that was cut off: nobody was told of it
        head, lines = self.read.head if previous is None else previous, b""
        hashes: list[str] = []
        for fields in rows:
            line = seal(fields, head)
            head = sha256(line[:-1])
            lines += line
            hashes.append(head)
        self._file.append(lines)
        sync_folder(self._file.path.parent)
        return hashes


def _named_by_first(content: bytes) -> str:
    """What the first line names as the one before it, if it is a whole one."""
    first, newline, _ = content.partition(b"\n")
    alone = read_chain(first + newline).lines
    return str(alone[0].fields["previous"]) if alone else NOTHING_BEFORE


def _open_locked(path: Path, *, wait: bool) -> AppendFile:
    while True:
        is_there = path.exists()
        try:
            file = AppendFile(path, resume=is_there)
        except (FileExistsError, FileNotFoundError):
            if path.exists() == is_there:
                raise
            continue  # made or moved in between
        try:
            file.lock(wait=wait)
            if file.length == path.stat().st_size:
                return file
        except BaseException:
            file.close()
            raise
        file.close()  # another process added a line in between
