"""Whether a camera still stands where it stood: fixed edges of the surroundings, held against the frame.

Edges that were there most of the time lately are the **fixed** ones: furniture, walls, windows, as the candidate
moves and leaves none behind. They are compared by place and direction, not by brightness, so that a lamp switched on
changes little. The picture is judged cell by cell: whoever leans or walks before the camera takes the fixed edges of
some cells away, a camera that was moved those of all cells at once. So the score comes from the cells that keep most.

When the surroundings are lost, the memory stands still until the new ones have been steady for `ADAPT_S`; so a camera
that is nudged and stays gives a high score for that long, once. What stays unseen: moves under about 4 % of the
picture's width, moves along the only lines there are, a camera that sinks slower than the memory follows
(`MEMORY_S`), and one that is moved while the picture is dark, blurred or covered and put back.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SIZE_WH = (160, 120)
"""The picture is judged at this size."""
MEMORY_S = 20.0
"""Time constant with which fixed edges come and go."""
READY_S = 5.0
"""Nothing is said of the first seconds, in which nothing is known to be fixed."""
ADAPT_S = 10.0
"""Once lost, so long the new surroundings must be steady to become the reference."""
GIVE_UP_S = 30.0
"""Once lost, after so long the reference is made anew even where nothing is steady."""
_STEP_S = 1.0  # frames further apart count as so far apart: unseen time teaches nothing
_FIXED = 0.6  # share of the remembered time that an edge was there
_CELL_PX = 20
_CELL_EDGES = 10  # fewer fixed edges in a cell say nothing
_MIN_CELLS = 6
_KEEPING = 0.75  # quantile of the cells, by what they keep, that decides
_KEPT, _LOST = 0.5, 0.2  # share of fixed edges still there, beyond chance: not moved, surely moved
_BLURRED = 0.3  # share of the reference's edges under which the picture is too poor to tell
_EDGE = 3.0  # least gradient, grey levels a pixel of the small picture
_STANDS_OUT = 1.2  # times the mean gradient around
_CLIPPED = 250  # grey levels: brighter pixels show no edges
_SECTOR = 2.4142  # tangent of 67.5 degrees: four directions, each a quarter of half a turn

_ACROSS = tuple(
    np.array(kernel, np.uint8)
    for kernel in (
        [[0, 0, 0], [1, 1, 1], [0, 0, 0]],
        [[0, 1, 0], [0, 1, 0], [0, 1, 0]],
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0, 0, 1], [0, 1, 0], [1, 0, 0]],
    )
)

Grey = NDArray[np.uint8]  # (120, 160)
Edges = NDArray[np.uint8]  # (120, 160, 4) 0 or 1: an edge of each of four directions
Cells = NDArray[np.float64]  # (48,) a count in each cell
Memory = NDArray[np.float32]  # (120, 160, 4) share of the time an edge was there


class Surroundings:
    """Remembers where the fixed edges of one view are."""

    def __init__(self) -> None:
        self._memory = _Mean(MEMORY_S)
        self._new = _Mean(ADAPT_S)
        self._lost_s: float | None = None
        self._poor_s: float | None = None
        self._last_s: float | None = None

    def observe(self, grey: Grey, timestamp_s: float) -> float | None:
        """How surely the surroundings lie elsewhere than before, in [0, 1]; None where it cannot be told."""
        step_s = 0.0 if self._last_s is None else min(timestamp_s - self._last_s, _STEP_S)
        self._last_s = timestamp_s
        edges, clipped = edges_of(grey), _by_direction((grey >= _CLIPPED).view(np.uint8))[:, 0]
        if self._memory.seen_s < READY_S:
            self._memory.add(edges, step_s)
            return None
        if self._too_poor(edges, timestamp_s):
            return None
        kept = kept_share(self._memory.share, edges, clipped)
        score = None if kept is None else float(np.clip((_KEPT - kept) / (_KEPT - _LOST), 0, 1))
        if score is not None and score >= 0.5:
            self._follow(edges, clipped, step_s, timestamp_s)
        else:
            self._memory.add(edges, step_s)
            self._lost_s = None
        return score

    def _too_poor(self, edges: Edges, timestamp_s: float) -> bool:
        """Whether the picture is covered, dark or blurred; what stays so is how the picture is from now on."""
        if _count(edges) >= _BLURRED * self._memory.usual:
            self._poor_s = None
            return False
        self._poor_s = timestamp_s if self._poor_s is None else self._poor_s
        if timestamp_s - self._poor_s >= GIVE_UP_S:
            self._memory, self._poor_s, self._lost_s = _Mean(MEMORY_S), None, None
        return True

    def _follow(self, edges: Edges, clipped: Cells, step_s: float, timestamp_s: float) -> None:
        """The reference is lost: learn the new surroundings, and take them once they are steady."""
        if self._lost_s is None:
            self._lost_s, self._new = timestamp_s, _Mean(ADAPT_S)
        self._new.add(edges, step_s)
        lost_s = timestamp_s - self._lost_s
        kept = kept_share(self._new.share, edges, clipped) if lost_s >= ADAPT_S else None
        if (kept is not None and kept >= _KEPT) or lost_s >= GIVE_UP_S:
            self._memory, self._lost_s = self._new, None
            self._memory.over_s = MEMORY_S


class _Mean:
    """Mean over time: of all frames at first, then forgetting with a time constant."""

    def __init__(self, over_s: float) -> None:
        self.over_s = over_s
        self.seen_s = 0.0
        self.share: Memory = np.zeros((SIZE_WH[1], SIZE_WH[0], 4), np.float32)
        self.usual = 0.0
        """Edges of a usual frame."""

    def add(self, edges: Edges, step_s: float) -> None:
        self.seen_s = min(self.seen_s + step_s, 1e6)
        weight = 1.0 if self.seen_s == 0 else min(1.0, step_s / min(self.seen_s + step_s, self.over_s))
        cv2.accumulateWeighted(edges, self.share, weight)
        self.usual += weight * (_count(edges) - self.usual)


def edges_of(grey: Grey) -> Edges:
    """Edges by direction: gradients that stand out of their neighbourhood, whatever the light."""
    smooth = cv2.GaussianBlur(grey, (3, 3), 0)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, dx, dy, scale=0.25) for dx, dy in ((1, 0), (0, 1)))
    strength = cv2.magnitude(across, down)
    strong = strength > cv2.max(_STANDS_OUT * cv2.boxFilter(strength, -1, (15, 15)), _EDGE)
    # Direction modulo half a turn, in four sectors: upright, level and the two between.
    wide, tall = cv2.absdiff(across, 0), cv2.absdiff(down, 0)
    upright, level = wide > _SECTOR * tall, tall > _SECTOR * wide
    rising = (across > 0) == (down > 0)
    slanted = strong & ~(upright | level)
    directed = (strong & upright, strong & level, slanted & rising, slanted & ~rising)
    # Thin: the strongest across its direction, so that a shift of two pixels leaves nothing of a line in its place.
    planes = [one & (strength >= cv2.dilate(strength, kernel)) for one, kernel in zip(directed, _ACROSS, strict=True)]
    return np.asarray(cv2.merge([plane.view(np.uint8) for plane in planes]), np.uint8)


def kept_share(memory: Memory, edges: Edges, clipped: Cells) -> float | None:
    """Share of the fixed edges still there, in the cells that keep most, beyond what chance would keep.

    1 where all are there, 0 where no more are than edges of that direction would meet anywhere in the cell (Cohen's
    kappa); None where too little is fixed.
    """
    fixed = (memory >= _FIXED).view(np.uint8)
    # A pixel to each side: a desk shakes while somebody types.
    near = cv2.dilate(edges, np.ones((3, 3), np.uint8))
    all_by_direction, near_by_direction = _by_direction(fixed), _by_direction(near)
    all_of_it, there = all_by_direction.sum(1), _by_direction(fixed & near).sum(1)
    able = (all_of_it >= _CELL_EDGES) & (clipped < _CELL_PX**2 // 4)
    if able.sum() < _MIN_CELLS:
        return None
    chance = (all_by_direction * near_by_direction).sum(1)[able] / _CELL_PX**2
    beyond = (there[able] - chance) / np.maximum(all_of_it[able] - chance, 1)
    kept = np.sort(beyond)
    return float(kept[int(_KEEPING * (len(kept) - 1))])


def _count(edges: Edges) -> int:
    return int(cv2.countNonZero(edges.reshape(len(edges), -1)))


def _by_direction(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How many pixels of each plane are set in each cell, (48, planes): of edges, by direction."""
    height, width = pixels.shape[:2]
    flat = pixels.reshape(height // _CELL_PX, _CELL_PX, width // _CELL_PX, -1)
    # Twice, as sums over a short inner axis are slow; no byte overflows: a column of a cell holds 20.
    columns = flat.sum(1, dtype=np.uint8).reshape(-1, _CELL_PX, pixels.size // (height * width))
    return np.asarray(columns.sum(1, dtype=np.float64))
