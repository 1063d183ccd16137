"""Perceptual hashes compared: which frames look the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BLOCK = 512  # rows compared at once: 512 x 5,000 differences take 20 MB


def near_pairs(phashes: Sequence[str], bits: int) -> list[tuple[int, int]]:
    """Index pairs (i < j) of 64-bit hashes (16 hexadecimal digits) that differ in at most `bits` bits.

    >>> near_pairs(["00000000000000ff", "ffffffffffffffff", "00000000000000fe"], 4)
    [(0, 2)]
    """
    values = np.array([int(text, 16) for text in phashes], np.uint64)
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(values), BLOCK):
        differences = np.bitwise_count(values[start : start + BLOCK, None] ^ values[None, start:])
        rows, columns = np.nonzero(differences <= bits)
        later = columns > rows
        pairs += zip((rows[later] + start).tolist(), (columns[later] + start).tolist(), strict=True)
    return pairs
