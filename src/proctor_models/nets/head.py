"""`head`: what a head wears, from a crop at a higher resolution than `scene` sees.

torchvision's MobileNetV2 with one sigmoid an attribute (Sandler et al., "MobileNetV2", CVPR 2018). What a small thing
decides, an earbud, is not read off the whole crop but off a map of where it is: the mean over a crop hides what shows
in one place of it, and a net that must say where learns the thing instead of who wears it.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from proctor_models.nets.trunk import CHANNELS, freeze, load_imagenet, trunk
from proctor_models.types import HEAD_ATTRIBUTES, SPOTS

_TAPS = {7: 32, 14: 96, 18: 320}  # blocks run before strides of 8, 16 and 32 px are tapped: their channels
_MAP_CHANNELS = 64
_MAP_BIAS = -2.19  # every place starts at a probability of 0.1, as in "Objects as Points"


class SpotMap(nn.Module):
    """Where small things are: (n, things, side / 8, side / 8), before the sigmoid.

    Features of strides 8, 16 and 32 px joined from the coarse to the fine (Lin et al., "Feature Pyramid Networks",
    CVPR 2017), read as a map of centres (Zhou et al., "Objects as Points", 2019).
    """

    def __init__(self, things: int) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(nn.Conv2d(channels, _MAP_CHANNELS, 1) for channels in _TAPS.values())
        self.join = nn.Sequential(
            nn.Conv2d(_MAP_CHANNELS, _MAP_CHANNELS, 3, padding=1, bias=False),
            nn.BatchNorm2d(_MAP_CHANNELS),
            nn.ReLU6(),
        )
        self.read = nn.Conv2d(_MAP_CHANNELS, things, 1)
        nn.init.constant_(self.read.bias, _MAP_BIAS)  # type: ignore[arg-type]  # it has a bias

    def forward(self, features: list[Tensor]) -> Tensor:
        """`features`: those of `_TAPS`, fine to coarse."""
        laterals = [lateral(one) for lateral, one in zip(self.lateral, features, strict=True)]
        joined = laterals.pop()
        while laterals:
            joined = laterals.pop() + functional.interpolate(joined, scale_factor=2.0, mode="nearest")
        scores: Tensor = self.read(self.join(joined))
        return scores


class HeadNet(nn.Module):
    """MobileNetV2 over `attributes`.

    ``forward(images)`` takes (n, 3, side, side), normalised with ImageNet's mean and deviation, and
    returns probabilities (n, attributes); `logits` returns them before the sigmoid.
    """

    def __init__(self, attributes: tuple[str, ...] = HEAD_ATTRIBUTES, *, mapped: bool = True) -> None:
        """`mapped`: whether `SPOTS` are read off a map; nets of pack 0.4.0 and older read them off the whole crop."""
        super().__init__()
        self.attributes = attributes
        self.spots = tuple(name for name in attributes if mapped and name in SPOTS)
        """Attributes that are read off the map."""
        self.features = trunk()
        self.dropout = nn.Dropout(0.2)
        self.classifier = nn.Linear(CHANNELS, len(attributes))
        self.map = SpotMap(len(self.spots)) if self.spots else None

    def look(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Attribute scores before the sigmoid, (n, attributes), and the map that those of `spots` come from."""
        taps = []
        for done, block in enumerate(self.features, start=1):
            images = block(images)
            if done in _TAPS:
                taps.append(images)
        scores: Tensor = self.classifier(self.dropout(images.mean((2, 3))))
        if self.map is None:
            return scores, None
        spots = self.map(taps)
        # A pooling over all of it, as runtimes from before the map know that operator.
        peaks = functional.max_pool2d(spots, [int(side) for side in spots.shape[2:]]).flatten(1)
        columns = [
            peaks[:, self.spots.index(name)] if name in self.spots else scores[:, i]
            for i, name in enumerate(self.attributes)
        ]
        return torch.stack(columns, 1), spots

    def logits(self, images: Tensor) -> Tensor:
        """Attribute scores before the sigmoid, (n, attributes)."""
        return self.look(images)[0]

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        return self.logits(images).sigmoid()

    def freeze(self, layers: int) -> None:
        """Keep the weights and the batch statistics of the first `layers` blocks as they are."""
        freeze(self.features, layers)

    def load_imagenet(self, weights: Path) -> None:
        """Start from torchvision's ImageNet weights (a plain state dictionary).

        Raises:
            CheckpointError: the file is not there, or is not a MobileNetV2.
        """
        load_imagenet(self.features, weights)
