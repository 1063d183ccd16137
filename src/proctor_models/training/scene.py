"""Fitting `scene`: Ultralytics' loss, restricted to what each image's labels speak of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torchmetrics.detection import MeanAveragePrecision
from ultralytics.utils.loss import v8DetectionLoss

from proctor_models.config_nets import SceneNet as SceneRecipe
from proctor_models.nets.scene import SceneNet
from proctor_models.runtime.spec import NetSpec
from proctor_models.training.modules import MONITOR, NetModule
from proctor_models.training.teacher import decode


class PartialLabelLoss(v8DetectionLoss):
    """Ultralytics' detection loss where a class an image does not label is neither present nor absent.

    Expects `known` in the batch, bool: (n, classes), or a map of it (n, classes, h, w) where parts of a picture
    come from several frames. Boxes of a class that is not known as a whole (a teacher was sure of some and in doubt
    of others) still count as positives.
    """

    def __init__(self, net: SceneNet) -> None:
        super().__init__(net.yolo)
        self.bce = self._class_loss
        self._known: Tensor

    def loss(self, preds: dict[str, Any], batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Box, class and distance loss, each times the batch size, and the same detached by name."""
        self._known = known_of_anchors(batch["known"], preds["feats"])
        result: tuple[Tensor, dict[str, Tensor]] = super().loss(preds, batch)
        return result

    def _class_loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        counts = self._known | (targets > 0)
        return functional.binary_cross_entropy_with_logits(logits, targets, reduction="none") * counts


def known_of_anchors(known: Tensor, features: Sequence[Tensor]) -> Tensor:
    """Which classes each anchor's place speaks of, (n, anchors or 1, classes), in the order of the feature maps.

    Args:
        known: (n, classes) bool, or a map of it (n, classes, h, w) whose cells are the coarsest features' or larger.
        features: (n, channels, h, w) each, as Ultralytics' head returns them.
    """
    if known.ndim == 2:
        return known[:, None, :]
    maps = [functional.interpolate(known.float(), size=one.shape[2:], mode="nearest") for one in features]
    return torch.cat([one.flatten(2) for one in maps], 2).transpose(1, 2) > 0


class SceneModule(NetModule):
    """`scene` being fitted; validates with AP50 over the classes that validation frames label."""

    net: SceneNet
    recipe: SceneRecipe

    def __init__(self, net: SceneNet, recipe: SceneRecipe, spec: NetSpec) -> None:
        super().__init__(recipe)
        self.net = net
        self.spec = spec
        self._loss: PartialLabelLoss | None = None
        self._ap = MeanAveragePrecision(iou_type="bbox", class_metrics=True)
        self._ap.warn_on_many_detections = False

    def training_step(self, batch: dict[str, Tensor], _index: int) -> Tensor:
        """One step; logs the three parts of the loss."""
        if self._loss is None:  # it keeps the device it is made on
            self._loss = PartialLabelLoss(self.net)
        raw = self.net(self.images(batch["images"]))
        parts, named = self._loss(raw, batch)
        size = len(batch["images"])
        total: Tensor = parts.sum() / size
        self.log("loss", total, prog_bar=True, on_step=True, on_epoch=False, batch_size=size)
        self.log_dict({f"train_{k}": v for k, v in named.items()}, on_step=False, on_epoch=True, batch_size=size)
        self.log("train_loss", total, on_step=False, on_epoch=True, batch_size=size)
        return total

    def validation_step(self, batch: dict[str, Tensor], _index: int) -> None:
        """Boxes of classes an image does not label are left out on both sides."""
        boxes, scores = self.net(self.images(batch["images"]))
        height, width = batch["images"].shape[2:]
        for image in range(len(boxes)):
            known = batch["known"][image]
            xyxy, found, label = decode(boxes[image], scores[image], self.spec.min_score, self.spec.nms_iou)
            keep = known[label]
            mine = batch["batch_idx"] == image
            truth_label = batch["cls"][mine].long()
            truth = batch["bboxes"][mine] * torch.tensor([width, height, width, height], device=boxes.device)
            corners = torch.cat([truth[:, :2] - truth[:, 2:] / 2, truth[:, :2] + truth[:, 2:] / 2], 1)
            told = known[truth_label]
            self._ap.update(
                [{"boxes": xyxy[keep], "scores": found[keep], "labels": label[keep]}],
                [{"boxes": corners[told], "labels": truth_label[told]}],
            )

    def on_validation_epoch_end(self) -> None:
        """AP50 as the figure that decides, AP for each class beside it."""
        figures: dict[str, Any] = self._ap.compute()
        self._ap.reset()
        self.log(MONITOR, figures["map_50"].float().clamp(min=0), prog_bar=True)
        self.log("val_ap", figures["map"].float().clamp(min=0))
        classes, values = figures["classes"].reshape(-1).tolist(), figures["map_per_class"].reshape(-1).tolist()
        for label, value in zip(classes, values, strict=True):
            if value >= 0:
                self.log(f"val_ap_{self.spec.names[int(label)]}", value)
