"""Export: a tiny net that keeps the interface goes all the way, and one that changes on the way is refused."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from proctor_models.config import Export
from proctor_models.data.manifest import BoxLabel, FrameRecord, Manifest, SplitName
from proctor_models.errors import ExportError
from proctor_models.export.onnx import convert, export_module, frames_to_compare
from proctor_models.runtime.model import Net
from proctor_models.runtime.spec import METADATA_KEY, NetSpec

SIDE = 64
THRESHOLDS = {"phone": 0.5}


def spec(net: str) -> NetSpec:
    scene = net == "scene"
    return NetSpec(
        net="scene" if scene else "head",
        version="1",
        resolution_wh=(SIDE, SIDE),
        names=("person", "face", "phone") if scene else ("mask", "earphone_in_ear"),
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        pad_value=114,
        crop_scale=0.0 if scene else 1.8,
        min_face_px=0 if scene else 8,
        nms_iou=0.6 if scene else 0.0,
        min_score=0.02 if scene else 0.0,
        thresholds=THRESHOLDS,
        data_version="d",
        recipe="test@0",
    )


class TinyScene(nn.Module):
    """A box on every 16 px cell, its size and scores from the pixels there."""

    def __init__(self, classes: int = 3, drift: float = 0.0) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 4 + classes, 16, stride=16)
        self.drift = drift

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        cells = self.conv(images).flatten(2).permute(0, 2, 1)
        step = torch.arange(4) * 16.0 + 8
        centre = torch.stack(torch.meshgrid(step, step, indexing="xy"), -1).reshape(1, 16, 2)
        half = 6 + 8 * cells[..., :2].sigmoid()
        drift = self.drift if torch.onnx.is_in_onnx_export() else 0.0
        return torch.cat([centre - half + drift, centre + half], -1), cells[..., 4:].mul(8).sigmoid()


class TinyHead(nn.Module):
    """Attributes from the mean colour."""

    def __init__(self, drift: float = 0.0) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Linear(3, 64), nn.Linear(64, 2))
        self.drift = drift

    def forward(self, images: Tensor) -> Tensor:
        drift = self.drift if torch.onnx.is_in_onnx_export() else 0.0
        return (self.layers(images.mean((2, 3))) + drift).sigmoid()


def dataset(folder: Path, sides: tuple[SplitName, ...]) -> Manifest:
    folder.mkdir(exist_ok=True)
    generator = np.random.default_rng(0)
    frames = []
    for number, side in enumerate(sides):
        name = f"{number}.png"
        cv2.imwrite(str(folder / name), generator.integers(0, 255, (48, 80, 3), np.uint8))
        frames.append(
            FrameRecord(
                id=f"s/{number}", file=name, sha256="", phash="0" * 16, width=80, height=48, source="s", licence="MIT",
                view="first", group=str(number), labelled=("face",), split=side,
                boxes=(BoxLabel(label="face", xyxy=(10.0, 5.0, 40.0, 40.0)),) if number % 2 else (),
            )
        )  # fmt: skip
    return Manifest(tuple(frames), folder)


@pytest.mark.parametrize(("net", "module"), [("scene", TinyScene()), ("head", TinyHead())])
def test_export_module__writes_a_net_the_runtime_takes(tmp_path: Path, net: str, module: nn.Module) -> None:
    manifest = dataset(tmp_path / "images", ("train", *["test"] * 11))  # type: ignore[arg-type]
    out = tmp_path / "onnx" / net
    report = export_module(module, spec(net), Export(), manifest, out)
    loaded = Net.load(out / f"{net}.onnx", expected_sha256=str(report["sha256"]))
    assert loaded.spec == spec(net)
    assert {path.name for path in out.iterdir()} == {f"{net}.onnx", "parity.json"}
    assert json.loads((out / "parity.json").read_text()) == report
    assert report["frames"] == 11
    assert report["frames_from"] == "the whole test split"
    assert report["worst_box_iou"] >= 0.99
    assert report["worst_score_difference"] <= 1e-3
    assert (report["boxes"] > 0) == (net == "scene")


@pytest.mark.parametrize(
    ("net", "module", "message"),
    [
        ("scene", TinyScene(drift=1.0), r"frame s/\d+: box overlap: expected at least 0.99 .* got 0\.\d+"),
        ("head", TinyHead(drift=0.1), r"frame s/\d+: score: expected PyTorch and ONNX within 0.001"),
    ],
)
def test_export_module__refuses_a_changed_net(tmp_path: Path, net: str, module: nn.Module, message: str) -> None:
    manifest = dataset(tmp_path / "images", ("test",))
    with pytest.raises(ExportError, match=message):
        export_module(module, spec(net), Export(), manifest, tmp_path / "onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["images"]


def test_convert__equal_nets_equal_bytes() -> None:
    once, again = convert(TinyScene(), spec("scene"), 17), convert(TinyScene(), spec("scene"), 17)
    assert once == again
    model = onnx.load_from_string(once)
    assert {p.key: NetSpec.from_json(p.value, "file") for p in model.metadata_props} == {METADATA_KEY: spec("scene")}
    shapes = {o.name: [d.dim_param or d.dim_value for d in o.type.tensor_type.shape.dim] for o in model.graph.output}
    assert shapes == {"boxes": ["batch", 16, 4], "scores": ["batch", 16, 3]}


def test_frames_to_compare__says_when_the_test_split_is_empty(tmp_path: Path) -> None:
    frames, basis = frames_to_compare(dataset(tmp_path / "images", ("train", "val", "train")))
    assert len(frames.frames) == 3
    assert basis == "3 training and validation frames, for the test split is empty"
    with pytest.raises(ExportError, match="got an empty dataset"):
        frames_to_compare(Manifest((), tmp_path))
