"""The measuring scripts run; what they measure is not judged here."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml

from drawn import ROOT, recipe, write_coco


@pytest.mark.slow
def test_data__quick_measures_every_part_and_says_what_it_left_out(tmp_path: Path) -> None:
    write_coco(tmp_path / "coco")
    (tmp_path / "drawn.yaml").write_text(yaml.safe_dump(recipe(tmp_path / "coco")))
    command = [sys.executable, str(ROOT / "benchmarks/data.py"), "--quick", "--recipe", str(tmp_path / "drawn.yaml")]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out.json")], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    said = json.loads((tmp_path / "out.json").read_text())
    assert said["machine"]["torch"]
    figures = {(figure["part"], figure["what"]): figure for figure in said["figures"]}
    measured = {key for key, figure in figures.items() if figure["median"] is not None}
    assert {part for part, _ in measured} == {"ingest", "video", "loader"}
    for net in ("scene", "head"):
        loaded, trained = (figures["loader", f"{net}: {what}"]["median"] for what in ("loaded", "trained on"))
        assert figures["loader", f"{net}: loaded over trained on"]["median"] == pytest.approx(loaded / trained)
    assert figures["synth", "scenes"]["note"] == "left out by --quick"
    assert len(done.stdout.splitlines()) == 1 + len(figures)


def test_data__an_unknown_recipe_is_one_message(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks/data.py"), "--quick", "--recipe", str(tmp_path / "absent.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no such recipe" in done.stderr
    assert "Traceback" not in done.stderr


def synthetic() -> ModuleType:
    spec = importlib.util.spec_from_file_location("synthetic", ROOT / "benchmarks" / "synthetic.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["synthetic"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_synthetic__arms_differ_in_what_they_train_on_alone(tmp_path: Path) -> None:
    module = synthetic()
    plan = module.Plan(ROOT / "configs/evaluation.yaml", tmp_path, {"scenes": tmp_path}, {"faces": tmp_path})
    raw = {arm: yaml.safe_load(path.read_text()) for arm, path in module.recipes(plan).items()}
    assert {arm: one["split"].pop("train_sources") for arm, one in raw.items()} == {
        "real": ["curated", "webcam", "webcam_val"],
        "synthetic": ["scenes"],
        "both": ["curated", "webcam", "webcam_val", "scenes"],
        "all": ["curated", "webcam", "webcam_val", "scenes", "faces"],
    }
    assert {one.pop("name") for one in raw.values()} == set(plan.arms)
    assert raw["real"] == raw["both"] == raw["all"]
    assert raw["synthetic"]["split"] == raw["real"]["split"]


def test_synthetic__differences_are_paired_by_resample() -> None:
    drawn = np.linspace(0.0, 1.0, 101)
    said = synthetic().paired({"real": {"ap": (0.5, drawn)}, "both": {"ap": (0.6, drawn + 0.1)}})
    assert said["both"]["ap"]["interval"] == pytest.approx((0.125, 1.075))
    assert said["both"]["ap"]["difference_interval"] == pytest.approx((0.1, 0.1))
    assert said["real"]["ap"]["difference"] == 0
