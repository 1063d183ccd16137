"""Materials of the room and its things, made once a scene; their pictures are drawn once a process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import bpy
import numpy as np

from proctor_models.synth.scenes import blend
from proctor_models.synth.scenes.blend import Rgb
from proctor_models.types import Image

SHINES = "shines"
"""Custom property of a material that shines: what kind of light source it is; see `lights`."""
_PICTURES_KEPT = 160
_pictures: OrderedDict[str, Image] = OrderedDict()


def paint(colour: Rgb, roughness: float = 0.6, *, metallic: float = 0.0, coat: float = 0.0, sheen: float = 0.0) -> Any:
    """A plain colour; the same call gives the same material."""
    name = (
        f"paint {colour[0]:.3f} {colour[1]:.3f} {colour[2]:.3f} {roughness:.2f} {metallic:.2f} {coat:.2f} {sheen:.2f}"
    )
    found = bpy.data.materials.get(name)
    return found or blend.material(name, colour, roughness, metallic=metallic, coat=coat, sheen=sheen)


def drawn(key: str, draw: Callable[[], Image]) -> Image:
    """The picture of that name, drawn now or earlier."""
    if key not in _pictures:
        _pictures[key] = draw()
        if len(_pictures) > _PICTURES_KEPT:
            _pictures.popitem(last=False)
    _pictures.move_to_end(key)
    return _pictures[key]


def pictured(
    key: str,
    draw: Callable[[], Image],
    roughness: float = 0.6,
    *,
    coat: float = 0.0,
    sheen: float = 0.0,
) -> Any:
    """A material with a picture on it; `key` names the picture for good: what is drawn, and the seed."""
    found = bpy.data.materials.get(key)
    if found:
        return found
    return blend.material(key, (0.8, 0.8, 0.8), roughness, image=_image(key, draw), coat=coat, sheen=sheen)


def shining(key: str, draw: Callable[[], Image] | None, kind: str, colour: Rgb = (1.0, 1.0, 1.0)) -> Any:
    """A material that gives light: a screen, a bulb, a window; `lights.build_light` says how much.

    It is seen and mirrored; the light that it throws comes from lamps, which are far less noisy.
    """
    found = bpy.data.materials.get(key)
    if found:
        return found
    glass = kind in ("screen", "phone_screen")
    base = (0.02, 0.02, 0.02)
    if glass:
        base = (0.004, 0.004, 0.005)
    elif kind in ("ceiling", "shade"):  # seen by other light as well
        base = (0.6 * colour[0], 0.6 * colour[1], 0.6 * colour[2])
    made = blend.material(key, base, 0.09 if glass else 0.6, coat=0.5 if glass else 0.0)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    shader = nodes["Principled BSDF"]
    shader.inputs["Emission Color"].default_value = (*colour, 1.0)
    shader.inputs["Emission Strength"].default_value = 0.8
    if draw is not None:
        texture = nodes.new("ShaderNodeTexImage")
        texture.image = _image(key, draw)
        links.new(texture.outputs["Color"], shader.inputs["Emission Color"])
    made[SHINES] = kind
    made.cycles.emission_sampling = "NONE"
    return made


def _image(key: str, draw: Callable[[], Image]) -> Any:
    """Blender's picture; not packed, because a scene lives no longer than the process."""
    found = bpy.data.images.get(key)
    if found:
        return found
    bgr = drawn(key, draw)
    height, width = bgr.shape[:2]
    made = bpy.data.images.new(key, width, height)
    pixels = np.ones((height, width, 4), np.float32)
    pixels[..., :3] = bgr[::-1, :, ::-1].astype(np.float32) / 255
    made.pixels.foreach_set(pixels.ravel())
    made.update()
    return made
