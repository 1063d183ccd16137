"""The runtime imports in the base install: nothing heavy is loaded, by any of its modules."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import proctor_models.detectors
import proctor_models.rules
import proctor_models.runtime

HEAVY = {"torch", "torchvision", "lightning", "ultralytics", "albumentations", "av", "onnx", "matplotlib", "pandas"}
HEAVY |= {"pydantic", "yaml", "mlflow", "dvc", "fiftyone"}


@pytest.mark.slow
def test_import__loads_nothing_heavy() -> None:
    packages = (proctor_models.runtime, proctor_models.detectors, proctor_models.rules)
    names = ["proctor_models.cli"] + [
        module.name
        for package in packages
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    assert "proctor_models.runtime.predict" in names
    code = (
        "import importlib, json, sys\n"
        f"for name in {names}: importlib.import_module(name)\n"
        "print(json.dumps([*sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert {"numpy", "onnxruntime", "cv2"} <= loaded
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.slow
def test_import__onnxruntime_reports_to_nobody(tmp_path: Path) -> None:
    told = ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in told} | {"HOME": str(tmp_path)}
    code = "import os, proctor_models.runtime.model, onnxruntime; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
    # Left to itself, it gives the device a number and a queue of reports, under the home folder.
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
