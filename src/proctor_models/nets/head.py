"""`head`: what a head wears, from a crop at a higher resolution than `scene` sees.

torchvision's MobileNetV2 with one sigmoid an attribute (Sandler et al., "MobileNetV2", CVPR 2018).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from proctor_models.errors import CheckpointError
from proctor_models.types import HEAD_ATTRIBUTES

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
_CHANNELS = 1280


class HeadNet(nn.Module):
    """MobileNetV2 over `attributes`.

    ``forward(images)`` takes (n, 3, side, side), normalised with ImageNet's mean and deviation, and
    returns probabilities (n, attributes); `logits` returns them before the sigmoid.
    """

    def __init__(self, attributes: tuple[str, ...] = HEAD_ATTRIBUTES) -> None:
        super().__init__()
        from torchvision.models import mobilenet_v2

        self.attributes = attributes
        self.features = mobilenet_v2(weights=None).features
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(_CHANNELS, len(attributes))

    def logits(self, images: Tensor) -> Tensor:
        """Attribute scores before the sigmoid, (n, attributes)."""
        pooled = self.features(images).mean((2, 3))
        scores: Tensor = self.classifier(self.dropout(pooled))
        return scores

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        return self.logits(images).sigmoid()

    def freeze(self, layers: int) -> None:
        """Keep the weights and the batch statistics of the first `layers` blocks as they are."""
        for block in list(self.features)[:layers]:
            block.requires_grad_(False)
            for part in block.modules():
                if isinstance(part, nn.BatchNorm2d):
                    part.eval()

    def load_imagenet(self, weights: Path) -> None:
        """Start from torchvision's ImageNet weights (a plain state dictionary).

        Raises:
            CheckpointError: the file is not there, or is not a MobileNetV2.
        """
        if not weights.is_file():
            raise CheckpointError(f"{weights}: no such base weights; set the recipe's `weights` to their folder")
        stock = torch.load(weights, map_location="cpu", weights_only=True)
        own = {k.removeprefix("features."): v for k, v in stock.items() if k.startswith("features.")}
        try:
            self.features.load_state_dict(own)
        except RuntimeError as error:
            raise CheckpointError(f"{weights}: not a MobileNetV2: {str(error).splitlines()[0]}") from None
