"""What a cheap webcam makes of light: exposure, white balance, tone, blur, noise, sharpening, JPEG.

The order is the camera's: optics and sensor work on linear light, the picture processor on what they deliver.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.errors import DataError
from proctor_models.synth.scenes.plans.spec import CameraSpec
from proctor_models.types import Image

Light = NDArray[np.float32]  # (height, width, 3), linear RGB
Plane = NDArray[np.float32]  # (height, width)
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
METERED = (0.46, 0.66)
"""Mean brightness, 0 to 1, that cameras expose for."""
FACE_MOST, FACE_LEAST = (0.52, 0.66), (0.20, 0.34)
"""Mean brightness between which cameras keep a face, as far as they heed it: dark skin stays dark."""
BALANCED = (0.45, 0.85)
"""How much of a colour cast the white balance takes out."""


def develop(
    light: Light, camera: CameraSpec, seed: int, exposure_ev: float = 0.0, subject: Plane | None = None
) -> Image:
    """The picture that the camera delivers.

    Args:
        light: linear light, of any size with the frame's aspect.
        camera: the camera.
        seed: chooses grain and the directions of blur and cover; the same seed, the same picture.
        exposure_ev: how wrong the exposure is, in stops.
        subject: the face, 0 to 1, of the size of `light`, that exposure does not burn out; None where there is none.

    Returns:
        The frame at `camera.resolution_wh`, blue-green-red.
    """
    rng = np.random.default_rng([seed, 11])
    size = camera.resolution_wh
    picture = np.clip(np.nan_to_num(light), 0, 16).astype(np.float32)
    picture = picture * np.float32(_gain(picture, camera, rng, exposure_ev, subject))
    picture = _resized(_balanced(picture, camera, float(rng.uniform(*BALANCED))), size)
    picture = _glare(picture, rng)
    picture *= _vignette(size, float(rng.uniform(0.05, 0.3)))[..., None]
    cover = cover_of(camera, seed)
    dark = np.array([0.010, 0.005, 0.004], np.float32) * np.float32(rng.uniform(0.3, 2.5))
    picture = picture * (1 - cover[..., None]) + dark * cover[..., None]
    picture = _blurred(picture, camera, rng)
    shown = _vivid(tone(_without_veil(picture, rng), camera.look), rng)
    shown += _grain(shown, camera, rng)
    shown += np.float32(rng.uniform(0.0, 0.7)) * (shown - _soft(shown, max(1.0, size[0] / 480)))
    return np.asarray(np.clip(np.rint(shown[..., ::-1] * 255), 0, 255), np.uint8)


def jpeg(image: Image, quality: int) -> bytes:
    """The picture as the camera's encoder writes it.

    Raises:
        DataError: it cannot be encoded.
    """
    fine, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not fine:
        raise DataError(f"frame of shape {image.shape}: cannot be encoded as JPEG")
    return bytes(encoded.tobytes())


def tone(light: Light, look: str) -> Light:
    """Linear light to display values in [0, 1].

    `Standard` is sRGB with a soft shoulder, `Filmic` Narkowicz's fit of the ACES curve (2016), `AgX` a flat sigmoid
    over stops.

    >>> grey = np.full((1, 1, 3), 0.18, np.float32)
    >>> [round(float(tone(grey, look)[0, 0, 0]), 2) for look in ("Standard", "Filmic", "AgX")]
    [0.46, 0.55, 0.46]
    """
    x = np.maximum(light, 0)
    if look == "AgX":
        stops = np.log2(x / 0.18 + 1e-4)
        return np.asarray(1 / (1 + np.exp(-(0.62 * stops - 0.15))), np.float32)
    if look == "Filmic":
        x = x * 1.0
        x = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)
    else:
        x = np.where(x > 0.7, 0.7 + 0.3 * np.tanh((x - 0.7) / 0.3), x)
    x = np.clip(x, 0, 1)
    return np.asarray(np.where(x < 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055), np.float32)


def cover_of(camera: CameraSpec, seed: int) -> Plane:
    """How much of each pixel's light the thing before the lens takes, 0 to 1, at the written resolution.

    >>> from proctor_models.synth.scenes.plans.plan import scene
    >>> float(cover_of(scene(1, 0).cameras[0], 3).max())
    0.0
    """
    width, height = camera.resolution_wh
    if camera.covered <= 0:
        return np.zeros((height, width), np.float32)
    rng = np.random.default_rng([seed, 12])
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    angle, bend = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.0, 0.5))
    along = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
    across = y * np.float32(np.cos(angle)) - x * np.float32(np.sin(angle))
    way = along + bend * across**2
    edge = np.quantile(way, min(camera.covered, 1.0))
    soft = np.float32(rng.uniform(0.03, 0.12))
    if camera.covered >= 0.97:
        return np.full((height, width), 0.985, np.float32)
    return np.asarray(1 / (1 + np.exp((way - edge) / soft)), np.float32)


def _gain(light: Light, camera: CameraSpec, rng: np.random.Generator, ev: float, subject: Plane | None) -> float:
    """What exposure multiplies light with, so that the metered part of the picture comes out as bright as wanted."""
    small = cv2.resize(light, (64, 48), interpolation=cv2.INTER_AREA)
    y, x = np.mgrid[-1:1:48j, -1:1:64j]
    weight = 0.15 + np.exp(-(x**2 + (y + 0.1) ** 2) / 0.5)
    wanted = float(np.clip(rng.uniform(*METERED) * 2 ** (0.45 * ev), 0.05, 0.7))
    gain = _solved(small, weight, wanted, camera.look)
    heed, most, least = float(rng.uniform(0.6, 1.0)), float(rng.uniform(*FACE_MOST)), float(rng.uniform(*FACE_LEAST))
    if subject is None or float(subject.sum()) < 12:
        return gain
    face = cv2.resize(subject.astype(np.float32), (64, 48), interpolation=cv2.INTER_AREA)
    face_wanted = float(np.clip(_level(small, face, gain, camera.look), least * 2 ** (0.3 * ev), most))
    return float(gain ** (1 - heed) * _solved(small, face, face_wanted, camera.look) ** heed)


def _solved(light: Light, weight: NDArray[np.floating[Any]], wanted: float, look: str) -> float:
    """The gain at which the weighted mean brightness is as wanted, by bisection."""
    low, high = np.log(1e-3), np.log(1e4)
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (middle, high) if _level(light, weight, float(np.exp(middle)), look) < wanted else (low, middle)
    return float(np.exp(low))


def _level(light: Light, weight: NDArray[np.floating[Any]], gain: float, look: str) -> float:
    """Weighted mean brightness as shown, 0 to 1."""
    shown = tone(light * np.float32(gain), look) @ LUMA
    return float((shown * weight).sum() / weight.sum())


def _balanced(light: Light, camera: CameraSpec, amount: float) -> Light:
    """Grey world over what is neither black nor clipped, not quite to the end, then the camera's own taste."""
    bright = light @ LUMA
    usable = light[(bright > 0.02) & (bright < 0.9)]
    mean = usable.mean(0) if len(usable) > 64 else np.ones(3, np.float32)
    cast = np.maximum(mean, 1e-4) / max(float(mean @ LUMA), 1e-4)
    taste = np.array([1 + 0.10 * camera.warmth, 1.0, 1 - 0.13 * camera.warmth])
    return np.asarray(light * (np.clip(cast, 0.4, 2.5) ** -amount * taste), np.float32)


def _resized(picture: Light, size_wh: tuple[int, int]) -> Light:
    if (picture.shape[1], picture.shape[0]) == size_wh:
        return picture
    return np.maximum(np.asarray(cv2.resize(picture, size_wh, interpolation=cv2.INTER_CUBIC), np.float32), 0)


def _glare(picture: Light, rng: np.random.Generator) -> Light:
    """A cheap lens spreads some of what is bright over everything near it."""
    small = cv2.resize(np.minimum(picture, 6), None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    wide = np.asarray(cv2.GaussianBlur(small, (0, 0), small.shape[1] * 0.06), np.float32)
    spread = np.asarray(cv2.resize(wide, (picture.shape[1], picture.shape[0])), np.float32)
    share = np.float32(rng.uniform(0.02, 0.10))
    return np.asarray(picture * (1 - share) + spread * share, np.float32)


def _without_veil(picture: Light, rng: np.random.Generator) -> Light:
    """The processor's black level: what the darkest parts have in common is taken off."""
    black = min(float(np.percentile(picture[::4, ::4].min(2), 1)), 0.06) * float(rng.uniform(0.4, 0.95))
    return np.asarray(np.maximum(picture - np.float32(black), 0), np.float32)


def _vivid(shown: Light, rng: np.random.Generator) -> Light:
    """More colour and contrast than was there, as buyers like it."""
    grey = (shown @ LUMA)[..., None]
    colourful = grey + (shown - grey) * np.float32(rng.uniform(1.0, 1.35))
    clipped = np.clip(colourful, 0, 1)
    steeper = clipped * clipped * (3 - 2 * clipped) - clipped
    return np.asarray(colourful + np.float32(rng.uniform(0.0, 0.5)) * steeper, np.float32)


def _vignette(size_wh: tuple[int, int], strength: float) -> Plane:
    y, x = np.mgrid[-1 : 1 : size_wh[1] * 1j, -1 : 1 : size_wh[0] * 1j].astype(np.float32)
    return np.asarray(1 - strength * ((x**2 + y**2) / 2) ** 1.4, np.float32)


def _soft(picture: Light, sigma: float) -> Light:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)


def _blurred(picture: Light, camera: CameraSpec, rng: np.random.Generator) -> Light:
    """Out of focus, and moved while the shutter was open."""
    if camera.blur_px > 0.2:
        picture = _soft(picture, camera.blur_px)
    angle = float(rng.normal(0, 0.5))
    if camera.motion_px >= 1:
        span = int(np.ceil(camera.motion_px)) | 1
        kernel = np.zeros((span, span), np.float32)
        middle, reach = span // 2, camera.motion_px / 2
        for t in np.linspace(-reach, reach, 4 * span):
            x, y = round(middle + t * np.cos(angle)), round(middle + t * np.sin(angle))
            kernel[min(max(y, 0), span - 1), min(max(x, 0), span - 1)] += 1
        picture = np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.float32)
    return picture


def _grain(shown: Light, camera: CameraSpec, rng: np.random.Generator) -> Light:
    """Noise in blotches, stronger in the dark, coarser in colour."""
    height, width = shown.shape[:2]
    bright = (shown @ LUMA)[..., None]
    amount = np.float32(camera.noise) * (1.5 - bright)
    luma = _even(rng.standard_normal((height, width, 1)).astype(np.float32), float(rng.uniform(0.4, 0.9)))
    coarse = rng.standard_normal((height // 2, width // 2, 3)).astype(np.float32)
    colour = np.asarray(cv2.resize(_even(coarse, 0.7), (width, height)), np.float32)
    return np.asarray(amount * (0.8 * luma + 0.8 * colour), np.float32)


def _even(noise: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Blurred noise of unit strength."""
    soft = np.asarray(cv2.GaussianBlur(noise, (0, 0), sigma), np.float32).reshape(noise.shape)
    return soft / max(float(soft.std()), 1e-6)
