"""Small recordings made on the spot, and how one goes bad."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np


def record(path: Path, levels: list[int], rate_hz: int = 10, gop: int = 10) -> Path:
    """A recording of one grey level a frame over a fixed pattern; a key frame every `gop`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pattern = np.random.default_rng(0).integers(0, 60, (96, 128, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=rate_hz, options={"g": str(gop), "bf": "0", "sc_threshold": "0"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for number, level in enumerate(levels):
            image = pattern.copy()
            image[20:70, 10 : 10 + level] = 230  # something that comes in from the left
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def spoil(path: Path, share: float) -> None:
    """Turn the bytes of one packet at that share of the recording, as a bad disk does."""
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
        packet = packets[int(share * len(packets))]
        start, size = packet.pos, packet.size
    content = bytearray(path.read_bytes())
    for i in range(start + size // 3, start + size):
        content[i] ^= 0x5A
    path.write_bytes(content)
