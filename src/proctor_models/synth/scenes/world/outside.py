"""What a window shows: crops of the panoramas that Blender ships (CC0), or lamps in the night. Needs `bpy`."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import bpy
import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.synth.scenes.plans.measures import chance
from proctor_models.synth.scenes.world import scenery
from proctor_models.types import Image

DAYLIGHT = ("city", "courtyard", "forest", "sunrise", "sunset")
VIEWS = 12
"""How many different views there are."""


@cache
def panorama(name: str) -> NDArray[np.float32]:
    """(h, w, 3) RGB in linear light, the horizon across the middle.

    Raises:
        FileNotFoundError: this build of Blender ships no such panorama.
    """
    path = Path(bpy.utils.system_resource("DATAFILES", path="studiolights/world")) / f"{name}.exr"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: Blender's panorama {name!r} is missing; install bpy 4.5 from its wheel")
    read = bpy.data.images.load(str(path))
    pixels = np.empty(len(read.pixels), np.float32)
    read.pixels.foreach_get(pixels)
    width, height = read.size
    bpy.data.images.remove(read)
    return pixels.reshape(height, width, -1)[::-1, :, :3].copy()


def view(which: int) -> Image:
    """What is outside window number `which` by day, 70 degrees across; bright, as a camera indoors sees it."""
    rng = chance(which, "outside")
    wide = panorama(DAYLIGHT[which % len(DAYLIGHT)])
    height, width = wide.shape[:2]
    heading, tilt = rng.uniform(0, 2 * math.pi), math.radians(rng.uniform(0, 12))
    x, y = np.meshgrid(np.linspace(-0.7, 0.7, 160), np.linspace(0.75, -0.75, 170))
    down, ahead = y * math.cos(tilt) + math.sin(tilt), math.cos(tilt) - y * math.sin(tilt)
    longitude = heading + np.arctan2(x, ahead)
    latitude = np.arctan2(down, np.hypot(x, ahead))
    u = (longitude / (2 * math.pi)) % 1 * (width - 1)
    v = (0.5 - latitude / math.pi) * (height - 1)
    seen = cv2.remap(wide, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR)
    seen = seen / max(float(np.percentile(seen, 80)), 1e-3)
    seen = cv2.GaussianBlur(np.minimum(seen, 4), (0, 0), 0.8) ** (1 / 2.2)
    return np.asarray(np.clip(seen[..., ::-1] * 235, 0, 255), np.uint8)


def night(which: int) -> Image:
    """The same by night: nearly black, a few lit windows."""
    rng = chance(which, "night")
    picture = (18 + 16 * scenery.smooth(rng, (160, 170), (2, 3), 3)).astype(np.uint8)
    picture[..., 0] += 10
    for _ in range(int(rng.integers(2, 16))):
        x, y = int(rng.integers(0, 156)), int(rng.integers(50, 164))
        cv2.rectangle(picture, (x, y), (x + 3, y + 5), (90, 170, 220), -1)
    return picture
