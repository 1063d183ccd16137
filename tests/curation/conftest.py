"""A small dataset of drawn frames, and nets that say of every frame the same."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from drawn import HEIGHT, WIDTH, draw
from proctor_models.data.manifest import BoxLabel, FrameRecord, Manifest
from proctor_models.runtime.spec import METADATA_KEY, NetSpec
from proctor_models.types import HEAD_ATTRIBUTES, SCENE_CLASSES

PHONE_XYXY = (200.0, 20.0, 260.0, 80.0)  # where the net sees a phone in every frame, in pixels
CHANNELS = 6


def net_spec(net: str) -> NetSpec:
    scene = net == "scene"
    return NetSpec(
        net="scene" if scene else "head", version="1", resolution_wh=(320, 256) if scene else (64, 64),
        names=SCENE_CLASSES if scene else HEAD_ATTRIBUTES, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), pad_value=114,
        crop_scale=0.0 if scene else 1.8, min_face_px=0 if scene else 24, nms_iou=0.6 if scene else 0.0,
        min_score=0.02 if scene else 0.0, thresholds={"phone": 0.4, "earphone": 0.5}, data_version="d", recipe="test@0",
    )  # fmt: skip


def write_net(path: Path, net: str, said: dict[str, np.ndarray]) -> None:
    """A net with a convolution and a pooling, like the backbone of ours, that says `said` of any picture."""
    spec = net_spec(net)
    weights = np.random.default_rng(0).normal(size=(CHANNELS, 3, 16, 16)).astype(np.float32)
    constants = [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(np.float32(0), "zero")]
    nodes = [
        helper.make_node("Conv", ["images", "weights"], ["features"], strides=[16, 16]),
        helper.make_node("MaxPool", ["features"], ["pooled"], kernel_shape=[2, 2]),
        helper.make_node("ReduceMean", ["pooled"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
    ]
    ports = []
    for name, value in said.items():
        constants.append(numpy_helper.from_array(value[None].astype(np.float32), f"{name}_said"))
        constants.append(numpy_helper.from_array(np.array([-1, *[1] * value.ndim], np.int64), f"{name}_shape"))
        nodes.append(helper.make_node("Reshape", ["nothing", f"{name}_shape"], [f"{name}_nothing"]))
        nodes.append(helper.make_node("Add", [f"{name}_said", f"{name}_nothing"], [name]))
        ports.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *value.shape]))
    width, height = spec.resolution_wh
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", 3, height, width])
    graph = helper.make_graph(nodes, net, [images], ports, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {METADATA_KEY: spec.to_json()})
    path.parent.mkdir(parents=True)
    onnx.save(model, path)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exported nets: a sure phone in every frame, and a doubtful cup."""
    folder = tmp_path_factory.mktemp("models")
    shift = np.array([0, 8, 0, 8], np.float32)  # 320 x 240 lies in the middle of 320 x 256
    scores = np.zeros((2, len(SCENE_CLASSES)), np.float32)
    scores[0, SCENE_CLASSES.index("phone")], scores[1, SCENE_CLASSES.index("cup")] = 0.9, 0.1
    boxes = np.array([PHONE_XYXY, (10, 10, 60, 60)], np.float32) + shift
    write_net(folder / "scene" / "scene.onnx", "scene", {"boxes": boxes, "scores": scores})
    write_net(folder / "head" / "head.onnx", "head", {"attributes": np.full(len(HEAD_ATTRIBUTES), 0.5, np.float32)})
    return folder


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset folder: 24 frames of two people, half of them with a phone; the last two look the same."""
    folder = tmp_path_factory.mktemp("dataset")
    rng = np.random.default_rng(3)
    frames = []
    for number in range(24):
        person = ("P1", "P2")[number // 22]
        scene = draw(rng, person, holds="phone" if number % 2 else "")
        (folder / "images").mkdir(exist_ok=True)
        cv2.imwrite(str(folder / "images" / f"{number:02}.png"), scene.image)
        boxes = tuple(BoxLabel(label=name, xyxy=tuple(map(float, xyxy))) for name, xyxy, _ in scene.labels)
        if number == 0:
            boxes += (BoxLabel(label="earphone", xyxy=(5.0, 5.0, 25.0, 20.0), attributes={"worn": True, "mask": "x"}),)
        if number == 1:
            boxes += (BoxLabel(label="earphone", xyxy=(5.0, 5.0, 25.0, 20.0), attributes={"worn": "neck"}),)
        frames.append(
            FrameRecord(
                id=f"d/{number:02}",
                file=f"{number:02}.png",
                sha256=f"{number:064}",
                width=WIDTH,
                height=HEIGHT,
                phash=f"{0xABCDEF * min(number, 22) ** 5 % 2**64:016x}",
                source="drawn",
                licence="CC0-1.0",
                view="first",
                person=person,
                group=f"person:{person}",
                labelled=("person", "phone"),
                boxes=boxes,
                split="train" if number < 20 else "val",
                tags={"light": "dim" if number else "day"},
            )
        )
    Manifest(tuple(frames), folder / "images").save(folder / "split")
    return folder / "split"
