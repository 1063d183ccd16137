"""What an exam office needs of the audit runs in the base install: no training package is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("torch", "lightning", "pydantic", "yaml", "onnx", "mlflow", "dvc", "matplotlib", "jinja2", "model_signing")


@pytest.mark.parametrize("module", ["promotions", "replay", "expire"])
def test_import__loads_nothing_of_training(module: str) -> None:
    code = f"import sys, proctor_models.audit.{module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
