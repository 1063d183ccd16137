"""A frame being painted on: layers go in with the frame's own blur, noise and light."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.composites.layers import AttributeValue, Colour, Layer, Plane, box_of
from proctor_models.synth.faces.look import Look
from proctor_models.synth.faces.solids import Painting
from proctor_models.types import Image


@dataclass(frozen=True)
class Pasted:
    """One labelled thing that was painted."""

    label: str
    visible: Plane
    """Frame-sized, 0 to 1."""
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)


@dataclass
class Picture:
    """A frame being painted on."""

    bgr: Colour
    look: Look
    rng: np.random.Generator
    pasted: list[Pasted] = field(default_factory=list)
    covered: Plane = field(init=False)
    """How much of each pixel was painted over."""

    def __post_init__(self) -> None:
        self.covered = np.zeros(self.bgr.shape[:2], np.float32)

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.bgr.shape[:2]
        return width, height

    def full(self, painting: Painting) -> Layer:
        """A painting on a layer as large as the frame."""
        width, height = self.size_wh
        bgr, alpha = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
        (x, y), (wide, high) = painting.corner, painting.layer.size_wh
        bgr[y : y + high, x : x + wide] = painting.layer.bgr
        alpha[y : y + high, x : x + wide] = painting.layer.alpha
        return Layer(bgr, alpha)

    def shade(self, mask: Plane, strength: float) -> None:
        """Darken where `mask` is, for contact shadows; `strength` 1 is black. Skin keeps some of its red."""
        by_channel = np.array([1.0, 0.98, 0.86], np.float32) * np.float32(strength)
        self.bgr = np.asarray(self.bgr * (1 - by_channel * mask[..., None]), np.float32)

    def paint(self, layer: Layer, softness: float = 1.0) -> Plane:
        """Paint a frame-sized layer as the frame's camera would have seen it; what it covers is returned.

        `softness` multiplies the frame's blur, for what moves or is out of focus.
        """
        sigma = max(self.look.softness_px * softness, 0.3)
        stacked = np.dstack([layer.bgr * layer.alpha[..., None], layer.alpha])
        soft = np.asarray(cv2.GaussianBlur(stacked, (0, 0), sigma), np.float32)
        alpha = np.clip(soft[..., 3], 0, 1)
        noise = self.rng.standard_normal(self.bgr.shape).astype(np.float32)
        noise = 0.8 * noise.mean(2, keepdims=True) * np.sqrt(3) + 0.45 * noise
        grain = np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.55), np.float32) * self.look.noise * 1.7
        self.bgr = np.asarray(self.bgr * (1 - alpha[..., None]) + soft[..., :3] + grain * alpha[..., None], np.float32)
        self.covered = np.maximum(self.covered, alpha)
        for i, other in enumerate(self.pasted):
            self.pasted[i] = Pasted(other.label, other.visible * (1 - alpha), other.attributes)
        return alpha

    def label(self, name: str, visible: Plane, attributes: Mapping[str, AttributeValue] | None = None) -> None:
        """Register what was just painted; later layers hide it."""
        self.pasted.append(Pasted(name, visible, dict(attributes or {})))

    def frame(self) -> Image:
        """The finished frame."""
        return np.asarray(np.clip(np.rint(self.bgr), 0, 255), np.uint8)


def pasted_box(thing: Pasted, level: float = 0.4) -> tuple[float, float, float, float] | None:
    """The xyxy box of the visible part; None where there is none."""
    found = box_of(thing.visible, level)
    if found is None:
        return None
    x0, y0, x1, y1 = found
    return float(x0), float(y0), float(x1), float(y1)


def shifted_shadow(alpha: Plane, light: tuple[float, float, float], reach_px: float) -> Plane:
    """Where the shadow of a thing falls on what lies right behind it: away from the light, soft, not under itself."""
    move = np.array([[1, 0, -light[0] * reach_px], [0, 1, max(-light[1], 0.25) * reach_px]], np.float64)
    fallen = cv2.warpAffine(alpha, move, alpha.shape[1::-1])
    soft: NDArray[np.float32] = np.asarray(cv2.GaussianBlur(fallen, (0, 0), max(0.6, 0.6 * reach_px)), np.float32)
    return soft
