"""Where frames come from: video files and folders of pictures, which are recorded; cameras and streams, which are live.

An address may hold a name and a password, in its path too, where many cameras want them. So of an address only scheme,
host and port are ever written or said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import urlsplit

import cv2

from proctor_models.errors import ConfigError, VideoError
from proctor_models.runtime.pictures import PictureFolder
from proctor_models.runtime.video import Recording, capture_options
from proctor_models.types import Image

SourceKind = Literal["video", "pictures", "device", "address"]
OPEN_MS, READ_MS = 10_000, 5_000
"""A stream that takes longer to open, or then says nothing for so long, is lost."""
_OPTIONS = {
    # One connection, and nothing that leads elsewhere: a stream can name other files and addresses.
    # Two seconds tell a stream's kind; FFmpeg's own five would be five that nobody sees after each break.
    "rtsp": "rtsp_transport;tcp|protocol_whitelist;rtsp,rtp,udp,tcp|analyzeduration;2000000",
    "http": "protocol_whitelist;http,tcp|format_whitelist;mpjpeg,mjpeg,mpegts,flv,matroska,webm,mov,mp4",
    "https": "protocol_whitelist;https,tls,tcp|format_whitelist;mpjpeg,mjpeg,mpegts,flv,matroska,webm,mov,mp4",
}


class Recorded(Protocol):
    """A recording of any kind: `video.Recording` or `pictures.PictureFolder`."""

    path: Path
    fps: float | None
    resolution_wh: tuple[int, int]
    stated_duration_s: float | None
    undecodable: int
    decoded: int

    @property
    def duration_s(self) -> float:
        """Seconds from the start to the end of the last frame passed."""

    def frames(self, rate_hz: float) -> Iterator[tuple[float, Image]]:
        """Yield (timestamp_s, image), at most `rate_hz` a second."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True)
class Source:
    """What an option such as ``--first`` names; make one with `source`."""

    kind: SourceKind
    text: str = field(repr=False)
    """As given: it may hold a password, and is used for nothing but opening."""
    label: str
    """What may be written of it."""

    @property
    def is_live(self) -> bool:
        """Whether it has no end of its own."""
        return self.kind in ("device", "address")


def source(text: str) -> Source:
    """Tell what kind of source is named: a device by its number, an address by its scheme, else a file or a folder.

    Raises:
        ConfigError: an address of a kind that is not read.

    >>> source("rtsp://guard:secret@10.0.0.7:554/user=guard&password=secret")
    Source(kind='address', label='rtsp://10.0.0.7:554')
    >>> source("0"), source("exam/first.mp4").kind
    (Source(kind='device', label='camera 0'), 'video')
    """
    if text.isdecimal():
        return Source("device", text, f"camera {int(text)}")
    if "://" in text:
        return Source("address", text, _label(text))
    path = Path(text)
    return Source("pictures" if path.is_dir() else "video", text, path.name)


def open_recorded(source: Source, pictures_hz: float | None = None) -> Recorded:
    """Open a recording.

    Raises:
        VideoError: it cannot be read; see `video.Recording` and `pictures.PictureFolder`.
    """
    path = Path(source.text)
    return PictureFolder(path, pictures_hz) if source.kind == "pictures" else Recording(path)


def open_live(source: Source) -> cv2.VideoCapture:
    """Open a camera or a stream; the caller releases it.

    Raises:
        VideoError: there is none, or it cannot be opened. The message holds no password.
    """
    if source.kind == "device":
        return _open_device(int(source.text), source.label)
    scheme = urlsplit(source.text).scheme.lower()
    timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MS]
    with capture_options(_OPTIONS[scheme]):
        capture = cv2.VideoCapture(source.text, cv2.CAP_FFMPEG, timeouts)
    if not capture.isOpened():
        capture.release()
        raise VideoError(
            f"{source.label}: expected a video stream, it cannot be opened; check that the camera is on and reached "
            "from here, and its address, name and password (they are not shown)"
        )
    return capture


def _open_device(number: int, label: str) -> cv2.VideoCapture:
    device = Path(f"/dev/video{number}")
    known = sorted(path.name for path in Path("/dev").glob("video*"))
    if not device.exists():
        raise VideoError(
            f"{label}: {device} is not there (cameras found: {', '.join(known) or 'none'}); plug it in, or name "
            "a recording or an address"
        )
    capture = cv2.VideoCapture(number, cv2.CAP_V4L2)
    if not capture.isOpened():
        capture.release()
        raise VideoError(
            f"{label}: {device} cannot be opened; close the program that uses it, or allow this user to read it"
        )
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return capture


def _label(text: str) -> str:
    try:
        parts = urlsplit(text)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme not in _OPTIONS or not host:
        shown = text.partition("://")[0]
        raise ConfigError(
            f"source: expected an address of {', '.join(f'{name}://' for name in _OPTIONS)} with a host, got "
            f"{shown:.20}://... (the rest is not shown)"
        )
    host = f"[{host}]" if ":" in host else host
    return f"{scheme}://{host}" + (f":{port}" if port else "")
