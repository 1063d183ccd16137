"""Where the two cameras of a scene stand, and what each does to a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from proctor_models.synth.scenes.plans.people_plan import Rng, pick
from proctor_models.synth.scenes.plans.spec import CameraSpec, Light, PersonSpec, ThingSpec, View

Vec3 = tuple[float, float, float]
DESK_MIDDLE: Vec3 = (0.0, -0.60, 0.73)
FACE_HEIGHT = 0.19
"""Chin to hairline, metres."""
FACE_SHARE = (0.22, 0.38, 0.54)
"""Of the height of a first-view frame that a face takes: least, usual, most. In real exam frames the median is 0.41."""
HFOV_DEG = (44.0, 82.0)
FIRST: Mapping[str, float] = {"640x480": 42, "640x360": 16, "480x360": 14, "320x240": 14, "1280x720": 14}
SECOND: Mapping[str, float] = {
    "640x480": 34, "480x640": 26, "640x360": 14, "480x360": 12, "1280x720": 8, "320x240": 6,
}  # fmt: skip
RESOLUTIONS = tuple(sorted(set(FIRST) | set(SECOND)))
# Sensors see little at night: noise by light, standard deviation at mid grey.
NOISE: Mapping[Light, float] = {
    "day": 0.004, "window": 0.005, "backlit": 0.007, "lamp": 0.010, "dim": 0.017, "screen": 0.020, "office": 0.005,
}  # fmt: skip


def on_desk(at_xy: tuple[float, float], point: Vec3, turned_deg: float) -> Vec3:
    """A point of a thing's resting frame in the world: the thing stands on the desk, its user on the candidate's side.

    >>> [round(v, 2) for v in on_desk((0.1, -0.1), (0.0, 0.1, 0.2), 0.0)]
    [0.1, -0.8, 0.93]
    """
    angle = math.radians(turned_deg + 180)
    x = point[0] * math.cos(angle) - point[1] * math.sin(angle)
    y = point[0] * math.sin(angle) + point[1] * math.cos(angle)
    return DESK_MIDDLE[0] + at_xy[0] + x, DESK_MIDDLE[1] + at_xy[1] + y, DESK_MIDDLE[2] + point[2]


def eyes_at(candidate: PersonSpec) -> Vec3:
    """About where the eyes of a seated candidate are who sits upright."""
    x, y = candidate.at_xy
    return x, y - 0.19, 1.17 + 0.08 * (candidate.height - 0.5)


def first_camera(rng: Rng, owner: PersonSpec, computer: ThingSpec, lens: Vec3, light: Light) -> CameraSpec:
    """The webcam of the computer.

    Args:
        rng: chooses.
        owner: who sits there, or would.
        computer: the laptop or monitor.
        lens: its webcam in its resting frame.
        light: of the scene; the darker, the noisier.
    """
    at = on_desk(computer.at_xy, lens, computer.turned_deg)
    eye = eyes_at(owner)
    width, height = (int(part) for part in pick(rng, FIRST).split("x"))
    distance = math.dist(at, eye)
    share = float(rng.triangular(*FACE_SHARE))
    hfov = float(np.clip(math.degrees(_angle(share, distance, width / height)), *HFOV_DEG))
    target = (eye[0] + rng.normal(0, 0.05), eye[1], eye[2] + rng.uniform(-0.13, 0.0))
    return _camera(rng, "first", (width, height), hfov, at, target, light)


def second_camera(rng: Rng, light: Light, side: float) -> CameraSpec:
    """A phone on a stand, beside or behind the candidate; `side` 1 to their left, -1 to their right."""
    width, height = (int(part) for part in pick(rng, SECOND).split("x"))
    behind = rng.random() < 0.25
    angle = math.radians(rng.uniform(125, 165) if behind else rng.uniform(45, 112))
    away = float(rng.uniform(1.0, 1.6) if behind else rng.uniform(0.85, 1.45))
    at = (side * away * math.sin(angle), -0.30 - away * math.cos(angle), float(rng.uniform(1.05, 1.55)))
    target = (float(rng.normal(0, 0.06)), float(rng.uniform(-0.45, -0.22)), float(rng.uniform(0.86, 1.0)))
    hfov = float(rng.uniform(50, 62) if height > width else rng.uniform(62, 78))
    return _camera(rng, "second", (width, height), hfov, at, target, light)


def covered(camera: CameraSpec, share: float) -> dict[str, Any]:
    """The changes that cover `share` of the lens."""
    return {"covered": round(share, 3), "noise": round(camera.noise * 1.5, 4)}


def _angle(share: float, distance: float, aspect: float) -> float:
    """Horizontal field of view at which a face takes `share` of the frame's height."""
    return 2 * math.atan(FACE_HEIGHT * aspect / (2 * distance * share))


def _camera(
    rng: Rng, view: View, resolution_wh: tuple[int, int], hfov: float, at: Vec3, target: Vec3, light: Light
) -> CameraSpec:
    looks: Mapping[Literal["AgX", "Standard", "Filmic"], float] = {"Standard": 50, "Filmic": 30, "AgX": 20}
    scale = resolution_wh[0] / 640
    return CameraSpec(
        view=view,
        hfov_deg=round(hfov, 2),
        at=_rounded(at),
        target=_rounded(target),
        roll_deg=round(float(rng.normal(0, 1.5 if view == "first" else 3)), 2),
        resolution_wh=resolution_wh,
        noise=round(float(NOISE[light] * rng.uniform(0.6, 1.6)), 4),
        jpeg_quality=int(rng.integers(45, 93)),
        blur_px=round(float(scale * rng.uniform(0.35, 1.0)), 3),
        motion_px=round(float(scale * rng.uniform(2, 8)), 2) if rng.random() < 0.10 else 0.0,
        warmth=round(float(np.clip(rng.normal(0, 0.35), -1, 1)), 3),
        covered=0.0,
        look=pick(rng, looks),
    )


def _rounded(point: Vec3) -> Vec3:
    x, y, z = (round(float(v), 4) for v in point)
    return x, y, z
