"""Where small things are in a head crop, as the maps that the head net learns to draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proctor_models.types import Boxes

STRIDE_PX = 8
"""Pixels of the crop that one place of the map stands for."""
_SPREAD = 0.25  # deviation of the bell around a centre, as a share of the thing's mean side
_MIN_SPREAD = 0.5  # in places of the map

Map = NDArray[np.float32]  # (height, width): 1 at a thing's centre, less around it, 0 elsewhere


def spot_map(xyxy: Boxes, side_px: int) -> Map:
    """Bells around the centres of things (Zhou et al., "Objects as Points", 2019).

    Args:
        xyxy: the things, (n, 4), in pixels of the crop; those whose centre lies outside are left out.
        side_px: side of the crop.

    >>> (10 * spot_map(np.array([[10, 2, 14, 6]], np.float32), 24)).round().astype(int).tolist()
    [[1, 10, 1], [0, 1, 0], [0, 0, 0]]
    """
    side = side_px // STRIDE_PX
    rows, columns = np.mgrid[:side, :side]
    drawn: Map = np.zeros((side, side), np.float32)
    for x0, y0, x1, y1 in xyxy:
        column, row = int((x0 + x1) / 2 // STRIDE_PX), int((y0 + y1) / 2 // STRIDE_PX)
        if not (0 <= column < side and 0 <= row < side):
            continue
        spread = max(_MIN_SPREAD, _SPREAD * float(x1 - x0 + y1 - y0) / 2 / STRIDE_PX)
        bell = np.exp(-((columns - column) ** 2 + (rows - row) ** 2) / (2 * spread**2))
        drawn = np.maximum(drawn, bell.astype(np.float32))
    return drawn
