"""Files and folders written whole: built beside the place they go to, synced, then renamed."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def building(out: Path) -> Iterator[Path]:
    """A new empty folder to fill, which becomes `out` when the block ends without an error.

    What `out` held before stays untouched until that moment and survives any error. A run that was killed leaves
    at most a hidden sibling ``.<name>.part``, which the next run removes.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as top:
    ...     with building(Path(top) / "raw") as part:
    ...         _ = (part / "a.txt").write_text("whole")
    ...     sorted(path.name for path in Path(top).iterdir())
    ['raw']
    """
    out = out.absolute()
    part, old = out.with_name(f".{out.name}.part"), out.with_name(f".{out.name}.old")
    if old.exists() and not out.exists():
        old.replace(out)  # a run was killed between its two renames: the old folder is the good one
    for leftover in (part, old):
        shutil.rmtree(leftover, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        if out.exists():
            out.replace(old)
        part.replace(out)
    except BaseException:
        if old.exists() and not out.exists():
            old.replace(out)  # the second rename failed: the old folder is the good one
        shutil.rmtree(part, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, all of it or nothing."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content`, all of it or nothing; of several that write at once, the last one's whole content stays.

    A process that was killed leaves at most a hidden sibling ``.<name>.<8 hexadecimal digits>.part``.
    """
    # A name of its own for each call: two that shared one would write into each other's file.
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_json(path: Path, content: object) -> None:
    """Write `content` as indented JSON with sorted keys, all of it or nothing."""
    write_text(path, json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def sync_folder(folder: Path) -> None:
    """Put a folder's list of names on the disk: until then a power cut may take back a file that was just made."""
    if os.name == "nt":
        return  # Windows opens no folder, and needs none synced
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
