"""Pictures of any kind, as the blue-green-red bytes that everything else takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from proctor_models.errors import DataError
from proctor_models.types import Image

MIN_SIDE_PX = 16
MAX_SIDE_PX = 20_000
_MAX_FILE_BYTES = 512 << 20


def as_bgr(image: Any, where: str = "image") -> Image:
    """The picture as contiguous uint8 (height, width, 3), blue-green-red.

    Takes uint8 or uint16, grey (height, width) or with 1, 3 or 4 channels; transparency is dropped,
    16 bits are brought to 8.

    Raises:
        DataError: not an array, another type (floats have no agreed range), no or other channels, or a
            side outside 16 to 20,000 px; `where` names the picture in the message.

    >>> as_bgr(np.full((32, 48), 65535, np.uint16)).shape
    (32, 48, 3)
    """
    if not isinstance(image, np.ndarray):
        raise DataError(f"{where}: expected a numpy array, got {type(image).__name__}")
    if image.dtype not in (np.uint8, np.uint16):
        raise DataError(f"{where}: expected uint8 or uint16 pixels, got {image.dtype}; convert to 0..255 first")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 3, 4)):
        raise DataError(f"{where}: expected grey or 1, 3 or 4 channels last, got shape {image.shape}")
    height, width = image.shape[:2]
    if not (MIN_SIDE_PX <= width <= MAX_SIDE_PX and MIN_SIDE_PX <= height <= MAX_SIDE_PX):
        raise DataError(f"{where}: expected {MIN_SIDE_PX} to {MAX_SIDE_PX} px a side, got {width}x{height}")
    pixels = (image >> 8).astype(np.uint8) if image.dtype == np.uint16 else image
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        pixels = np.repeat(pixels.reshape(height, width, 1), 3, axis=2)
    return np.ascontiguousarray(pixels[:, :, :3])


def read_image(path: Path) -> Image:
    """Decode an image file, turned the way its EXIF orientation asks.

    Raises:
        DataError: no such file, empty, truncated, not an image, or a size `as_bgr` refuses.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such image")
    size = path.stat().st_size
    if not 0 < size <= _MAX_FILE_BYTES:
        raise DataError(f"{path}: expected an image file of 1 to {_MAX_FILE_BYTES} bytes, got {size}")
    # From memory, not by name: a JPEG cut off in the middle is refused, not filled up with grey.
    try:
        image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise DataError(f"{path}: cannot be decoded ({error.err}); is the file whole?") from None
    if image is None:
        raise DataError(f"{path}: cannot be decoded; expected a whole jpg, png, webp or bmp")
    return as_bgr(image, str(path))
