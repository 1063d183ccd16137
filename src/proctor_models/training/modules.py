"""What all Lightning modules share: optimiser, schedule, memory layout; and what those of crop nets do."""

from __future__ import annotations

import math
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor
from torch.nn import functional
from torchmetrics.classification import BinaryAveragePrecision

from proctor_models.config_nets import Net
from proctor_models.nets.checkpoint import AnyNet
from proctor_models.runtime.spec import NetSpec

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


class CropModule(NetModule):
    """A net that says of a crop how surely each name holds; validates with their mean average precision."""

    def __init__(self, recipe: Net, spec: NetSpec, judged: tuple[str, ...]) -> None:
        """`judged`: names that validation crops show both present and absent."""
        super().__init__(recipe)
        self.spec = spec
        # Metrics of their own, because they gather what every process of a DDP run has seen.
        self.figures: Any = torch.nn.ModuleDict({name: BinaryAveragePrecision() for name in judged})

    def log_step(self, loss: Tensor, count: int) -> None:
        """The loss of a training step over `count` crops, for the bar and for the epoch."""
        self.log("loss", loss, prog_bar=True, on_step=True, on_epoch=False, batch_size=count)
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=count)

    def collect(self, logits: Tensor, targets: Tensor, known: Tensor) -> None:
        """Keep what a validation step said, (n, names) each; average precision needs the whole split."""
        for name, figure in self.figures.items():
            index = self.spec.names.index(name)
            mine = known[:, index] > 0
            figure.update(logits[mine, index].float().sigmoid(), targets[mine, index].int())

    def on_validation_epoch_end(self) -> None:
        """Average precision by name; their mean decides."""
        values = []
        for name, figure in self.figures.items():
            values.append(figure.compute())
            figure.reset()
            self.log(f"val_ap_{name}", values[-1])
        self.log(MONITOR, torch.stack(values).mean() if values else torch.tensor(0.0), prog_bar=True)


def masked_bce(logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
    """Mean binary cross-entropy (n, names) over what is known of the crops; 0 where nothing is."""
    each = functional.binary_cross_entropy_with_logits(logits.float(), targets, reduction="none")
    loss: Tensor = (each * known).sum() / known.sum().clamp(min=1)
    return loss
