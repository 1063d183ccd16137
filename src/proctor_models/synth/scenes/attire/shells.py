"""Surfaces as grids that points can be asked against, and curves: numpy alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.bodies.figure import Points

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def vertex_normals(points: Points, faces: Ints) -> Points:
    """Unit normals of a quad mesh, (n, 3); zero where no face touches a vertex.

    >>> flat = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], float)
    >>> vertex_normals(flat, np.array([[0, 1, 2, 3]]))[0].tolist()
    [0.0, 0.0, 1.0]
    """
    a, b, c, d = (points[faces[:, i]] for i in range(4))
    across = np.cross(c - a, d - b)
    total = np.zeros_like(points)
    for i in range(4):
        np.add.at(total, faces[:, i], across)
    return unit(total)


def unit(vectors: Points) -> Points:
    """Each row at length 1; rows of zeros stay zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(length > 1e-12, length, 1.0))


def compact(faces: Ints) -> tuple[Ints, Ints]:
    """The vertices that faces use, ascending, and the faces renumbered to them.

    >>> used, faces = compact(np.array([[4, 7, 9, 4]]))
    >>> used.tolist(), faces.tolist()
    ([4, 7, 9], [[0, 1, 2, 0]])
    """
    used, back = np.unique(faces, return_inverse=True)
    return used, np.asarray(back).reshape(faces.shape)


def on_quads(points: Points, faces: Ints, k: int = 4) -> Points:
    """Spread k x k points on each quad, (faces * k * k, 3)."""
    u, w = (grid.ravel()[:, None, None] for grid in np.meshgrid(*2 * [(np.arange(k) + 0.5) / k]))
    a, b, c, d = (points[faces[:, i]][None] for i in range(4))
    spread = a * (1 - u) * (1 - w) + b * u * (1 - w) + c * u * w + d * (1 - u) * w
    return np.asarray(spread.reshape(-1, 3))


def polar(points: Points) -> tuple[Floats, Floats, Floats]:
    """Azimuth (0 ahead, positive to the left), elevation (radians) and radius of points about the origin.

    >>> [round(float(x), 2) for x in polar(np.array([2.0, 0.0, 0.0]))]
    [1.57, 0.0, 2.0]
    """
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    flat = np.hypot(x, y)
    return np.arctan2(x, -y), np.arctan2(z, flat), np.hypot(flat, z)


def from_polar(azimuth: Floats, elevation: Floats, radius: Floats) -> Points:
    """The inverse of `polar`."""
    flat = radius * np.cos(elevation)
    return np.stack([flat * np.sin(azimuth), -flat * np.cos(azimuth), radius * np.sin(elevation)], -1)


def fill(grid: Floats, wrap: bool) -> Floats:
    """Holes (NaN) of a grid from their neighbours, ring by ring; columns wrap where `wrap`."""
    grid = grid.copy()
    for _ in range(max(grid.shape)):
        holes = np.isnan(grid)
        if not holes.any():
            break
        padded = np.pad(np.pad(grid, ((1, 1), (0, 0)), mode="edge"), ((0, 0), (1, 1)), mode="wrap" if wrap else "edge")
        near = np.stack([padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]])
        count = (~np.isnan(near)).sum(0)
        mean = np.where(count > 0, np.nansum(near, axis=0) / np.maximum(count, 1), np.nan)
        grid[holes] = mean[holes]
    return grid


def smooth(grid: Floats, times: int, wrap: bool) -> Floats:
    """A grid blurred `times` with a 3 x 3 kernel; columns wrap where `wrap`."""
    for _ in range(times):
        tall = np.pad(grid, ((1, 1), (0, 0)), mode="edge")
        grid = 0.25 * tall[:-2] + 0.5 * tall[1:-1] + 0.25 * tall[2:]
        wide = np.pad(grid, ((0, 0), (1, 1)), mode="wrap" if wrap else "edge")
        grid = 0.25 * wide[:, :-2] + 0.5 * wide[:, 1:-1] + 0.25 * wide[:, 2:]
    return grid


def sample(grid: Floats, row: Floats, column: Floats, wrap: bool) -> Floats:
    """Bilinear look-up at fractional rows and columns; outside, the edge (or around, where `wrap`)."""
    rows, columns = grid.shape
    row = np.clip(row, 0, rows - 1)
    column = np.mod(column, columns) if wrap else np.clip(column, 0, columns - 1)
    r0, c0 = np.floor(row).astype(int), np.floor(column).astype(int)
    c0 = np.minimum(c0, columns - 1)
    r1 = np.minimum(r0 + 1, rows - 1)
    c1 = (c0 + 1) % columns if wrap else np.minimum(c0 + 1, columns - 1)
    fr, fc = row - r0, column - c0
    top = grid[r0, c0] * (1 - fc) + grid[r0, c1] * fc
    low = grid[r1, c0] * (1 - fc) + grid[r1, c1] * fc
    return np.asarray(top * (1 - fr) + low * fr)


@dataclass(frozen=True)
class Shell:
    """How far a surface reaches from a centre, by direction: (elevation, azimuth) grid of radii."""

    centre: Points
    radii: Floats

    @classmethod
    def around(cls, points: Points, centre: Points, shape: tuple[int, int] = (60, 120), blur: int = 1) -> Shell:
        """The outermost of `points` in each direction."""
        rows, columns = shape
        azimuth, elevation, radius = polar(points - centre)
        row = np.clip(((elevation / np.pi + 0.5) * rows).astype(int), 0, rows - 1)
        column = ((azimuth / (2 * np.pi) + 0.5) * columns).astype(int) % columns
        grid = np.full(shape, -1.0)
        np.maximum.at(grid, (row, column), radius)
        return cls(centre, smooth(fill(np.where(grid < 0, np.nan, grid), wrap=True), blur, wrap=True))

    def reach(self, azimuth: Floats, elevation: Floats) -> Floats:
        """Radius in a direction (radians)."""
        rows, columns = self.radii.shape
        row = (np.asarray(elevation) / np.pi + 0.5) * rows - 0.5
        return sample(self.radii, row, (np.asarray(azimuth) / (2 * np.pi) + 0.5) * columns - 0.5, wrap=True)

    def at(self, azimuth: Floats, elevation: Floats, lift: Floats | float = 0.0) -> Points:
        """Points `lift` metres above the surface."""
        azimuth, elevation = np.broadcast_arrays(azimuth, elevation)
        return self.centre + from_polar(azimuth, elevation, self.reach(azimuth, elevation) + lift)

    def height(self, points: Points) -> Floats:
        """How far points are above the surface, metres; negative inside."""
        azimuth, elevation, radius = polar(points - self.centre)
        return np.asarray(radius - self.reach(azimuth, elevation))

    def push_out(self, points: Points, lift: Floats | float = 0.0) -> Points:
        """Points moved outward to at least `lift` above the surface."""
        azimuth, elevation, radius = polar(points - self.centre)
        least = self.reach(azimuth, elevation) + lift
        return self.centre + from_polar(azimuth, elevation, np.maximum(radius, least))


@dataclass(frozen=True)
class Relief:
    """Front and back of a body seen along y: the least and greatest y over a grid of (z, x)."""

    x0: float
    z0: float
    step: float
    front: Floats
    back: Floats
    known: Floats
    """1 where there is a body, 0 beside it."""

    @classmethod
    def of(cls, points: Points, step: float = 0.01, blur: int = 1) -> Relief:
        """From points on the body."""
        x0, z0 = float(points[:, 0].min()), float(points[:, 2].min())
        column = ((points[:, 0] - x0) / step).astype(int)
        row = ((points[:, 2] - z0) / step).astype(int)
        shape = (int(row.max()) + 1, int(column.max()) + 1)
        front, back = np.full(shape, np.inf), np.full(shape, -np.inf)
        np.minimum.at(front, (row, column), points[:, 1])
        np.maximum.at(back, (row, column), points[:, 1])
        known = np.isfinite(front).astype(float)
        front, back = (np.where(known > 0, grid, np.nan) for grid in (front, back))
        front, back = (smooth(fill(grid, False), blur, False) for grid in (front, back))
        return cls(x0, z0, step, front, back, known)

    def y(self, points: Points, face: str) -> Floats:
        """Depth (y) of the ``front`` or ``back`` at the points' x and z; beyond the edge that of the edge."""
        grid = self.front if face == "front" else self.back
        row, column = (points[..., 2] - self.z0) / self.step - 0.5, (points[..., 0] - self.x0) / self.step - 0.5
        return sample(grid, row, column, wrap=False)

    def covers(self, points: Points) -> NDArray[np.bool_]:
        """Whether the body is in front of or behind a point."""
        row, column = (points[..., 2] - self.z0) / self.step - 0.5, (points[..., 0] - self.x0) / self.step - 0.5
        rows, columns = self.known.shape
        inside = (row > -1) & (row < rows) & (column > -1) & (column < columns)
        return np.asarray(inside & (sample(self.known, row, column, wrap=False) > 0.5))


def bezier(corners: Points, count: int) -> Points:
    """Points along a cubic curve with four control points, (count, 3).

    >>> bezier(np.eye(4, 3), 3)[1].tolist()
    [0.125, 0.375, 0.375]
    """
    t = np.linspace(0, 1, count)[:, None]
    a, b, c, d = corners
    return np.asarray((1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c + t**3 * d)


def through(points: Points, count: int) -> Points:
    """A smooth curve through points (Catmull-Rom), (count, 3)."""
    p = np.concatenate([points[:1] * 2 - points[1:2], points, points[-1:] * 2 - points[-2:-1]])
    s = np.linspace(0, len(points) - 1 - 1e-9, count)
    i = s.astype(int)
    t = (s - i)[:, None]
    a, b, c, d = p[i], p[i + 1], p[i + 2], p[i + 3]
    return np.asarray(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))


def strip_faces(rows: int, columns: int, closed: bool = False) -> list[tuple[int, int, int, int]]:
    """Quads of a grid of vertices, row by row; `closed` joins the last column to the first.

    >>> strip_faces(2, 2)
    [(0, 1, 3, 2)]
    """
    last = columns if closed else columns - 1
    return [
        (r * columns + c, r * columns + (c + 1) % columns, (r + 1) * columns + (c + 1) % columns, (r + 1) * columns + c)
        for r in range(rows - 1)
        for c in range(last)
    ]
