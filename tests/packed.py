"""Tiny ONNX nets that obey the contract, and packs of them: what they say is written in by the test."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from proctor_models.runtime.spec import METADATA_KEY, NetSpec
from proctor_models.types import HEAD_ATTRIBUTES, OUTLINE_CLASSES, SCENE_CLASSES, THING_CLASSES

SIDE = 64
Found = tuple[str, Sequence[float], float]  # class, xyxy in canvas pixels, score
Writer = Callable[..., Path]

SPECS = {
    "scene": NetSpec(
        net="scene",
        version="1.0",
        resolution_wh=(SIDE, SIDE),
        names=SCENE_CLASSES,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        pad_value=114,
        crop_scale=0.0,
        min_face_px=0,
        nms_iou=0.6,
        min_score=0.02,
        thresholds={"phone": 0.5, "earphone": 0.4},
        data_version="d" * 64,
        recipe="test@0",
    )
}
SPECS["head"] = replace(
    SPECS["scene"],
    net="head",
    resolution_wh=(32, 32),
    names=HEAD_ATTRIBUTES,
    crop_scale=1.8,
    min_face_px=16,
    nms_iou=0.0,
    min_score=0.0,
)
SPECS["thing"] = replace(SPECS["head"], net="thing", names=THING_CLASSES, crop_scale=1.6, min_face_px=12)
SPECS["outline"] = replace(
    SPECS["thing"], net="outline", names=OUTLINE_CLASSES, crop_scale=2.5, min_score=0.02, data_version=""
)


def build(spec: NetSpec, outputs: dict[str, NDArray[np.float32]], metadata: str | None = None) -> onnx.ModelProto:
    """A net that answers each picture of a batch with the same `outputs`, plus 0 x the picture's mean."""
    width, height = spec.resolution_wh
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
    ]
    constants = [numpy_helper.from_array(np.zeros((), np.float32), "zero")]
    ports = []
    for name, value in outputs.items():
        shape = [-1, *[1] * value.ndim]
        constants += [
            numpy_helper.from_array(value[None].astype(np.float32), f"{name}_said"),
            numpy_helper.from_array(np.array(shape, np.int64), f"{name}_shape"),
        ]
        nodes += [
            helper.make_node("Reshape", ["nothing", f"{name}_shape"], [f"{name}_nothing"]),
            helper.make_node("Add", [f"{name}_said", f"{name}_nothing"], [name]),
        ]
        ports.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *value.shape]))
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, height, width])
    graph = helper.make_graph(nodes, spec.net, [images], ports, constants, doc_string="x" * 1024)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {METADATA_KEY: spec.to_json() if metadata is None else metadata})
    return model


def scene_outputs(found: Sequence[Found], names: Sequence[str] = SCENE_CLASSES) -> dict[str, NDArray[np.float32]]:
    """Boxes and scores with one anchor for each thing found, and one for nothing."""
    boxes, scores = np.zeros((len(found) + 1, 4), np.float32), np.zeros((len(found) + 1, len(names)), np.float32)
    for row, (name, xyxy, score) in enumerate(found):
        boxes[row], scores[row, names.index(name)] = xyxy, score
    return {"boxes": boxes, "scores": scores}


@pytest.fixture(scope="session")
def specs() -> dict[str, NetSpec]:
    return SPECS


@pytest.fixture(scope="session")
def build_net() -> Callable[..., onnx.ModelProto]:
    return build


@pytest.fixture
def write_scene(tmp_path: Path) -> Writer:
    """Call with what it finds, and fields of the spec to change; gives the path of the net."""

    def write(found: Sequence[Found] = (), path: Path | None = None, **changes: Any) -> Path:
        path = path or tmp_path / "scene.onnx"
        spec = replace(SPECS["scene"], **changes)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(build(spec, scene_outputs(found, spec.names)).SerializeToString())
        return path

    return write


@pytest.fixture
def write_head(tmp_path: Path) -> Writer:
    """Call with the attributes it reads, and fields of the spec to change; gives the path of the net."""

    def write(attributes: dict[str, float] | None = None, path: Path | None = None, **changes: Any) -> Path:
        path = path or tmp_path / "head.onnx"
        spec = replace(SPECS["head"], **changes)
        said = np.array([(attributes or {}).get(name, 0.0) for name in spec.names], np.float32)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(build(spec, {"attributes": said}).SerializeToString())
        return path

    return write


def seal(folder: Path, **changes: Any) -> None:
    """Write the manifest of what lies in `folder`."""
    files = {
        path.relative_to(folder).as_posix(): {
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.json"
    }
    manifest = {
        "schema": "proctor-pack/1",
        "version": "1.0",
        "files": files,
        "models": {"scene": "models/scene.onnx", "head": "models/head.onnx"},
        "rules": {"remote-exam": "rules/remote-exam.json"},
        "thresholds": SPECS["scene"].thresholds,
        "licence": "AGPL-3.0-or-later",
        "wheel": "wheels/runtime.whl",
        "created_by": "test",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))


@pytest.fixture(scope="session")
def reseal() -> Callable[..., None]:
    return seal


@pytest.fixture
def make_pack(tmp_path: Path, write_scene: Writer, write_head: Writer) -> Writer:
    """Call with what its nets say; gives the folder of a whole pack."""

    def make(found: Sequence[Found] = (), attributes: dict[str, float] | None = None) -> Path:
        folder = tmp_path / "pack"
        write_scene(found, folder / "models" / "scene.onnx")
        write_head(attributes, folder / "models" / "head.onnx")
        for name in ("rules", "wheels"):
            (folder / name).mkdir()
        (folder / "rules" / "remote-exam.json").write_text('{"name": "remote-exam"}')
        (folder / "wheels" / "runtime.whl").write_bytes(b"wheel")
        seal(folder)
        return folder

    return make


@pytest.fixture
def picture() -> NDArray[np.uint8]:
    """A noisy frame, 128 x 96: its canvas is scaled by half, with 8 px of grey above and below."""
    coarse = np.random.default_rng(0).integers(0, 255, (6, 8, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (128, 96), interpolation=cv2.INTER_CUBIC), np.uint8)
