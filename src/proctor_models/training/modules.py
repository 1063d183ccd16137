"""What all Lightning modules share: optimiser, schedule, memory layout."""

from __future__ import annotations

import math
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor

from proctor_models.config_nets import Net
from proctor_models.nets.checkpoint import AnyNet

MONITOR = "val_score"


def warmup_cosine(step: int, steps: int, warmup: int) -> float:
    """Share of the peak learning rate at `step`: a line up to 1, then half a cosine down to 0.01.

    >>> [round(warmup_cosine(s, 10, 2), 2) for s in (0, 1, 2, 10)]
    [0.5, 1.0, 1.0, 0.01]
    """
    if step < warmup:
        return (step + 1) / warmup
    done = min(1.0, (step - warmup) / max(1, steps - warmup))
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done))


class NetModule(LightningModule):
    """A net being fitted; subclasses say what a step is."""

    net: AnyNet

    def __init__(self, recipe: Net) -> None:
        super().__init__()
        self.recipe = recipe

    def setup(self, stage: str) -> None:  # noqa: ARG002  Lightning names it
        """Freeze before DDP looks for what has a gradient; channels last, which is faster on CPU and GPU."""
        self.net.freeze(self.recipe.frozen_layers)
        self.net.to(memory_format=torch.channels_last)

    def on_train_epoch_start(self) -> None:
        """Training mode, whatever a teacher or a validation left; frozen layers stay in evaluation mode."""
        self.net.train()
        self.net.freeze(self.recipe.frozen_layers)

    def images(self, batch: Tensor) -> Tensor:
        """The batch in the net's memory layout."""
        return batch.contiguous(memory_format=torch.channels_last)

    def configure_optimizers(self) -> Any:
        """AdamW without decay of biases and norms, warm-up and cosine by step."""
        free = [p for p in self.net.parameters() if p.requires_grad]
        groups = [
            {"params": [p for p in free if p.ndim > 1], "weight_decay": self.recipe.weight_decay},
            {"params": [p for p in free if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimiser = torch.optim.AdamW(groups, lr=self.recipe.learning_rate)
        steps = int(self.trainer.estimated_stepping_batches)
        warmup = max(1, int(steps * self.recipe.warmup_share))
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: warmup_cosine(step, steps, warmup))
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
