"""Small solids seen from the camera: rays are marched through signed distance fields.

The method is sphere tracing (Hart, 1996): from each pixel a ray goes on by the distance to the nearest surface until
it meets one. Everything is in a space of its own, in centimetres; see `head.Space`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from proctor_models.synth.composites.layers import Layer, Plane
from proctor_models.synth.faces.head import Space
from proctor_models.synth.faces.look import Look

Field = Callable[[NDArray[np.float32]], NDArray[np.float32]]  # (n, 3) points to (n,) distances, both in cm
Paint = Callable[[NDArray[np.float32]], NDArray[np.float32]]  # (n, 3) points to (n, 3) colours, 1 is white

STEPS = 40
NEAR_CM = 0.01
FAR_CM = 40.0
COARSE = 6
MAX_RAYS = 160_000


@dataclass(frozen=True)
class Solid:
    """One body of one material."""

    distance: Field
    albedo: tuple[float, float, float] | None
    """Blue, green and red, 1 is white; None hides what is behind it and is not painted itself."""
    gloss: float = 0.25
    """Strength of the highlight."""
    paint: Paint | None = None
    """Colours of surface points, (n, 3), in place of `albedo`."""


@dataclass(frozen=True)
class Painting:
    """A layer, and where its top left corner goes in the frame."""

    layer: Layer
    corner: tuple[int, int]
    parts: tuple[Plane, ...] = ()
    """What is visible of each solid, as large as the layer."""


def ball(centre: ArrayLike, radii: ArrayLike) -> Field:
    """An ellipsoid.

    >>> float(ball((0, 0, 0), 1.0)(np.array([[3, 0, 0]], np.float32))[0])
    2.0
    """
    middle, half = np.asarray(centre, np.float32), np.broadcast_to(np.asarray(radii, np.float32), (3,))

    def distance(points: NDArray[np.float32]) -> NDArray[np.float32]:
        scaled = np.linalg.norm((points - middle) / half, axis=1)
        steep = np.linalg.norm((points - middle) / half**2, axis=1)
        # Quilez's bound: exact for a ball, never too long for an ellipsoid near its surface.
        return np.asarray(np.where(steep > 1e-6, scaled * (scaled - 1) / np.maximum(steep, 1e-6), -half.min()))

    return distance


def capsule(start: ArrayLike, end: ArrayLike, radius: float, end_radius: float | None = None) -> Field:
    """A rod with round ends, which may get thinner or thicker along its length.

    >>> float(capsule((0, 0, 0), (4, 0, 0), 1.0)(np.array([[2, 3, 0]], np.float32))[0])
    2.0
    """
    first = np.asarray(start, np.float32)
    along = np.asarray(end, np.float32) - first
    length2 = max(float(along @ along), 1e-9)
    last = radius if end_radius is None else end_radius

    def distance(points: NDArray[np.float32]) -> NDArray[np.float32]:
        away = points - first
        share = np.clip(away @ along / length2, 0, 1)
        thick = radius + (last - radius) * share
        return np.asarray(np.linalg.norm(away - share[:, None] * along, axis=1) - thick, np.float32)

    return distance


def tube(path: ArrayLike, radius: float) -> Field:
    """A round tube along a path of (n, 3) points."""
    nodes = np.asarray(path, np.float32)
    parts = [(a, b - a, max(float((b - a) @ (b - a)), 1e-9)) for a, b in pairwise(nodes)]

    def distance(points: NDArray[np.float32]) -> NDArray[np.float32]:
        nearest2 = np.full(len(points), np.inf, np.float32)
        for start, along, length2 in parts:
            away = points - start
            away -= np.clip(away @ along / length2, 0, 1)[:, None] * along
            np.minimum(nearest2, np.einsum("ij,ij->i", away, away), out=nearest2)
        return np.asarray(np.sqrt(nearest2) - radius, np.float32)

    return distance


def disc(centre: ArrayLike, axis: ArrayLike, radii: tuple[float, float], half_cm: float, rounding: float) -> Field:
    """A thick oval disc with rounded rims: `radii` across and along y, `half_cm` half its thickness."""
    middle, normal = np.asarray(centre, np.float32), np.asarray(axis, np.float32)
    normal = normal / np.linalg.norm(normal)
    upright = np.array([0, 1, 0], np.float32) - normal * normal[1]
    upright = upright / np.linalg.norm(upright)
    across = np.cross(upright, normal)

    def distance(points: NDArray[np.float32]) -> NDArray[np.float32]:
        away = points - middle
        u, v = away @ across / radii[0], away @ upright / radii[1]
        size = np.hypot(u, v)
        flat = (size - 1) * min(radii) + rounding
        thick = np.abs(away @ normal) - half_cm + rounding
        outside = np.hypot(np.maximum(flat, 0), np.maximum(thick, 0))
        return np.asarray(outside + np.minimum(np.maximum(flat, thick), 0) - rounding, np.float32)

    return distance


def slab(half_cm: tuple[float, float, float], corner_cm: float, rounding: float) -> Field:
    """A flat thing around the origin with round corners: half its width, height and thickness along x, y and z.

    >>> float(slab((3, 6, 0.5), 0.8, 0.1)(np.array([[0, 0, 2]], np.float32))[0])
    1.5
    """
    half = np.asarray(half_cm[:2], np.float32) - np.float32(corner_cm)

    def distance(points: NDArray[np.float32]) -> NDArray[np.float32]:
        q = np.abs(points[:, :2]) - half
        flat = np.linalg.norm(np.maximum(q, 0), axis=1) + np.minimum(q.max(1), 0) - corner_cm + rounding
        thick = np.abs(points[:, 2]) - half_cm[2] + rounding
        outside = np.hypot(np.maximum(flat, 0), np.maximum(thick, 0))
        return np.asarray(outside + np.minimum(np.maximum(flat, thick), 0) - rounding, np.float32)

    return distance


def squeezed(field: Field, factors: ArrayLike) -> Field:
    """A body measured in a space scaled by `factors` <= 1: it gets longer where they are small."""
    scale = np.asarray(factors, np.float32)
    return lambda points: field(points * scale)


def union(fields: Sequence[Field], blend_cm: float = 0.0) -> Field:
    """Several bodies as one; within `blend_cm` they flow into each other."""

    def distance(points: NDArray[np.float32]) -> NDArray[np.float32]:
        nearest = fields[0](points)
        for field in fields[1:]:
            other = field(points)
            if blend_cm > 0:
                share = np.clip(0.5 + 0.5 * (other - nearest) / blend_cm, 0, 1)
                nearest = other + (nearest - other) * share - blend_cm * share * (1 - share)
            else:
                nearest = np.minimum(nearest, other)
        return np.asarray(nearest, np.float32)

    return distance


@dataclass(frozen=True)
class _Rays:
    """One ray for each fine pixel of a patch."""

    corner: tuple[int, int]
    fine_wh: tuple[int, int]
    finer: int
    starts: NDArray[np.float32]
    way: NDArray[np.float32]


def _rays(space: Space, reach: ArrayLike, frame_wh: tuple[int, int], finer: int) -> _Rays | None:
    """Rays over the part of the frame where points `reach`, (n, 3), appear; None outside the frame."""
    seen = space.seen_at(reach)
    x0, y0 = np.maximum(np.floor(seen.min(0)) - 2, 0).astype(int).tolist()
    x1, y1 = np.minimum(np.ceil(seen.max(0)) + 3, frame_wh).astype(int).tolist()
    if x1 - x0 < 2 or y1 - y0 < 2:
        return None
    wide, high = (x1 - x0) * finer, (y1 - y0) * finer
    y, x = np.mgrid[0:high, 0:wide].astype(np.float64) + 0.5
    flat = np.column_stack([x.ravel() / finer + x0, y.ravel() / finer + y0, np.zeros(wide * high)])
    relative = flat - [space.origin[0], space.origin[1], 0.0]
    starts = relative @ space.axes.T / space.px_per_cm
    way = space.axes[:, 2]  # the camera looks along z
    starts = starts - way * FAR_CM / 2
    return _Rays((x0, y0), (wide, high), finer, starts.astype(np.float32), way.astype(np.float32))


def render(
    solids: Sequence[Solid], space: Space, look: Look, reach: ArrayLike, frame_wh: tuple[int, int]
) -> Painting | None:
    """Paint solids as the camera sees them, in the light of `look`; None where nothing falls into the frame.

    Args:
        solids: the bodies; one without albedo hides others and stays unpainted.
        space: whose coordinates they are in.
        look: the light.
        reach: (n, 3) points around everything there is to see.
        frame_wh: size of the frame.
    """
    finer = int(np.clip(round(24 / max(space.px_per_cm, 1.0)), 2, 5))
    seen = space.seen_at(reach)
    finer = int(np.clip(finer, 1, max(1, np.sqrt(MAX_RAYS / max(float(np.prod(np.ptp(seen, 0))), 1.0)))))
    rays = _rays(space, reach, frame_wh, finer)
    if rays is None:
        return None
    travelled, body = _march(solids, rays, _near_something(solids, rays, space))
    colours = np.zeros((len(body), 3), np.float32)
    for index, solid in enumerate(solids):
        mine = np.flatnonzero(body == index)
        if solid.albedo is None:
            body[mine] = -1
        elif mine.size:
            points = rays.starts[mine] + travelled[mine, None] * rays.way
            colours[mine] = _shaded(solid, solids, points, space, look)
    wide, high = rays.fine_wh

    def smaller(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        small = cv2.resize(plane, (wide // finer, high // finer), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float32)

    parts = tuple(smaller((body == i).astype(np.float32).reshape(high, wide)) for i in range(len(solids)))
    alpha = np.clip(np.sum(parts, 0), 0, 1).astype(np.float32)
    bgr = smaller(colours.reshape(high, wide, 3)) / np.maximum(alpha, 1e-3)[..., None]
    return Painting(Layer(bgr, alpha), rays.corner, parts)


def _near_something(solids: Sequence[Solid], rays: _Rays, space: Space) -> NDArray[np.int64]:
    """Indices of the rays that may meet a body, by marching every sixth of every sixth row first."""
    wide, high = rays.fine_wh
    grid = np.arange(wide * high).reshape(high, wide)
    coarse = grid[COARSE // 2 :: COARSE, COARSE // 2 :: COARSE]
    if coarse.size < 16:
        return grid.ravel()
    points = rays.starts[coarse.ravel()].copy()
    closest, travelled = np.full(len(points), np.inf, np.float32), np.zeros(len(points), np.float32)
    painted = [solid for solid in solids if solid.albedo is not None]
    reach_cm = COARSE / rays.finer / space.px_per_cm
    for _ in range(STEPS):
        nearest = np.min([solid.distance(points) for solid in painted], 0)
        closest = np.minimum(closest, nearest)
        step = np.maximum(nearest, 0.35 * reach_cm)
        points += step[:, None] * rays.way
        travelled += step
        if (travelled > FAR_CM).all():
            break
    near = (closest < 1.2 * reach_cm).astype(np.uint8).reshape(coarse.shape)
    return np.flatnonzero(cv2.resize(near, (wide, high), interpolation=cv2.INTER_NEAREST).ravel())


def _march(
    solids: Sequence[Solid], rays: _Rays, active: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """How far each ray goes, and which body it meets; -1 for none."""
    count = len(rays.starts)
    travelled = np.zeros(count, np.float32)
    body = np.full(count, -1)
    for _ in range(STEPS):
        if not active.size:
            break
        points = rays.starts[active] + travelled[active, None] * rays.way
        distances = np.stack([solid.distance(points) for solid in solids])
        nearest = distances.min(0)
        met = nearest < NEAR_CM
        body[active[met]] = distances.argmin(0)[met]
        travelled[active] += np.maximum(nearest, NEAR_CM)
        active = active[~met & (travelled[active] < FAR_CM)]
    return travelled, body


def _shaded(
    solid: Solid, solids: Sequence[Solid], points: NDArray[np.float32], space: Space, look: Look
) -> NDArray[np.float32]:
    """Colour of surface points: Lambert's law, a highlight, and less light in corners."""
    step = 0.02
    ways = [np.asarray(step * axis, np.float32) for axis in np.eye(3)]
    slopes = np.stack([solid.distance(points + way) - solid.distance(points - way) for way in ways], 1)
    normals = np.asarray(slopes / np.maximum(np.linalg.norm(slopes, axis=1, keepdims=True), 1e-6), np.float32)
    beside = np.asarray(points + 0.5 * normals, np.float32)
    open_cm = np.min([other.distance(beside) for other in solids], 0)
    ambient = 0.6 + 0.4 * np.clip(open_cm / 0.5, 0, 1)
    to_light = space.axes @ np.asarray(look.light)
    to_camera = -space.axes[:, 2]
    lambert = np.clip((normals @ to_light + 0.25) / 1.25, 0, 1)
    facing = np.clip(normals @ to_camera, 0, 1)
    # What is near-frontal in even light is as bright as the face that was measured.
    level = (1 - look.share) * (0.78 + 0.22 * facing) * ambient + look.share * lambert * 1.15
    half = to_light + to_camera
    half /= max(float(np.linalg.norm(half)), 1e-6)
    shine = solid.gloss * np.clip(normals @ half, 0, 1) ** 24
    albedo = np.asarray(solid.albedo, np.float32)
    if solid.paint is not None:
        albedo = solid.paint(points)
    white = np.asarray(look.white, np.float32)
    return np.asarray(np.clip((albedo * level[:, None] + 0.55 * shine[:, None]) * white, 0, 255), np.float32)
