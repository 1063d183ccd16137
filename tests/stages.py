"""What a pack is made from, on a small scale: two tiny nets with their proofs, and an evaluation of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from drawn import ROOT
from labelled import label, record, saw
from proctor_models.config import DETECTOR_NAMES, Export, Recipe
from proctor_models.evaluation.evaluate import write_folder
from proctor_models.evaluation.report import About
from proctor_models.evaluation.tables import tabulate
from proctor_models.export.contents import Contents
from proctor_models.export.onnx import export_module
from proctor_models.export.pack import gather, pack
from proctor_models.runtime.model import Net
from proctor_models.runtime.spec import NetSpec
from proctor_models.types import SCENE_CLASSES, NetName
from tiny import TinyHead, TinyScene, dataset, spec

THRESHOLDS = dict.fromkeys(DETECTOR_NAMES, 0.5)


def recipe(name: str = "demo", version: str = "0.0.0-test", *, every_net: bool = False, **pack_says: Any) -> Recipe:
    """Of two nets, or of every net."""
    step = {"epochs": 1, "batch": 1, "learning_rate": 0.1}
    return Recipe.model_validate(
        {
            "name": name,
            "ingest": {"sources": [{"name": "s", "format": "coco", "path": "."}]},
            "scene": step,
            "head": step,
            "thing": {**step, "init": "base.pth", "start_share": 0.25} if every_net else None,
            "outline": {"init": "base.pt"} if every_net else None,
            "thresholds": THRESHOLDS,
            "pack": {"version": version, **pack_says},
        }
    )


def tiny_spec(net: NetName) -> NetSpec:
    plain = spec(net)
    names = SCENE_CLASSES if net == "scene" else plain.names
    return replace(plain, names=names, version="0.0.0-test", thresholds=THRESHOLDS)


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models/ and evaluation/, as the stages before leave them."""
    top = tmp_path_factory.mktemp("stages")
    manifest = dataset(top / "images", ("train", "test"))
    modules: dict[NetName, nn.Module] = {
        "scene": TinyScene(len(SCENE_CLASSES)),
        "head": TinyHead(),
        "thing": TinyHead(names=1),
        "outline": TinyScene(classes=1),
    }
    for net, module in modules.items():
        export_module(module, tiny_spec(net), Export(), manifest, top / "models" / net)
    seen = {"val": [saw(record("a", [label("phone")], person="S1"), scores={"phone": 0.9})]}
    hashes = {net: Net.load(top / "models" / net / f"{net}.onnx").sha256 for net in ("scene", "head")}
    frames = ({"source": "made", "licence": "MIT", "train": 3, "val": 1, "test": 0},)
    about = About("demo@0", "d" * 64, hashes, {"scene": "d" * 64}, (), {"val": 1}, frames)
    (top / "evaluation").mkdir()
    write_folder(top / "evaluation", tabulate(seen, THRESHOLDS, 100, 0), about, seen, THRESHOLDS)
    return top


@pytest.fixture(scope="session")
def packed(stages: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        pack(recipe(), stages / "models", stages / "evaluation", stages / "pack")
    return stages / "pack"


@pytest.fixture(scope="session")
def contents(stages: Path) -> Contents:
    """What the pack would hold, as if its files were written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        read = gather(recipe(), stages / "models", stages / "evaluation", None)
    files = {f"models/{net}.onnx": read.nets[net].sha256 for net in read.nets}
    files |= {f"rules/{name}.json": "1" * 64 for name in read.rules} | {
        "wheels/proctor_models-0-py3-none-any.whl": "2" * 64
    }
    return replace(read, files=files)
