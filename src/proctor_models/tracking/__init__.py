"""Where runs are recorded: one MLflow store for training, evaluation and packs alike."""

from proctor_models.tracking.runs import Run, flat, git_commit, run
from proctor_models.tracking.store import DEFAULT_FOLDER, experiment_id, has_store, open_store, store_errors, store_uri

__all__ = [
    "DEFAULT_FOLDER",
    "Run",
    "experiment_id",
    "flat",
    "git_commit",
    "has_store",
    "open_store",
    "run",
    "store_errors",
    "store_uri",
]
