"""Beards: where they grow in the face texture, the shadow of shaven hair, and the strands of a grown beard."""

from __future__ import annotations

import functools

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.bodies.body import Points
from proctor_models.synth.scenes.bodies.skin import Lab, rgb_lab
from proctor_models.synth.scenes.plans.spec import Beard

Mask = NDArray[np.float32]
CHEEKS = (93, 177, 215, 213, 192, 214, 212, 216, 206, 203, 98, 97, 2, 326, 327, 423, 426, 436, 432, 434, 416, 433,
          435, 401, 323)  # fmt: skip
"""Upper edge of a beard, from ear to ear."""
JAW = (361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132)
MOUTH = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
UPPER_LIP = (216, 206, 203, 98, 97, 2, 326, 327, 423, 426, 436, 410, 270, 269, 267, 0, 37, 39, 40, 186)
LENGTHS_M: dict[Beard, tuple[float, float]] = {"full": (0.008, 0.020), "moustache": (0.006, 0.011)}


@functools.cache
def beard_mask(kind: Beard) -> Mask:
    """(SIZE, SIZE) where hair of that beard grows, 0 to 1; empty for none."""
    from proctor_models.synth.scenes.bodies.faces import SIZE, landmark_pixels, region

    if kind == "none":
        return np.zeros((SIZE, SIZE), np.float32)
    lips = region(MOUTH, 3, 2.0)
    if kind == "moustache":
        return np.asarray(region(UPPER_LIP, -3, 4.5) * (1 - lips), np.float32)
    outline = landmark_pixels(CHEEKS + JAW).astype(np.int32)
    made = np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(made, [outline], 255)
    for down in range(0, 56, 8):  # under the jaw it thins out towards the throat
        moved = outline + np.array([0, down], np.int32)
        layer = np.zeros_like(made)
        cv2.fillPoly(layer, [moved], 255 - 3 * down)
        made = np.maximum(made, layer)
    soft = cv2.GaussianBlur(cv2.erode(made, np.ones((7, 7))).astype(np.float32) / 255, (0, 0), 9)
    return np.asarray(soft * (1 - lips), np.float32)


def grow_stubble(lab: Lab, kind: Beard, colour: tuple[float, float, float], seed: int) -> Lab:
    """Darken the skin where a beard grows: strongly under a grown one, in fine dots under a shaven one."""
    if kind == "none":
        return lab
    rng = np.random.default_rng((seed, 9))
    mask = beard_mask("moustache" if kind == "moustache" else "full")
    dots = cv2.GaussianBlur(rng.random(mask.shape).astype(np.float32), (0, 0), 0.9)
    dots = np.clip((dots - 0.5) * 5 + 0.5, 0, 1)
    strength = {"stubble": float(rng.uniform(0.15, 0.36)), "moustache": 0.7, "full": 0.75}[kind]
    share = (mask * strength * (0.55 + 0.45 * dots))[..., None]
    hair = rgb_lab(colour)
    hair[0] = min(float(hair[0]) + 4, float(lab[8, 8, 0]) - 6)
    return np.asarray(lab * (1 - share) + hair * share, np.float32)


def beard_strands(
    kind: Beard, triangles: Points, uv: Points, seed: int, count: int = 2600
) -> NDArray[np.float32] | None:
    """Strands of a grown beard, (n, 6, 3) in rest coordinates; None where the beard has none.

    Args:
        kind: of beard.
        triangles: (t, 3, 3) skin of the head at rest, metres.
        uv: (t, 3, 2) their face texture coordinates.
        seed: of the person.
        count: strands of a full beard.
    """
    if kind not in LENGTHS_M:
        return None
    rng = np.random.default_rng((seed, 21))
    mask = beard_mask(kind)
    size = mask.shape[0]
    area = np.linalg.norm(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1)
    where = np.clip(uv.mean(1), 0, 0.999)
    grows = mask[((1 - where[:, 1]) * size).astype(int).clip(0, size - 1), (where[:, 0] * size).astype(int)]
    chance = area * grows * (uv.max((1, 2)) < 1)
    if chance.sum() <= 0:
        return None
    number = count if kind == "full" else count // 4
    chosen = rng.choice(len(triangles), number, p=chance / chance.sum())
    share = rng.dirichlet((1, 1, 1), number)
    roots = np.einsum("nk,nkc->nc", share, triangles[chosen])
    normal = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])[chosen]
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    low, high = LENGTHS_M[kind]
    length = float(rng.uniform(low, high)) * rng.uniform(0.6, 1.1, (number, 1))
    way = 0.45 * normal + np.array([0, -0.05, -0.8]) + rng.normal(0, 0.22, (number, 3))
    if kind == "moustache":
        way += np.stack([np.sign(roots[:, 0]) * 0.6, np.zeros(number), np.zeros(number)], 1)
    steps = np.linspace(0, 1, 6)[None, :, None]
    curl = rng.normal(0, 0.25, (number, 1, 3)) * steps**2
    return np.asarray(roots[:, None] + length[:, None] * (steps * way[:, None] + curl), np.float32)
