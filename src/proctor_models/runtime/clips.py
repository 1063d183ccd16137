"""Short clips of findings: moving pictures that every browser plays in an `<img>`, made in memory.

Animated WebP, not a video: OpenCV's VP8 takes 1.5 s of a core for twenty frames of 640x480 (WebP 0.1 s), knows one
frame rate only, where frames are analysed at a changing pace, and writes to a path and to stderr.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from proctor_models.errors import EvidenceError
from proctor_models.runtime.image import resize

CLIP_SUFFIX = "-clip.webp"
QUALITY = 60
LONGER_SIDE_PX = 1280
"""Larger frames are made smaller: a clip shows what moved, the pictures beside it every detail."""
LAST_MS = 1000
"""How long the last frame stands before the clip begins anew."""
_MOST_MS = 2**24 - 1  # WebP holds 24 bits


def encode_clip(frames: Sequence[tuple[float, bytes]]) -> bytes:
    """An animated WebP of frames as (timestamp_s, JPEG), each shown until the next one's time.

    All are shown at the first one's size, or smaller where that is longer than `LONGER_SIDE_PX`.

    Raises:
        EvidenceError: there is no frame, or one is no JPEG.
    """
    decoded = [cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) for _, jpeg in frames]
    images = [image for image in decoded if image is not None]
    if not images or len(images) < len(decoded):
        raise EvidenceError(f"clip: expected frames as JPEG, got {len(decoded)}, of them {len(images)} readable")
    height, width = images[0].shape[:2]
    scale = min(1.0, LONGER_SIDE_PX / max(height, width))
    resolution_wh = max(1, round(width * scale)), max(1, round(height * scale))
    times_s = [timestamp_s for timestamp_s, _ in frames]
    clip = cv2.Animation()
    clip.frames = [resize(image, resolution_wh) for image in images]
    clip.durations = [*(_ms(b - a) for a, b in pairwise(times_s)), LAST_MS]
    made, buffer = cv2.imencodeanimation(".webp", clip, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])
    if not made:
        raise EvidenceError(f"clip: frames of {width}x{height} px cannot be written as WebP")
    return bytes(buffer)


def _ms(seconds: float) -> int:
    return min(max(1, round(1000 * seconds)), _MOST_MS)
