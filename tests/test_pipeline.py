"""The whole road on drawn pictures: what each stage must leave, and the pack in an environment of its own."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
import onnx
import onnxruntime
import pytest
import yaml

from drawn import CLASSES, ROOT, Miniature, write_video
from proctor_models.cli import main
from proctor_models.config import DETECTOR_NAMES
from proctor_models.data.manifest import Manifest
from proctor_models.tracking.origin import dvc_hash
from proctor_models.types import HEAD_ATTRIBUTES, NETS, OUTLINE_CLASSES, SCENE_CLASSES, THING_CLASSES

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("miniature")]
BASE = ("numpy", "onnxruntime", "opencv-python-headless")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def numbers(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Every number in nested JSON, with its place."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from numbers(inner, f"{path}.{key}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, float(value)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_split__keeps_every_frame_and_every_person_on_one_side(miniature: Miniature) -> None:
    raw = Manifest.load(miniature.root / "data" / "demo" / "raw")
    split = Manifest.load(miniature.root / "data" / "demo" / "split")
    assert len(raw) == len(split) == 28
    sides = {frame.person: {f.split for f in split if f.person == frame.person} for frame in split}
    assert sides == {"P1": {"train"}, "P2": {"train"}, "P3": {"val"}, "P4": {"test"}}
    assert {box.label for frame in split for box in frame.boxes} == set(CLASSES)
    assert all(split.image_path(frame).is_file() for frame in split)


@pytest.mark.parametrize("net", NETS)
def test_train__leaves_a_checkpoint_and_no_session(miniature: Miniature, net: str) -> None:
    folder = miniature.export / "checkpoints" / net
    curves = {"curves.png"} if net != "outline" else set()  # nothing is fitted
    assert {"model.ckpt", "metrics.json"} | curves <= {path.name for path in folder.iterdir()}
    assert not folder.with_name(f"{net}.resume").exists()


@pytest.mark.parametrize(
    ("net", "outputs"),
    [
        ("scene", {"boxes": 4, "scores": len(SCENE_CLASSES)}),
        ("head", {"attributes": len(HEAD_ATTRIBUTES)}),
        ("thing", {"attributes": len(THING_CLASSES)}),
        ("outline", {"boxes": 4, "scores": len(OUTLINE_CLASSES)}),
    ],
)
def test_export__onnx_is_stamped_and_takes_any_batch(miniature: Miniature, net: str, outputs: dict[str, int]) -> None:
    path = miniature.export / "onnx" / net / f"{net}.onnx"
    stamp = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    spec = json.loads(stamp["proctor"])
    assert spec["net"] == net
    learnt = sha256(miniature.root / "data" / "demo" / "split" / "manifest.jsonl")
    assert spec["data_version"] == ("" if net == "outline" else learnt)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    width, height = spec["resolution_wh"]
    for batch in (1, 3):
        found = session.run(list(outputs), {"images": np.zeros((batch, 3, height, width), np.float32)})
        assert [array.shape[0] for array in found] == [batch] * len(outputs)
        assert [array.shape[-1] for array in found] == list(outputs.values())


def test_evaluate__every_detector_has_figures_with_intervals(miniature: Miniature) -> None:
    folder = miniature.export / "evaluation"
    metrics = json.loads((folder / "metrics.json").read_text())
    text = json.dumps(metrics)
    assert [name for name in DETECTOR_NAMES if f'"{name}"' not in text] == []
    for figure in ("ap50", "precision", "recall"):
        assert figure in text.lower()
    assert all(np.isfinite(value) for _, value in numbers(metrics))
    for detector in DETECTOR_NAMES:
        with (folder / "plots" / f"val-{detector}-thresholds.csv").open(encoding="utf-8") as table:
            rows = list(csv.DictReader(table))
        assert {"threshold", "precision", "recall"} <= set(rows[0])


def test_pack__names_every_file_with_its_hash(miniature: Miniature) -> None:
    manifest = json.loads((miniature.pack / "manifest.json").read_text())
    assert (manifest["schema"], manifest["version"]) == ("proctor-pack/1", "0.0.0-miniature")
    there = {path.relative_to(miniature.pack).as_posix() for path in miniature.pack.rglob("*") if path.is_file()}
    assert there - {"manifest.json"} == set(manifest["files"])
    for name, entry in manifest["files"].items():
        path = miniature.pack / name
        assert (entry["sha256"], entry["bytes"]) == (sha256(path), path.stat().st_size), name
    assert not [name for name in there if Path(name).suffix in {".pkl", ".pt", ".pth", ".ckpt", ".py"}]
    for net, name in manifest["models"].items():
        assert sha256(miniature.pack / name) == sha256(miniature.export / "onnx" / net / f"{net}.onnx")


def test_watch__findings_follow_the_schema_in_the_pack(miniature: Miniature) -> None:
    schema = json.loads((miniature.pack / "schema" / "findings.schema.json").read_text())
    findings = lines(miniature.review / "findings.jsonl")
    assert findings, "a room that is empty from half time on is a finding, however little the nets have learnt"
    for finding in findings:
        jsonschema.validate(finding, schema)
        assert finding["status"] == "for review"
        assert 0 <= finding["start_s"] <= finding["end_s"]
        for name in finding["evidence"]:
            assert cv2.imread(str(miniature.review / name)) is not None, name


def test_watch__session_and_scores_tell_what_was_seen(miniature: Miniature) -> None:
    session = json.loads((miniature.review / "session.json").read_text())
    assert session["complete"] is True
    assert session["views"]["first"]["duration_s"] == pytest.approx(40, abs=1)
    assert session["views"]["second"]["duration_s"] == pytest.approx(30, abs=1)
    scores = lines(miniature.review / "scores.jsonl")
    for view in ("first", "second"):
        times = [line["timestamp_s"] for line in scores if line["view"] == view]
        assert len(times) == session["views"][view]["frames_analysed"] >= 50
        assert times == sorted(times)
    values = [value for line in scores for value in line["scores"].values() if value is not None]
    assert values
    assert all(0 <= value <= 1 for value in values)


def test_watch__review_page_needs_nothing_but_itself(miniature: Miniature) -> None:
    page = (miniature.review / "review.html").read_text(encoding="utf-8")
    assert "data:image/jpeg;base64," in page
    outside = re.findall(r"""(?:src|href)=["']?(?!data:|#)([^"'\s>]+)""", page)
    assert [link for link in outside if not link.startswith("evidence/")] == []
    assert "default-src 'none'" in page, "the page's own policy must forbid every address"


def test_predict__writes_what_pycocotools_reads(miniature: Miniature, tmp_path: Path) -> None:
    from pycocotools.coco import COCO

    out = tmp_path / "predictions.json"
    images = miniature.root / "data" / "embedded" / "images"
    assert main(["predict", "--pack", str(miniature.pack), "--images", str(images), "--out", str(out)]) == 0
    coco = COCO(str(out))
    assert {image["file_name"] for image in coco.loadImgs(coco.getImgIds())} == {p.name for p in images.iterdir()}
    names = {category["name"] for category in coco.loadCats(coco.getCatIds())}
    assert set(CLASSES) <= names
    for annotation in coco.loadAnns(coco.getAnnIds()):
        assert 0 < annotation["score"] <= 1
        assert min(annotation["bbox"][2:]) > 0


def test_main__a_changed_pack_is_refused(
    miniature: Miniature, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = tmp_path / "pack"
    shutil.copytree(miniature.pack, changed)
    model = changed / "models" / "head.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"\0")
    images = miniature.root / "data" / "embedded" / "images"
    words = ["predict", "--pack", str(changed), "--images", str(images), "--out", str(tmp_path / "p.json")]
    assert main(words) == 1
    assert "head.onnx" in capsys.readouterr().err
    assert not (tmp_path / "p.json").exists()


def test_runs__are_recorded_in_the_store(miniature: Miniature) -> None:
    with sqlite3.connect(miniature.root / "mlflow.db") as store:
        ended = store.execute("select status from runs").fetchall()
        metrics = store.execute("select count(distinct key) from metrics").fetchone()[0]
        versions = store.execute("select distinct value from tags where key = 'data_version'").fetchall()
        digests = store.execute("select distinct digest from datasets").fetchall()
        params = {row[0] for row in store.execute("select distinct key from params")}
        names = {row[0] for row in store.execute("select distinct key from metrics")}
        tags = dict(store.execute("select key, min(value) from tags group by key"))
    store.close()
    assert len(ended) >= 3, "one run a net and one of the evaluation"
    assert set(ended) == {("FINISHED",)}
    assert metrics > 5
    assert versions == [(sha256(miniature.root / "data" / "demo" / "split" / "manifest.jsonl"),)]
    assert digests == [(dvc_hash(miniature.root / "data" / "demo" / "split"),)]
    assert {"split.seed", "scene.epochs", "thresholds.phone"} <= params, "the whole recipe"
    assert tags["recipe.file"] == "configs/demo.yaml"
    assert any(name.startswith("slices/test.phone.view.first.") for name in names), "figures by slice"


def test_stages__repeat_to_the_same_bytes(miniature: Miniature, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(miniature.root)
    for stage, words in (
        ("raw", ["ingest", "--recipe", "demo"]),
        ("curated", ["curate", "replay", "--recipe", "demo", "--data", "data/again/raw"]),
        ("split", ["split", "--recipe", "demo", "--data", "data/again/curated"]),
    ):
        assert main([*words, "--out", f"data/again/{stage}"]) == 0
        again, before = (Path("data") / side / stage / "manifest.jsonl" for side in ("again", "demo"))
        assert again.read_bytes() == before.read_bytes(), stage


def base_pins() -> list[str]:
    """The base install's requirements at the versions of the lock."""
    pins = dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    return [f"{name}=={pins[name]}" for name in BASE]


@pytest.fixture(scope="module")
def base_install(miniature: Miniature, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the pack's wheel, numpy, onnxruntime and opencv; its `bin` folder."""
    folder = tmp_path_factory.mktemp("base") / "venv"
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    wheels = list((miniature.pack / "wheels").glob("*.whl"))
    assert len(wheels) == 1
    python = folder / "bin" / "python"
    for words in (
        ["venv", "--quiet", "--python", sys.executable, str(folder)],
        ["pip", "install", "--quiet", "--python", str(python), *base_pins()],
        ["pip", "install", "--quiet", "--python", str(python), "--no-deps", str(wheels[0])],
    ):
        subprocess.run([uv, *words], check=True)
    return folder / "bin"


def in_base_install(bin_folder: Path, words: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    command = [str(bin_folder / "proctor"), *words]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def test_base_install__holds_nothing_of_training(base_install: Path) -> None:
    code = "from importlib.metadata import distributions as d; print(*sorted(x.name.lower() for x in d()))"
    answer = subprocess.run([base_install / "python", "-c", code], capture_output=True, text=True, check=True)
    names = set(answer.stdout.split())
    assert {*BASE, "proctor-models"} <= names
    assert (
        names & {"torch", "lightning", "ultralytics-opencv-headless", "pydantic", "pyyaml", "onnx", "mlflow"} == set()
    )


def test_base_install__watches_an_exam(miniature: Miniature, base_install: Path, tmp_path: Path) -> None:
    write_video(tmp_path / "webcam.mp4", seconds=30)
    words = ["watch", "--pack", str(miniature.pack), "--rules", "online-interview", "--first", "webcam.mp4"]
    answer = in_base_install(base_install, [*words, "--out", "review"], tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert json.loads((tmp_path / "review" / "session.json").read_text())["rules"]["name"] == "online-interview"
    assert (tmp_path / "review" / "review.html").stat().st_size > 1000


def test_base_install__predicts_a_folder(miniature: Miniature, base_install: Path, tmp_path: Path) -> None:
    images = miniature.root / "data" / "embedded" / "images"
    words = ["predict", "--pack", str(miniature.pack), "--images", str(images), "--out", "predictions.json"]
    answer = in_base_install(base_install, words, tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert len(json.loads((tmp_path / "predictions.json").read_text())["images"]) == 28


def test_base_install__says_what_training_needs(base_install: Path, tmp_path: Path) -> None:
    answer = in_base_install(base_install, ["ingest", "--recipe", "demo", "--out", "raw"], tmp_path)
    assert answer.returncode != 0
    assert "proctor ingest: needs yaml, which is not installed; run `make env`" in answer.stderr


def test_recipe__of_the_miniature_differs_from_the_demo_by_values_alone(miniature: Miniature) -> None:
    ours = yaml.safe_load((miniature.root / "configs" / "demo.yaml").read_text())
    demo = yaml.safe_load((ROOT / "configs" / "demo.yaml").read_text())
    assert set(ours) >= set(demo) - {"weights", "seed", "export"}
