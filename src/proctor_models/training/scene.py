"""Fitting `scene`: Ultralytics' loss, restricted to what each image's labels speak of."""

from __future__ import annotations

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

    Expects `known` (n, classes) bool in the batch. Boxes of a class that is not known as a whole (a
    teacher was sure of some and in doubt of others) still count as positives.
    """

    def __init__(self, net: SceneNet) -> None:
        super().__init__(net.yolo)
        self.bce = self._class_loss
        self._known: Tensor

    def loss(self, preds: dict[str, Tensor], batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Box, class and distance loss, each times the batch size, and the same detached by name."""
        self._known = batch["known"]
        result: tuple[Tensor, dict[str, Tensor]] = super().loss(preds, batch)
        return result

    def _class_loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        counts = self._known[:, None, :] | (targets > 0)
        return functional.binary_cross_entropy_with_logits(logits, targets, reduction="none") * counts


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
