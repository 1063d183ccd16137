"""Export: a tiny net that keeps the interface goes all the way, and one that changes on the way is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from torch import nn

from proctor_models.config import Export
from proctor_models.data.manifest import Manifest
from proctor_models.errors import ExportError
from proctor_models.export.compare import frames_to_compare
from proctor_models.export.onnx import convert, export_module, sources_of, stamped
from proctor_models.runtime.model import Net
from proctor_models.runtime.spec import METADATA_KEY, NetSpec
from stages import recipe
from tiny import TinyHead, TinyScene, dataset, spec


@pytest.mark.parametrize(
    ("net", "module"),
    [
        ("scene", TinyScene()),
        ("head", TinyHead()),
        ("thing", TinyHead(names=1)),
        ("outline", TinyScene(classes=1, surer=2.0)),
    ],
)
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
    assert (report["boxes"] > 0) == (net in ("scene", "outline"))


@pytest.mark.parametrize(
    ("net", "module", "message"),
    [
        ("scene", TinyScene(drift=1.0), r"frame s/\d+: box overlap: expected at least 0.99 .* got 0\.\d+"),
        ("outline", TinyScene(classes=1, drift=1.0, surer=2.0), r"frame s/\d+: box overlap: expected at least 0.99"),
        ("head", TinyHead(drift=0.1), r"frame s/\d+: score: expected PyTorch and ONNX within 0.001"),
    ],
)
def test_export_module__refuses_a_changed_net(tmp_path: Path, net: str, module: nn.Module, message: str) -> None:
    manifest = dataset(tmp_path / "images", ("test",))
    with pytest.raises(ExportError, match=message):
        export_module(module, spec(net), Export(), manifest, tmp_path / "onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["images"]


def test_stamped__from_which_size_heads_are_read_is_the_recipes(tmp_path: Path) -> None:
    made = recipe()
    trained = replace(spec("head"), resolution_wh=(192, 192), min_face_px=24)
    assert stamped(made, "head", trained, tmp_path, "file").min_face_px == 24
    reads = made.model_copy(update={"head": made.head.model_copy(update={"min_read_px": 16})})
    assert stamped(reads, "head", trained, tmp_path, "file").min_face_px == 16


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


def test_sources_of__what_frames_and_recipe_state(tmp_path: Path) -> None:
    manifest = dataset(tmp_path / "images", ("train", "val", "train"))
    row = {"source": "s", "ingested_as": "s", "licence": "MIT", "frames": 3}
    assert sources_of(manifest, recipe()) == [row | {"rights": "not stated", "consent": "not stated"}]
    stated = recipe()
    source = stated.ingest.sources[0].model_copy(update={"rights": "ours", "consent": "asked in 2026"})
    stated = stated.model_copy(update={"ingest": stated.ingest.model_copy(update={"sources": (source,)})})
    assert sources_of(manifest, stated) == [row | {"rights": "ours", "consent": "asked in 2026"}]
