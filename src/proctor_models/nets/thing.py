"""`thing`: a second look at what `scene` called a phone, from a crop at a higher resolution than `scene` sees.

A detector that has learnt phones from a few hundred frames calls every dark slab in a hand one. ImageNet's classes
hold three kinds of phone beside wallets, remotes and notebooks, from many more pictures; this net starts from what they
say and keeps much of it ("Robust fine-tuning of zero-shot models", Wortsman et al., CVPR 2022).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from proctor_models.nets.trunk import CHANNELS, freeze, keep_statistics, load_imagenet, trunk
from proctor_models.types import THING_CLASSES

KNOWN = {"phone": (487, 605, 590)}
"""Class to ImageNet's classes that are such things: cellular telephone, iPod, hand-held computer."""
_START_SCALE = 0.5  # one sigmoid stands for what was a softmax of a thousand: its scores are drawn closer to even
_START_BIAS = -1.0
_DROPOUT = 0.3


class ThingNet(nn.Module):
    """MobileNetV2 over `names`.

    ``forward(images)`` takes (n, 3, side, side), normalised with ImageNet's mean and deviation, and returns
    probabilities (n, names); `logits` returns them before the sigmoid.
    """

    def __init__(self, names: tuple[str, ...] = THING_CLASSES) -> None:
        super().__init__()
        self.names = names
        self.features = trunk()
        self.dropout = nn.Dropout(_DROPOUT)
        self.classifier = nn.Linear(CHANNELS, len(names))

    def logits(self, images: Tensor) -> Tensor:
        """Scores before the sigmoid, (n, names)."""
        scores: Tensor = self.classifier(self.dropout(self.features(images).mean((2, 3))))
        return scores

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        return self.logits(images).sigmoid()

    def freeze(self, layers: int) -> None:
        """Keep the weights of the first `layers` blocks as they are, and all batch statistics.

        Statistics that stay those of the start let trained weights be averaged with those of the start.
        """
        freeze(self.features, layers)
        keep_statistics(self.features, len(self.features))

    def load_imagenet(self, weights: Path) -> None:
        """Start from torchvision's ImageNet weights: the trunk, and what its classes say of `names`.

        Raises:
            CheckpointError: the file is not there, or is not a MobileNetV2.
        """
        stock = load_imagenet(self.features, weights)
        with torch.no_grad():
            for row, name in enumerate(self.names):
                known = stock["classifier.1.weight"][list(KNOWN[name])]
                self.classifier.weight[row] = _START_SCALE * known.mean(0)
                self.classifier.bias[row] = _START_BIAS
