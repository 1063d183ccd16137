"""One training run: start weights, data, Lightning's trainer, what is kept.

While a run goes on, `<out>.resume/` beside the output holds its state. A run that was killed goes on
from its last whole epoch when the same net is trained again from the same weights on the same data;
another plan, other weights or other data start anew. The order of frames and their augmentation are drawn
anew after such a stop, so its result is not bit for bit that of a run without one.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import warnings
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer, seed_everything
from lightning.pytorch.callbacks import EarlyStopping, EMAWeightAveraging, ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.utilities import rank_zero_only

from proctor_models import tracking
from proctor_models.config import Recipe
from proctor_models.config_nets import ThingNet, soup_of
from proctor_models.data.manifest import MANIFEST_FILE, Manifest, data_version
from proctor_models.errors import CheckpointError, DataError
from proctor_models.files import building, write_json
from proctor_models.nets.checkpoint import blend, mix, save_net
from proctor_models.training.modules import MONITOR, NetModule
from proctor_models.training.outline import take_over
from proctor_models.training.prepare import Prepared, prepare, soup_folders, start_file
from proctor_models.training.record import HISTORY_FILE, METRICS_FILE, Recorder, curves, read_history
from proctor_models.types import UNTAUGHT_NETS, NetName

_STATE_FILE = "state.json"
_LAST, _BEST = "last.ckpt", "best.ckpt"


@dataclass(frozen=True)
class _Session:
    """Where a run keeps its state, and whether there is some to go on from."""

    folder: Path
    run_id: str | None

    @property
    def last(self) -> Path | None:
        path = self.folder / _LAST
        return path if path.is_file() else None


def train(recipe: Recipe, net: NetName, data: Path, out: Path, *, fresh: bool = False) -> None:
    """Fit one net and write its checkpoint folder: `model.ckpt`, metrics.json, history.jsonl, curves.png.

    `outline` is not fitted, and has only the first two.

    Args:
        recipe: what to do.
        net: which net.
        data: split dataset folder.
        out: checkpoint folder; written when training has ended, all of it or nothing.
        fresh: forget a stopped run.

    Raises:
        ConfigError: an environment variable the recipe names is not set.
        DataError: a side of the split is empty, or an image cannot be read.
        CheckpointError: what the recipe starts from is missing or does not fit.
    """
    if net in UNTAUGHT_NETS:
        take_over(recipe, out)
        return
    _quiet()
    seed_everything(recipe.seed, workers=True, verbose=False)
    torch.set_float32_matmul_precision("high")
    version = data_version(data)
    manifest = Manifest.load(data)
    for side in ("train", "val"):
        if not len(manifest.of(side)):
            raise DataError(f"{data / MANIFEST_FILE}: no frame on side {side!r}; change the recipe's split")
    session = _open_session(recipe, net, version, out, fresh)
    prepared = prepare(recipe, net, manifest, version, session.folder)
    _fit(recipe, net, data, out, session, prepared)
    if rank_zero_only.rank == 0:  # the other processes of a DDP run end before the first has read all it needs
        shutil.rmtree(session.folder)


def plan_sha256(recipe: Recipe, net: NetName) -> str:
    """Hash of all in the recipe that a net's weights depend on, its starting weights' content included."""
    plan = recipe.plan(net)
    meaning = json.dumps({"seed": recipe.seed, "net": net, **plan.model_dump(mode="json")}, sort_keys=True)
    digest = hashlib.sha256(meaning.encode())
    proposals = plan.proposals if isinstance(plan, ThingNet) else ""
    for path in filter(None, (plan.init, proposals, *soup_of(plan))):
        digest.update(start_file(recipe, path).read_bytes())
    return digest.hexdigest()


def _quiet() -> None:
    """Lightning's hints are for people who write trainers; ours hears only what is wrong."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    for message in (
        "Found .* module.* in eval mode",
        "Checkpoint directory .* exists",
        ".*does not have many workers",
        ".*LeafSpec",
        ".*sync_dist=True",
    ):
        warnings.filterwarnings("ignore", message=message)


def _open_session(recipe: Recipe, net: NetName, version: str, out: Path, fresh: bool) -> _Session:
    """The state of a stopped run of the same recipe and data, or a new, empty one."""
    folder = out.with_name(f"{out.name}.resume")
    state = {"plan": plan_sha256(recipe, net), "data_version": version}
    path = folder / _STATE_FILE
    known: dict[str, Any] = {}
    if path.is_file():
        known = json.loads(path.read_text(encoding="utf-8"))
    if fresh or {k: known.get(k) for k in state} != state:
        if rank_zero_only.rank == 0:
            shutil.rmtree(folder, ignore_errors=True)
        known = {}
    folder.mkdir(parents=True, exist_ok=True)
    if not known and rank_zero_only.rank == 0:
        write_json(path, state)
    return _Session(folder, known.get("run_id"))


def _fit(recipe: Recipe, net: NetName, data: Path, out: Path, session: _Session, prepared: Prepared) -> None:
    spec = prepared.module.spec
    plan = recipe.plan(net)
    opened: Any = nullcontext(None)
    if rank_zero_only.rank == 0:
        params = {"seed": recipe.seed, "net": net, **prepared.counts, net: plan.model_dump(mode="json")}
        tags = {"recipe": spec.recipe, "stage": "train"}
        opened = tracking.run(net, recipe.name, params, tags, session.run_id)
    with opened as run:
        if run is not None:
            run.dataset(f"{recipe.name}/{net}", spec.data_version, data, "training")
            state = json.loads((session.folder / _STATE_FILE).read_text(encoding="utf-8"))
            write_json(session.folder / _STATE_FILE, {**state, "run_id": run.run_id})
        trainer = _trainer(plan, session, Recorder(run, session.folder))
        if session.last:
            print(f"train {net}: going on from the last whole epoch of a stopped run ({session.last})")
        trainer.fit(prepared.module, prepared.train, prepared.val, ckpt_path=session.last, weights_only=True)
        if trainer.interrupted:
            raise KeyboardInterrupt
        if trainer.is_global_zero:
            _keep(recipe, net, out, session, prepared, run)


def _trainer(plan: Any, session: _Session, recorder: Recorder) -> Trainer:
    keep = ModelCheckpoint(
        session.folder, filename="best", monitor=MONITOR, mode="max", save_last=True, enable_version_counter=False
    )
    stop = EarlyStopping(MONITOR, mode="max", patience=plan.early_stop_epochs)
    average = EMAWeightAveraging(decay=plan.average_decay) if plan.average_decay else None
    return Trainer(
        accelerator=plan.accelerator,
        devices=plan.devices,
        strategy="ddp" if plan.devices > 1 else "auto",
        precision=plan.precision,
        max_epochs=plan.epochs,
        limit_train_batches=plan.steps_an_epoch or 1.0,
        gradient_clip_val=10.0,
        logger=False,
        callbacks=[c for c in (average, recorder, keep, stop, TQDMProgressBar(refresh_rate=10)) if c],
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )


def _keep(
    recipe: Recipe, net: NetName, out: Path, session: _Session, prepared: Prepared, run: tracking.Run | None
) -> None:
    """The best or last epoch's weights, averaged as the recipe says, and the run's figures, as the output folder."""
    module: NetModule = prepared.module
    kept = session.folder / (_LAST if module.recipe.keep == "last" else _BEST)
    if not kept.is_file():
        raise CheckpointError(f"{kept}: training ended without a checkpoint; run it again with --fresh")
    raw = torch.load(kept, map_location="cpu", weights_only=True)
    module.load_state_dict(raw["state_dict"], strict=False)
    blend(module.net, soup_folders(recipe, net))
    if prepared.start:
        mix(module.net, prepared.start, prepared.start_share)
    history = read_history(session.folder)
    chosen = history[-1] if module.recipe.keep == "last" else max(history, key=lambda row: row.get(MONITOR, 0.0))
    with building(out) as part:
        save_net(part, module.net, prepared.module.spec)
        spec = prepared.module.spec
        said = {"recipe": spec.recipe, "data_version": spec.data_version, **prepared.counts, **prepared.people}
        # Figures of an epoch are of the trained net alone; averaged weights are measured by `proctor evaluate`.
        averaged = module.recipe.soup or prepared.start
        of_epoch = f"{module.recipe.keep}_before_averaging" if averaged else module.recipe.keep
        figures: dict[str, Any] = {of_epoch: chosen, "epochs": len(history), **said}
        write_json(part / METRICS_FILE, figures)
        shutil.copy(session.folder / HISTORY_FILE, part / HISTORY_FILE)
        figure = curves(history, prepared.module.spec.net)
        figure.savefig(part / "curves.png", dpi=110)
        if run is not None:
            run.figure(figure, "curves/curves.png")
            run.artifact(part / "model.ckpt", "checkpoint")
            run.metrics({f"{of_epoch}_{k}": v for k, v in chosen.items() if k != "epoch"})
