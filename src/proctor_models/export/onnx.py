"""`proctor export`: a checkpoint as ONNX, with all the runtime needs inside, proved to be the same net."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import onnx
import torch
from torch import nn
from tqdm import tqdm

from proctor_models.boxes import clip
from proctor_models.config import Export, Recipe
from proctor_models.config_nets import HeadNet, SceneNet
from proctor_models.data.frames import read_image
from proctor_models.data.manifest import FrameRecord, Manifest, data_version
from proctor_models.errors import ExportError
from proctor_models.export.parity import Agreement
from proctor_models.files import building, write_json
from proctor_models.nets.checkpoint import load_net
from proctor_models.runtime.image import Letterbox, crop_square, normalise
from proctor_models.runtime.model import INPUT, OUTPUTS, Net
from proctor_models.runtime.predictor import Batch, Predictor
from proctor_models.runtime.spec import METADATA_KEY, NetSpec
from proctor_models.types import FACES, Image, NetName

PARITY_FILE = "parity.json"
BATCH = 8
NOT_STATED = "not stated"
FRAMES_WITHOUT_TEST = 200
"""Frames of other sides that stand in where the test split is empty."""


def export(recipe: Recipe, net: NetName, checkpoint: Path, data: Path, out: Path) -> dict[str, object]:
    """Write ``<net>.onnx`` and ``parity.json`` to `out`, or nothing.

    Returns:
        What parity.json holds: worst and mean differences, frames, limits and versions.

    Raises:
        CheckpointError: the checkpoint cannot be read.
        ExportError: it is of another net or input size than the recipe says, it cannot be converted, or
            ONNX and PyTorch differ; the message names frame, figure and limit.
        DataError: `data` has no manifest, or a frame cannot be read.
    """
    module, spec = load_net(checkpoint)
    spec = stamped(recipe, net, spec, data, str(checkpoint))
    manifest = Manifest.load(data)
    sources = [] if net == "outline" else sources_of(manifest, recipe)  # it has learnt from none of them
    said = {**people_of(checkpoint), **_checkpoint_hash(checkpoint), "sources": sources}
    return export_module(module, spec, recipe.export, manifest, out, said)


def _checkpoint_hash(checkpoint: Path) -> dict[str, object]:
    """Hash of the weights: by it an auditor finds the very run that trained them."""
    path = checkpoint / "model.ckpt"
    return {"checkpoint_sha256": hashlib.sha256(path.read_bytes()).hexdigest()} if path.is_file() else {}


def sources_of(manifest: Manifest, recipe: Recipe) -> list[dict[str, object]]:
    """Where the frames of a dataset come from, with what they and the recipe state of licence, rights and consent."""
    stated = {source.name: source for source in recipe.ingest.sources}
    counts = Counter((frame.id.partition("/")[0], frame.source, frame.licence) for frame in manifest)
    return [
        {
            "source": collection,
            "ingested_as": name,
            "licence": licence,
            "rights": (stated[name].rights if name in stated else None) or NOT_STATED,
            "consent": (stated[name].consent if name in stated else None) or NOT_STATED,
            "frames": counts[name, collection, licence],
        }
        for name, collection, licence in sorted(counts)
    ]


def people_of(checkpoint: Path) -> dict[str, object]:
    """What a checkpoint's record says of the people it was trained on; empty where it says nothing."""
    try:
        said = json.loads((checkpoint / "metrics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: said[name] for name in ("persons", "persons_not_stated_by") if name in said}


def export_module(
    module: nn.Module,
    spec: NetSpec,
    limits: Export,
    manifest: Manifest,
    out: Path,
    said: Mapping[str, object] = MappingProxyType({}),
) -> dict[str, object]:
    """Export any net that keeps the interface of `spec.net`; what is `said` of it goes on record; see `export`."""
    frames, basis = frames_to_compare(manifest)
    with building(out) as part:
        path = part / f"{spec.net}.onnx"
        path.write_bytes(convert(module, spec, limits.opset))
        compare = compare_scene if spec.net == "scene" else compare_crops
        agreement = compare(module, Net.load(path, threads=os.cpu_count() or 1), frames, limits)
        report: dict[str, object] = {
            **agreement.summary(),
            "net": spec.net,
            "frames": len(frames.frames),
            "frames_from": basis,
            "limits": limits.model_dump(),
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "bytes": path.stat().st_size,
            "recipe": spec.recipe,
            "data_version": spec.data_version,
            **said,
            "versions": {name: importlib.metadata.version(name) for name in ("torch", "onnx", "onnxruntime")},
        }
        write_json(part / PARITY_FILE, report)
    return report


def stamped(recipe: Recipe, net: NetName, spec: NetSpec, data: Path, where: str) -> NetSpec:
    """The checkpoint's spec with what the recipe decides after training: thresholds, version, suppression.

    Raises:
        ExportError: the checkpoint is of another net, or of another input size than the recipe's.
    """
    if spec.net != net:
        raise ExportError(f"{where}: net: expected a checkpoint of {net!r}, got {spec.net!r}; name the right folder")
    plan = recipe.plan(net)
    wanted = plan.resolution_wh if isinstance(plan, SceneNet) else (plan.resolution_px,) * 2
    if spec.resolution_wh != wanted:
        raise ExportError(
            f"{where}: resolution_wh: expected {wanted} px by recipe {recipe.name!r}, got {spec.resolution_wh}; "
            "train again, or give the recipe the size it was trained at"
        )
    if isinstance(plan, HeadNet) and plan.min_read_px:
        spec = replace(spec, min_face_px=plan.min_read_px)
    if net == "scene":
        spec = replace(spec, nms_iou=recipe.scene.nms_iou, min_score=recipe.scene.min_score)
    return replace(
        spec,
        version=recipe.pack.version,
        thresholds=dict(recipe.thresholds),
        recipe=f"{recipe.name}@{recipe.sha256}",
        data_version=spec.data_version if net == "outline" else spec.data_version or data_version(data),
    )


def convert(module: nn.Module, spec: NetSpec, opset: int) -> bytes:
    """The net as a checked ONNX file with a dynamic batch and `spec` in its metadata; equal nets, equal bytes.

    Raises:
        ExportError: PyTorch cannot convert it, or the ONNX checker refuses the result.
    """
    model, sizes = _traced(module, spec, opset)
    for port, size in zip(model.graph.output, sizes, strict=True):
        for dimension, length in zip(port.type.tensor_type.shape.dim[1:], size[1:], strict=True):
            dimension.dim_value = length
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, spec.to_json()
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ExportError(f"{spec.net}: the ONNX checker refuses it: {_line(error)}; try another opset") from None
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def _traced(module: nn.Module, spec: NetSpec, opset: int) -> tuple[onnx.ModelProto, list[tuple[int, ...]]]:
    """The net as PyTorch writes it, and the shape of each output for a batch of two."""
    width, height = spec.resolution_wh
    names = [INPUT, *OUTPUTS[spec.net]]
    blank = torch.zeros(2, 3, height, width)
    with warnings.catch_warnings(), torch.no_grad(), tempfile.TemporaryDirectory() as scratch:
        # The tracing exporter announces its end at every call; its successor changes opset by itself.
        warnings.simplefilter("ignore")
        # A detection head keeps its anchors from one call to the next: traced cold, the graph would compute them.
        outputs = _as_tuple(module.eval()(blank))
        path = Path(scratch) / "net.onnx"
        try:
            torch.onnx.export(
                module,
                (blank,),
                path,
                dynamo=False,
                opset_version=opset,
                input_names=names[:1],
                output_names=names[1:],
                dynamic_axes={name: {0: "batch"} for name in names},
            )
        except (RuntimeError, torch.onnx.errors.OnnxExporterError) as error:
            raise ExportError(f"{spec.net}: PyTorch cannot convert it at opset {opset}: {_line(error)}") from None
        return onnx.load(path), [tuple(output.shape) for output in outputs]


def _as_tuple(value: torch.Tensor | tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return value if isinstance(value, tuple) else (value,)


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


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
        return [output.numpy() for output in _as_tuple(module.eval()(torch.from_numpy(batch)))]


def _batches(frames: Sequence[FrameRecord], label: str) -> Iterator[Sequence[FrameRecord]]:
    with tqdm(total=len(frames), desc=label, unit="frame", mininterval=5) as bar:
        for start in range(0, len(frames), BATCH):
            group = frames[start : start + BATCH]
            yield group
            bar.update(len(group))
