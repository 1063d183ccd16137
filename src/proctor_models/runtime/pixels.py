"""Pictures of any kind, as the blue-green-red bytes that everything else takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from proctor_models.errors import DataError
from proctor_models.runtime.image_header import image_header
from proctor_models.runtime.plain_files import is_plain, read_plain
from proctor_models.types import Image

MIN_SIDE_PX = 16
MAX_SIDE_PX = 20_000
MAX_PIXELS = 1 << 26
"""Of a picture, 8192 x 8192 for example: what is made of it in between stays within some hundred megabytes."""
MAX_FILE_BYTES = 512 << 20


def as_bgr(image: Any, where: str = "image") -> Image:
    """The picture as contiguous uint8 (height, width, 3), blue-green-red.

    Takes uint8 or uint16, grey (height, width) or with 1, 3 or 4 channels; transparency is dropped,
    16 bits are brought to 8.

    Raises:
        DataError: not an array or one with a mask, another type (floats have no agreed range), no or other
            channels, a side outside 16 to 20,000 px, or too many pixels; `where` names the picture in the message.

    >>> as_bgr(np.full((32, 48), 65535, np.uint16)).shape
    (32, 48, 3)
    """
    if not isinstance(image, np.ndarray) or isinstance(image, np.ma.MaskedArray):
        raise DataError(f"{where}: expected a numpy array, got {type(image).__name__}")
    image = image.view(np.ndarray)  # subclasses may give operators another meaning
    if image.dtype not in (np.uint8, np.uint16):
        raise DataError(f"{where}: expected uint8 or uint16 pixels, got {image.dtype}; convert to 0..255 first")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 3, 4)):
        raise DataError(f"{where}: expected grey or 1, 3 or 4 channels last, got shape {image.shape}")
    height, width = image.shape[:2]
    _check_sides(width, height, where)
    pixels = (image >> 8).astype(np.uint8) if image.dtype == np.uint16 else image
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        pixels = np.repeat(pixels.reshape(height, width, 1), 3, axis=2)
    return np.ascontiguousarray(pixels[:, :, :3])


def _check_sides(width: int, height: int, where: str) -> None:
    if not (MIN_SIDE_PX <= width <= MAX_SIDE_PX and MIN_SIDE_PX <= height <= MAX_SIDE_PX):
        raise DataError(f"{where}: expected {MIN_SIDE_PX} to {MAX_SIDE_PX} px a side, got {width}x{height}")
    if width * height > MAX_PIXELS:
        raise DataError(
            f"{where}: expected at most {MAX_PIXELS} pixels, got {width}x{height}; make the picture smaller"
        )


def read_image(path: Path) -> Image:
    """Decode an image file, turned the way its EXIF orientation asks.

    Kind and size are read from the header first, so that no decoder is handed a file that asks for gigabytes.

    Raises:
        DataError: no such file, empty, truncated, not a jpg, png, webp or bmp, animated, or a size `as_bgr` refuses.
    """
    if not is_plain(path):
        raise DataError(f"{path}: no such image")
    try:
        data = read_plain(path, MAX_FILE_BYTES)
        if not data:
            raise OverflowError(0)
        _, width, height = image_header(data)
    except OverflowError as error:
        raise DataError(f"{path}: expected an image file of 1 to {MAX_FILE_BYTES} bytes, got {error}") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error})") from None
    except ValueError as error:
        raise DataError(f"{path}: cannot be decoded: {error}; is the file whole?") from None
    _check_sides(width, height, str(path))
    # From memory, not by name: a JPEG cut off in the middle is refused, not filled up with grey.
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise DataError(f"{path}: cannot be decoded ({error.err}); is the file whole?") from None
    if image is None:
        raise DataError(f"{path}: cannot be decoded; expected a whole jpg, png, webp or bmp")
    return as_bgr(image, str(path))
