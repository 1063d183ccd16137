"""The measuring scripts run; what they measure is not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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
