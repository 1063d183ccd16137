"""Fitting `head`: one sigmoid an attribute, unknown attributes left out of loss and figures."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional
from torchmetrics.functional.classification import binary_average_precision

from proctor_models.config import HeadNet as HeadRecipe
from proctor_models.nets.head import HeadNet
from proctor_models.runtime.spec import NetSpec
from proctor_models.training.modules import MONITOR, NetModule


class HeadModule(NetModule):
    """`head` being fitted; validates with the mean average precision over its attributes."""

    net: HeadNet
    recipe: HeadRecipe

    def __init__(self, net: HeadNet, recipe: HeadRecipe, spec: NetSpec) -> None:
        super().__init__(recipe)
        self.net = net
        self.spec = spec
        self._seen: list[tuple[Tensor, Tensor, Tensor]] = []

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
        """Collect; figures need the whole split."""
        images, targets, known = batch
        logits = self.net.logits(self.images(images))
        self.log("val_loss", self._loss(logits, targets, known), batch_size=len(images))
        self._seen.append((logits.float().sigmoid().cpu(), targets.cpu(), known.cpu()))

    def on_validation_epoch_end(self) -> None:
        """Average precision by attribute that has both kinds; their mean decides."""
        scores, targets, known = (torch.cat(parts) for parts in zip(*self._seen, strict=True))
        self._seen.clear()
        figures = []
        for index, name in enumerate(self.spec.names):
            mine = known[:, index] > 0
            truth = targets[mine, index].int()
            if 0 < int(truth.sum()) < len(truth):
                figure = binary_average_precision(scores[mine, index], truth)
                self.log(f"val_ap_{name}", figure)
                figures.append(figure)
        mean = torch.stack(figures).mean() if figures else torch.tensor(0.0)
        self.log(MONITOR, mean, prog_bar=True)
