"""What embeddings and hashes say of a dataset: how unlike the others a frame is, which look the same, a map of all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from proctor_models.data.similar import BLOCK, near_pairs

Embeddings = NDArray[np.float32]  # (frames, channels)
Floats = NDArray[np.float64]

NEIGHBOURS = 3


def standardised(embeddings: Embeddings) -> Embeddings:
    """Every channel with mean 0 and standard deviation 1, then every row of length 1.

    Channels of one net differ in scale by orders; without this two or three of them would decide everything.

    >>> standardised(np.array([[1, 5], [3, 5]], np.float32)).round(3).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    spread = embeddings.std(0)
    scaled = (embeddings - embeddings.mean(0)) / np.where(spread > 0, spread, 1)
    length = np.linalg.norm(scaled, axis=1, keepdims=True)
    return np.asarray(scaled / np.where(length > 0, length, 1), np.float32)


def uniqueness(embeddings: Embeddings, neighbours: int = NEIGHBOURS) -> Floats:
    """Mean distance of each row to its nearest others, over the largest such mean: 1 is the loneliest, 0 a copy.

    The measure is that of FiftyOne's `compute_uniqueness`, on our embeddings.

    >>> uniqueness(np.array([[0, 0], [0, 0], [0, 3], [0, 4]], np.float32), neighbours=1).round(2).tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    count = len(embeddings)
    nearest = min(neighbours, count - 1)
    if nearest < 1:
        return np.zeros(count)
    squares = (embeddings.astype(np.float64) ** 2).sum(1)
    means = np.zeros(count)
    for start in range(0, count, BLOCK):
        block = embeddings[start : start + BLOCK]
        squared = squares[start : start + BLOCK, None] + squares[None] - 2.0 * (block @ embeddings.T)
        rows = np.arange(len(block))
        squared[rows, start + rows] = np.inf  # itself
        closest = np.partition(squared, nearest - 1, axis=1)[:, :nearest]
        means[start : start + BLOCK] = np.sqrt(np.clip(closest, 0, None)).mean(1)
    largest = means.max()
    return means / largest if largest > 0 else means


def plane(embeddings: Embeddings) -> Floats:
    """The two principal components of each row, (n, 2): a map where like lies beside like.

    >>> plane(np.array([[0, 0, 0], [2, 0, 0], [4, 0, 0]], np.float32))[:, 0].round(2).tolist()
    [-2.0, 0.0, 2.0]
    """
    centred = embeddings.astype(np.float64) - embeddings.mean(0)
    _, vectors = np.linalg.eigh(centred.T @ centred)  # eigenvalues rise
    axes = vectors[:, ::-1][:, :2]
    # An axis has no direction of its own: its largest entry points up, so that two runs draw one map.
    axes = axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])])
    flat = centred @ axes
    return np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))


def near_groups(phashes: Sequence[str], bits: int) -> list[int | None]:
    """For each frame the first frame of its near-duplicates by perceptual hash; None where none is like it.

    Frames are of one group if a chain of pairs at most `bits` apart joins them.

    >>> near_groups(["00000000000000ff", "ffffffffffffffff", "00000000000000fe"], 4)
    [0, None, 0]
    """
    parent = list(range(len(phashes)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    paired: set[int] = set()
    for i, j in near_pairs(phashes, bits):
        paired |= {i, j}
        first, second = sorted((root(i), root(j)))
        parent[second] = first
    return [root(i) if i in paired else None for i in range(len(phashes))]
