"""Quad meshes made finer and smoother, as cloth needs it. numpy alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.attire.shells import Floats, Ints
from proctor_models.synth.scenes.bodies.figure import Points

Mask = NDArray[np.bool_]


def split(faces: Ints, columns: Floats) -> tuple[Ints, Floats]:
    """Each quad into four; `columns` (n, k) are interpolated for the new vertices.

    >>> faces, columns = split(np.array([[0, 1, 2, 3]]), np.array([[0.0], [1], [2], [1]]))
    >>> faces.shape, columns[-1].tolist()
    ((4, 4), [1.0])
    """
    edges = np.sort(np.stack([faces, np.roll(faces, -1, 1)], 2).reshape(-1, 2), 1)
    unique, which = np.unique(edges, axis=0, return_inverse=True)
    count = len(columns)
    middle = np.asarray(which).reshape(faces.shape) + count
    centre = np.arange(len(faces)) + count + len(unique)
    grown = np.concatenate([columns, columns[unique].mean(1), columns[faces].mean(1)])
    quads = [np.stack([faces[:, i], middle[:, i], centre, middle[:, i - 1]], 1) for i in range(4)]
    return np.concatenate(quads), grown


def rim_of(faces: Ints, count: int) -> Mask:
    """Which of `count` vertices lie on an open edge.

    >>> rim_of(np.array([[0, 1, 2, 3]]), 5).tolist()
    [True, True, True, True, False]
    """
    edges = np.sort(np.stack([faces, np.roll(faces, -1, 1)], 2).reshape(-1, 2), 1)
    unique, uses = np.unique(edges, axis=0, return_counts=True)
    rim = np.zeros(count, bool)
    rim[unique[uses == 1].ravel()] = True
    return rim


def relax(points: Points, faces: Ints, times: int, hold: Floats | float = 1.0) -> Points:
    """Laplacian smoothing: vertices drawn to the mean of their neighbours, those on a rim along the rim alone.

    Args:
        points: (n, 3).
        faces: quads.
        times: how often.
        hold: how far each vertex may move, 0 to 1.
    """
    edges = np.unique(np.sort(np.stack([faces, np.roll(faces, -1, 1)], 2).reshape(-1, 2), 1), axis=0)
    rim = rim_of(faces, len(points))
    pairs = np.concatenate([edges, edges[:, ::-1]])
    pairs = pairs[~rim[pairs[:, 0]] | rim[pairs[:, 1]]]
    degree = np.bincount(pairs[:, 0], minlength=len(points)).astype(float)[:, None]
    strength = 0.5 * np.broadcast_to(np.asarray(hold, float), (len(points),))[:, None]
    for _ in range(times):
        total = np.stack([np.bincount(pairs[:, 0], points[pairs[:, 1], axis], len(points)) for axis in range(3)], 1)
        mean = np.where(degree > 0, total / np.maximum(degree, 1), points)
        points = points + strength * (mean - points)
    return points
