"""Things as the net `thing` is fed them: crops around labelled boxes, and around what a scene net took for one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from proctor_models.boxes import iou
from proctor_models.data.augment import thing_augmentation
from proctor_models.data.frames import read_image
from proctor_models.data.manifest import FrameRecord, Manifest
from proctor_models.runtime.image import crop_square, normalise
from proctor_models.runtime.spec import NetSpec
from proctor_models.types import FACES, Boxes

Corners = tuple[float, float, float, float]

SAME_IOU = 0.5
"""A proposal that overlaps a labelled thing by this much shows it."""
OTHER_IOU = 0.2
"""One that overlaps all of them by less shows something else; between the two nobody can say."""
_PROPOSAL = "proposal"
_WHOLE = frozenset({"person", *FACES})  # what is no thing


@dataclass(frozen=True)
class ThingLabel:
    """One thing of one frame: its box, whether it is of each class that is known of it, and who drew the box."""

    frame: FrameRecord
    xyxy: Corners
    is_of: Mapping[str, bool]
    kind: str
    """The label of the box, or "proposal"."""


def thing_labels(
    frame: FrameRecord, names: Sequence[str], min_side_px: int, proposals: Sequence[Corners] = ()
) -> list[ThingLabel]:
    """Things of the frame that are large enough.

    Args:
        frame: what is labelled.
        names: classes that crops are asked for.
        min_side_px: boxes whose longer side is shorter are left out.
        proposals: boxes that a scene net gave one of `names`; they count where the frame labels all of them.
    """
    things = [b for b in frame.boxes if b.label not in _WHOLE]
    labels = [ThingLabel(frame, b.xyxy, {name: b.label == name for name in names}, b.label) for b in things]
    if set(names) <= set(frame.labelled):
        for box in proposals:
            overlap = {name: _overlap(box, [b.xyxy for b in things if b.label == name]) for name in names}
            is_of = {n: o >= SAME_IOU for n, o in overlap.items() if o >= SAME_IOU or o < OTHER_IOU}
            labels.append(ThingLabel(frame, box, is_of, _PROPOSAL))
    sides = [max(one.xyxy[2] - one.xyxy[0], one.xyxy[3] - one.xyxy[1]) for one in labels]
    return [one for one, side in zip(labels, sides, strict=True) if side >= min_side_px and one.is_of]


def _overlap(box: Corners, things: Sequence[Corners]) -> float:
    mine, theirs = np.array([box], np.float32), np.array(things, np.float32).reshape(-1, 4)
    return float(iou(mine, theirs).max(initial=0.0))


def thing_weights(labels: Sequence[ThingLabel], repeat: Mapping[str, int]) -> list[float]:
    """How often each crop is drawn: things that are of a class as often as all others.

    In each half a kind of box is drawn by the root of how many there are: thousands of one leave room for tens of
    another.

    Args:
        labels: crops to draw from.
        repeat: source to how many times as often its frames are shown.
    """
    groups = [(any(one.is_of.values()), one.kind) for one in labels]
    sizes = Counter(groups)
    halves = {half: sum(size**0.5 for (is_of, _), size in sizes.items() if is_of == half) for half in (True, False)}
    return [
        repeat.get(one.frame.source, 1) * sizes[group] ** -0.5 / halves[group[0]]
        for one, group in zip(labels, groups, strict=True)
    ]


class ThingCrops(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Crops of things: image (3, side, side), targets and known (names,); all float."""

    def __init__(
        self, manifest: Manifest, labels: Sequence[ThingLabel], spec: NetSpec, augment_seed: int | None = None
    ) -> None:
        self.manifest = manifest
        self.labels = list(labels)
        self.spec = spec
        self.augment = None if augment_seed is None else thing_augmentation(augment_seed)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        """See the class."""
        thing = self.labels[index]
        box: Boxes = np.array(thing.xyxy, np.float32)
        scale = self.spec.crop_scale
        if self.augment is not None:
            # torch's generator, because only it differs from loader process to loader process.
            side = float(max(box[2] - box[0], box[3] - box[1]))
            box = box + np.tile((0.06 * side * torch.randn(2)).numpy(), 2)
            scale *= float(torch.empty(1).uniform_(0.75, 1.2))
        image = read_image(self.manifest, thing.frame)
        crop = crop_square(image, box, scale, self.spec.resolution_wh[0], self.spec.pad_value)
        if self.augment is not None:
            crop = self.augment(image=crop)["image"]
        targets = [float(thing.is_of.get(name, False)) for name in self.spec.names]
        known = [float(name in thing.is_of) for name in self.spec.names]
        picture = torch.from_numpy(normalise(crop, self.spec.mean, self.spec.std))
        return picture, torch.tensor(targets), torch.tensor(known)
