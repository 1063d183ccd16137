"""The store of runs: one SQLite file, continued by id, closed by how the run ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from proctor_models import tracking
from proctor_models.errors import RecordError
from proctor_models.tracking.history import training_history


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


def test_open_store__two_at_once_on_a_new_store(tmp_path: Path) -> None:
    """Two trainings started together both found no tables, and what one made broke the other."""
    uri = f"sqlite:///{tmp_path.as_posix()}/mlflow.db"
    with ThreadPoolExecutor(2) as pool:
        clients = list(pool.map(tracking.open_store, [uri] * 2))
    assert [len(client.search_experiments()) for client in clients] == [1, 1]


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


def test_training_history__the_newest_finished_run_by_epoch(here: Path) -> None:
    tags = {"stage": "train"}
    for last in (0.5, 0.75):
        with tracking.run("scene", "read-back", tags=tags) as run:
            run.metrics({"val_ap": 0.25, "best_val_ap": 1.0}, step=0)
            run.metrics({"val_ap": last}, step=1)
    with pytest.raises(KeyboardInterrupt), tracking.run("scene", "read-back", tags=tags):
        raise KeyboardInterrupt
    history = training_history("scene", "read-back", here / "mlflow" / "mlflow.db")
    assert (history.run_id, history.status) == (run.run_id, "FINISHED")
    assert history.figures == {"val_ap": [(0, 0.25), (1, 0.75)]}


def test_training_history__what_is_not_there_is_said(here: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no store of runs is there; run `proctor train --recipe demo --net scene`"):
        training_history("scene", "demo", tmp_path / "mlflow.db")
    assert not (tmp_path / "mlflow.db").exists()
    store = here / "mlflow" / "mlflow.db"
    with tracking.run("scene", "other", tags={"stage": "train"}):
        pass
    with pytest.raises(RecordError, match="no training of scene by the recipe 'gone' is recorded"):
        training_history("scene", "gone", store)
    with pytest.raises(RecordError, match="no training of nothing by the recipe"):
        training_history("nothing", "gone", store)
