"""Outlines and corners of solids, as numbers alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Size = Sequence[float] | NDArray[np.float64]
BOX_FACES = ((0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7))
"""Below, above, -y, +x, +y, -x; seen from outside they run anticlockwise."""


def box_corners(size: Size) -> Points:
    """The (8, 3) corners of a box about the origin.

    >>> box_corners((2, 4, 6))[0].tolist()
    [-1.0, -2.0, -3.0]
    """
    signs = [(x, y, z) for z in (-1, 1) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return np.asarray(np.asarray(signs, float) * np.asarray(size, float) / 2)


def box_uv(size: Size) -> Points:
    """(24, 2) texture coordinates in metres; u runs along the longer side of each face, as the grain of a board does.

    >>> box_uv((2, 1, 3)).max(0).tolist()
    [3.0, 2.0]
    """
    corners = box_corners(size)
    made = []
    for face, flat in zip(BOX_FACES, (2, 2, 1, 0, 1, 0), strict=True):
        axes = [axis for axis in range(3) if axis != flat]
        axes.sort(key=lambda axis: -float(size[axis]))
        made.append(corners[list(face)][:, axes] + np.asarray(size, float)[axes] / 2)
    return np.concatenate(made)


def rounded_outline(width: float, height: float, radius: float, steps: int = 5) -> Points:
    """A rectangle with round corners about the origin, anticlockwise; (4 (steps + 1), 2).

    >>> rounded_outline(2, 1, .2).shape, rounded_outline(2, 1, .2).max(0).round(3).tolist()
    ((24, 2), [1.0, 0.5])
    """
    radius = min(radius, width / 2 - 1e-6, height / 2 - 1e-6)
    arcs = []
    for corner, (sx, sy) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        angles = np.linspace(0, math.pi / 2, steps + 1) + corner * math.pi / 2
        middle = np.array([sx * (width / 2 - radius), sy * (height / 2 - radius)])
        arcs.append(middle + radius * np.stack([np.cos(angles), np.sin(angles)], 1))
    return np.concatenate(arcs)


def slab_rings(
    size: Size, radius: float, edge: float
) -> tuple[Points, list[tuple[int, int, int, int]], list[int], list[int]]:
    """A plate about the origin with round corners and edges.

    Returns:
        Points, the quads of its side, and the corner numbers of the lower and the upper cap.
    """
    width, height, thick = (float(v) for v in size)
    edge = min(edge, thick / 2 - 1e-6)
    bend = [(edge * (1 - math.sin(a)), edge * (1 - math.cos(a))) for a in np.linspace(0, math.pi / 2, 4)]
    rings = [(inset, -thick / 2 + rise) for inset, rise in bend]
    rings += [(inset, thick / 2 - rise) for inset, rise in reversed(bend)]
    layers = []
    for inset, z in rings:
        outline = rounded_outline(width - 2 * inset, height - 2 * inset, max(radius - inset, 1e-4))
        layers.append(np.c_[outline, np.full(len(outline), z)])
    n = len(layers[0])
    quads = [
        (i * n + j, i * n + (j + 1) % n, (i + 1) * n + (j + 1) % n, (i + 1) * n + j)
        for i in range(len(layers) - 1)
        for j in range(n)
    ]
    top = (len(layers) - 1) * n
    return np.concatenate(layers), quads, list(range(n))[::-1], list(range(top, top + n))
