"""What a training run recorded, epoch by epoch, read back from the store."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

from proctor_models.errors import RecordError
from proctor_models.tracking.store import open_store, store_errors

_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class History:
    """One training run."""

    run_id: str
    status: str
    """FINISHED, or how it ended otherwise."""
    commit: str
    """Of the programs it ran."""
    figures: dict[str, list[tuple[int, float]]]
    """By name, figures of every epoch as (epoch, value); what was recorded once is left out."""


def training_history(net: str, recipe: str, store: Path) -> History:
    """The newest finished training of a net by a recipe; the newest of any end where none finished.

    Args:
        net: ``scene`` or ``head``.
        recipe: name of the recipe.
        store: the SQLite file of runs; ``MLFLOW_TRACKING_URI`` names another and wins.

    Raises:
        RecordError: there is no store, or no such run in it, or the store refuses.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI", "") or f"{_SQLITE}{store.resolve().as_posix()}"
    again = f"run `proctor train --recipe {recipe} --net {net}`, or bring the store it was recorded in"
    if uri.startswith(_SQLITE) and not Path(uri.removeprefix(_SQLITE)).is_file():
        raise RecordError(f"{uri.removeprefix(_SQLITE)}: no store of runs is there; {again}")
    with warnings.catch_warnings():
        # In a notebook MLflow's progress bars ask for widgets as it is imported; nothing here shows any.
        warnings.filterwarnings("ignore", message="IProgress not found")
        client = open_store(uri)
    with store_errors(uri):
        experiment = client.get_experiment_by_name(net)
        wanted = f"attributes.run_name = '{recipe}' and tags.stage = 'train'"
        ids = [] if experiment is None else [experiment.experiment_id]
        runs = client.search_runs(ids, wanted, order_by=["attributes.start_time DESC"]) if ids else []
        if not runs:
            raise RecordError(f"{uri}: no training of {net} by the recipe {recipe!r} is recorded; {again}")
        chosen = next((run for run in runs if run.info.status == "FINISHED"), runs[0])
        figures = {
            name: [(point.step, point.value) for point in client.get_metric_history(chosen.info.run_id, name)]
            for name in sorted(chosen.data.metrics)
            if name.startswith(("train_", "val_", "learning_rate"))
        }
    commit = chosen.data.tags.get("mlflow.source.git.commit", "")
    return History(chosen.info.run_id, chosen.info.status, commit, figures)
