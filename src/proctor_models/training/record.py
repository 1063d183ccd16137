"""What a training run leaves behind: figures by epoch in MLflow and on disk, curves as a picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer
from matplotlib.figure import Figure

from proctor_models.data.manifest import Manifest
from proctor_models.data.versions.persons import persons_of
from proctor_models.files import write_text
from proctor_models.tracking import Run

HISTORY_FILE = "history.jsonl"
METRICS_FILE = "metrics.json"


def people_trained_on(manifest: Manifest, ancestors: Mapping[str, Path]) -> dict[str, list[str]]:
    """Whose frames a net has learnt from, for its record: codes of people, those of its ancestors included.

    Args:
        manifest: all frames, with their sides; validation frames count, for they choose what is kept.
        ancestors: checkpoints of ours that it starts from or is averaged with: how the recipe names each, and its
            folder. Base weights are none: they know nobody of ours.

    Returns:
        `persons`: codes; `persons_not_stated_by`: starting checkpoints whose record does not say whom they saw.
    """
    codes = set(persons_of(frame for frame in manifest if frame.split in ("train", "val")))
    silent: set[str] = set()
    for name, folder in ancestors.items():
        path = folder / METRICS_FILE
        said = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        codes |= set(said.get("persons", []))
        silent |= set(said.get("persons_not_stated_by", [])) if "persons" in said else {name}
    return {"persons": sorted(codes), "persons_not_stated_by": sorted(silent)}


def read_history(folder: Path) -> list[dict[str, float]]:
    """Figures by epoch that `Recorder` wrote; empty where there are none."""
    path = folder / HISTORY_FILE
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


class Recorder(Callback):
    """Writes every epoch's figures to MLflow and to a file that a resumed run goes on with."""

    def __init__(self, run: Run | None, folder: Path) -> None:
        self.run = run
        self.folder = folder

    def on_validation_end(self, trainer: Trainer, _module: LightningModule) -> None:
        """Not at the epoch's end: callbacks come before the module there, and its figures would be missing."""
        if trainer.sanity_checking or not trainer.is_global_zero:
            return
        figures = {k: round(float(v), 6) for k, v in trainer.callback_metrics.items() if k != "loss"}
        figures["learning_rate"] = float(trainer.optimizers[0].param_groups[0]["lr"])
        epoch = trainer.current_epoch
        history = [row for row in read_history(self.folder) if row["epoch"] < epoch]
        lines = [json.dumps(row) for row in [*history, {"epoch": epoch, **figures}]]
        write_text(self.folder / HISTORY_FILE, "\n".join(lines) + "\n")
        if self.run is not None:
            self.run.metrics(figures, step=epoch)


def curves(history: list[dict[str, float]], title: str) -> Figure:
    """Loss on the left, validation figures on the right, by epoch."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in history]
    for axes, wanted in ((left, "loss"), (right, "val_")):
        names = sorted({k for row in history for k in row if wanted in k and (wanted == "loss" or "loss" not in k)})
        for name in names:
            axes.plot(epochs, [row.get(name) for row in history], marker="o", markersize=3, label=name)
        axes.set_xlabel("epoch")
        axes.grid(alpha=0.3)
        if names:
            axes.legend(fontsize="small")
    left.set_title(f"{title}: loss")
    right.set_title(f"{title}: validation")
    right.set_ylim(0, 1)
    return figure
