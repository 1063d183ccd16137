"""Solids from numbers: many boxes, panels and slabs become one mesh, so that a room stays a handful of objects.

Texture coordinates are metres on boxes (a texture covers one metre) and 0 to 1 on panels and slabs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.world.outlines import BOX_FACES, box_corners, box_uv, rounded_outline, slab_rings

Vec = Sequence[float] | NDArray[Any]
Matrix = NDArray[np.float64]  # (3, 3)
WHOLE = (0.0, 0.0, 1.0, 1.0)


class Solid:
    """A mesh that grows part by part; each part has its material."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._vertices: list[NDArray[np.float64]] = []
        self._faces: list[list[int]] = []
        self._uv: list[NDArray[np.float64]] = []
        self._slots: list[int] = []
        self._smooth: list[bool] = []
        self._materials: list[Any] = []
        self._count = 0
        self.labelled: list[tuple[str, Solid]] = []
        """Parts with a label of their own, each a mesh of its own in the same coordinates."""

    def part(self, label: str) -> Solid:
        """A mesh beside this one for something that is labelled apart: the screen on a desk."""
        made = Solid(label)
        self.labelled.append((label, made))
        return made

    def add(
        self,
        vertices: Any,
        faces: Sequence[Sequence[int]],
        material: Any,
        uv: Any = None,
        smooth: bool = True,
    ) -> Solid:
        """Any mesh; `uv` has one (u, v) for each corner of each face."""
        points = np.asarray(vertices, float).reshape(-1, 3)
        corners = sum(len(face) for face in faces)
        if material not in self._materials:
            self._materials.append(material)
        self._vertices.append(points)
        self._faces += [[int(i) + self._count for i in face] for face in faces]
        self._uv.append(np.zeros((corners, 2)) if uv is None else np.asarray(uv, float).reshape(-1, 2))
        self._slots += [self._materials.index(material)] * len(faces)
        self._smooth += [smooth] * len(faces)
        self._count += len(points)
        return self

    def box(self, size: Vec, centre: Vec, material: Any, turned: Matrix | None = None) -> Solid:
        """A box of `size` about `centre`, turned about its own middle."""
        corners = box_corners(size)
        moved = corners if turned is None else corners @ np.asarray(turned).T
        return self.add(moved + np.asarray(centre, float), BOX_FACES, material, box_uv(size), smooth=False)

    def panel(self, corners: Any, material: Any, uv: tuple[float, float, float, float] = WHOLE) -> Solid:
        """A flat quadrilateral: lower left, lower right, upper right, upper left as its reader sees it."""
        left, low, right, high = uv
        where = [(left, low), (right, low), (right, high), (left, high)]
        return self.add(corners, [(0, 1, 2, 3)], material, where, smooth=False)

    def slab(
        self,
        size: Vec,
        centre: Vec,
        radius: float,
        edge: float,
        sides: Any,
        top: Any = None,
        bottom: Any = None,
    ) -> Solid:
        """A plate with rounded corners and edges.

        The top is read from -y and above: u along x, v along y. The bottom is read after turning it over about y.
        """
        points, quads, cap_low, cap_high = slab_rings(size, radius, edge)
        flat = points[:, :2] / np.asarray(size[:2], float)
        below = np.c_[0.5 - flat[:, 0], 0.5 + flat[:, 1]]
        here = points + np.asarray(centre, float)
        self.add(here, quads, sides)
        self.add(here, [cap_high], top or sides, 0.5 + flat[cap_high], smooth=False)
        return self.add(here, [cap_low], bottom or sides, below[cap_low], smooth=False)

    def plate(self, size: Vec, centre: Vec, radius: float, material: Any) -> Solid:
        """A flat face with rounded corners, read from -y and above."""
        outline = rounded_outline(size[0], size[1], radius)
        points = np.c_[outline, np.zeros(len(outline))] + np.asarray(centre, float)
        uv = 0.5 + outline / np.asarray(size[:2], float)
        return self.add(points, [list(range(len(points)))], material, uv, smooth=False)

    def lathe(
        self,
        profile: Sequence[tuple[float, float]],
        centre: Vec,
        material: Any,
        segments: int = 24,
        turned: Matrix | None = None,
    ) -> Solid:
        """A body of revolution about its own z; `profile` is (radius, z) from below to above, outside."""
        angles = np.linspace(0, 2 * math.pi, segments, endpoint=False)
        k = len(profile)
        points = np.array([(r * math.cos(a), r * math.sin(a), z) for a in angles for r, z in profile])
        faces, uv = [], []
        for i in range(segments):
            a, b = i * k, (i + 1) % segments * k
            for j in range(k - 1):
                faces.append((a + j, b + j, b + j + 1, a + j + 1))
                u, w = (i / segments, (i + 1) / segments), (j / (k - 1), (j + 1) / (k - 1))
                uv += [(u[0], w[0]), (u[1], w[0]), (u[1], w[1]), (u[0], w[1])]
        moved = points if turned is None else points @ np.asarray(turned).T
        return self.add(moved + np.asarray(centre, float), faces, material, uv)

    def ball(self, radius: Vec, centre: Vec, material: Any, rings: int = 10) -> Solid:
        """An ellipsoid; `radius` along x, y and z."""
        profile = [(math.sin(t), -math.cos(t)) for t in np.linspace(0, math.pi, rings + 1)]
        return self.lathe(profile, centre, material, 2 * rings, np.diag(np.asarray(radius, float)))

    def rod(self, start: Vec, end: Vec, radius: float, material: Any, segments: int = 10) -> Solid:
        """A straight round rod with closed ends."""
        a, b = np.asarray(start, float), np.asarray(end, float)
        length = float(np.linalg.norm(b - a))
        along = (b - a) / length
        aside = np.cross(along, (0.0, 0.0, 1.0) if abs(along[2]) < 0.9 else (1.0, 0.0, 0.0))
        aside /= np.linalg.norm(aside)
        frame = np.stack([aside, np.cross(along, aside), along], 1)
        return self.lathe([(0, 0), (radius, 0), (radius, length), (0, length)], a, material, segments, frame)

    def cord(self, path: Any, radius: float, material: Any, segments: int = 6) -> Solid:
        """A round cord through points."""
        points = np.asarray(path, float)
        along = np.gradient(points, axis=0)
        along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
        up = np.where(np.abs(along[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
        aside = np.cross(along, up)
        aside /= np.maximum(np.linalg.norm(aside, axis=1, keepdims=True), 1e-9)
        other = np.cross(along, aside)
        angles = np.linspace(0, 2 * math.pi, segments, endpoint=False)
        ring = np.cos(angles)[None, :, None] * aside[:, None] + np.sin(angles)[None, :, None] * other[:, None]
        n = segments
        faces = [
            (i * n + j, i * n + (j + 1) % n, (i + 1) * n + (j + 1) % n, (i + 1) * n + j)
            for i in range(len(points) - 1)
            for j in range(n)
        ]
        return self.add((points[:, None] + radius * ring).reshape(-1, 3), faces, material)

    def grid(self, points: NDArray[np.float64], material: Any, repeat: tuple[float, float] = (1, 1)) -> Solid:
        """A surface through (rows, columns, 3) points; the texture runs along columns (u) and rows (v)."""
        rows, columns, _ = points.shape
        i, j = (v.ravel() for v in np.mgrid[0 : rows - 1, 0 : columns - 1])
        a = i * columns + j
        faces = np.stack([a, a + 1, a + columns + 1, a + columns], 1).tolist()
        u = np.stack([j, j + 1, j + 1, j], 1) / (columns - 1) * repeat[0]
        w = np.stack([i, i, i + 1, i + 1], 1) / (rows - 1) * repeat[1]
        return self.add(points.reshape(-1, 3), faces, material, np.stack([u, w], -1))

    def merge(self, other: Solid, turned: Matrix, at: Vec) -> Solid:
        """Take in another mesh, turned and then moved."""
        names = [other._materials[slot] for slot in other._slots]
        for material in names:
            if material not in self._materials:
                self._materials.append(material)
        self._vertices += [points @ np.asarray(turned).T + np.asarray(at, float) for points in other._vertices]
        self._faces += [[i + self._count for i in face] for face in other._faces]
        self._uv += other._uv
        self._slots += [self._materials.index(material) for material in names]
        self._smooth += other._smooth
        self._count += other._count
        return self

    def made(self, bevel: float = 0.0) -> Any:
        """The object, in the scene; `bevel` rounds its sharp edges by so many metres."""
        data = bpy.data.meshes.new(self._name)
        data.from_pydata(np.concatenate(self._vertices).tolist(), [], self._faces)
        uv = np.concatenate(self._uv).astype(np.float32)
        data.uv_layers.new(name="UVMap").data.foreach_set("uv", uv.ravel())
        for material in self._materials:
            data.materials.append(material)
        data.polygons.foreach_set("material_index", self._slots)
        data.polygons.foreach_set("use_smooth", self._smooth)
        data.update()
        made = blend.link(bpy.data.objects.new(self._name, data))
        if bevel:
            rounded = made.modifiers.new("bevel", "BEVEL")
            rounded.width, rounded.segments, rounded.limit_method = bevel, 2, "ANGLE"
        return made
