"""Fitting `head`: one sigmoid an attribute, unknown attributes left out of loss and figures."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torchmetrics.classification import BinaryAveragePrecision

from proctor_models.config_nets import HeadNet as HeadRecipe
from proctor_models.nets.head import HeadNet
from proctor_models.runtime.spec import NetSpec
from proctor_models.training.modules import MONITOR, NetModule


class HeadModule(NetModule):
    """`head` being fitted; validates with the mean average precision over its attributes."""

    net: HeadNet
    recipe: HeadRecipe

    def __init__(self, net: HeadNet, recipe: HeadRecipe, spec: NetSpec, judged: tuple[str, ...]) -> None:
        """`judged`: attributes that validation crops show both present and absent."""
        super().__init__(recipe)
        self.net = net
        self.spec = spec
        # Metrics of their own, because they gather what every process of a DDP run has seen.
        self.figures: Any = torch.nn.ModuleDict({name: BinaryAveragePrecision() for name in judged})

    def _loss(self, logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        each = functional.binary_cross_entropy_with_logits(logits.float(), targets, reduction="none")
        return (each * known).sum() / known.sum().clamp(min=1)

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor], _index: int) -> Tensor:
        """One step."""
        images, targets, known = batch
        loss = self._loss(self.net.logits(self.images(images)), targets, known)
        self.log("loss", loss, prog_bar=True, on_step=True, on_epoch=False, batch_size=len(images))
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(images))
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor, Tensor], _index: int) -> None:
        """Collect; average precision needs the whole split."""
        images, targets, known = batch
        logits = self.net.logits(self.images(images))
        self.log("val_loss", self._loss(logits, targets, known), batch_size=len(images), sync_dist=True)
        for name, figure in self.figures.items():
            index = self.spec.names.index(name)
            mine = known[:, index] > 0
            figure.update(logits[mine, index].float().sigmoid(), targets[mine, index].int())

    def on_validation_epoch_end(self) -> None:
        """Average precision by attribute; their mean decides."""
        values = []
        for name, figure in self.figures.items():
            values.append(figure.compute())
            figure.reset()
            self.log(f"val_ap_{name}", values[-1])
        self.log(MONITOR, torch.stack(values).mean() if values else torch.tensor(0.0), prog_bar=True)
