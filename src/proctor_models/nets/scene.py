"""`scene`: boxes in the whole frame.

YOLO26n of Ultralytics (AGPL-3.0) with its one-to-many head. The last layer of every class branch is
cut to our classes: rows that COCO has taught are copied, the others start near "never", so that
before the first training step the net already sees persons, phones and books as well as stock.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from proctor_models.errors import CheckpointError
from proctor_models.types import SCENE_CLASSES

# Our class -> the COCO row it is started from. `face` has none: it is learnt from person's features.
COCO_ROWS: dict[str, int] = {
    "person": 0,
    "phone": 67,
    "book_paper": 73,
    "laptop": 63,
    "screen": 62,
    "remote": 65,
    "mouse": 64,
    "keyboard": 66,
    "cup": 41,
    "bottle": 39,
}
_COCO_CLASSES = 80
_PRIOR = 0.001  # starting score of a class nobody has taught yet


class SceneNet(nn.Module):
    """YOLO26n over `class_names`.

    In evaluation mode ``forward(images)`` takes (n, 3, side, side) in [0, 1], red-green-blue, and
    returns boxes (n, anchors, 4) xyxy in input pixels and scores (n, anchors, classes) in [0, 1]; in
    training mode it returns Ultralytics' raw predictions, which its loss takes.
    """

    def __init__(self, class_names: tuple[str, ...] = SCENE_CLASSES) -> None:
        super().__init__()
        from ultralytics.cfg import get_cfg
        from ultralytics.nn.tasks import DetectionModel
        from ultralytics.utils import LOGGER

        LOGGER.setLevel(logging.ERROR)  # it prints a table of layers at every construction
        self.class_names = class_names
        self.yolo = DetectionModel(cfg="yolo26n.yaml", ch=3, nc=_COCO_CLASSES, verbose=False)
        self.yolo.args = get_cfg()
        detect = self.yolo.model[-1]
        for name in ("one2one_cv2", "one2one_cv3"):
            if name in detect._modules:
                setattr(detect, name, None)
        detect.end2end = False
        detect.xyxy = True
        detect.export = True  # evaluation returns the decoded tensor alone
        self._cut_to(class_names)

    def _cut_to(self, class_names: tuple[str, ...]) -> None:
        detect = self.yolo.model[-1]
        for branch in detect.cv3:
            last = branch[-1]
            branch[-1] = nn.Conv2d(last.in_channels, len(class_names), 1)
            nn.init.constant_(branch[-1].bias, math.log(_PRIOR / (1 - _PRIOR)))
        detect.nc = len(class_names)
        detect.no = detect.nc + detect.reg_max * 4
        self.yolo.nc = detect.nc
        self.yolo.yaml["nc"] = detect.nc

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor] | dict[str, Tensor]:
        """See the class."""
        raw = self.yolo(images)
        if self.training:
            predictions: dict[str, Tensor] = raw.get("one2many", raw)
            return predictions
        decoded = raw[0] if isinstance(raw, tuple) else raw
        decoded = decoded.permute(0, 2, 1)
        return decoded[..., :4], decoded[..., 4:]

    def fuse(self) -> None:
        """Fold batch norms into convolutions, for good: a quarter less time, and no training any more."""
        self.yolo.fuse(verbose=False)

    def freeze(self, layers: int) -> None:
        """Keep the weights and the batch statistics of the first `layers` layers as they are."""
        for layer in list(self.yolo.model)[:layers]:
            layer.requires_grad_(False)
            for part in layer.modules():
                if isinstance(part, nn.BatchNorm2d):
                    part.eval()

    def load_coco(self, weights: Path) -> None:
        """Start from Ultralytics' COCO weights.

        The file is a pickle of Ultralytics' own classes, read by its loader: use only the official file.

        Raises:
            CheckpointError: the file is not there, or is not a YOLO26n over COCO.
        """
        from ultralytics.nn.tasks import load_checkpoint

        if not weights.is_file():
            raise CheckpointError(f"{weights}: no such base weights; set the recipe's `weights` to their folder")
        stock = load_checkpoint(str(weights))[0].float().state_dict()
        own = self.yolo.state_dict()
        missing = [key for key in own if key not in stock]
        if missing:
            raise CheckpointError(f"{weights}: not a YOLO26n: it has no {missing[0]!r}")
        for key, value in own.items():
            if value.shape == stock[key].shape:
                own[key] = stock[key]
            else:
                if stock[key].shape[0] != _COCO_CLASSES:
                    raise CheckpointError(
                        f"expected {_COCO_CLASSES} COCO classes in the base weights, got {stock[key].shape[0]}"
                    )
                own[key] = self._rows(value, stock[key], COCO_ROWS)
        self.yolo.load_state_dict(own)

    def load_fewer(self, started: SceneNet) -> None:
        """Start from a net of ours over some of our classes; those it does not have start near "never"."""
        taught = started.yolo.state_dict()
        at = {name: row for row, name in enumerate(started.class_names)}
        own = self.yolo.state_dict()
        for key, value in own.items():
            own[key] = taught[key] if value.shape == taught[key].shape else self._rows(value, taught[key], at)
        self.yolo.load_state_dict(own)

    def _rows(self, ours: Tensor, taught: Tensor, at: Mapping[str, int]) -> Tensor:
        """One row a class of ours: that of the other net where `at` says which."""
        rows = ours.clone()
        for index, name in enumerate(self.class_names):
            if name in at:
                rows[index] = taught[at[name]]
            elif rows.ndim > 1 and "person" in at:
                # An untaught class looks where persons are, from far below any threshold.
                rows[index] = taught[at["person"]] * 0.1
        return rows
