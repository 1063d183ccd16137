"""PyTorch held against ONNX on the frames of a dataset, net by net; `parity` judges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from proctor_models.boxes import clip
from proctor_models.config import Export
from proctor_models.data.frames import read_image
from proctor_models.data.manifest import FrameRecord, Manifest
from proctor_models.errors import ExportError
from proctor_models.export.parity import Agreement
from proctor_models.runtime.image import Letterbox, crop_square, normalise
from proctor_models.runtime.model import OUTPUTS, Net
from proctor_models.runtime.predictor import Batch, Predictor
from proctor_models.runtime.spec import NetSpec
from proctor_models.types import FACES, Image

BATCH = 8
FRAMES_WITHOUT_TEST = 200
"""Frames of other sides that stand in where the test split is empty."""


@dataclass(frozen=True)
class Frames:
    """What is compared, and the folder it is read from."""

    manifest: Manifest
    frames: tuple[FrameRecord, ...]


def frames_to_compare(manifest: Manifest) -> tuple[Frames, str]:
    """The whole test split; where it is empty, up to 200 other frames, evenly spaced, and words that say so.

    Raises:
        ExportError: the dataset has no frame at all.
    """
    test = manifest.of("test").frames
    if test:
        return Frames(manifest, test), "the whole test split"
    if not manifest.frames:
        raise ExportError(f"{manifest.images_root}: expected frames to compare on, got an empty dataset; ingest first")
    picks = np.linspace(0, len(manifest) - 1, min(len(manifest), FRAMES_WITHOUT_TEST)).round().astype(int)
    chosen = tuple(manifest.frames[i] for i in np.unique(picks))
    return Frames(manifest, chosen), f"{len(chosen)} training and validation frames, for the test split is empty"


def compare_scene(module: nn.Module, net: Net, frames: Frames, limits: Export) -> Agreement:
    """Hold PyTorch against ONNX on whole frames, before and after suppression.

    Raises:
        ExportError: a score or a box differs by more than the limits.
    """
    agreement = Agreement(limits)
    predictor = Predictor(net)
    for group in _batches(frames.frames, "parity scene"):
        images = [read_image(frames.manifest, frame) for frame in group]
        inputs, fits = zip(*(predictor.preprocess(image) for image in images), strict=True)
        batch = np.concatenate(inputs)
        ours, theirs = _torch(module, batch), net.run(batch)
        for row, (frame, image) in enumerate(zip(group, images, strict=True)):
            torch_boxes, torch_scores = ours[0][row], ours[1][row]
            onnx_boxes, onnx_scores = theirs["boxes"][row], theirs["scores"][row]
            best = np.maximum(torch_scores, onnx_scores).max(1)
            agreement.scores(torch_scores, onnx_scores, frame.id)
            agreement.anchors(torch_boxes, onnx_boxes, best, frame.id)
            fit: Letterbox = fits[row]
            size = (image.shape[1], image.shape[0])
            kept = predictor.postprocess(torch_boxes, torch_scores, fit, size)
            twins = predictor.postprocess(onnx_boxes, onnx_scores, fit, size)
            agreement.kept(kept, twins, net.spec.nms_iou, frame.id)
    return agreement


def compare_crops(module: nn.Module, net: Net, frames: Frames, limits: Export) -> Agreement:
    """Hold PyTorch against ONNX on labelled heads (`head`) or things (`thing`, `outline`).

    Of a frame that labels none the whole picture is taken.

    Raises:
        ExportError: a score or a box differs by more than the limits.
    """
    agreement = Agreement(limits)
    for group in _batches(frames.frames, f"parity {net.spec.net}"):
        crops = [
            (frame.id, normalise(crop, net.spec.mean, net.spec.std))
            for frame in group
            for crop in _labelled(read_image(frames.manifest, frame), frame, net.spec)
        ]
        for start in range(0, len(crops), BATCH):  # a picture of a crowd has many heads
            names, tensors = zip(*crops[start : start + BATCH], strict=True)
            batch = np.stack(tensors)
            outputs = OUTPUTS[net.spec.net]
            ours, theirs = dict(zip(outputs, _torch(module, batch), strict=True)), net.run(batch)
            for row, name in enumerate(names):
                one, other = ours[outputs[-1]][row], theirs[outputs[-1]][row]
                agreement.scores(one, other, name)
                if "boxes" in outputs:
                    best = np.maximum(one, other).max(1)
                    agreement.anchors(ours["boxes"][row], theirs["boxes"][row], best, name)
    return agreement


def _labelled(image: Image, frame: FrameRecord, spec: NetSpec) -> Iterator[Image]:
    cut = [box.xyxy for box in frame.boxes if (box.label in FACES) == (spec.net == "head") and box.label != "person"]
    large = [b for b in cut if max(b[2] - b[0], b[3] - b[1]) >= spec.min_face_px]
    height, width = image.shape[:2]
    places = np.array(large or [(0, 0, width, height)], np.float32)
    for xyxy in clip(places, (width, height)):
        yield crop_square(image, xyxy, spec.crop_scale, spec.resolution_wh[0], spec.pad_value)


def _torch(module: nn.Module, batch: Batch) -> list[Batch]:
    with torch.inference_mode():
        return [output.numpy() for output in as_tuple(module.eval()(torch.from_numpy(batch)))]


def _batches(frames: Sequence[FrameRecord], label: str) -> Iterator[Sequence[FrameRecord]]:
    with tqdm(total=len(frames), desc=label, unit="frame", mininterval=5) as bar:
        for start in range(0, len(frames), BATCH):
            group = frames[start : start + BATCH]
            yield group
            bar.update(len(group))


def as_tuple(value: torch.Tensor | tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    """Outputs of a net that has one or several."""
    return value if isinstance(value, tuple) else (value,)
