"""The trunk that both crop nets share: torchvision's MobileNetV2 (Sandler et al., "MobileNetV2", CVPR 2018)."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from proctor_models.errors import CheckpointError

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
CHANNELS = 1280
"""Channels that the trunk ends with."""


def trunk() -> nn.Sequential:
    """An untrained trunk: (n, 3, side, side) to (n, `CHANNELS`, side / 32, side / 32)."""
    from torchvision.models import mobilenet_v2

    features: nn.Sequential = mobilenet_v2(weights=None).features
    return features


def load_imagenet(features: nn.Sequential, weights: Path) -> dict[str, Tensor]:
    """Start a trunk from torchvision's ImageNet weights (a plain state dictionary), and return all of them.

    Raises:
        CheckpointError: the file is not there, or is not a MobileNetV2.
    """
    if not weights.is_file():
        raise CheckpointError(f"{weights}: no such base weights; set the recipe's `weights` to their folder")
    stock: dict[str, Tensor] = torch.load(weights, map_location="cpu", weights_only=True)
    own = {k.removeprefix("features."): v for k, v in stock.items() if k.startswith("features.")}
    try:
        features.load_state_dict(own)
    except RuntimeError as error:
        raise CheckpointError(f"{weights}: not a MobileNetV2: {str(error).splitlines()[0]}") from None
    return stock


def freeze(features: nn.Sequential, layers: int) -> None:
    """Keep the weights and the batch statistics of the first `layers` blocks as they are."""
    for block in list(features)[:layers]:
        block.requires_grad_(False)
    keep_statistics(features, layers)


def keep_statistics(features: nn.Sequential, layers: int) -> None:
    """Keep the batch statistics of the first `layers` blocks as they are."""
    for block in list(features)[:layers]:
        for part in block.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.eval()
