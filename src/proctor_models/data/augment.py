"""What training does to a picture, so that a net meets more cameras than the data has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2

from proctor_models.runtime.image import letterbox

if TYPE_CHECKING:
    import albumentations

    from proctor_models.types import Boxes, Image

_GREY = 114


def _camera(strength: float) -> list[albumentations.BasicTransform]:
    """Light, sensor, compression and blur of cheap webcams."""
    import albumentations as al

    return [
        al.RandomBrightnessContrast(brightness_limit=0.35, contrast_limit=0.3, p=0.6 * strength),
        al.HueSaturationValue(hue_shift_limit=8, sat_shift_limit=35, val_shift_limit=20, p=0.5 * strength),
        al.RandomGamma(gamma_limit=(60, 150), p=0.3 * strength),
        al.OneOf(
            [al.MotionBlur(blur_limit=(3, 7)), al.GaussianBlur(blur_limit=(3, 5)), al.Defocus(radius=(1, 3))],
            p=0.2 * strength,
        ),
        al.OneOf(
            [
                al.GaussNoise(std_range=(0.02, 0.10)),
                al.ISONoise(intensity=(0.1, 0.5)),
                al.ImageCompression(quality_range=(25, 80)),
                al.Downscale(scale_range=(0.4, 0.8)),
            ],
            p=0.4 * strength,
        ),
        al.ToGray(p=0.03 * strength),
    ]


def scene_augmentation(seed: int) -> albumentations.Compose:
    """For whole frames on their canvas; boxes are pascal_voc with `class_ids`.

    Boxes of which less than a quarter stays in the picture are dropped.
    """
    import albumentations as al

    return al.Compose(
        [
            al.HorizontalFlip(p=0.5),
            al.Affine(
                scale=(0.55, 1.3),
                keep_ratio=True,
                translate_percent=(-0.12, 0.12),
                rotate=(-8, 8),
                shear=(-3, 3),
                interpolation=cv2.INTER_LINEAR,
                fill=_GREY,
                p=0.7,
            ),
            # Some cameras and recorders store their picture stretched; 4:3 kept as a square is 0.75.
            al.Affine(scale={"x": (0.72, 1.1), "y": (0.9, 1.1)}, interpolation=cv2.INTER_LINEAR, fill=_GREY, p=0.25),
            *_camera(1.0),
        ],
        bbox_params=al.BboxParams(format="pascal_voc", label_fields=["class_ids"], min_visibility=0.25, min_area=9),
        seed=seed,
    )


def head_augmentation(seed: int) -> albumentations.Compose:
    """For head crops, which keep their side; boxes of small things are pascal_voc with `class_ids`.

    Boxes of which less than half stays in sight are dropped.
    """
    import albumentations as al

    return al.Compose(
        [
            al.HorizontalFlip(p=0.5),
            al.Affine(
                scale=(0.8, 1.25),
                translate_percent=(-0.08, 0.08),
                rotate=(-15, 15),
                interpolation=cv2.INTER_LINEAR,
                fill=_GREY,
                p=0.8,
            ),
            *_camera(1.0),
            al.CoarseDropout(
                num_holes_range=(1, 2), hole_height_range=(0.1, 0.25), hole_width_range=(0.1, 0.25), p=0.2
            ),
        ],
        bbox_params=al.BboxParams(format="pascal_voc", label_fields=["class_ids"], min_visibility=0.5, min_area=4),
        seed=seed,
    )


def thing_augmentation(seed: int) -> albumentations.Compose:
    """For crops of things, which keep their side; things are held at any angle."""
    import albumentations as al

    return al.Compose(
        [
            al.HorizontalFlip(p=0.5),
            al.RandomRotate90(p=0.1),
            al.Affine(
                scale={"x": (0.85, 1.18), "y": (0.9, 1.1)},
                rotate=(-25, 25),
                interpolation=cv2.INTER_LINEAR,
                fill=_GREY,
                p=0.8,
            ),
            al.Downscale(scale_range=(0.25, 0.7), p=0.35),
            *_camera(1.0),
        ],
        seed=seed,
    )


def fit_frame(image: Image, xyxy: Boxes, resolution_wh: tuple[int, int]) -> tuple[Image, Boxes]:
    """The frame on its canvas, letterboxed as at run time, with its boxes in canvas pixels."""
    canvas, fit = letterbox(image, resolution_wh, _GREY)
    return canvas, fit.to_canvas(xyxy)
