"""What a recipe says of the nets: how each is made and trained."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from proctor_models.types import SCENE_CLASSES


class Section(BaseModel):
    """Part of a recipe: every key is known, and nothing changes it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Net(Section):
    """Training of one net. Every value is a plain number: CPU, one GPU and several differ by these alone."""

    epochs: int = Field(ge=1)
    batch: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    """Peak of a cosine schedule with warm-up, AdamW."""
    weight_decay: float = Field(default=0.01, ge=0)
    warmup_share: float = Field(default=0.05, ge=0, lt=1)
    """Share of all steps spent warming up."""
    average_decay: float = Field(default=0.0, ge=0, lt=1)
    """Decay of the running average of weights that is validated and kept; 0 keeps the last weights."""
    frozen_layers: int = Field(default=0, ge=0)
    """How many of the first layers keep their weights."""
    early_stop_epochs: int = Field(default=5, ge=1)
    """Epochs without a better validation figure after which training stops."""
    keep: Literal["best", "last"] = "best"
    """Epoch whose weights are kept; the last where validation frames are too few to choose by (a release)."""
    workers: int = Field(default=0, ge=0)
    """Loader processes."""
    accelerator: Literal["cpu", "gpu", "auto"] = "cpu"
    devices: int = Field(default=1, ge=1)
    """More than one trains with DistributedDataParallel."""
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    """`bf16-mixed` takes eight times as long on processors that do not compute in it (AVX2 alone, measured)."""
    init: str = ""
    """Checkpoint to start from: our own, or base weights in `weights`; empty starts from random numbers."""
    soup: dict[str, float] = {}
    """Checkpoint folder of ours to its share in the weights that are kept (`nets.checkpoint.blend`)."""
    repeat: dict[str, int] = {}
    """Source (as frames state it) to how often an epoch shows each of its frames; 1 where not named."""
    assume_absent: dict[str, tuple[str, ...]] = {}
    """Source to classes it does not label but hardly ever shows: trained on as absent, never measured so. What
    a net learns of earphones from a few wearers else includes who they are."""
    steps_an_epoch: int = Field(default=0, ge=0)
    """Cut an epoch after this many steps; 0 takes every frame."""

    @field_validator("soup")
    @classmethod
    def _soup(cls, value: dict[str, float]) -> dict[str, float]:
        if any(share <= 0 for share in value.values()) or sum(value.values()) >= 1:
            raise ValueError("expected shares above 0 with a sum below 1: the rest is the trained net's")
        return value


class SceneNet(Net):
    """The net that draws boxes."""

    architecture: Literal["yolo26n"] = "yolo26n"
    resolution_wh: tuple[int, int] = (640, 480)
    """Width and height of the input in pixels, multiples of 32; frames are letterboxed into it."""
    teach_from: float = Field(default=0.5, gt=0, lt=1)
    """The starting net labels the classes it knows on images that do not label them: boxes it scores higher
    become labels, so that it does not forget them."""
    teach_doubt: float = Field(default=0.1, gt=0, lt=1)
    """Where it scores a box between this and `teach_from`, the class is not learnt as absent on that image."""
    paste: dict[str, float] = {}
    """Class to the share of training frames into which a thing of that class is pasted from another frame."""
    mosaic: float = Field(default=0.0, ge=0, le=1)
    """Share of training frames that are shown in parts, with parts of three others (`data.mosaic`)."""
    nms_iou: float = Field(default=0.6, gt=0, lt=1)
    min_score: float = Field(default=0.02, gt=0, lt=1)

    @field_validator("resolution_wh")
    @classmethod
    def _strides(cls, value: tuple[int, int]) -> tuple[int, int]:
        if not all(side > 0 and side % 32 == 0 for side in value):
            raise ValueError("expected multiples of 32 px, the net's coarsest stride")
        return value

    @field_validator("paste")
    @classmethod
    def _paste(cls, value: dict[str, float]) -> dict[str, float]:
        if not set(value) <= set(SCENE_CLASSES) or not all(0 <= share <= 1 for share in value.values()):
            raise ValueError(f"expected classes ({', '.join(SCENE_CLASSES)}) with shares from 0 to 1")
        return value

    @model_validator(mode="after")
    def _parted(self) -> SceneNet:
        if self.mosaic and min(self.resolution_wh) < 64:
            raise ValueError(
                f"mosaic: expected a resolution_wh of at least 64 px, two strides of 32, got {self.resolution_wh}"
            )
        return self


class HeadNet(Net):
    """The net that reads a head crop."""

    backbone: Literal["mobilenet_v2"] = "mobilenet_v2"
    resolution_px: int = Field(default=192, ge=64, le=512, multiple_of=32)
    """Side of the square crop in pixels, a multiple of 32, the net's coarsest stride."""
    face_teacher: str = ""
    """YuNet's ONNX file in `weights`: finds heads on images that label what they wear but not faces."""
    crop_scale: float = Field(default=1.8, gt=1)
    """Side of the crop over the longer side of the face box."""
    min_face_px: int = Field(default=24, ge=8)
    """Faces whose longer side is shorter are not trained on."""
    min_read_px: int = Field(default=0, ge=0)
    """Faces whose longer side is shorter are not read; 0: those not trained on. Of faces below
    `detectors.heads.LEGIBLE_PX`, 24 px, masks alone are asked."""

    @model_validator(mode="after")
    def _read(self) -> HeadNet:
        if self.min_read_px and not 8 <= self.min_read_px <= self.min_face_px:
            raise ValueError(
                f"min_read_px: expected 0, or 8 to min_face_px ({self.min_face_px}), got {self.min_read_px}"
            )
        return self


class ThingNet(Net):
    """The net that looks again at what the scene net called a phone."""

    backbone: Literal["mobilenet_v2"] = "mobilenet_v2"
    resolution_px: int = Field(default=224, ge=64, le=512, multiple_of=32)
    """Side of the square crop in pixels, a multiple of 32, the net's coarsest stride."""
    crop_scale: float = Field(default=1.6, gt=1)
    """Side of the crop over the longer side of the box."""
    min_side_px: int = Field(default=12, ge=8)
    """Boxes whose longer side is shorter are neither trained on nor looked at again."""
    proposals: str = ""
    """Checkpoint folder of a scene net: what it takes for a phone on training frames is learnt as what it is. Empty:
    from labelled boxes alone."""
    start_share: float = Field(default=0.0, ge=0, lt=1)
    """Share of the starting weights in those that are kept ("Robust fine-tuning of zero-shot models", Wortsman et al.,
    CVPR 2022): ImageNet knows more phones than our frames do."""


class OutlineNet(Section):
    """The net that draws a phone's box anew from close by.

    It is not trained: a few people's frames would cost it what COCO taught it.
    """

    architecture: Literal["yolo26n"] = "yolo26n"
    init: str
    """Weights it takes over: COCO's in `weights`, or a checkpoint of ours."""
    resolution_px: int = Field(default=320, ge=64, le=640, multiple_of=32)
    """Side of the square crop in pixels, a multiple of 32, the net's coarsest stride."""
    crop_scale: float = Field(default=2.5, gt=1)
    """Side of the crop over the longer side of the box: what holds a phone tells where it ends."""
    min_side_px: int = Field(default=12, ge=8)
    """Boxes whose longer side is shorter are not drawn anew."""
    min_score: float = Field(default=0.02, gt=0, lt=1)
    """Boxes it scores lower are not looked at."""


def soup_of(plan: Net | OutlineNet) -> dict[str, float]:
    """Checkpoint folders that a net is averaged with, with their shares."""
    return plan.soup if isinstance(plan, Net) else {}
