"""Nets small enough to export in a blink, and pictures to compare them on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from proctor_models.data.manifest import BoxLabel, FrameRecord, Manifest, SplitName
from proctor_models.runtime.spec import NetSpec
from proctor_models.types import NetName

SIDE = 64
THRESHOLDS = {"phone": 0.5}
NAMES: dict[NetName, tuple[str, ...]] = {
    "scene": ("person", "face", "phone"),
    "head": ("mask", "earphone_in_ear"),
    "thing": ("phone",),
    "outline": ("phone",),
}


def spec(net: NetName) -> NetSpec:
    scene = net == "scene"
    return NetSpec(
        net=net,
        version="1",
        resolution_wh=(SIDE, SIDE),
        names=NAMES[net],
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        pad_value=114,
        crop_scale=0.0 if scene else 1.8,
        min_face_px=0 if scene else 8,
        nms_iou=0.6 if scene else 0.0,
        min_score=0.02 if net in ("scene", "outline") else 0.0,
        thresholds=THRESHOLDS,
        data_version="d",
        recipe="test@0",
    )


class TinyScene(nn.Module):
    """A box on every 16 px cell, its size and scores from the pixels there."""

    def __init__(self, classes: int = 3, drift: float = 0.0, surer: float = 0.0) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 4 + classes, 16, stride=16)
        self.drift = drift
        self.surer = surer  # added to every score before the sigmoid

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        cells = self.conv(images).flatten(2).permute(0, 2, 1)
        step = torch.arange(4) * 16.0 + 8
        centre = torch.stack(torch.meshgrid(step, step, indexing="xy"), -1).reshape(1, 16, 2)
        half = 6 + 8 * cells[..., :2].sigmoid()
        drift = self.drift if torch.onnx.is_in_onnx_export() else 0.0
        return torch.cat([centre - half + drift, centre + half], -1), (cells[..., 4:].mul(8) + self.surer).sigmoid()


class TinyHead(nn.Module):
    """Attributes from the mean colour."""

    def __init__(self, drift: float = 0.0, names: int = 2) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Linear(3, 64), nn.Linear(64, names))
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
