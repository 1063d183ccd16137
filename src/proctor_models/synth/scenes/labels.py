"""Labels from pixels: what the index picture shows of each thing, not what the plan meant to show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.types import SCENE_CLASSES

Plane = NDArray[np.float32]  # (height, width)
Indices = NDArray[np.uint8]  # (height, width): which part each pixel shows, 0 for none
Points = NDArray[np.float64]
Attribute = str | bool | float
Xyxy = tuple[int, int, int, int]  # pixels of the written frame, right and lower edge outside

# Share of a thing's own silhouette that must be seen, and pixels; small things need fewer.
MIN_SHARE: Mapping[str, float] = {"earphone": 0.10, "phone": 0.12, "book_paper": 0.12}
MIN_PIXELS: Mapping[str, int] = {"earphone": 12, "phone": 40, "person": 150, "mouse": 24, "remote": 24}
DEFAULT_SHARE, DEFAULT_PIXELS = 0.12, 40
FACE_SHARE = 0.28
"""Of the face's surface, forehead to chin and ear to ear, that must be seen; a profile shows about half of it."""
MIN_FACE_PX = 8
DEPTH_SLACK_M = 0.022
"""A fringe, a beard or glasses that stand no further before the skin do not hide a face."""
SPECK = 0.02
"""Connected pieces below this share of all visible pixels do not widen a box."""


@dataclass(frozen=True)
class Part:
    """One labelled thing in the index picture."""

    index: int
    label: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    owner: int = 0
    """Number of the person whose body, hair or dress it is; 0 for things."""
    silhouette_px: float = 0.0
    """What it would cover if nothing stood before it and the frame had no edge, pixels of the written frame."""


@dataclass(frozen=True)
class Head:
    """Where one face is in the picture, as points of its surface."""

    owner: int
    points: Points
    """(n, 3): x, y in pixels of the written frame, distance along the camera's axis in metres."""
    weights: NDArray[np.float64]
    """(n,) how much surface each point stands for."""
    ears: Points
    """(2, 3) left and right ear, as `points`."""
    pose_deg: tuple[float, float, float]
    """Yaw, pitch, roll relative to the camera."""
    mask: str = ""
    """Where a mask is worn: right, under_nose or chin; empty for none."""


@dataclass(frozen=True)
class Label:
    """One box."""

    label: str
    xyxy: Xyxy
    pixels: int
    share: float
    """Visible share of the thing."""
    attributes: Mapping[str, Attribute]
    instance: int
    """Its number in the instance mask; 0 for a face, which lies inside a person."""


def scaled(indices: Indices, size_wh: tuple[int, int]) -> Indices:
    """An index picture at another size; numbers are never mixed."""
    return np.asarray(cv2.resize(indices, size_wh, interpolation=cv2.INTER_NEAREST), np.uint8)


def tight_box(mask: NDArray[np.bool_]) -> Xyxy | None:
    """The box around the true pixels, specks left out; None where there are none.

    >>> mask = np.zeros((20, 30), bool)
    >>> mask[4:9, 10:20] = True
    >>> tight_box(mask)
    (10, 4, 20, 9)
    """
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count < 2:
        return None
    parts = stats[1:]
    kept = parts[parts[:, cv2.CC_STAT_AREA] >= SPECK * parts[:, cv2.CC_STAT_AREA].sum()]
    x0, y0 = kept[:, cv2.CC_STAT_LEFT], kept[:, cv2.CC_STAT_TOP]
    x1, y1 = x0 + kept[:, cv2.CC_STAT_WIDTH], y0 + kept[:, cv2.CC_STAT_HEIGHT]
    return int(x0.min()), int(y0.min()), int(x1.max()), int(y1.max())


def labels_of(indices: Indices, depth: Plane, parts: Iterable[Part], heads: Iterable[Head]) -> tuple[Label, ...]:
    """Every box of a frame: persons first, then faces, then things.

    Args:
        indices: which part each pixel of the written frame shows.
        depth: metres along the camera's axis, of the same size.
        parts: what the indices mean.
        heads: the faces of the scene.
    """
    parts = tuple(parts)
    found: list[Label] = []
    for owner in sorted({part.owner for part in parts if part.owner}):
        found += _person(indices, parts, owner)
    for head in heads:
        found += _face(indices, depth, parts, head)
    for part in parts:
        if part.label in SCENE_CLASSES and part.label not in ("person", "face", "face_masked"):
            found += _thing(indices, part)
    return tuple(found)


def instances(indices: Indices, parts: Iterable[Part]) -> Indices:
    """The instance mask that is written: each labelled thing its index, a person with hair and clothes one number."""
    parts = tuple(parts)
    table = np.zeros(256, np.uint8)
    for part in parts:
        if part.label in SCENE_CLASSES and not part.owner:
            table[part.index] = part.index
        elif part.owner:
            own = part.label in SCENE_CLASSES and part.label != "person"
            table[part.index] = part.index if own else person_index(parts, part.owner)
    return np.asarray(table[indices], np.uint8)


def person_index(parts: Iterable[Part], owner: int) -> int:
    """The number of a person in the instance mask: the smallest of their parts'."""
    return min(part.index for part in parts if part.owner == owner)


def seen_share(depth: Plane, points: Points, slack_m: float = DEPTH_SLACK_M) -> NDArray[np.bool_]:
    """Which points (n, 3) of a surface nothing hides: those at the depth that the picture shows there."""
    height, width = depth.shape
    x, y = np.floor(points[:, 0]).astype(int), np.floor(points[:, 1]).astype(int)
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height) & (points[:, 2] > 0)
    shown = depth[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    return np.asarray(inside & (shown > points[:, 2] - slack_m) & (shown < points[:, 2] + 4 * slack_m))


def _person(indices: Indices, parts: tuple[Part, ...], owner: int) -> list[Label]:
    own = [part for part in parts if part.owner == owner]
    mask = np.isin(indices, [part.index for part in own])
    pixels, box = int(mask.sum()), tight_box(mask)
    whole = max(sum(part.silhouette_px for part in own), 1.0)
    share = min(pixels / whole, 1.0)
    if box is None or pixels < _enough("person", indices):
        return []  # a hand or an arm at the edge of the frame is enough
    return [Label("person", box, pixels, round(share, 3), {}, person_index(parts, owner))]


def _enough(label: str, indices: Indices) -> float:
    """Pixels needed, at 640x480; fewer on a smaller frame."""
    wanted = MIN_PIXELS.get(label, DEFAULT_PIXELS)
    return wanted * min(1.0, max(indices.size / (640 * 480), 0.35))


def _thing(indices: Indices, part: Part) -> list[Label]:
    mask = np.asarray(indices == part.index)
    pixels = int(mask.sum())
    share = min(pixels / max(part.silhouette_px, 1.0), 1.0)
    box = tight_box(mask)
    if box is None or pixels < _enough(part.label, indices) or share < MIN_SHARE.get(part.label, DEFAULT_SHARE):
        return []
    return [Label(part.label, box, pixels, round(share, 3), dict(part.attributes), part.index)]


def _face(indices: Indices, depth: Plane, parts: tuple[Part, ...], head: Head) -> list[Label]:
    """The face: forehead hairline to chin and ear to ear, as far as it is seen.

    A mask, glasses and hair that lie on the face are part of it; a hand, a phone or the back of the head hide it.
    """
    seen = seen_share(depth, head.points)
    worn = [p.index for p in parts if p.owner == head.owner and p.label in ("mask", "glasses")]
    if worn:
        seen |= _under(indices, depth, head.points, worn)
    share = float(head.weights[seen].sum() / head.weights.sum())
    if share < FACE_SHARE:
        return []
    height, width = indices.shape
    points = head.points[seen]
    x0, y0 = np.floor(np.clip(points[:, :2].min(0), 0, (width, height))).astype(int)
    x1, y1 = np.ceil(np.clip(points[:, :2].max(0), 0, (width, height))).astype(int)
    if min(x1 - x0, y1 - y0) < MIN_FACE_PX:
        return []
    mask_seen = bool(head.mask) and _seen(indices, parts, head.owner, "mask") >= 0.01 * (x1 - x0) * (y1 - y0)
    attributes: dict[str, Attribute] = {"visible": round(share, 3)}
    if mask_seen:
        attributes["mask_incorrect"] = head.mask != "right"
    box = (int(x0), int(y0), int(x1), int(y1))
    name = "face_masked" if mask_seen else "face"
    return [Label(name, box, int((x1 - x0) * (y1 - y0)), round(share, 3), attributes, 0)]


def _under(indices: Indices, depth: Plane, points: Points, worn: list[int]) -> NDArray[np.bool_]:
    """Points right behind a mask or glasses."""
    height, width = indices.shape
    x = np.clip(np.floor(points[:, 0]).astype(int), 0, width - 1)
    y = np.clip(np.floor(points[:, 1]).astype(int), 0, height - 1)
    near = np.abs(depth[y, x] - points[:, 2]) < 3 * DEPTH_SLACK_M
    inside = (points[:, 0] >= 0) & (points[:, 0] < width) & (points[:, 1] >= 0) & (points[:, 1] < height)
    return np.asarray(np.isin(indices[y, x], worn) & near & inside)


def _seen(indices: Indices, parts: tuple[Part, ...], owner: int, label: str) -> int:
    wanted = [part.index for part in parts if part.owner == owner and part.label == label]
    return int(np.isin(indices, wanted).sum())


def ears_seen(depth: Plane, head: Head) -> tuple[bool, bool]:
    """Whether the left and the right ear are free: in the frame, with nothing before them."""
    left, right = seen_share(depth, head.ears, 0.02)[:2]
    return bool(left), bool(right)
