"""What a cheap webcam and the light in a room do to a picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from proctor_models.synth.composites.layers import CANVAS_WH, Colour
from proctor_models.types import Image

LIGHTS = ("day", "warm", "dim", "backlight")


@dataclass(frozen=True)
class Look:
    """Light and camera of one recording; the frames of a clip share it."""

    light: str
    """One of `LIGHTS`."""
    person_gain: tuple[float, float, float]
    """Blue, green and red of the light on people and near things."""
    room_gain: tuple[float, float, float]
    """The same for what is behind them."""
    lean: float
    """How much brighter one side of a person is; negative is the left one."""
    noise: float
    """Standard deviation of the sensor's noise, in grey levels."""
    vignette: float
    """How much darker the corners are, 0 to 1."""
    softness_px: float
    """Blur of the lens, in frame pixels."""
    sharpen: float
    """What the camera does about it."""


def draw_look(rng: np.random.Generator) -> Look:
    """Choose light and camera."""
    light = str(rng.choice(LIGHTS, p=(0.55, 0.2, 0.14, 0.11)))
    warmth = rng.uniform(-0.05, 0.06) + (0.1 if light == "warm" else 0.0)
    tint = np.array([1 - warmth, 1.0, 1 + 0.7 * warmth])
    near, far = {"day": (1.0, 1.0), "warm": (0.94, 0.9), "dim": (0.52, 0.45), "backlight": (0.5, 1.3)}[light]
    near, far = near * rng.uniform(0.88, 1.08), far * rng.uniform(0.92, 1.06)
    return Look(
        light=light,
        person_gain=tuple((near * tint).tolist()),
        room_gain=tuple((far * tint).tolist()),
        lean=float(rng.uniform(-0.3, 0.3)),
        noise=float(rng.uniform(5.5, 8.5) if light == "dim" else rng.uniform(1.5, 4.0)),
        vignette=float(rng.uniform(0.0, 0.35)),
        softness_px=float(rng.uniform(0.35, 0.95)),
        sharpen=float(rng.uniform(0.0, 0.7)),
    )


def relight(picture: Colour, gain: tuple[float, float, float], lean: float = 0.0) -> Colour:
    """`picture` under coloured light, one side brighter by `lean`.

    >>> relight(np.full((1, 3, 3), 100, np.float32), (0.5, 1.0, 1.0))[0, 0].tolist()
    [50.0, 100.0, 100.0]
    """
    slope = 1 + lean * np.linspace(-1, 1, picture.shape[1], dtype=np.float32)
    lit = picture * slope[None, :, None] * np.asarray(gain, np.float32)
    # A sensor rolls off towards white instead of clipping.
    bright = np.where(lit > 215, 215 + (lit - 215) * 0.45, lit)
    return np.asarray(np.clip(bright, 0, 255), np.float32)


def glare(picture: Colour, strength: float) -> Colour:
    """The veil that a bright background lays over everything."""
    veil = cv2.GaussianBlur(cv2.resize(picture, (CANVAS_WH[0] // 8, CANVAS_WH[1] // 8)), (0, 0), 14)
    spread = cv2.resize(np.maximum(veil - 120, 0), CANVAS_WH)
    return np.asarray(np.clip(picture + strength * spread, 0, 255), np.float32)


def motion_blur(frame: Image, length_px: float, degrees: float) -> Image:
    """Blur along a direction, as a moving head or camera does."""
    reach = max(3, round(length_px) | 1)
    kernel = np.zeros((reach, reach), np.float32)
    middle = reach // 2
    way = np.array([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))]) * middle
    ends = [tuple(np.rint(middle + sign * way).astype(int).tolist()) for sign in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA)
    return np.asarray(cv2.filter2D(frame, -1, kernel / kernel.sum()), np.uint8)


def expose(frame: Image, look: Look, rng: np.random.Generator, moving: bool = False) -> Image:
    """The frame as the camera of `look` delivers it, same size.

    Args:
        frame: the ideal picture.
        look: light and camera.
        rng: noise, and the direction of movement.
        moving: whether something moved while the shutter was open.
    """
    if moving:
        frame = motion_blur(frame, float(rng.uniform(5, 13)), float(rng.uniform(0, 180)))
    picture = np.asarray(cv2.GaussianBlur(frame.astype(np.float32), (0, 0), look.softness_px), np.float32)
    picture += look.sharpen * (picture - np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.6), np.float32))
    height, width = frame.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    picture *= (1 - look.vignette * np.clip((x**2 + y**2) / 2, 0, 1) ** 1.3)[..., None]
    grain = rng.standard_normal((height, width, 1)).astype(np.float32) * look.noise
    colour = rng.standard_normal((height // 2, width // 2, 3)).astype(np.float32) * look.noise * 0.8
    picture += grain + np.asarray(cv2.resize(colour, (width, height)), np.float32)
    return np.asarray(np.clip(np.rint(picture), 0, 255), np.uint8)
