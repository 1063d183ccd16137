"""Four frames in one, so that a net meets things at more places, smaller, and cut by edges.

Mosaic of YOLOv4 (Bochkovskiy et al., "YOLOv4: Optimal Speed and Accuracy of Object Detection", 2020): the canvas is
parted at a point drawn by chance, and each part shows a part of another frame. Frames label different classes, so what
is known of a mosaic differs from part to part: `known` is a map.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from proctor_models.boxes import area, clip
from proctor_models.data.frames import SceneFrames
from proctor_models.types import Boxes, Scores

CELL_PX = 32
"""Parts end on multiples of the net's coarsest stride, so that every anchor lies in one of them."""
PARTED = (0.3, 0.7)
"""Where the canvas is parted, as shares of its sides."""
SHRUNK = (0.5, 1.0)
"""How large a frame is shown in its part, against how large it is alone."""
MIN_SEEN = 0.25
"""A box of which less is left in its part is dropped, and its class is not known there: a rest of it may show."""
MIN_AREA_PX = 9.0


class Mosaics(Dataset[dict[str, Tensor]]):
    """Frames of which a share is shown with three others; `known` is a map (classes, height / 32, width / 32)."""

    def __init__(self, frames: SceneFrames, share: float) -> None:
        self.frames = frames
        self.share = share
        self.augment = frames.augment

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """See the class; the other keys are those of `SceneFrames`."""
        # torch's generator, because only it differs from loader process to loader process.
        rng = np.random.default_rng(int(torch.randint(2**31, (1,))))
        if rng.random() >= self.share:
            sample = self.frames[index]
            height, width = sample["image"].shape[1:]
            known = sample["known"][:, None, None].expand(-1, height // CELL_PX, width // CELL_PX)
            return {**sample, "known": known}
        others = rng.integers(len(self.frames), size=3).tolist()
        return mosaic([self.frames[number] for number in (index, *others)], rng)


def mosaic(samples: Sequence[dict[str, Tensor]], rng: np.random.Generator) -> dict[str, Tensor]:
    """Four samples of `SceneFrames` as one, with `known` a map; boxes are cut at the edges of their part."""
    height, width = samples[0]["image"].shape[1:]
    column, row = (round(rng.uniform(*PARTED) * side / CELL_PX) * CELL_PX for side in (width, height))
    image = torch.empty_like(samples[0]["image"])
    known = torch.empty(len(samples[0]["known"]), height // CELL_PX, width // CELL_PX, dtype=torch.bool)
    boxes, class_ids = [], []
    parts = ((0, 0, column, row), (column, 0, width, row), (0, row, column, height), (column, row, width, height))
    for sample, (x0, y0, x1, y1) in zip(samples, parts, strict=True):
        shown, xyxy, seen = _part(sample, (x1 - x0, y1 - y0), rng)
        left = (seen >= MIN_SEEN) & (area(xyxy) >= MIN_AREA_PX)
        there = sample["known"].clone()
        there[sample["class_ids"][torch.from_numpy(~left & (seen > 0))]] = False
        image[:, y0:y1, x0:x1] = shown
        known[:, y0 // CELL_PX : y1 // CELL_PX, x0 // CELL_PX : x1 // CELL_PX] = there[:, None, None]
        boxes.append(torch.from_numpy(xyxy[left] + np.array([x0, y0, x0, y0], np.float32)))
        class_ids.append(sample["class_ids"][torch.from_numpy(left)])
    return {"image": image, "xyxy": torch.cat(boxes), "class_ids": torch.cat(class_ids), "known": known}


def _part(sample: dict[str, Tensor], size: tuple[int, int], rng: np.random.Generator) -> tuple[Tensor, Boxes, Scores]:
    """A window of the sample, shrunk to `size`: its pixels, the boxes (n, 4) cut to it, the share left of each."""
    picture = sample["image"].numpy()
    height, width = picture.shape[1:]
    # Not so small that the canvas would not fill the part.
    scale = max(float(np.exp(rng.uniform(*np.log(SHRUNK)))), size[0] / width, size[1] / height)
    window = np.array([min(width, size[0] / scale), min(height, size[1] / scale)])
    corner = np.floor(rng.uniform(0, 1, 2) * ((width, height) - window))
    low, high = corner.astype(int), np.minimum(np.round(corner + window), (width, height)).astype(int)
    cut = picture[:, low[1] : high[1], low[0] : high[0]].transpose(1, 2, 0)
    shown = cv2.resize(cut, size, interpolation=cv2.INTER_AREA)
    grown = np.tile(np.array(size) / (high - low), 2)
    moved = ((sample["xyxy"].numpy() - np.tile(low, 2)) * grown).astype(np.float32)
    inside = clip(moved, size)
    seen: Scores = (area(inside) / np.maximum(area(moved), 1e-9)).astype(np.float32)
    return torch.from_numpy(shown.transpose(2, 0, 1)), inside, seen
