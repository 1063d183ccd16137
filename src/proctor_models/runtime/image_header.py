"""What an image file says of itself in its first bytes, read before any decoder sees it.

A file of some kilobytes may ask a decoder for gigabytes or for hours. Decoders are also many and old, so only the
four kinds that cameras and exports write are let through to them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

_MARKER = re.compile(rb"\xff[^\x00\x01\xff\xd0-\xd8]")  # no stuffing, no restart: a segment with a length, or the end
_MAX_SCANS = 100  # of a progressive JPEG; encoders write 10, and each costs a pass over the whole picture
_STILL = "a single still picture"


def image_header(data: bytes) -> tuple[str, int, int]:
    """Kind (jpg, png, webp or bmp), width and height in pixels as the file stores them (before any EXIF turn).

    Raises:
        ValueError: another kind of file, one cut off before its size, an animation, or a JPEG made to take hours.

    >>> image_header(b"GIF89a")
    Traceback (most recent call last):
    ValueError: expected jpg, png, webp or bmp, got other bytes
    """
    for kind, start, read in _KINDS:
        if data.startswith(start):
            try:
                width, height = read(data)
            except (struct.error, IndexError):
                raise ValueError(f"cut off inside the header of a {kind}") from None
            return kind, width, height
    raise ValueError("expected jpg, png, webp or bmp, got other bytes")


def _jpg(data: bytes) -> tuple[int, int]:
    size, scans = None, 0
    for marker, at in _jpg_segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and size is None:  # start of the frame
            height, width = struct.unpack_from(">HH", data, at + 5)
            size = width, height
        elif marker == 0xDA and size is None:
            raise ValueError("a jpg without a size")
        scans += marker == 0xDA
        if scans > _MAX_SCANS:
            raise ValueError(f"expected a jpg of at most {_MAX_SCANS} scans, got more")
    if size is None:
        raise ValueError("a jpg without a size")
    return size


def _jpg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Markers that begin a segment, with their places, up to the end of the picture: what follows is not decoded."""
    found = _MARKER.search(data, 2)
    while found and data[found.start() + 1] != 0xD9:
        at = found.start()
        yield data[at + 1], at
        size = struct.unpack_from(">H", data, at + 2)[0] if at + 4 <= len(data) else 0
        found = _MARKER.search(data, at + 2 + size)


def _png(data: bytes) -> tuple[int, int]:
    if data[12:16] != b"IHDR":
        raise ValueError("a png without a header")
    width, height = struct.unpack_from(">II", data, 16)
    at = 8
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"acTL":
            raise ValueError(f"expected {_STILL}, got an animated png")
        if kind == b"IDAT":
            break
        at += 12 + size
    return width, height


def _webp(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if data[8:12] != b"WEBP" or kind not in (b"VP8 ", b"VP8L", b"VP8X"):
        raise ValueError("expected jpg, png, webp or bmp, got other bytes")
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if data[20] & 0x02:
        raise ValueError(f"expected {_STILL}, got an animated webp")
    sizes = struct.unpack_from("<6B", data, 24)
    width, height = (1 + (low | middle << 8 | high << 16) for low, middle, high in (sizes[:3], sizes[3:]))
    return width, height


def _bmp(data: bytes) -> tuple[int, int]:
    if struct.unpack_from("<I", data, 14)[0] == 12:
        width, height = struct.unpack_from("<HH", data, 18)
    else:
        width, height = struct.unpack_from("<ii", data, 18)
    return abs(width), abs(height)  # a negative height turns the order of the lines


_KINDS = (
    ("jpg", b"\xff\xd8\xff", _jpg),
    ("png", b"\x89PNG\r\n\x1a\n", _png),
    ("webp", b"RIFF", _webp),
    ("bmp", b"BM", _bmp),
)
