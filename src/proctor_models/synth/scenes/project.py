"""From the world to the picture: the pinhole camera, silhouettes, and which points of a head are its face."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.bodies.figure import Figure

Points = NDArray[np.float64]  # (n, 3) metres
NEAR_M = 0.02


@dataclass(frozen=True)
class Pinhole:
    """A camera that looks along its own -z with +y up."""

    to_world: NDArray[np.float64]
    """(4, 4)."""
    hfov_deg: float
    resolution_wh: tuple[int, int]

    def project(self, world: Points) -> Points:
        """Points (n, 3) of the world as x, y in pixels and distance along the axis in metres.

        >>> level = np.array([[1.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
        >>> Pinhole(level, 90, (640, 480)).project(np.array([[0.0, 2.0, 0.0], [1.0, 2.0, 1.0]])).tolist()
        [[320.0, 240.0, 2.0], [480.0, 80.0, 2.0]]
        """
        width, height = self.resolution_wh
        away = np.asarray(world, float).reshape(-1, 3) - self.to_world[:3, 3]
        own = away @ self.to_world[:3, :3]
        depth = -own[:, 2]
        focal = width / 2 / math.tan(math.radians(self.hfov_deg) / 2)
        safe = np.where(np.abs(depth) < 1e-6, 1e-6, depth)
        made = np.stack([width / 2 + focal * own[:, 0] / safe, height / 2 - focal * own[:, 1] / safe, depth], 1)
        return np.asarray(np.round(made, 9))


def silhouette(camera: Pinhole, meshes: list[tuple[Points, NDArray[np.int64]]]) -> NDArray[np.uint8]:
    """What bodies cover if nothing stands before them, on a canvas of three frames by three; 1 or 0.

    Args:
        camera: the camera.
        meshes: world vertices (n, 3) and triangles (m, 3).
    """
    width, height = camera.resolution_wh
    canvas = np.zeros((3 * height, 3 * width), np.uint8)
    for vertices, triangles in meshes:
        seen = camera.project(vertices)
        pixels = np.clip(seen[:, :2] + (width, height), -4 * width, 7 * width)
        before = seen[:, 2] > NEAR_M
        corners = np.rint(pixels * 16).astype(np.int32)
        for triangle in triangles[before[triangles].all(1)]:
            cv2.fillConvexPoly(canvas, corners[triangle], 1, cv2.LINE_8, 4)
    return canvas


def face_points(figure: Figure) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The vertices of the face, from the hairline to the chin and from ear to ear, and the surface each stands for.

    Returns:
        Vertex numbers (n,) and their areas (n,) in square metres.
    """
    marks, rest = figure.landmarks, figure.rest
    eye_z, chin, mouth = float(marks.eyes[:, 2].mean()), marks.chin, marks.mouth
    ear = (np.asarray(marks.ears["left"]) + np.asarray(marks.ears["right"])) / 2
    top = eye_z + 0.56 * (float(marks.crown[2]) - eye_z)
    body = figure.base.groups["body"]
    x, y, z = rest[body].T
    # The jaw's edge rises from the chin to a little below the ear.
    back = np.clip((y - chin[1] - 0.025) / max(ear[1] - chin[1] - 0.025, 1e-3), 0, 1)
    edge = chin[2] - 0.004 + back * (ear[2] - 0.062 - chin[2])
    inner_mouth = (np.abs(x) < 0.03) & (np.abs(z - mouth[2]) < 0.03) & (y > mouth[1] + 0.02)
    chosen = body[(y < ear[1] - 0.004) & (z < top) & (z > edge) & ~inner_mouth]
    return chosen, _areas(figure, chosen)


def head_points(figure: Figure, vertices: NDArray[np.int64]) -> Points:
    """Those vertices in the world."""
    return np.asarray(figure.world[vertices], np.float64)


def _areas(figure: Figure, vertices: NDArray[np.int64]) -> NDArray[np.float64]:
    faces = figure.base.faces[np.isin(figure.base.faces, vertices).all(1)]
    a, b, c, d = (figure.rest[faces[:, i]] for i in range(4))
    area = np.linalg.norm(np.cross(c - a, d - b), axis=1) / 2
    total = np.zeros(len(figure.rest))
    for corner in range(4):
        np.add.at(total, faces[:, corner], area / 4)
    return np.asarray(total[vertices] + 1e-9)
