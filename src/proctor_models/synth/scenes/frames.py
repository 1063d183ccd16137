"""One scene from its plan to two finished frames with their labels. Needs `bpy`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.errors import DataError
from proctor_models.files import write_bytes, write_json
from proctor_models.synth.scenes import labels as see
from proctor_models.synth.scenes import stage
from proctor_models.synth.scenes.lens import cover_of, develop, jpeg
from proctor_models.synth.scenes.plans.spec import CameraSpec, SceneSpec
from proctor_models.synth.scenes.records import frame_name, record, record_path, spec_hash
from proctor_models.synth.scenes.render import shoot


def make_frames(spec: SceneSpec, folder: Path, views: tuple[int, ...] = (0, 1)) -> None:
    """Render the views of a scene into `folder`: ``images/``, ``masks/`` and ``records/``.

    The record is written last: a frame that has one is finished.
    """
    staged = stage.build(spec)
    for view in views:
        _frame(staged, view, folder)


def _frame(staged: stage.Staged, view: int, folder: Path) -> None:
    spec = staged.spec
    camera = stage.settled(staged, spec.cameras[view])
    seed = spec.seed * 2 + view
    shot = shoot(camera)
    parts, heads = stage.parts_seen(staged, shot.camera), stage.heads_seen(staged, shot.camera)
    indices = see.scaled(shot.indices, camera.resolution_wh)
    depth = np.asarray(cv2.resize(shot.depth, camera.resolution_wh, interpolation=cv2.INTER_NEAREST), np.float32)
    hidden = cover_of(camera, seed) > 0.5
    indices[hidden], depth[hidden] = 0, 0.0
    found = see.labels_of(indices, depth, parts, heads)
    image = develop(shot.light, camera, seed, spec.light.exposure_ev, _faces(found, shot.light.shape, camera))
    name = frame_name(spec, view)
    write_bytes(folder / "images" / f"{name}.jpg", jpeg(image, camera.jpeg_quality))
    write_bytes(folder / "masks" / f"{name}.png", _png(see.instances(indices, parts)))
    effective = replace(spec, candidate=staged.figures[0].spec) if spec.candidate else spec
    ears = see.ears_seen(depth, heads[0]) if spec.candidate else (False, False)
    made: dict[str, Any] = record(effective, view, found, heads, ears)
    write_json(record_path(folder, name), made | {"spec": spec_hash(spec)})


def _faces(found: tuple[see.Label, ...], shape: tuple[int, ...], camera: CameraSpec) -> NDArray[np.float32] | None:
    """The inner part of all faces that are seen, at the rendered size."""
    plane = np.zeros(shape[:2], np.float32)
    scale = shape[1] / camera.resolution_wh[0]
    for label in found:
        if label.label in ("face", "face_masked"):
            x0, y0, x1, y1 = (v * scale for v in label.xyxy)
            axes = (max(1, round((x1 - x0) * 0.32)), max(1, round((y1 - y0) * 0.38)))
            cv2.ellipse(plane, (round((x0 + x1) / 2), round((y0 + y1) / 2)), axes, 0, 0, 360, 1.0, -1)
    return plane if plane.any() else None


def _png(mask: see.Indices) -> bytes:
    fine, encoded = cv2.imencode(".png", mask)
    if not fine:
        raise DataError(f"mask of shape {mask.shape}: cannot be encoded as PNG")
    return bytes(encoded.tobytes())
