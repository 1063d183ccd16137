"""Image files: decoded in full to be sure of them, un-stretched where need be, hashed and stored."""

from __future__ import annotations

import hashlib
import io
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import imagehash
import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from proctor_models.data.drafts import Draft, DraftBox, Problems
from proctor_models.data.manifest import BoxLabel
from proctor_models.errors import DataError
from proctor_models.runtime.image import resize
from proctor_models.runtime.pixels import MIN_SIDE_PX
from proctor_models.types import Image

OVERSHOOT_PX = 2.0  # a box may leave its image by this much (rounding, half-pixel conventions) and is clipped
JPEG_QUALITY = 95
FORMATS = ("JPEG", "PNG", "BMP", "WEBP")  # what OpenCV reads too


@dataclass(frozen=True)
class Picture:
    """A sound image file: its bytes, size as shown (orientation applied) and 64-bit perceptual hash."""

    data: bytes
    suffix: str
    resolution_wh: tuple[int, int]
    phash: str


def read_picture(data: bytes, suffix: str, where: str) -> Picture:
    """Decode every pixel of an image file's bytes.

    Raises:
        DataError: unreadable, truncated, suspiciously large, or too small for any net.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # broken metadata does not make a broken picture
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(io.BytesIO(data), formats=FORMATS) as opened:
                opened.load()
                upright = ImageOps.exif_transpose(opened)
                if min(upright.size) < MIN_SIDE_PX:
                    raise ValueError(f"{upright.size[0]} x {upright.size[1]} px, under {MIN_SIDE_PX} px a side")
                phash = str(imagehash.phash(upright))
                return Picture(data, suffix, upright.size, phash)
    except (OSError, ValueError, SyntaxError, Warning, Pillow.DecompressionBombError) as error:
        raise DataError(
            f"{where}: expected a complete image file, got {error}; fetch it again or leave it out"
        ) from None


def encode_jpeg(image: Image, where: str) -> bytes:
    """The image as JPEG bytes of quality 95."""
    done, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise DataError(f"{where}: cannot be encoded as JPEG ({image.shape[1]} x {image.shape[0]} px)")
    return bytes(encoded.tobytes())


def natural_wh(resolution_wh: tuple[int, int], native_aspect: float) -> tuple[int, int]:
    """Size with the true width over height, the longer stored side kept.

    >>> natural_wh((640, 640), 1.3333), natural_wh((640, 640), 0.75)
    ((640, 480), (480, 640))
    """
    longer = max(resolution_wh)
    if native_aspect >= 1:
        return longer, max(1, round(longer / native_aspect))
    return max(1, round(longer * native_aspect)), longer


def unstretch(picture: Picture, native_aspect: float, where: str) -> Picture:
    """The picture with its true width over height; the same object where it has it already."""
    goal = natural_wh(picture.resolution_wh, native_aspect)
    if all(abs(a - b) <= 1 for a, b in zip(goal, picture.resolution_wh, strict=True)):
        return picture
    stretched = cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_COLOR)
    return read_picture(encode_jpeg(resize(np.asarray(stretched, np.uint8), goal), where), ".jpg", where)


def store(picture: Picture, path: Path) -> str:
    """Write the picture's bytes to a new file and return their sha256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as stream:
        stream.write(picture.data)
    return hashlib.sha256(picture.data).hexdigest()


def checked_boxes(
    boxes: Sequence[DraftBox], stored_wh: tuple[int, int], shown_wh: tuple[int, int], problems: Problems
) -> tuple[BoxLabel, ...]:
    """The boxes of one image, clipped by at most 2 px to `stored_wh` and scaled to `shown_wh`.

    Numbers that are not finite, boxes without area and boxes further outside are problems.
    """
    sound = []
    width, height = stored_wh
    to_x, to_y = shown_wh[0] / width, shown_wh[1] / height
    for box in boxes:
        x0, y0, x1, y1 = box.xyxy
        if not all(math.isfinite(value) for value in box.xyxy):
            problems.add(box.where, f"box: expected finite numbers, got {box.xyxy}; mend or remove the annotation")
            continue
        if max(-x0, -y0, x1 - width, y1 - height) > OVERSHOOT_PX:
            problems.add(
                box.where,
                f"box: expected inside the image of {width} x {height} px (up to {OVERSHOOT_PX:g} px outside is "
                f"clipped), got corners {box.xyxy}; mend or remove the annotation",
            )
            continue
        x0, y0, x1, y1 = max(0.0, x0), max(0.0, y0), min(float(width), x1), min(float(height), y1)
        if not (x0 < x1 and y0 < y1):
            problems.add(box.where, f"box: expected an area above 0, got corners {box.xyxy}; mend or remove it")
            continue
        scaled = (round(x0 * to_x, 2), round(y0 * to_y, 2), round(x1 * to_x, 2), round(y1 * to_y, 2))
        sound.append(BoxLabel(label=box.label, xyxy=scaled, attributes=dict(box.attributes)))
    return tuple(sound)


def opened(draft: Draft, problems: Problems) -> Picture | None:
    """The draft's image, decoded; None after noting what is wrong with it."""
    try:
        data = draft.encoded if draft.encoded is not None else draft.path.read_bytes()
        picture = read_picture(data, draft.path.suffix.lower() if draft.encoded is None else ".jpg", draft.where)
    except OSError as error:
        problems.add(draft.where, f"expected a readable image file, got {error.strerror}")
    except DataError as error:
        problems.add(*str(error).split(": ", 1))
    else:
        if draft.stated_wh not in (None, picture.resolution_wh):
            stated, found = draft.stated_wh, picture.resolution_wh
            problems.add(
                draft.where,
                f"size: the labels state {stated[0]} x {stated[1]} px, the file has {found[0]} x {found[1]}; "
                "the boxes may belong to another picture",
            )
            return None
        return picture
    return None
