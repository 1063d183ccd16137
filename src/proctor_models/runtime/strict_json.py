"""JSON from files that others may have touched, read in the one way that all readers of JSON agree on.

Python's reader takes the last of two equal keys, numbers that are no JSON (NaN), numbers no float holds, and half
characters that cannot be written again. Two programs would read two different things out of such a file.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

_MAX_DIGITS = 18  # of a whole number: it fits 64 bits, and a float without overflow
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")


def loads(content: bytes | str) -> Any:
    """The value that `content` holds.

    Raises:
        ValueError: not UTF-8, not JSON, a key twice in one object, NaN or infinity, a whole number of more than
            18 digits, half a surrogate pair, or nested too deeply.

    >>> loads(b'{"a": [1, 2.5, null]}')
    {'a': [1, 2.5, None]}
    >>> loads('{"a": 1, "a": 2}')
    Traceback (most recent call last):
    ValueError: key 'a' twice in one object
    """
    text = content.decode("utf-8") if isinstance(content, bytes) else content
    try:
        value = json.loads(
            text, parse_int=_whole, parse_float=_float, parse_constant=_no_number, object_pairs_hook=_object
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _HALF_CHARACTER.search(text):
        json.dumps(value, ensure_ascii=False).encode()  # its error is a ValueError
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"key {twice[:80]!r} twice in one object")
    return made


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > _MAX_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is more than a number can hold")
    return value


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")
