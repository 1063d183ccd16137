"""Photographs of earphones with transparency, fitted onto heads that look at the camera.

A folder of them is the user's own; what a file is good for is read from its shape: headphones seen from the front are
nearly symmetrical, and an earphone on a cable touches the lower edge with nothing but the cable.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.errors import DataError
from proctor_models.synth.composites.layers import Layer, Plane, polygon
from proctor_models.synth.faces.ears import Ear
from proctor_models.synth.faces.head import Head
from proctor_models.synth.faces.look import Look

MAX_YAW_DEG = 12.0
SYMMETRICAL = 0.8
"""Smallest overlap (intersection over union) of headphones with their mirror image."""
HEAD_HALF_CM = 7.2
MAX_WIDE = 1.76
"""Largest width over the distance between both cups: cups of wider ones lean in too far to lie on a head."""
BUD_CM = 1.9
"""Height of the part of an earphone above its cable."""


@dataclass(frozen=True)
class Cutouts:
    """What a folder of cut-outs holds."""

    headphones: tuple[Layer, ...] = ()
    buds: tuple[Layer, ...] = ()
    """Earphones on a cable that leaves downwards; the tip that goes into the ear points right."""


def read_cutouts(folder: Path) -> Cutouts:
    """Read every PNG file of a folder.

    Raises:
        DataError: no such folder, no PNG file with transparency in it, or one that cannot be decoded.
    """
    files = sorted(folder.glob("*.png"))
    if not files:
        raise DataError(f"{folder}: expected PNG files with transparency, found none; name another --cutouts")
    headphones: list[Layer] = []
    buds: list[Layer] = []
    for path in files:
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if picture is None or picture.ndim != 3 or picture.shape[2] != 4:
            raise DataError(f"{path}: expected a PNG file with transparency; mend it or take it out of the folder")
        layer = Layer(picture[..., :3].astype(np.float32), picture[..., 3].astype(np.float32) / 255)
        if is_front_view(layer):
            headphones.append(_trimmed(layer))
        else:
            buds += [bud for bud in parts_of(layer) if bud is not None]
    return Cutouts(tuple(headphones), tuple(buds))


def _trimmed(layer: Layer) -> Layer:
    rows, columns = (np.flatnonzero((layer.alpha > 0.5).any(axis)) for axis in (1, 0))
    part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return Layer(layer.bgr[part], layer.alpha[part])


def is_front_view(layer: Layer) -> bool:
    """Whether a cut-out shows headphones from the front: symmetrical, and nothing in the middle where the head goes."""
    if not (layer.alpha > 0.5).any():
        return False
    solid = _trimmed(layer).alpha > 0.5
    high, wide = solid.shape
    mirrored = solid[:, ::-1]
    columns = np.nonzero(solid[int(0.55 * high) :])[1]
    left, right = columns[columns < wide / 2], columns[columns >= wide / 2]
    if not (left.size and right.size) or wide > MAX_WIDE * (right.mean() - left.mean()):
        return False
    overlap = float((solid & mirrored).sum()) / max(float((solid | mirrored).sum()), 1.0)
    middle = solid[int(0.35 * high) : int(0.75 * high), int(0.46 * wide) : int(0.54 * wide)]
    return overlap >= SYMMETRICAL and 0.75 < high / wide < 1.4 and float(middle.mean()) < 0.2


def parts_of(layer: Layer) -> list[Layer | None]:
    """Single earphones of a cut-out, tip to the right; None for a part that shows something else."""
    solid = (layer.alpha > 0.5).astype(np.uint8)
    count, names, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    found: list[Layer | None] = []
    for i in range(1, count):
        x, y, wide, high, area = stats[i].tolist()
        if area < 0.01 * solid.size:
            continue
        part = (slice(y, y + high), slice(x, x + wide))
        alpha = np.where(names[part] == i, layer.alpha[part], 0).astype(np.float32)
        found.append(_bud(Layer(layer.bgr[part], alpha)))
    return found


def _bud(layer: Layer) -> Layer | None:
    """The part above a cable that leaves at the lower edge."""
    widths = (layer.alpha > 0.5).sum(1)
    cable = float(np.median(widths[int(0.9 * len(widths)) :]))
    if cable > 0.3 * float(widths.max()) or cable < 1:
        return None
    thick = np.flatnonzero(widths > 2.2 * cable)
    end = min(int(thick[-1] + 0.12 * len(widths)), len(widths))
    if end > 0.75 * len(widths):
        return None
    columns = np.flatnonzero((layer.alpha[:end] > 0.5).any(0))
    cable_x = float(np.flatnonzero(layer.alpha[min(end, len(widths) - 1)] > 0.5).mean())
    to_right = columns[-1] - cable_x >= cable_x - columns[0]
    part = Layer(layer.bgr[:end, columns[0] : columns[-1] + 1], layer.alpha[:end, columns[0] : columns[-1] + 1])
    if to_right:
        return part
    return Layer(np.ascontiguousarray(part.bgr[:, ::-1]), np.ascontiguousarray(part.alpha[:, ::-1]))


def worn_headphones(cutout: Layer, head: Head, look: Look, crown_cm: float, size_wh: tuple[int, int]) -> Layer:
    """Headphones fitted by three points: both cups onto the ears, the band over the hair."""
    wide, high = cutout.size_wh
    low = cutout.alpha[int(0.55 * high) :]
    y, x = np.nonzero(low > 0.5)
    y = y + int(0.55 * high)
    left, right = x < wide / 2, x >= wide / 2
    own = np.array([[x[left].mean(), y[left].mean()], [x[right].mean(), y[right].mean()], [wide / 2, 0]], np.float32)
    goal = head.space.seen_at([(-8.9, -0.4, -1.4), (8.9, -0.4, -1.4), (0, crown_cm + 0.9, -1.4)])
    way = np.vstack([cv2.getAffineTransform(own, goal), [0, 0, 1]])
    worn = lit(cutout.warped(way, size_wh), look, head.face_px)
    # Cups that lean inwards on a table lie flat on a head, and the head hides what would be inside it.
    corners = [(-HEAD_HALF_CM, 5, 0), (HEAD_HALF_CM, 5, 0), (HEAD_HALF_CM, -12, 0), (-HEAD_HALF_CM, -12, 0)]
    hidden = polygon(head.space.seen_at(corners), size_wh, max(0.3, 0.1 * head.space.px_per_cm))
    return Layer(worn.bgr, worn.alpha * (1 - hidden))


def worn_bud(
    cutout: Layer, ear: Ear, head: Head, look: Look, size_wh: tuple[int, int]
) -> tuple[Layer, NDArray[np.float32]]:
    """An earphone in an ear, and where its cable goes on, (2,) in pixels."""
    wide, high = cutout.size_wh
    scale = BUD_CM * head.space.px_per_cm / high
    mirror = -float(ear.side)
    across, up = head.space.axes[0, :2], head.space.axes[1, :2]
    columns = np.stack([across * mirror, -up], 1) * scale
    pivot = np.array([0.5 * wide, 0.35 * high])
    place = head.space.seen_at(ear.canal + np.array([0.25 * ear.side, -0.15, 0]))[0]
    way = np.eye(3)
    way[:2, :2] = columns
    way[:2, 2] = place - columns @ pivot
    bottom = np.flatnonzero(cutout.alpha[-2] > 0.5)
    end = columns @ [float(bottom.mean()) if bottom.size else 0.5 * wide, high - 1.0] + way[:2, 2]
    return lit(cutout.warped(way, size_wh), look, head.face_px), np.asarray(end, np.float32)


def lit(layer: Layer, look: Look, face_px: float) -> Layer:
    """A studio photograph in the light of a frame: as bright as white would be there, brighter towards the light."""
    white = np.asarray(look.white, np.float32) / 255
    slope = _slope(layer.alpha, look.light, face_px) * np.float32(0.5 * look.share)
    return Layer(np.asarray(np.clip(layer.bgr * white * (1 + slope)[..., None], 0, 255), np.float32), layer.alpha)


def _slope(alpha: Plane, light: tuple[float, float, float], face_px: float) -> Plane:
    """-1 on the far side of a thing from the light, 1 on the near side."""
    rows, columns = np.nonzero(alpha > 0.5)
    if not rows.size:
        return np.zeros_like(alpha)
    y, x = np.mgrid[0 : alpha.shape[0], 0 : alpha.shape[1]].astype(np.float32)
    along = (x - columns.mean()) * light[0] + (y - rows.mean()) * light[1]
    return np.asarray(np.clip(along / max(0.6 * face_px, 1.0), -1, 1), np.float32)
