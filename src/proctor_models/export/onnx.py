"""`proctor export`: a checkpoint as ONNX, with all the runtime needs inside, proved to be the same net."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import tempfile
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import onnx
import torch
from torch import nn

from proctor_models.config import Export, Recipe
from proctor_models.config_nets import HeadNet, SceneNet
from proctor_models.data.manifest import Manifest, data_version
from proctor_models.errors import ExportError
from proctor_models.export.compare import as_tuple, compare_crops, compare_scene, frames_to_compare
from proctor_models.files import building, write_json
from proctor_models.nets.checkpoint import load_net
from proctor_models.runtime.model import INPUT, OUTPUTS, Net
from proctor_models.runtime.spec import METADATA_KEY, NetSpec
from proctor_models.types import UNTAUGHT_NETS, NetName

PARITY_FILE = "parity.json"
NOT_STATED = "not stated"


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
    sources = [] if net in UNTAUGHT_NETS else sources_of(manifest, recipe)
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
    """The checkpoint's spec with what the recipe decides after training: thresholds, version, suppression, heads read.

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
        data_version=spec.data_version if net in UNTAUGHT_NETS else spec.data_version or data_version(data),
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
        outputs = as_tuple(module.eval()(blank))
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


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
