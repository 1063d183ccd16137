"""Training as a process of its own: killed for real, and as two processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from drawn import recipe as drawn_recipe
from drawn import write_coco
from proctor_models.cli import main
from proctor_models.nets.checkpoint import load_net

pytestmark = pytest.mark.slow
LIMIT_S = 240


def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **scene: object) -> list[str]:
    """The command that trains `scene` on drawn frames in `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    write_coco(tmp_path / "coco", frames_a_person=3)
    raw = drawn_recipe(tmp_path / "coco")
    raw["scene"] = {**raw["scene"], **scene}  # type: ignore[dict-item]
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(raw))
    for verb, before in (("ingest", None), ("curate", "ingest"), ("split", "curate")):
        data = ["--data", before] if before else []
        words = ["curate", "replay"] if verb == "curate" else [verb]
        assert main([*words, "--recipe", "r.yaml", *data, "--out", verb]) == 0
    words = ["train", "--recipe", "r.yaml", "--net", "scene", "--data", "split", "--out", "scene"]
    return [sys.executable, "-m", "proctor_models.cli", *words]


def epochs(folder: Path) -> list[int]:
    return [json.loads(line)["epoch"] for line in (folder / "history.jsonl").read_text().splitlines()]


def test_train__after_sigkill_goes_on_with_weights_and_average(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = prepared(tmp_path, monkeypatch, epochs=5, average_decay=0.9, frozen_layers=11)
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    started = time.monotonic()
    while not (tmp_path / "scene.resume" / "last.ckpt").is_file():
        assert first.poll() is None, "ended before it could be killed"
        assert time.monotonic() - started < LIMIT_S
        time.sleep(0.02)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert not (tmp_path / "scene").exists()

    again = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert again.returncode == 0, again.stderr[-2000:]
    assert "going on from the last whole epoch" in again.stdout
    assert epochs(tmp_path / "scene") == [0, 1, 2, 3, 4]
    assert load_net(tmp_path / "scene")[1].net == "scene"


def test_train__two_processes_leave_one_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = prepared(tmp_path, monkeypatch, epochs=2, devices=2, frozen_layers=11, batch=2)
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert epochs(tmp_path / "scene") == [0, 1]
    assert not (tmp_path / "scene.resume").exists()
    assert load_net(tmp_path / "scene")[1].net == "scene"
