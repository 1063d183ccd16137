"""The store of runs: one SQLite file, continued by id, closed by how the run ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctor_models import tracking


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def here(store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(store)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return store


def test_store_uri__environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///elsewhere.db")
    assert tracking.store_uri() == "sqlite:///elsewhere.db"


def test_run__records_and_continues(here: Path) -> None:
    with tracking.run("scene", "first", params={"scene": {"epochs": 3}}, tags={"kind": "test"}) as run:
        run.metrics({"loss": 2.0, "missing": None, "broken": float("nan")}, step=1)
        run.dataset("demo", "ab" * 32, Path("data/demo/split"), "training")
        (here / "curve.txt").write_text("1,2")
        run.artifact(here / "curve.txt", "curves")
    with tracking.run("scene", "first", params={"scene": {"epochs": 9}}, run_id=run.run_id) as again:
        again.metrics({"loss": 1.0}, step=2)
    stored = run.client.get_run(run.run_id)
    assert again.run_id == run.run_id
    assert stored.info.status == "FINISHED"
    assert stored.data.params == {"scene.epochs": "3"}
    assert stored.data.metrics == {"loss": 1.0}
    assert [(m.step, m.value) for m in run.client.get_metric_history(run.run_id, "loss")] == [(1, 2.0), (2, 1.0)]
    assert stored.inputs.dataset_inputs[0].dataset.digest == ("ab" * 32)[:36]
    assert (here / "mlflow" / "mlflow.db").is_file()
    assert list((here / "mlflow" / "artifacts").rglob("curves/curve.txt"))
    assert list((here / "mlflow" / "artifacts").rglob("environment/installed.txt"))
    assert stored.data.tags["environment.lock"].startswith("none")


def test_run__says_how_it_ended(here: Path) -> None:
    with pytest.raises(ValueError, match="broke"), tracking.run("scene", "failing") as failing:
        raise ValueError("broke")
    with pytest.raises(KeyboardInterrupt), tracking.run("scene", "stopped") as stopped:
        raise KeyboardInterrupt
    assert failing.client.get_run(failing.run_id).info.status == "FAILED"
    assert stopped.client.get_run(stopped.run_id).info.status == "KILLED"


def test_run__unknown_id_starts_anew(here: Path) -> None:
    with tracking.run("scene", "travelled", run_id="0" * 32) as run:
        assert run.run_id != "0" * 32
