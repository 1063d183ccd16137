"""Pictures of the review page: inside it, or linked from it where they are served beside it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from proctor_models.runtime.image_header import image_header

_SO_FAR = "opened"
"""The peak of a finding that was cut off while it was open, as far as it was known."""
_KINDS = ("peak", "before", "after", "other", "snapshot", "clip")
_HEADER_BYTES = 1 << 16
_SIGNATURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"RIFF": "image/webp"}


def kind_of(name: str) -> str:
    """What a picture shows, by the end of its name: the moment of the peak, or before or after it.

    >>> kind_of("evidence/F0001-peak.jpg"), kind_of("evidence/F0001-opened.jpg"), kind_of("evidence/F0001.jpg")
    ('peak', 'peak', 'other')
    """
    end = Path(name).stem.rpartition("-")[2]
    if end == _SO_FAR:
        return "peak"
    return end if end in _KINDS else "other"


def pictures(wanted: Mapping[str, tuple[str, Path]], budget_bytes: int, *, embed: bool) -> dict[str, dict[str, Any]]:
    """Every picture by its path, with its own size, as a camera may change it within an exam; or why it is not shown.

    Args:
        wanted: kind and file by path.
        budget_bytes: what all embedded pictures may take; peaks are served first, clips last.
        embed: whether pictures lie inside the page, or are linked.
    """
    left = budget_bytes
    made: dict[str, dict[str, Any]] = {}
    for name, (kind, path) in sorted(wanted.items(), key=lambda item: (_KINDS.index(item[1][0]), item[0])):
        picture = _embedded(path, left) if embed else _linked(path, name)
        if embed:
            left -= len(picture.get("src", ""))
        made[name] = {"kind": kind, **picture}
    return made


def media_type(content: bytes) -> str | None:
    """What a picture's first bytes say it is; None if it is none that the page shows."""
    return next((kind for signature, kind in _SIGNATURES.items() if content.startswith(signature)), None)


def _embedded(path: Path, budget: int) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError:
        return {"state": "missing"}
    kind = media_type(content)
    if kind is None:
        return {"state": "unreadable"}
    source = f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
    return _shown(source, content) if len(source) <= budget else {"state": "left_out"}


def _linked(path: Path, name: str) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            start = stream.read(_HEADER_BYTES)
    except OSError:
        return {"state": "missing"}
    return _shown(name, start) if media_type(start) else {"state": "unreadable"}


def _shown(source: str, start: bytes) -> dict[str, Any]:
    try:
        _, width, height = image_header(start[:_HEADER_BYTES])
    except ValueError:  # a clip, or a header longer than usual
        return {"state": "shown", "src": source}
    return {"state": "shown", "src": source, "resolution_wh": [width, height]}
