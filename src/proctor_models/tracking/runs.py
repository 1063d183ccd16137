"""Runs: what each records of itself without being asked, and what its maker adds.

Every run has its git commit, the environment's lock and the packages that were there, and, where its tags name a
recipe of configs/, that recipe as a file and as parameters. Nothing here touches MLflow's "active run", so two runs
(or a Lightning logger) may be open in one process.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proctor_models.config import Recipe, load_recipe
from proctor_models.data.manifest import MANIFEST_FILE
from proctor_models.errors import ConfigError
from proctor_models.files import write_text
from proctor_models.tracking.origin import Origin, installed, lock_file, origin
from proctor_models.tracking.store import experiment_id, open_store, store_errors, store_uri

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PARAMS_AT_ONCE = 100  # the store's own limits
_METRICS_AT_ONCE = 1000
_PARAM_CHARACTERS = 6000
_DIGEST_CHARACTERS = 36
_RECIPES = Path("configs")


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

    def text(self, content: str, file: str) -> None:
        """Keep `content` as a file, for example ``environment/installed.txt``; the same name replaces it."""
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / Path(file).name
            write_text(path, content)
            self.artifact(path, Path(file).parent.as_posix().strip("."))

    def table(self, rows: Sequence[Mapping[str, Any]], file: str) -> None:
        """Keep rows of equal keys as a table that the store's pages show, for example ``slices.json``."""
        if rows:
            columns = list(dict.fromkeys(name for row in rows for name in row))
            content = {"columns": columns, "data": [[row.get(name) for name in columns] for row in rows]}
            self.text(json.dumps(content), file)
            self.tags({"mlflow.loggedArtifacts": self._listed(file)})

    def dataset(self, name: str, data_version: str, source: Path, context: str) -> None:
        """Record which dataset version was read; `context` is ``training`` or ``evaluation``.

        Its digest is DVC's hash of the folder. Data that it was made from and that DVC brings back, hash and
        command included, is recorded beside it. Our own version, the hash of the manifest, is a tag.
        """
        from mlflow.entities import Dataset, DatasetInput, InputTag

        found = origin(source)
        digest = data_version[:_DIGEST_CHARACTERS] if found is None else found.md5
        stated = {"uri": source.as_posix(), "data_version": data_version, "git_commit": git_commit()}
        dvc = {} if found is None else {"dvc": found.to_dict()}
        inputs = [(Dataset(name, digest, "local", json.dumps({**stated, **dvc}), profile=_profile(source)), context)]
        for each in () if found is None else found.sources:
            said = {"uri": each.path, "pull": each.pull, "git_commit": stated["git_commit"]}
            if each.pull is None:
                said["note"] = "lies outside the repository; the file named here lists its content by hash"
            inputs.append((Dataset(each.path, each.md5, "local", json.dumps(said)), "source"))
        self.client.log_inputs(
            self.run_id, [DatasetInput(data, [InputTag("mlflow.data.context", what)]) for data, what in inputs]
        )
        self.tags({"data_version": data_version, **_dvc_tags(found)})

    def _listed(self, file: str) -> str:
        """The store's own list of tables among the artifacts, with `file` in it."""
        known = json.loads(self.client.get_run(self.run_id).data.tags.get("mlflow.loggedArtifacts", "[]"))
        row = {"path": file, "type": "table"}
        return json.dumps(known if row in known else [*known, row])


def _profile(folder: Path) -> str | None:
    path = folder / MANIFEST_FILE
    if not path.is_file():
        return None
    with path.open("rb") as lines:
        return json.dumps({"frames": sum(1 for _ in lines) - 1})


def _dvc_tags(found: Origin | None) -> dict[str, str]:
    if found is None:
        return {}
    pulls = [source.pull for source in found.sources if source.pull]
    return {
        "data.dvc_md5": found.md5,
        "data.dvc_stage": found.stage or "none: the folder is no output of dvc.yaml",
        "data.in_dvc_lock": str(found.is_in_lock).lower(),
        "data.dvc_pull": "; ".join(pulls) or "none: its sources lie outside the repository",
    }


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
        RecordError: the store is locked, half-migrated, or refuses.
    """
    uri = store_uri()
    client = open_store(uri)
    with store_errors(uri):
        opened = _reopen(client, run_id) or client.create_run(experiment_id(client, uri, experiment), run_name=name)
    handle = Run(client, opened.info.run_id, uri, experiment)
    status = "FAILED"
    try:
        with store_errors(uri):
            handle.tags({"mlflow.source.git.commit": git_commit(), "mlflow.source.name": "proctor", **(tags or {})})
            handle.params(params or {})
            _record_environment(handle)
            _record_recipe(handle, (tags or {}).get("recipe", ""))
        yield handle
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        client.set_terminated(handle.run_id, status)


def _record_environment(handle: Run) -> None:
    handle.text(installed(), "environment/installed.txt")
    lock = lock_file()
    if lock is None:
        handle.tags({"environment.lock": "none: no requirements.txt in the current folder or above it"})
        return
    handle.artifact(lock, "environment")
    handle.tags({"environment.lock": f"requirements.txt@{hashlib.sha256(lock.read_bytes()).hexdigest()}"})


def _record_recipe(handle: Run, named: str) -> None:
    """Keep the recipe that ``name@sha256`` names, if configs/ holds that very one."""
    name, _, sha256 = named.partition("@")
    if not name:
        return
    found = recipe_in_configs(name, sha256)
    if found is None:
        handle.tags({"recipe.file": f"none: {_RECIPES}/{name}.yaml is not this recipe"})
        return
    path, recipe = found
    handle.artifact(path, "recipe")
    handle.tags({"recipe.file": path.as_posix()})
    handle.params(recipe.model_dump(mode="json", exclude={"sha256"}))


def recipe_in_configs(name: str, sha256: str) -> tuple[Path, Recipe] | None:
    """The recipe of that name and hash in configs/ of the current folder; None where there is another or none."""
    path = _RECIPES / f"{name}.yaml"
    if Path(name).name != name or not path.is_file():
        return None
    try:
        recipe = load_recipe(path)
    except ConfigError:
        return None
    return (path, recipe) if recipe.sha256 == sha256 else None


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
