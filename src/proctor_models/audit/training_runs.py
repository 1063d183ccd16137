"""Which run of the MLflow store trained a net."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

_CHECKPOINT = "checkpoint/model.ckpt"


@dataclass(frozen=True)
class TrainingRun:
    """A run that trained a net, as far as the store tells."""

    run_id: str
    name: str
    status: str
    matched_by: str
    """What makes us say so."""
    tags: Mapping[str, str] = field(default_factory=dict)


def training_runs(client: Any, net: str, recipe: str, version: str, checkpoint_sha256: str = "") -> list[TrainingRun]:
    """The run whose checkpoint this net was exported from; where no checkpoint proves it, all that may be it.

    Args:
        client: of the store.
        net: which net.
        recipe: ``name@sha256`` that the net carries; thresholds set after training change its hash.
        version: data version that the net carries.
        checkpoint_sha256: hash of the checkpoint, as the export recorded it; older exports did not.

    Returns:
        Runs of the same data version and of a recipe of the same name, newest first.
    """
    experiment = client.get_experiment_by_name(net)
    if experiment is None or not version:
        return []
    runs = client.search_runs(
        [experiment.experiment_id],
        f"tags.data_version = '{version}' and tags.stage = 'train'",
        order_by=["attributes.start_time DESC"],
    )
    found = []
    for run in runs:
        stated = run.data.tags.get("recipe", "")
        if stated == recipe:
            matched = "the same recipe and data version"
        elif stated.partition("@")[0] == recipe.partition("@")[0]:
            matched = "the same data version and a recipe of the same name, changed since"
        else:
            continue
        one = TrainingRun(run.info.run_id, run.info.run_name, run.info.status, matched, dict(run.data.tags))
        if checkpoint_sha256 and _checkpoint_hash(client, one.run_id) == checkpoint_sha256:
            return [replace(one, matched_by="the hash of its checkpoint")]
        found.append(one)
    return found


def _checkpoint_hash(client: Any, run_id: str) -> str:
    """Of the checkpoint that a run kept; empty where it kept none, or its files are gone."""
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory() as scratch:
        try:
            path = Path(client.download_artifacts(run_id, _CHECKPOINT, scratch))
        except (MlflowException, OSError):
            return ""
        return hashlib.sha256(path.read_bytes()).hexdigest()
