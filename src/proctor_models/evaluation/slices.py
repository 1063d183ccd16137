"""Which frames belong to which slice: by where they come from, how they look, and who is in them.

What a frame says by itself comes first (its tags, and the attributes people wrote on its largest face); light alone is
also read from the pixels. Where nothing says it, the frame is in no slice of that kind: unknown is no group.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.data.appearance import HEADWEAR, PROFILE_YAW_DEG
from proctor_models.data.manifest import AttributeValue, BoxLabel, FrameRecord, Manifest
from proctor_models.errors import DataError
from proctor_models.evaluation.matching import Bools
from proctor_models.types import FACES

NEAR_FACE, FAR_FACE = 0.35, 0.18
"""Longer side of the largest face over the frame's height: from `NEAR_FACE` near, below `FAR_FACE` far."""
CAMERAS = {320 * 240: "to 320x240", 640 * 480: "to 640x480", 1280 * 720: "to 1280x720"}
"""Most pixels of a class of cameras to its name, rising; what has more is `larger`."""
TONES = ("light", "medium", "dark")
GLASSES = ("none", "clear", "sunglasses")
_MONK_TONES = dict(enumerate((*("light",) * 3, *("medium",) * 3, *("dark",) * 4), start=1))
_UNKNOWN = ("", "unknown", "unclear", "unsure")

_CLIPPED = 250  # luma from which a pixel holds no detail
_DARK, _BRIGHT = 60.0, 170.0  # mean luma of the frame
_BACKLIT_CLIPPED, _BACKLIT_REST = 0.08, 100.0  # share of clipped pixels; mean luma of all others


class HasFrame(Protocol):
    """Anything that was said of a labelled frame."""

    @property
    def frame(self) -> FrameRecord:
        """The frame."""


def slice_masks(seen: Sequence[HasFrame], lights: Mapping[str, str] | None = None) -> list[tuple[str, str, Bools]]:
    """Kind, value and mask (frames,) of every slice that holds a frame, kinds in the order of `SLICES`.

    Args:
        seen: the frames.
        lights: light by frame id, where no tag says it; see `measured_lights`.
    """
    found = []
    for kind in SLICES:
        values = np.array([slice_value(one.frame, kind, lights or {}) or "" for one in seen], dtype=object)
        found += [(kind, str(value), values == value) for value in sorted(set(values) - {""})]
    return found


def slice_value(frame: FrameRecord, kind: str, lights: Mapping[str, str]) -> str | None:
    """The slice of one kind that the frame is in; None where nothing says it."""
    if kind == "light":
        return frame.tags.get("light") or lights.get(frame.id)
    return _VALUES[kind](frame)


def measured_lights(manifest: Manifest) -> dict[str, str]:
    """Light by frame id, of the frames whose tags do not say it: each picture is read once, at a quarter of its size.

    Raises:
        DataError: a picture cannot be read.
    """
    found = {}
    for frame in manifest:
        if not frame.tags.get("light"):
            path = manifest.image_path(frame)
            grey = cv2.imread(str(path), cv2.IMREAD_REDUCED_GRAYSCALE_4) if path.is_file() else None
            if grey is None:
                raise DataError(f"{path}: expected a picture, none could be read; ingest the sources again")
            found[frame.id] = light(np.asarray(grey, np.uint8))
    return found


def light(grey: NDArray[np.uint8]) -> str:
    """`backlit`, `dark`, `bright` or `normal`, of the luma (height, width) of a frame.

    Backlit: at least 8 % of the pixels are clipped (luma 250 and up) and the mean of all others is below 100, so that
    something blinds the camera and the rest lies in the shade. Else dark: the mean of all is below 60; bright: it is
    170 and up; normal: anything between. Rules of thumb: they name the picture, not the room.

    >>> shade, window = np.full((8, 8), 40, np.uint8), np.full((8, 2), 255, np.uint8)
    >>> light(shade), light(np.hstack([shade, window])), light(shade + 80), light(shade + 150)
    ('dark', 'backlit', 'normal', 'bright')
    """
    clipped = grey >= _CLIPPED
    share = float(clipped.mean())
    if _BACKLIT_CLIPPED <= share < 1 and float(grey[~clipped].mean()) < _BACKLIT_REST:
        return "backlit"
    mean = float(grey.mean())
    return "dark" if mean < _DARK else ("bright" if mean >= _BRIGHT else "normal")


def camera(width: int, height: int) -> str:
    """Class of a camera by the pixels of its frames.

    >>> camera(240, 320), camera(640, 360), camera(1280, 720), camera(1920, 1080)
    ('to 320x240', 'to 640x480', 'to 1280x720', 'larger')
    """
    return next((name for most, name in CAMERAS.items() if width * height <= most), "larger")


def _camera(frame: FrameRecord) -> str | None:
    tag = frame.tags.get("camera", "")
    size = re.fullmatch(r"(\d+)x(\d+)", tag)
    if size:
        return camera(int(size[1]), int(size[2]))
    return tag or camera(frame.width, frame.height)


def _skin_tone(frame: FrameRecord) -> str | None:
    said = _one_of(TONES, _of_face(frame, "tone"))
    monk = frame.tags.get("monk_tone", "")
    return said or (_MONK_TONES.get(int(monk)) if monk.isdecimal() else None)


def _glasses(frame: FrameRecord) -> str | None:
    return _one_of(GLASSES, _of_face(frame, "glasses")) or frame.tags.get("glasses") or None


def _beard(frame: FrameRecord) -> str | None:
    said = _of_face(frame, "beard")
    if isinstance(said, bool):
        said = "beard" if said else "none"
    return next((str(word) for word in (said, frame.tags.get("beard")) if word and word not in _UNKNOWN), None)


def _headwear(frame: FrameRecord) -> str | None:
    tag = frame.tags.get("headwear")
    # Scenes name the kind of hat, people who label only that it is one.
    of_scene = None if not tag else (tag if tag in HEADWEAR else "hat")
    return _one_of(tuple(HEADWEAR), _of_face(frame, "headwear")) or of_scene


def _head_pose(frame: FrameRecord) -> str | None:
    try:
        yaw_deg = float(frame.tags.get("yaw", "nan"))
    except ValueError:
        return None
    if not math.isfinite(yaw_deg):
        return None
    return "frontal" if abs(yaw_deg) < PROFILE_YAW_DEG else "turned"


def _distance(frame: FrameRecord) -> str | None:
    face = largest_face(frame)
    if face is None:
        return "no face" if set(FACES) <= set(frame.labelled) else None
    share = _longer_side(face) / frame.height
    return "near" if share >= NEAR_FACE else ("middle" if share >= FAR_FACE else "far")


def largest_face(frame: FrameRecord) -> BoxLabel | None:
    """The labelled face with the longest side; None without any."""
    return max((box for box in frame.boxes if box.label in FACES), key=_longer_side, default=None)


def _longer_side(box: BoxLabel) -> float:
    x0, y0, x1, y1 = box.xyxy
    return max(x1 - x0, y1 - y0)


def _of_face(frame: FrameRecord, name: str) -> AttributeValue | None:
    face = largest_face(frame)
    return None if face is None else face.attributes.get(name)


def _one_of(known: Iterable[str], said: AttributeValue | None) -> str | None:
    return next((word for word in known if word == said), None)


_VALUES: dict[str, Callable[[FrameRecord], str | None]] = {
    "view": lambda frame: frame.view,
    "source": lambda frame: frame.source,
    "person": lambda frame: frame.person,
    "camera": _camera,
    "light": lambda frame: frame.tags.get("light"),
    "skin_tone": _skin_tone,
    "glasses": _glasses,
    "beard": _beard,
    "headwear": _headwear,
    "head_pose": _head_pose,
    "distance": _distance,
}
SLICES = tuple(_VALUES)
"""Kinds of slices, in the order of the report."""
