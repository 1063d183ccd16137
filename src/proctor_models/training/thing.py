"""Fitting `thing`: one sigmoid a class, unknown classes left out of loss and figures."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torchmetrics.classification import BinaryAveragePrecision

from proctor_models.config_nets import ThingNet as ThingRecipe
from proctor_models.nets.thing import ThingNet
from proctor_models.runtime.spec import NetSpec
from proctor_models.training.modules import MONITOR, NetModule

SMOOTHING = 0.02
"""How far from 0 and 1 the targets lie: what it says is pooled with another net's odds, and must stay finite."""
ThingBatch = tuple[Tensor, Tensor, Tensor]  # images, targets, known: see `ThingCrops`


class ThingModule(NetModule):
    """`thing` being fitted; validates with the mean average precision over its classes."""

    net: ThingNet
    recipe: ThingRecipe

    def __init__(self, net: ThingNet, recipe: ThingRecipe, spec: NetSpec) -> None:
        super().__init__(recipe)
        self.net = net
        self.spec = spec
        # Metrics of their own, because they gather what every process of a DDP run has seen.
        self.figures: Any = torch.nn.ModuleDict({name: BinaryAveragePrecision() for name in spec.names})

    def training_step(self, batch: ThingBatch, _index: int) -> Tensor:
        """One step."""
        images, targets, known = batch
        loss = _loss(self.net.logits(self.images(images)), targets, known)
        self.log("loss", loss, prog_bar=True, on_step=True, on_epoch=False, batch_size=len(images))
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(images))
        return loss

    def validation_step(self, batch: ThingBatch, _index: int) -> None:
        """Collect; average precision needs the whole split."""
        images, targets, known = batch
        logits = self.net.logits(self.images(images))
        self.log("val_loss", _loss(logits, targets, known), batch_size=len(images), sync_dist=True)
        for index, name in enumerate(self.spec.names):
            mine = known[:, index] > 0
            self.figures[name].update(logits[mine, index].float().sigmoid(), targets[mine, index].int())

    def on_validation_epoch_end(self) -> None:
        """Average precision by class; their mean decides."""
        values = []
        for name, figure in self.figures.items():
            values.append(figure.compute())
            figure.reset()
            self.log(f"val_ap_{name}", values[-1])
        self.log(MONITOR, torch.stack(values).mean(), prog_bar=True)


def _loss(logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
    smooth = targets * (1 - 2 * SMOOTHING) + SMOOTHING
    each = functional.binary_cross_entropy_with_logits(logits.float(), smooth, reduction="none")
    loss: Tensor = (each * known).sum() / known.sum().clamp(min=1)
    return loss
