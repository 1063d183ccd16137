"""`image.normalise` looked up instead of computed: a byte has 256 values, so a table holds all it can become.

Bit for bit the same tensor, in a tenth of the time or less: on a frame, the divisions and the copies they need
cost as much as an eighth of the scene net. Training goes on computing; the table is made by the very function.
"""

from __future__ import annotations

import cv2
import numpy as np

from proctor_models.runtime.image import Tensor, normalise
from proctor_models.types import Image


class Normaliser:
    """`normalise` for one net's mean and standard deviation; holds no state but the table."""

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        """Compute the table; `mean` and `std` are those of red, green, blue after division by 255."""
        ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
        self._table = np.ascontiguousarray(normalise(ramp, mean, std)[:, 0])  # (3, 256): red, green, blue

    def into(self, tensor: Tensor, image: Image) -> None:
        """Write ``normalise(image, mean, std)`` into `tensor` (3, height, width), which is contiguous.

        >>> image, tensor = np.full((2, 2, 3), (255, 0, 0), np.uint8), np.empty((3, 2, 2), np.float32)
        >>> Normaliser((0.0, 0.0, 0.0), (1.0, 1.0, 0.5)).into(tensor, image)
        >>> tensor[:, 0, 0].tolist()  # red, green, blue
        [0.0, 0.0, 2.0]
        """
        for plane, table, out in zip(cv2.split(image)[::-1], self._table, tensor, strict=True):
            cv2.LUT(plane, table, dst=out)
