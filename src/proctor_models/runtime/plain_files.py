"""Reading files that may be anything: links, pipes, devices, files without end, files that change meanwhile."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def is_plain(path: Path) -> bool:
    r"""Whether there is a plain file at `path`, or a link to one; False for names that no file can have.

    >>> is_plain(Path("n" * 5000)), is_plain(Path("a\0b"))
    (False, False)
    """
    try:
        return path.is_file()
    except OSError:
        return False


def read_plain(path: Path, max_bytes: int, *, links: bool = True) -> bytes:
    """The content of a plain file, read once; it is checked after it was opened, so nobody can swap it in between.

    Args:
        path: the file.
        max_bytes: longer ones are refused before they are read.
        links: whether `path` itself may be a link.

    Raises:
        OSError: it cannot be opened (a link where none may be is one that cannot), or is a folder, pipe or device.
        OverflowError: it is longer than `max_bytes`; the message gives its size.
    """
    # Without O_NONBLOCK a pipe would keep us waiting for somebody who writes to it.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    if not links:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    try:
        handle = os.open(path, flags)
    except ValueError as error:  # a name with a zero byte
        raise OSError(None, str(error)) from None
    with os.fdopen(handle, "rb", buffering=0) as stream:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(None, "not a plain file")
        if found.st_size > max_bytes:
            raise OverflowError(f"{found.st_size} bytes")
        parts, left = [], max_bytes + 1
        while left and (part := stream.read(min(left, max(1 << 16, found.st_size + 1)))):
            parts.append(part)
            left -= len(part)
        if not left:
            raise OverflowError(f"more than {max_bytes} bytes")
        return b"".join(parts)
