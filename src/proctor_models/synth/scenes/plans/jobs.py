"""What is to be made, shared by the process that hands scenes out and those that make them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from proctor_models.errors import ConfigError
from proctor_models.synth.scenes.plans.plan import scene
from proctor_models.synth.scenes.plans.spec import CameraSpec, SceneSpec


@dataclass(frozen=True)
class Job:
    """Everything that decides how a frame looks, beside its number."""

    seed: int
    resolution: str = ""
    """``640x480`` for all frames; empty lets every camera have its own."""


def planned(job: Job, index: int) -> SceneSpec:
    """A scene of the job.

    >>> [camera.resolution_wh for camera in planned(Job(7, "320x240"), 3).cameras]
    [(320, 240), (320, 240)]
    """
    spec = scene(job.seed, index)
    if not job.resolution:
        return spec
    size = resolution_wh(job.resolution)
    return replace(spec, cameras=tuple(_resized(camera, size) for camera in spec.cameras))


def _resized(camera: CameraSpec, size_wh: tuple[int, int]) -> CameraSpec:
    scale = size_wh[0] / camera.resolution_wh[0]
    return replace(
        camera,
        resolution_wh=size_wh,
        blur_px=round(camera.blur_px * scale, 3),
        motion_px=round(camera.motion_px * scale, 2),
    )


def resolution_wh(text: str) -> tuple[int, int]:
    """Width and height from ``640x480``.

    >>> resolution_wh("640x480")
    (640, 480)

    Raises:
        ConfigError: it is not two even numbers from 160 to 1920.
    """
    parts = text.lower().split("x")
    if len(parts) == 2 and all(part.isdigit() for part in parts):
        width, height = (int(part) for part in parts)
        if 160 <= width <= 1920 and 120 <= height <= 1920 and not (width % 2 or height % 2):
            return width, height
    raise ConfigError(f"--resolution: expected WIDTHxHEIGHT, even, 160x120 to 1920x1920, got {text!r}")
