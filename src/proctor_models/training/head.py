"""Fitting `head`: one sigmoid an attribute, unknown attributes left out of loss and figures.

The map of small things has a loss of its own, the penalty-reduced focal loss of Zhou et al., "Objects as Points"
(2019): every place of every crop speaks, and those close to a thing's centre weigh less.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from proctor_models.config_nets import HeadNet as HeadRecipe
from proctor_models.nets.head import HeadNet
from proctor_models.runtime.spec import NetSpec
from proctor_models.training.modules import CropModule, masked_bce

MAP_WEIGHT = 0.2
"""What the map's loss counts beside that of the attributes, which is some ten times smaller."""
HeadBatch = tuple[Tensor, Tensor, Tensor, Tensor]  # images, targets, known, spots: see `HeadCrops`


class HeadModule(CropModule):
    """`head` being fitted."""

    net: HeadNet
    recipe: HeadRecipe

    def __init__(self, net: HeadNet, recipe: HeadRecipe, spec: NetSpec, judged: tuple[str, ...]) -> None:
        """`judged`: attributes that validation crops show both present and absent."""
        super().__init__(recipe, spec, judged)
        self.net = net
        self.register_buffer("_whole", torch.tensor([float(n not in net.spots) for n in spec.names]), persistent=False)
        self._spots = [spec.names.index(name) for name in net.spots]

    def _loss(self, batch: HeadBatch, logits: Tensor, spots: Tensor | None) -> Tensor:
        _, targets, known, centres = batch
        loss = masked_bce(logits, targets, known * self._whole)
        if spots is None:
            return loss
        return loss + MAP_WEIGHT * spot_loss(spots.float(), centres, known[:, self._spots])

    def training_step(self, batch: HeadBatch, _index: int) -> Tensor:
        """One step."""
        images = batch[0]
        loss = self._loss(batch, *self.net.look(self.images(images)))
        self.log_step(loss, len(images))
        return loss

    def validation_step(self, batch: HeadBatch, _index: int) -> None:
        """Collect; average precision needs the whole split."""
        images, targets, known, _ = batch
        logits, spots = self.net.look(self.images(images))
        self.log("val_loss", self._loss(batch, logits, spots), batch_size=len(images), sync_dist=True)
        self.collect(logits, targets, known)


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
