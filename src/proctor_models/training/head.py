"""Fitting `head`: one sigmoid an attribute, unknown attributes left out of loss and figures.

The map of small things has a loss of its own, the penalty-reduced focal loss of Zhou et al., "Objects as Points"
(2019): every place of every crop speaks, and those close to a thing's centre weigh less.
"""

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

MAP_WEIGHT = 0.2
"""What the map's loss counts beside that of the attributes, which is some ten times smaller."""
HeadBatch = tuple[Tensor, Tensor, Tensor, Tensor]  # images, targets, known, spots: see `HeadCrops`


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
        self.register_buffer("_whole", torch.tensor([float(n not in net.spots) for n in spec.names]), persistent=False)
        self._spots = [spec.names.index(name) for name in net.spots]

    def _loss(self, batch: HeadBatch, logits: Tensor, spots: Tensor | None) -> Tensor:
        _, targets, known, centres = batch
        each = functional.binary_cross_entropy_with_logits(logits.float(), targets, reduction="none")
        whole = known * self._whole
        loss: Tensor = (each * whole).sum() / whole.sum().clamp(min=1)
        if spots is None:
            return loss
        return loss + MAP_WEIGHT * spot_loss(spots.float(), centres, known[:, self._spots])

    def training_step(self, batch: HeadBatch, _index: int) -> Tensor:
        """One step."""
        images = batch[0]
        loss = self._loss(batch, *self.net.look(self.images(images)))
        self.log("loss", loss, prog_bar=True, on_step=True, on_epoch=False, batch_size=len(images))
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(images))
        return loss

    def validation_step(self, batch: HeadBatch, _index: int) -> None:
        """Collect; average precision needs the whole split."""
        images, targets, known, _ = batch
        logits, spots = self.net.look(self.images(images))
        self.log("val_loss", self._loss(batch, logits, spots), batch_size=len(images), sync_dist=True)
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


def spot_loss(logits: Tensor, centres: Tensor, known: Tensor) -> Tensor:
    """Penalty-reduced focal loss of a map, by the number of centres; see the module.

    Args:
        logits: (n, spots, h, w), before the sigmoid.
        centres: what they should be, the same shape: 1 where a thing's centre is, less around it.
        known: (n, spots), 0 where nobody said whether the thing is there.

    >>> there = torch.tensor([[[[1.0, 0.0]]]])
    >>> right, wrong = (spot_loss(sign * (20 * there - 10), there, torch.ones(1, 1)).item() for sign in (1, -1))
    >>> right < 0.001 < wrong, spot_loss(-there, there, torch.zeros(1, 1)).item()
    (True, 0.0)
    """
    score = logits.sigmoid()
    hit = centres == 1
    near = functional.logsigmoid(logits) * (1 - score) ** 2
    far = functional.logsigmoid(-logits) * score**2 * (1 - centres) ** 4
    each = -torch.where(hit, near, far) * known[:, :, None, None]
    return each.sum() / (hit * known[:, :, None, None]).sum().clamp(min=1)
