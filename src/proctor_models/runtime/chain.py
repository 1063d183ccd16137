"""Lines of JSON chained by their hashes: none can be changed, moved or taken out from between others unnoticed.

Whole lines cut off the end leave a shorter chain that holds: only a `head` kept elsewhere tells, see `runtime.verify`.

A sealed line ends with two hashes::

    {..., "previous": "<sha256 of the line before, without its newline>", "sha256": "<sha256 of this line so far>"}

`previous` holds the lines together; `sha256`, taken over the line's bytes as they would stand without it, says *which*
line was changed, and guards the last one, which no other follows.

A process that is killed while it writes leaves the beginning of a line at the end of the file. That is told apart from
a change: it is the last line, it has no newline, and it stops before its seal.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOTHING_BEFORE = "0" * 64
"""What the first line of a chain names as the one before it."""
_SEAL = re.compile(rb', "sha256": "([0-9a-f]{64})"\}', re.ASCII)
_SEAL_LENGTH = len(', "sha256": ""}') + 64


def seal(fields: Mapping[str, Any], previous: str) -> bytes:
    """One line of a chain, its newline included; bytes of a file's name that are no UTF-8 stand as question marks.

    >>> line = seal({"seq": 0}, NOTHING_BEFORE)
    >>> line[:30], len(line)
    (b'{"seq": 0, "previous": "000000', 169)
    >>> fault(line[:-1]) is None, fault(line[:-1].replace(b"0,", b"1,"))
    (True, 'its own hash does not fit')
    """
    text = json.dumps({**fields, "previous": previous}, ensure_ascii=False, allow_nan=False)
    body = text.encode("utf-8", "replace")
    return body[:-1] + b', "sha256": "' + hashlib.sha256(body).hexdigest().encode() + b'"}\n'


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def fault(line: bytes) -> str | None:
    """What is wrong with one line by itself, without its newline; None if it is as it was sealed."""
    found = _SEAL.fullmatch(line, max(0, len(line) - _SEAL_LENGTH))
    if found is None:
        return "it is no sealed line"
    if hashlib.sha256(line[: found.start()] + b"}").hexdigest().encode() != found[1]:
        return "its own hash does not fit"
    return None


@dataclass(frozen=True)
class Line:
    """One line of a chain that is as it was sealed."""

    number: int
    """Counted from 1, as editors do."""
    start: int
    """Byte it begins at in its file."""
    end: int
    """Byte after its newline."""
    fields: Mapping[str, Any]
    sha256: str
    """What the next line names as `previous`."""


@dataclass(frozen=True)
class Break:
    """A place where a chain does not hold."""

    number: int
    """Line, counted from 1."""
    start: int
    end: int
    what: str


@dataclass(frozen=True)
class ChainRead:
    """A chain as it lies on the disk."""

    lines: tuple[Line, ...]
    """Those that are as they were sealed."""
    breaks: tuple[Break, ...]
    """Empty if nothing was changed."""
    whole_bytes: int
    """Where the last whole line ends."""
    torn: bytes
    """The beginning of a line that a killed process left behind `whole_bytes`."""
    head: str
    """Hash of the last whole line, which stands for the whole chain."""


def read_chain(content: bytes, previous: str = NOTHING_BEFORE, opening: bytes = b'{"') -> ChainRead:
    """Read a chain and say where it does not hold.

    Args:
        content: the whole file.
        previous: hash that the first line must name.
        opening: how every line begins; a torn end that begins otherwise was put there by somebody.
    """
    lines: list[Line] = []
    breaks: list[Break] = []
    head, sound, start = previous, True, 0
    *rows, tail = content.split(b"\n")
    for number, row in enumerate(rows, start=1):
        end = start + len(row) + 1
        wrong, fields = fault(row), _fields(row)
        if wrong is None and fields is not None:
            lines.append(Line(number, start, end, fields, sha256(row)))
            if sound and fields["previous"] != head:
                breaks.append(Break(number, start, end, _unlinked(number)))
            sound = True
        else:
            # The next line names the hash of what stood here: compared with what stands here now it says nothing new.
            sound = False
            breaks.append(Break(number, start, end, f"the line was changed: {wrong or 'it is no object'}"))
        head, start = sha256(row), end
    torn = tail.rstrip(b"\0")  # a power cut may leave a file longer than what was written to it
    if torn and not _is_torn(torn, opening):
        breaks.append(Break(len(rows) + 1, start, start + len(tail), "the end is no line and no beginning of one"))
    return ChainRead(tuple(lines), tuple(breaks), start, tail, head)


def _fields(row: bytes) -> dict[str, Any] | None:
    """What a line holds; None if it is no object that names the line before it."""
    try:
        raw = json.loads(row)
    except (ValueError, RecursionError):
        return None
    return raw if isinstance(raw, dict) and isinstance(raw.get("previous"), str) else None


def _unlinked(number: int) -> str:
    if number == 1:
        return "it is not the first line: lines before it were removed, or it was put here"
    return (
        f"it does not follow line {number - 1}: that line was replaced, or lines between them were removed, added or "
        "moved"
    )


def _is_torn(tail: bytes, opening: bytes) -> bool:
    """Whether this is what a write that was cut off leaves: a beginning of a line, up to all of it but the newline."""
    if not (tail.startswith(opening) or opening.startswith(tail)):
        return False
    try:
        json.JSONDecoder().raw_decode(tail.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return True
    return fault(tail) is None  # whole: then nothing but its newline may lack
