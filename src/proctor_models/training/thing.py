"""Fitting `thing`: one sigmoid a class, unknown classes left out of loss and figures."""

from __future__ import annotations

from torch import Tensor

from proctor_models.config_nets import ThingNet as ThingRecipe
from proctor_models.nets.thing import ThingNet
from proctor_models.runtime.spec import NetSpec
from proctor_models.training.modules import CropModule, masked_bce

SMOOTHING = 0.02
"""How far from 0 and 1 the targets lie: what it says is pooled with another net's odds, and must stay finite."""
ThingBatch = tuple[Tensor, Tensor, Tensor]  # images, targets, known: see `ThingCrops`


class ThingModule(CropModule):
    """`thing` being fitted."""

    net: ThingNet
    recipe: ThingRecipe

    def __init__(self, net: ThingNet, recipe: ThingRecipe, spec: NetSpec) -> None:
        super().__init__(recipe, spec, spec.names)
        self.net = net

    def training_step(self, batch: ThingBatch, _index: int) -> Tensor:
        """One step."""
        images, targets, known = batch
        loss = _loss(self.net.logits(self.images(images)), targets, known)
        self.log_step(loss, len(images))
        return loss

    def validation_step(self, batch: ThingBatch, _index: int) -> None:
        """Collect; average precision needs the whole split."""
        images, targets, known = batch
        logits = self.net.logits(self.images(images))
        self.log("val_loss", _loss(logits, targets, known), batch_size=len(images), sync_dist=True)
        self.collect(logits, targets, known)


def _loss(logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
    return masked_bce(logits, targets * (1 - 2 * SMOOTHING) + SMOOTHING, known)
