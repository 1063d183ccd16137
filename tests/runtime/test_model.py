"""Loading a net: what is refused, in which order, and what a sound net gives."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from proctor_models.errors import ModelError
from proctor_models.runtime import model as model_module
from proctor_models.runtime.model import Net
from proctor_models.runtime.spec import NetSpec

Build = Callable[..., onnx.ModelProto]
Writer = Callable[..., Path]


def save(path: Path, model: onnx.ModelProto) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def scene_parts(classes: int = 13, anchors: int = 2) -> dict[str, np.ndarray]:
    return {"boxes": np.zeros((anchors, 4), np.float32), "scores": np.zeros((anchors, classes), np.float32)}


def test_load__gives_spec_and_hash(write_scene: Writer, specs: dict[str, NetSpec]) -> None:
    path = write_scene([("phone", (1, 2, 3, 4), 0.5)])
    net = Net.load(path)
    assert net.spec == specs["scene"]
    assert net.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert Net.load(path, expected_sha256=net.sha256).sha256 == net.sha256


@pytest.mark.parametrize("count", [1, 2, 5])
def test_run__takes_any_batch(write_scene: Writer, count: int) -> None:
    net = Net.load(write_scene([("phone", (1, 2, 3, 4), 0.5)]))
    outputs = net.run(np.zeros((count, 3, 64, 64), np.float32))
    assert outputs["boxes"].shape == (count, 2, 4)
    assert outputs["scores"][:, 0].max() == np.float32(0.5)


@pytest.mark.parametrize(
    "batch", [np.zeros((1, 3, 64, 32), np.float32), np.zeros((3, 64, 64), np.float32), np.zeros((1, 3, 64, 64))]
)
def test_run__wrong_batch(write_scene: Writer, batch: np.ndarray) -> None:
    with pytest.raises(ModelError, match=r"input: expected float32 \(n, 3, 64, 64\)"):
        Net.load(write_scene()).run(batch)


def test_run__not_finite(tmp_path: Path, specs: dict[str, NetSpec], build_net: Build) -> None:
    parts = scene_parts()
    parts["scores"][1, 3] = np.nan
    with pytest.raises(ModelError, match="scores: expected finite numbers"):
        Net.load(save(tmp_path / "nan.onnx", build_net(specs["scene"], parts)))


def test_load__missing(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.onnx: no such model"):
        Net.load(tmp_path / "none.onnx")


def test_load__size_and_hash_come_before_parsing(
    tmp_path: Path, write_scene: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(*_: object) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr(model_module, "check_model", parse)
    monkeypatch.setattr(model_module, "_session", parse)
    small = tmp_path / "small.onnx"
    small.write_bytes(b"x" * 100)
    with pytest.raises(ModelError, match="size: expected 1024 to"):
        Net.load(small)
    large = tmp_path / "large.onnx"
    with large.open("wb") as stream:
        os.truncate(stream.fileno(), (256 << 20) + 1)
    with pytest.raises(ModelError, match="got 268435457"):
        Net.load(large)
    with pytest.raises(ModelError, match="sha256: expected 000"):
        Net.load(write_scene(), expected_sha256="0" * 64)


def test_load__not_onnx(tmp_path: Path) -> None:
    path = tmp_path / "text.onnx"
    path.write_bytes(b"\xff" * 4000)
    with pytest.raises(ModelError, match="expected an ONNX model"):
        Net.load(path)


def test_load__truncated(write_scene: Writer) -> None:
    path = write_scene()
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ModelError, match="expected an ONNX model"):
        Net.load(path)


def test_load__unknown_operator(tmp_path: Path, specs: dict[str, NetSpec], build_net: Build) -> None:
    net = build_net(specs["scene"], scene_parts())
    net.graph.node[0].op_type = "Teleport"
    with pytest.raises(ModelError, match=r"expected operators that nets of ours use .*, got 'Teleport'"):
        Net.load(save(tmp_path / "op.onnx", net))


def test_load__no_metadata(tmp_path: Path, specs: dict[str, NetSpec], build_net: Build) -> None:
    net = build_net(specs["scene"], scene_parts())
    del net.metadata_props[:]
    with pytest.raises(ModelError, match="metadata 'proctor': expected the net's spec, got none"):
        Net.load(save(tmp_path / "bare.onnx", net))


def test_load__another_size_than_its_spec(tmp_path: Path, specs: dict[str, NetSpec], build_net: Build) -> None:
    text = replace(specs["scene"], resolution_wh=(64, 96)).to_json()
    with pytest.raises(ModelError, match=r"images: expected float \('any', 3, 96, 64\) by its metadata"):
        Net.load(save(tmp_path / "size.onnx", build_net(specs["scene"], scene_parts(), text)))


def test_load__another_number_of_classes_than_its_spec(
    tmp_path: Path, specs: dict[str, NetSpec], build_net: Build
) -> None:
    with pytest.raises(ModelError, match=r"scores: expected float \('any', 'any', 13\)"):
        Net.load(save(tmp_path / "classes.onnx", build_net(specs["scene"], scene_parts(classes=6))))


def test_run__another_shape_than_declared(specs: dict[str, NetSpec]) -> None:
    class Session:
        def run(self, *_: object) -> list[np.ndarray]:
            return [np.zeros((1, 2, 4), np.float32), np.zeros((1, 2, 6), np.float32)]

    net = Net(Session(), specs["scene"], "", "net.onnx")
    with pytest.raises(ModelError, match=r"scores: expected shape \(1, 2, 13\), got \(1, 2, 6\)"):
        net.run(np.zeros((1, 3, 64, 64), np.float32))


def test_load__other_outputs(tmp_path: Path, specs: dict[str, NetSpec], build_net: Build) -> None:
    net = build_net(specs["scene"], {"attributes": np.zeros(13, np.float32)})
    with pytest.raises(ModelError, match=r"inputs and outputs: expected .*'boxes', 'scores'.* got .*'attributes'"):
        Net.load(save(tmp_path / "outputs.onnx", net))


def test_load__fixed_batch(tmp_path: Path, specs: dict[str, NetSpec], build_net: Build) -> None:
    net = build_net(specs["scene"], scene_parts())
    net.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    with pytest.raises(ModelError, match="images: expected a dynamic batch, got a fixed 1"):
        Net.load(save(tmp_path / "fixed.onnx", net))


def test_load__weights_in_another_file(tmp_path: Path, specs: dict[str, NetSpec], build_net: Build) -> None:
    net = build_net(specs["scene"], scene_parts())
    path = tmp_path / "outside.onnx"
    onnx.save(net, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    with pytest.raises(ModelError, match="expected all weights inside the file, got weights kept in another file"):
        Net.load(path)
