"""Cycles: from a scene to linear light, which object each pixel shows, and how far away it is. Needs `bpy`."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from proctor_models.errors import DataError
from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.plans.spec import CameraSpec
from proctor_models.synth.scenes.project import Pinhole

SAMPLES = 4
"""A pixel; denoised. Sixteen look nearly the same and cost three times as much."""
SHARE = 0.75
"""Of the written size that is rendered: a webcam is soft anyway."""
MOST_PIXELS = 640 * 360
LEAST_WIDTH = 320
PASSES = ("Image", "IndexOB", "Depth")


@dataclass(frozen=True)
class Rendered:
    """What a camera saw; all planes have the same height and width."""

    light: NDArray[np.float32]
    """(h, w, 3) linear RGB."""
    indices: NDArray[np.uint8]
    """(h, w) index of the part that a pixel shows."""
    depth: NDArray[np.float32]
    """(h, w) metres along the camera's axis."""
    camera: Pinhole
    """At the written resolution."""


def render_size(resolution_wh: tuple[int, int]) -> tuple[int, int]:
    """The size that is rendered for a written size.

    >>> render_size((640, 480)), render_size((320, 240)), render_size((1280, 720))
    ((480, 360), (320, 240), (640, 360))
    """
    width, height = resolution_wh
    share = min(1.0, max(SHARE, LEAST_WIDTH / width), (MOST_PIXELS / (width * height)) ** 0.5)
    return round(width * share / 2) * 2, round(height * share / 2) * 2


def prepare(seed: int) -> None:
    """Set the renderer up for the scene that is in memory: one thread, few bounces, no light tree.

    One thread a process, because several share out the work differently from run to run.
    """
    scene = bpy.context.scene
    scene.render.threads_mode, scene.render.threads = "FIXED", 1
    scene.render.use_persistent_data = True
    scene.render.resolution_percentage = 100
    scene.render.film_transparent = False
    cycles = scene.cycles
    cycles.samples, cycles.use_adaptive_sampling, cycles.seed = SAMPLES, False, seed % (2**31)
    cycles.use_denoising, cycles.denoiser, cycles.denoising_quality = True, "OPENIMAGEDENOISE", "FAST"
    cycles.denoising_use_gpu = False
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 4, 2, 2
    cycles.transmission_bounces, cycles.transparent_max_bounces = 3, 8
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.use_light_tree = False
    cycles.sample_clamp_indirect = 4.0
    cycles.sample_clamp_direct = 20.0
    layer = scene.view_layers[0]
    layer.use_pass_object_index = layer.use_pass_z = True


def shoot(spec: CameraSpec) -> Rendered:
    """Render what a camera sees.

    Raises:
        DataError: Blender wrote no picture.
    """
    scene = bpy.context.scene
    camera = blend.camera(spec.at, spec.target, spec.hfov_deg, spec.roll_deg)
    width, height = render_size(spec.resolution_wh)
    scene.render.resolution_x, scene.render.resolution_y = width, height
    folder = Path(tempfile.mkdtemp(prefix=f"proctor-synth-{os.getpid()}-"))
    try:
        _outputs(scene, folder)
        bpy.ops.render.render(write_still=False)
        light, index, depth = (_read(folder / f"{name}0001.exr", (height, width)) for name in PASSES)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    pinhole = Pinhole(np.array(camera.matrix_world), spec.hfov_deg, spec.resolution_wh)
    indices = np.asarray(np.clip(np.rint(index[..., 0]), 0, 255), np.uint8)
    return Rendered(np.ascontiguousarray(light[..., :3]), indices, np.ascontiguousarray(depth[..., 0]), pinhole)


def _outputs(scene: Any, folder: Path) -> None:
    """One EXR file a pass."""
    scene.use_nodes = True
    tree = scene.node_tree
    tree.nodes.clear()
    layers, files = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("CompositorNodeOutputFile")
    files.base_path = str(folder)
    files.format.file_format, files.format.color_depth, files.format.exr_codec = "OPEN_EXR", "32", "NONE"
    files.file_slots.clear()
    for name in PASSES:
        files.file_slots.new(name)
        tree.links.new(layers.outputs[name], files.inputs[name])


def _read(path: Path, shape: tuple[int, int]) -> NDArray[np.float32]:
    if not path.is_file():
        raise DataError(f"{path.name}: Blender wrote no such pass; is its build complete?")
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    pixels = np.empty(shape[0] * shape[1] * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(*shape, 4)[::-1]
