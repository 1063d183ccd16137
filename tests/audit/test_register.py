"""The registry: one version a net's hash, linked to the run that trained it; what a kill left is finished."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import yaml

from audited import PARITY, PHONE, write_pack
from packed import SPECS, build, scene_outputs
from proctor_models import tracking
from proctor_models.audit import registry
from proctor_models.audit.lineage import lineage
from proctor_models.audit.onnx_model import INPUT_EXAMPLE, save_onnx
from proctor_models.audit.packs import read_pack
from proctor_models.audit.registry import register
from proctor_models.audit.training_runs import training_runs
from proctor_models.cli import main

RECIPE = "demo@" + "1" * 64


@pytest.fixture(scope="module")
def trained(store: Path) -> dict[str, str]:
    """A run for each way to be recognised: by checkpoint, and by recipe's name and data."""
    found = {}
    for name, recipe in (("exact", RECIPE), ("older", "demo@" + "2" * 64)):
        tags = {"recipe": recipe, "stage": "train"}
        with tracking.run("scene", name, tags=tags) as run:
            (store / "model.ckpt").write_bytes(name.encode())
            run.artifact(store / "model.ckpt", "checkpoint")
            run.dataset("demo/scene", "d" * 64, store / "nowhere", "training")
        found[name] = run.run_id
    return found


def test_register__twice_gives_one_version(store: Path, trained: dict[str, str]) -> None:
    sha256 = hashlib.sha256(b"older").hexdigest()
    pack = read_pack(write_pack(store / "pack", recipe=RECIPE, parity={**PARITY, "checkpoint_sha256": sha256}))
    first, second = register(pack), register(pack)
    assert [each.is_new for each in first + second] == [True, True, False, False]
    assert [(each.model, each.version) for each in second] == [("proctor-scene", "1"), ("proctor-head", "1")]
    client = tracking.open_store(tracking.store_uri())
    version = client.get_model_version("proctor-scene", "1")
    assert version.tags["sha256"] == pack.name.models["scene"]
    assert version.tags["training_run"] == trained["older"]
    assert version.tags["training_run.matched_by"] == "the hash of its checkpoint"
    assert version.run_id == first[0].run_id
    run = client.get_run(version.run_id)
    assert run.data.tags[registry.PACK_TAG] == pack.name.manifest_sha256
    assert run.data.metrics["test.phone.recall_low"] == 0.8
    folder = Path(client.download_artifacts(version.run_id, "models/scene", str(store / "down")))
    model = yaml.safe_load((folder / "MLmodel").read_text())
    inputs = json.loads(model["signature"]["inputs"])
    assert inputs[0]["name"] == "images"
    assert inputs[0]["tensor-spec"]["shape"] == [-1, 3, 64, 64]
    assert set(model["flavors"]) == {"onnx", "python_function"}
    assert model["metadata"]["input_example"] == INPUT_EXAMPLE
    assert hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()


@pytest.mark.filterwarnings("ignore")  # MLflow's own, as it loads
def test_save_onnx__example_is_small_and_what_the_net_takes(tmp_path: Path) -> None:
    import mlflow.pyfunc

    spec = replace(SPECS["scene"], resolution_wh=(640, 384))
    (tmp_path / "scene.onnx").write_bytes(build(spec, scene_outputs([PHONE])).SerializeToString())
    save_onnx(tmp_path / "scene.onnx", spec, tmp_path / "model", {"pack": "1.0"})
    example = dict(np.load(tmp_path / "model" / INPUT_EXAMPLE))
    assert {name: (array.shape, array.dtype) for name, array in example.items()} == {
        "images": ((1, 3, 384, 640), np.float32)
    }
    beside = [path for path in (tmp_path / "model").iterdir() if path.name != "model.onnx"]
    assert sum(path.stat().st_size for path in beside) < 50_000
    said = mlflow.pyfunc.load_model(str(tmp_path / "model")).predict(example)
    session = onnxruntime.InferenceSession(tmp_path / "scene.onnx")
    assert np.array_equal(said["scores"], session.run(["scores"], example)[0])


def test_register__killed_between_two_nets(
    store: Path, trained: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = read_pack(write_pack(store / "cut", [("phone", (2, 2, 20, 20), 0.7)], recipe=RECIPE, mask=0.3))
    real = registry._add_version

    def killed(run: tracking.Run, pack: object, net: str) -> None:
        if net == "head":
            raise KeyboardInterrupt
        real(run, pack, net)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(registry, "_add_version", killed)
        with pytest.raises(KeyboardInterrupt):
            register(pack)
    made = register(pack)
    assert [each.is_new for each in made] == [False, True]
    assert made[0].run_id == made[1].run_id


def test_training_runs__by_recipe_and_data(store: Path, trained: dict[str, str]) -> None:
    client = tracking.open_store(tracking.store_uri())
    found = training_runs(client, "scene", RECIPE, "d" * 64)
    matched = {each.run_id: each.matched_by for each in found}
    assert matched[trained["exact"]] == "the same recipe and data version"
    assert matched[trained["older"]].endswith("changed since")
    assert training_runs(client, "scene", RECIPE, "e" * 64) == []


def test_lineage__run_that_is_gone(store: Path, trained: dict[str, str]) -> None:
    pack = write_pack(store / "lonely", data_version="c" * 64)
    client = tracking.open_store(tracking.store_uri())
    with tracking.run("head", "gone", tags={"recipe": RECIPE, "stage": "train", "data_version": "c" * 64}) as run:
        pass
    client.delete_run(run.run_id)
    road = lineage(read_pack(pack).name.models, pack)
    assert all(net.runs_missing is not None and "it is gone" in net.runs_missing.en for net in road.nets)


def test_main__register(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack = write_pack(store / "by-cli", [("phone", (3, 3, 20, 20), 0.7)], recipe=RECIPE)
    assert main(["audit", "register", "--pack", str(pack)]) == 0
    assert "proctor-scene version" in capsys.readouterr().out
