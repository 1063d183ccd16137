"""Where runs are recorded: one MLflow store for training and evaluation alike.

The default store is SQLite under ``mlflow/`` of the current folder, pictures and files beside it;
``MLFLOW_TRACKING_URI`` names another. Nothing here touches MLflow's "active run", so two runs (or a
Lightning logger) may be open in one process.
"""

from __future__ import annotations

import importlib.metadata
import math
import os
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proctor_models.errors import ConfigError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEFAULT_FOLDER = Path("mlflow")
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
_PARAMS_AT_ONCE = 100  # the store's own limits
_METRICS_AT_ONCE = 1000
_PARAM_CHARACTERS = 6000
_DIGEST_CHARACTERS = 36


def flat(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one level, keys joined by a dot; an empty mapping vanishes.

    >>> flat({"scene": {"epochs": 3, "batch": 8}, "seed": 0})
    {'scene.epochs': 3, 'scene.batch': 8, 'seed': 0}
    """
    found: dict[str, Any] = {}
    for key, value in nested.items():
        name = f"{prefix}{key}"
        found.update(flat(value, f"{name}.") if isinstance(value, Mapping) else {name: value})
    return found


def store_uri() -> str:
    """The tracking store: ``MLFLOW_TRACKING_URI``, else SQLite in ``mlflow/`` (the folder is made)."""
    named = os.environ.get("MLFLOW_TRACKING_URI", "")
    if named:
        return named
    DEFAULT_FOLDER.mkdir(exist_ok=True)
    return f"sqlite:///{(DEFAULT_FOLDER / 'mlflow.db').resolve().as_posix()}"


def _client(uri: str) -> Any:
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    # Where MLflow is not installed, a folder mlflow/ nearby imports as an empty namespace: ask the metadata.
    try:
        importlib.metadata.version("mlflow")
    except importlib.metadata.PackageNotFoundError:
        raise ConfigError("MLflow is not installed, runs cannot be recorded; install the extra 'train'") from None
    from mlflow.tracking import MlflowClient

    # MLflow 3.17 with SQLAlchemy 2.1: its affair, no user can act on it.
    warnings.filterwarnings("ignore", message="The ``noload`` loader strategy is deprecated")
    return MlflowClient(tracking_uri=uri)


def _experiment_id(client: Any, uri: str, name: str) -> str:
    from mlflow.exceptions import MlflowException

    known = client.get_experiment_by_name(name)
    if known is None:
        place = None  # a server knows its own
        if uri.startswith("sqlite:///"):
            place = (Path(uri.removeprefix("sqlite:///")).resolve().parent / "artifacts").as_uri()
        try:
            return str(client.create_experiment(name, artifact_location=place))
        except MlflowException:  # another process was first
            known = client.get_experiment_by_name(name)
            if known is None:
                raise
    return str(known.experiment_id)


def git_commit() -> str:
    """The commit the current folder stands on, with ``+changes`` if tracked files differ; empty outside git."""
    git = shutil.which("git")
    if git is None:
        return ""

    def ask(*words: str) -> str:
        answer = subprocess.run([git, *words], capture_output=True, text=True, check=False)  # noqa: S603
        return answer.stdout.strip() if answer.returncode == 0 else ""

    commit = ask("rev-parse", "HEAD")
    changed = bool(commit) and bool(ask("status", "--porcelain", "--untracked-files=no"))
    return commit + ("+changes" if changed else "")


@dataclass(frozen=True)
class Run:
    """One open run of the store; made by `run`."""

    client: Any
    run_id: str
    uri: str
    """The store, for a logger of another library that joins this run."""
    experiment: str

    def params(self, values: Mapping[str, Any]) -> None:
        """Record parameters (nested keys become ``a.b``); those already recorded keep their value."""
        from mlflow.entities import Param

        known = self.client.get_run(self.run_id).data.params
        new = [Param(k, str(v)[:_PARAM_CHARACTERS]) for k, v in flat(values).items() if k not in known]
        for start in range(0, len(new), _PARAMS_AT_ONCE):
            self.client.log_batch(self.run_id, params=new[start : start + _PARAMS_AT_ONCE])

    def metrics(self, values: Mapping[str, Any], step: int = 0) -> None:
        """Record numbers (nested keys become ``a.b``) at `step`, an epoch; what is None or not finite is left out."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        numbers = {k: float(v) for k, v in flat(values).items() if isinstance(v, int | float)}
        new = [Metric(_name(k), v, now, step) for k, v in numbers.items() if math.isfinite(v)]
        for start in range(0, len(new), _METRICS_AT_ONCE):
            self.client.log_batch(self.run_id, metrics=new[start : start + _METRICS_AT_ONCE])

    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags, replacing what they were."""
        for key, value in values.items():
            self.client.set_tag(self.run_id, key, value)

    def artifact(self, path: Path, folder: str = "") -> None:
        """Keep a copy of a file, or of a whole folder, under `folder` of the run's artifacts."""
        keep = self.client.log_artifacts if path.is_dir() else self.client.log_artifact
        keep(self.run_id, str(path), folder or None)

    def figure(self, figure: Figure, file: str) -> None:
        """Keep a Matplotlib figure as a picture, for example ``curves/loss.png``; the same name replaces it."""
        with tempfile.TemporaryDirectory() as scratch:
            picture = Path(scratch) / Path(file).name
            figure.savefig(picture, dpi=110)
            self.artifact(picture, Path(file).parent.as_posix().strip("."))

    def dataset(self, name: str, data_version: str, source: Path, context: str) -> None:
        """Record which dataset version was read; `context` is ``training`` or ``evaluation``."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        data = Dataset(name, data_version[:_DIGEST_CHARACTERS], "local", f'{{"uri": "{source.as_posix()}"}}')
        self.client.log_inputs(self.run_id, [DatasetInput(data, [InputTag("mlflow.data.context", context)])])
        self.tags({"data_version": data_version})


def _name(key: str) -> str:
    """A metric name the store takes: letters, digits and ``_-. /`` only.

    >>> _name("val.phone.ap50 (far)")
    'val.phone.ap50 _far_'
    """
    return "".join(c if c.isalnum() or c in "_-. /" else "_" for c in key)


@contextmanager
def run(
    experiment: str,
    name: str,
    params: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    run_id: str | None = None,
) -> Iterator[Run]:
    """Open a run, or continue the one with `run_id`; it is closed as finished, failed or killed.

    Args:
        experiment: groups runs, for example ``scene``; made if it does not exist.
        name: what the run is called in the store's pages.
        params: recorded at once; nested keys become ``a.b``.
        tags: recorded at once; the commit is added.
        run_id: a run to continue, as `Run.run_id` said. One the store does not know starts a new run,
            for a checkpoint may have travelled without its store.

    Raises:
        ConfigError: MLflow is not installed.
    """
    uri = store_uri()
    client = _client(uri)
    opened = _reopen(client, run_id) or client.create_run(_experiment_id(client, uri, experiment), run_name=name)
    handle = Run(client, opened.info.run_id, uri, experiment)
    handle.tags({"mlflow.source.git.commit": git_commit(), "mlflow.source.name": "proctor", **(tags or {})})
    handle.params(params or {})
    status = "FAILED"
    try:
        yield handle
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        client.set_terminated(handle.run_id, status)


def _reopen(client: Any, run_id: str | None) -> Any:
    from mlflow.exceptions import MlflowException

    if run_id is None:
        return None
    try:
        known = client.get_run(run_id)
    except MlflowException:
        return None
    if known.info.lifecycle_stage != "active":
        return None
    client.update_run(run_id, status="RUNNING")
    return known
