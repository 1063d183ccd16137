"""A run's data set: DVC's own hash, and a command on record that really brings the data back."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from proctor_models import tracking
from proctor_models.tracking.origin import dvc_hash, origin

ROOT = Path(__file__).resolve().parents[1]
DVC = [sys.executable, "-m", "dvc"]


def run(*words: str, cwd: Path) -> None:
    env = {**os.environ, "DVC_NO_ANALYTICS": "1"}
    done = subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_dvc_hash__is_what_dvc_wrote() -> None:
    for name in ("embedded", "sample-exam", "checkpoints"):
        folder = ROOT / "data" / name
        if not folder.is_dir():
            pytest.skip("`make data` was not run")
        known = (ROOT / "data" / f"{name}.dvc").read_text()
        assert f"md5: {dvc_hash(folder)}" in known


def test_origin__of_the_demo_split() -> None:
    if not (ROOT / "data" / "demo" / "split" / "manifest.jsonl").is_file():
        pytest.skip("`make run` was not run")
    found = origin(ROOT / "data" / "demo" / "split")
    assert found is not None
    assert found.stage == "split@demo"
    assert [source.pull for source in found.sources] == ["dvc pull data/embedded.dvc"]


def test_origin__outside_a_pipeline(tmp_path: Path) -> None:
    assert origin(tmp_path / "nothing") is None
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").write_text("a")
    found = origin(tmp_path / "data")
    assert found is not None
    assert (found.stage, found.sources) == (None, ())


@pytest.mark.slow
def test_dataset__command_on_record_brings_the_data_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = tmp_path / "repository"
    (repository / "data" / "frames").mkdir(parents=True)
    (repository / "data" / "frames" / "a.txt").write_text("a frame")
    run("git", "init", "--quiet", cwd=repository)
    run(*DVC, "init", "--quiet", cwd=repository)
    run(*DVC, "remote", "add", "--default", "store", str(tmp_path / "store"), cwd=repository)
    run(*DVC, "add", "--quiet", "data/frames", cwd=repository)
    (repository / "dvc.yaml").write_text(
        "stages:\n  split:\n    cmd: cp -r data/frames data/split\n    deps: [data/frames]\n"
        "    outs: [{data/split: {cache: false}}]\n"
    )
    run(*DVC, "repro", "--quiet", cwd=repository)
    run(*DVC, "push", "--quiet", cwd=repository)

    monkeypatch.chdir(repository)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with tracking.run("scene", "first") as one:
        one.dataset("demo/scene", "ab" * 32, Path("data/split"), "training")
    stored = one.client.get_run(one.run_id)
    data = {each.dataset.name: each.dataset for each in stored.inputs.dataset_inputs}
    assert stored.data.tags["data_version"] == "ab" * 32
    assert stored.data.tags["data.in_dvc_lock"] == "true"
    assert data["demo/scene"].digest in (repository / "dvc.lock").read_text()
    assert len(data["demo/scene"].digest) == 36

    shutil.rmtree(repository / "data" / "frames")
    shutil.rmtree(repository / ".dvc" / "cache")
    source = json.loads(data["data/frames"].source)
    words = shlex.split(source["pull"])
    run(*DVC, *words[1:], "--quiet", cwd=repository)
    assert (repository / "data" / "frames" / "a.txt").read_text() == "a frame"
    assert dvc_hash(repository / "data" / "frames") == data["data/frames"].digest
