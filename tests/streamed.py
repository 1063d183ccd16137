"""Real streams on this machine: a sender of RTSP, and ports nobody uses."""

from __future__ import annotations

import socket
import time
from fractions import Fraction

import av
import numpy as np


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def push(url: str, frames: int, sleep_s: float = 0.0, waiting_s: float = 20.0) -> None:
    """Send a stream to whoever listens at `url`: brighter and brighter, a tenth of a second a frame in its own time."""
    end = time.monotonic() + waiting_s
    while True:
        out = av.open(url, "w", format="rtsp", options={"rtsp_transport": "tcp"})
        stream = out.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        try:
            out.start_encoding()  # only now it connects
            break
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
    with out:
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number * 5 % 256, np.uint8), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            out.mux(stream.encode(frame))
            time.sleep(sleep_s)
        out.mux(stream.encode())
