"""Face textures: a generated portrait's detail, warped onto the base mesh and laid over the person's skin tone.

The texture has coordinates of its own (`project`): the base mesh, unrolled about the head's axis. Its rim is the plain
tone, which the whole body takes by clamping. Needs numpy, OpenCV, scipy; portraits need `openpeople` and MediaPipe.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.bodies.beards import beard_mask, grow_stubble
from proctor_models.synth.scenes.bodies.body import Ints, Points
from proctor_models.synth.scenes.bodies.portraits import read_portrait
from proctor_models.synth.scenes.bodies.skin import (
    Lab,
    bgr_to_lab,
    detail,
    lab_to_bgr,
    retone,
    rgb_lab,
    spread,
    tone_lab,
)
from proctor_models.synth.scenes.plans.spec import Beard

SIZE = 768
"""Pixels a side: 3.3 a millimetre, more than a webcam shows."""
AXIS_Y, CENTRE_Z, RADIUS, WINDOW = -0.03, 0.7034, 0.085, 0.23
"""Where the head's axis stands, the window's middle, how far a radian goes, and what the window spans; metres."""
BEARDED = ("P005",)
SHAVEN = "P008"
"""Whose lower face a bearded portrait gets for a person without a beard."""
OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
    136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
EYES = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
)
BROWS = ((70, 63, 105, 66, 107, 55, 65, 52, 53, 46), (300, 293, 334, 296, 336, 285, 295, 282, 283, 276))
LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
NOSE = (98, 97, 2, 326, 327, 278, 279, 456, 248, 195, 3, 236, 49, 48)
Mask = NDArray[np.float32]


@dataclass(frozen=True)
class FaceLook:
    """What a face texture depends on."""

    portrait: str
    tone: int
    jitter: tuple[float, float, float]
    """Of the tone, in Lab."""
    brows: tuple[float, float, float]
    """Linear RGB of brows and beard."""
    beard: Beard
    seed: int


def project(points: Points) -> Points:
    """Texture coordinates (n, 2) of points of the unshaped base mesh, u to the person's left, v up.

    >>> project(np.array([[0.0, -0.15, 0.7034]])).round(3).tolist()
    [[0.5, 0.5]]
    """
    angle = np.arctan2(points[:, 0], AXIS_Y - points[:, 1])
    return np.stack([0.5 + angle * RADIUS / WINDOW, 0.5 + (points[:, 2] - CENTRE_Z) / WINDOW], 1)


def corner_uv(reference: Points, faces: Ints, head: NDArray[np.bool_]) -> Points:
    """(m, 4, 2) texture coordinates of face corners; outside the head and behind it, the plain rim."""
    uv = project(reference)
    corners = uv[faces]
    seam = np.ptp(corners[..., 0], axis=1) > 0.5 * 2 * np.pi * RADIUS / WINDOW
    corners[seam | ~head[faces].all(1)] = (2.0, 2.0)
    return np.asarray(corners)


@functools.cache
def landmark_uv() -> tuple[Ints, Points]:
    """Numbers of the landmarks that the texture knows, and their (n, 2) coordinates."""
    path = Path(__file__).with_name("face_landmarks.csv")
    table = np.loadtxt(path, delimiter=",", comments="#")
    return table[:, 0].astype(np.int64), table[:, 1:]


def landmark_pixels(numbers: tuple[int, ...]) -> Ints:
    """(k, 2) pixels of landmarks in the texture; those it does not know are skipped."""
    known, uv = landmark_uv()
    place = {int(number): uv[row] for row, number in enumerate(known)}
    found = np.array([place[number] for number in numbers if number in place])
    return np.stack([found[:, 0] * SIZE, (1 - found[:, 1]) * SIZE], 1).astype(np.int64)


@functools.cache
def region(numbers: tuple[int, ...], grow: int = 0, soft: float = 0.0) -> Mask:
    """(SIZE, SIZE) mask of the hull of landmarks, grown and softened by pixels."""
    made = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(made, [landmark_pixels(numbers).astype(np.int32)], 255)
    if grow:
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(grow) + 1,) * 2)
        made = (cv2.dilate if grow > 0 else cv2.erode)(made, kernel)
    mask = made.astype(np.float32) / 255
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), soft) if soft else mask, np.float32)


@functools.cache
def portrait(code: str) -> NDArray[np.uint8]:
    """A portrait, warped into the face texture, BGR.

    Raises:
        ConfigError: openpeople or MediaPipe is missing, or the portrait has no face.
    """
    from scipy.interpolate import LinearNDInterpolator

    picture, points = read_portrait(code)
    numbers, uv = landmark_uv()
    coarse = 256
    steps = (np.arange(coarse) + 0.5) / coarse
    u, v = np.meshgrid(steps, 1 - steps)
    where = LinearNDInterpolator(uv, points[numbers])(np.stack([u, v], -1))
    filled = np.nan_to_num(where, nan=-1.0).astype(np.float32)
    inside = cv2.resize((~np.isnan(where[..., 0])).astype(np.float32), (SIZE, SIZE)) > 0.999
    fine = cv2.resize(filled, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    warped = cv2.remap(picture, fine[..., 0], fine[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    warped[~inside] = 0
    return np.asarray(warped)


@dataclass(frozen=True)
class Source:
    """What the face texture takes from a portrait, whoever wears it."""

    fine: Lab
    drift: Lab
    """(SIZE // 4, SIZE // 4, 3)."""
    own_l: float
    mask: Mask
    plain: Mask
    """Where `mask` is skin without features."""
    brows: Mask
    """How much of a pixel is brow hair."""


@functools.cache
def _source(code: str) -> Source:
    picture = portrait(code)
    lab, mask = bgr_to_lab(picture), _face_mask(picture)
    if code in BEARDED:
        other = bgr_to_lab(portrait(SHAVEN))
        swap = np.clip(beard_mask("full") * 1.6, 0, 1)[..., None]
        lab = lab * (1 - swap) + swap * (other + _mean(lab, mask) - _mean(other, mask))
    features = np.clip(_union(BROWS, 9, 4.0) + _union(EYES, 8, 3.0) + region(LIPS, 3, 2.0) + region(NOSE, 5, 3.0), 0, 1)
    plain = mask * (1 - features)
    fine, drift = detail(lab, plain)
    fine -= 0.85 * spread(fine, plain, 30.0)  # what is still paler or darker over a cheek's breadth
    brows = np.clip((-fine[..., 0] - 5) / 26, 0, 1) * _union(BROWS, 9, 4.0) * (1 - _union(EYES, 6, 2.0))
    small = cv2.resize(drift, (SIZE // 4, SIZE // 4), interpolation=cv2.INTER_AREA)
    return Source(fine, small, float(_mean(lab, plain)[0]), mask, plain, np.asarray(brows, np.float32))


@functools.lru_cache(maxsize=16)
def face_texture(look: FaceLook) -> tuple[NDArray[np.uint8], Lab]:
    """The face in the person's tone, (SIZE, SIZE, 3) BGR with a plain rim, and the tone in Lab.

    Raises:
        ConfigError: openpeople or MediaPipe is missing, or the portrait has no face.
    """
    tone = tone_lab(look.tone, look.jitter)
    source = _source(look.portrait)
    drift = cv2.resize(source.drift, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    painted = retone(source.fine, drift, tone, source.own_l)
    painted += tone - _mean(painted, source.plain)  # as a whole the face is neither paler nor darker than the arms
    painted = _colour_brows(painted, source.brows, tone, look.brows)
    painted = _colour_lips(painted, region(LIPS, 3, 2.0), tone)
    painted = _close_eyes(painted, tone)
    painted += _blush(look.seed, tone)
    out = tone + source.mask[..., None] * (painted - tone)
    out = grow_stubble(out, look.beard, look.brows, look.seed)
    return lab_to_bgr(_plain_rim(out, tone)), tone


def _mean(lab: Lab, mask: Mask) -> Lab:
    return np.asarray((lab * mask[..., None]).sum((0, 1)) / mask.sum())


@functools.cache
def _union(parts: tuple[tuple[int, ...], ...], grow: int, soft: float) -> Mask:
    return np.asarray(np.maximum(region(parts[0], grow, soft), region(parts[1], grow, soft)))


def _face_mask(source: NDArray[np.uint8]) -> Mask:
    """1 well inside the face, falling softly to its rim; hair that hangs into the rim is left out."""
    oval = region(OVAL) * (source.max(2) > 0)
    distance = cv2.distanceTransform((oval * 255).astype(np.uint8), cv2.DIST_L2, 5)
    inside = np.clip((distance - 8) / 62, 0, 1)
    lab = cv2.GaussianBlur(bgr_to_lab(source), (0, 0), 4)
    skin = np.median(lab[distance > 112], axis=0)
    far = np.linalg.norm((lab - skin) * (0.7, 1, 1), axis=2)
    kept = np.maximum(_union(BROWS, 16, 4.0), _union(EYES, 16, 4.0))
    rim = np.clip((128 - distance) / 45, 0, 1) * (1 - kept)
    hair = cv2.dilate(np.clip((far - 20) / 8, 0, 1) * rim, np.ones((11, 11)))
    hair = np.clip(cv2.GaussianBlur(hair, (0, 0), 7) * 1.4, 0, 1) * (1 - kept)
    mask = inside * inside * (3 - 2 * inside) * (1 - hair)
    return np.asarray(mask, np.float32)


def _colour_brows(lab: Lab, share: Mask, tone: Lab, colour: tuple[float, float, float]) -> Lab:
    """Brows take the hair's colour, never lighter than the skin."""
    hair = rgb_lab(colour)
    dark = min(float(hair[0]) + 5, float(tone[0]) - 9)
    wanted = np.array([dark, tone[1] + 0.7 * (hair[1] - tone[1]), tone[2] + 0.7 * (hair[2] - tone[2])], np.float32)
    around = _union(BROWS, 9, 4.0)[..., None] * (1 - _union(EYES, 6, 2.0)[..., None])
    flat = lab.copy()
    flat[..., 0] = np.maximum(flat[..., 0], tone[0] - 7)
    clean = lab + around * (flat - lab)
    mixed = (0.88 * share)[..., None]
    return np.asarray(clean * (1 - mixed) + wanted * mixed, np.float32)


def _colour_lips(lab: Lab, mask: Mask, tone: Lab) -> Lab:
    """Lips: redder and darker than the skin on light faces, browner on dark ones."""
    light = float(np.clip((tone[0] - 25) / 50, 0, 1))
    wanted = np.array([-8 - 4 * light, 3.5 + 6 * light, 0.5 - 1.5 * light], np.float32)
    middle = np.median(lab[mask > 0.9], axis=0) - tone
    shift = 0.9 * (wanted - middle)
    return np.asarray(lab + mask[..., None] * shift, np.float32)


def _close_eyes(lab: Lab, tone: Lab) -> Lab:
    """The photographed eye gives way to lid skin: the eyeball is a thing of its own."""
    hole = _union(EYES, 1, 1.5)[..., None]
    rim = (_union(EYES, 4, 2.5) - _union(EYES, 0, 1.5)).clip(0, 1)[..., None]
    lid = tone + np.array([-9, 5, 0], np.float32)
    made = lab * (1 - hole) + lid * hole
    return np.asarray(made + rim * np.array([-4, 1.5, 0], np.float32), np.float32)


def _blush(seed: int, tone: Lab) -> Lab:
    """Blood under cheeks, nose and chin, and fine mottling."""
    rng = np.random.default_rng((seed, 5))
    small = SIZE // 8
    made = np.zeros((small, small, 3), np.float32)
    for number, size, amount in ((50, 6, 2.6), (280, 6, 2.6), (4, 4, 2.4), (152, 4, 1.2)):
        x, y = landmark_pixels((number,))[0] / 8
        spot = np.zeros((small, small), np.float32)
        cv2.circle(spot, (int(x), int(y)), size, 1.0, -1)
        made[..., 1] += cv2.GaussianBlur(spot, (0, 0), size * 0.6) * amount * float(rng.uniform(0.4, 1.2))
    mottle = cv2.GaussianBlur(rng.normal(size=(2 * small, 2 * small, 3)).astype(np.float32), (0, 0), 2.0)
    whole = cv2.resize(made, (SIZE, SIZE)) + cv2.resize(mottle, (SIZE, SIZE)) * np.array([3.5, 2.0, 1.5], np.float32)
    return np.asarray(whole * float(np.clip(tone[0] / 65, 0.4, 1.0)), np.float32)


def _plain_rim(lab: Lab, tone: Lab, width: int = 24) -> Lab:
    """Fade to the tone at the border, which everything outside repeats."""
    ramp = np.clip((np.minimum(np.arange(SIZE), SIZE - 1 - np.arange(SIZE)) - 2) / width, 0, 1).astype(np.float32)
    inner = np.minimum(ramp[:, None], ramp[None, :])[..., None]
    return np.asarray(tone + inner * (lab - tone), np.float32)
