"""A drawn head with ears, the landmarks MediaPipe would find on it, and a stand-in that finds it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from proctor_models.data.manifest import BoxLabel, FrameRecord, Manifest
from proctor_models.synth.faces.head import Head
from proctor_models.synth.faces.look import Look, measure
from proctor_models.synth.faces.paint import Picture
from proctor_models.types import Image
from synth.composites.faces import landmarks

SIZE_WH = (320, 240)
CENTRE, HALF_WH = (160.0, 112.0), (37.0, 46.0)
FACE = (123.0, 66.0, 197.0, 158.0)
SKIN, HAIR, WALL, SHIRT = (120, 150, 200), (24, 26, 30), (190, 170, 140), (70, 40, 30)


def head(yaw_deg: float = 0.0, centre: tuple[float, float] = CENTRE) -> Head:
    """The face of `portrait`, or what it would be turned to the side."""
    flat = landmarks(centre, HALF_WH)
    mesh = np.column_stack([flat, np.zeros(len(flat))])
    # Down the middle of the face: the tip of the nose, and where skin is looked for.
    mesh[4, :2] = centre[0], centre[1] + 8
    # The corners of the eyes and the bridge of the nose, which lie before the ears.
    for index, x, z in ((33, -22, -24), (133, -9, -28), (362, 9, -28), (263, 22, -24), (168, 0, -34)):
        mesh[index] = centre[0] + x, centre[1] - 8, z
    angle = np.deg2rad(yaw_deg)
    across, depth = mesh[:, 0] - centre[0], mesh[:, 2].copy()
    mesh[:, 0] = centre[0] + across * np.cos(angle) - depth * np.sin(angle)
    mesh[:, 2] = across * np.sin(angle) + depth * np.cos(angle)
    return Head(mesh.astype(np.float32))


def portrait(hair: str = "short", person: int = 0) -> Image:
    """Head and shoulders before a wall; `hair` is "short", or "long" over both ears."""
    rng = np.random.default_rng(person)
    image = np.full((SIZE_WH[1], SIZE_WH[0], 3), WALL, np.uint8)
    image[:, :, 1] += rng.integers(0, 40, dtype=np.uint8)
    coarse = cv2.resize(rng.integers(0, 60, (5, 6, 3)).astype(np.uint8), SIZE_WH, interpolation=cv2.INTER_CUBIC)
    image = cv2.subtract(image, coarse)
    x, y = (int(v) for v in CENTRE)
    cv2.rectangle(image, (x - 80, y + 66), (x + 80, SIZE_WH[1] - 1), SHIRT, -1)
    cv2.rectangle(image, (x - 16, y + 30), (x + 16, y + 70), SKIN, -1)
    cv2.ellipse(image, (x, y - 8), (42, 50), 0, 180, 360, HAIR, -1)
    for side in (-1, 1):
        cv2.ellipse(image, (x + side * 40, y), (7, 15), 0, 0, 360, SKIN, -1)
    cv2.ellipse(image, (x, y), (int(HALF_WH[0]), int(HALF_WH[1])), 0, 0, 360, SKIN, -1)
    if hair == "long":
        for side in (-1, 1):
            cv2.rectangle(image, (x + side * 43 - 9, y - 40), (x + side * 43 + 9, y + 60), HAIR, -1)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 0.7), np.uint8)


def somebody() -> np.ndarray:
    """Where the person of `portrait` is."""
    mask = np.zeros((SIZE_WH[1], SIZE_WH[0]), np.float32)
    mask[40:, 100:220] = 1
    return mask


def look() -> Look:
    return measure(portrait(), head(), 80)


def picture(seed: int = 0) -> Picture:
    return Picture(portrait().astype(np.float32), look(), np.random.default_rng(seed))


class Found:
    """Stands in for MediaPipe: knows where `portrait` is, and finds nobody in a picture of nothing."""

    def head(self, image: Image, _face_xyxy: tuple[float, float, float, float] | None = None) -> Head | None:
        return head() if image.std() > 20 else None

    def people(self, _image: Image) -> np.ndarray:
        return somebody()

    def hands(self, _image: Image) -> list[tuple[float, float, float, float]]:
        return []


def frame(name: str = "a/1", **changes: object) -> FrameRecord:
    """The record of a portrait whose labels say all there is."""
    fields: dict[str, object] = {
        "id": name,
        "file": f"{name}.jpg",
        "sha256": "0" * 64,
        "phash": "0" * 16,
        "width": SIZE_WH[0],
        "height": SIZE_WH[1],
        "source": "exam-room",
        "licence": "CC0-1.0",
        "view": "first",
        "person": "P1",
        "clip": "monday",
        "group": "person:P1",
        "labelled": ("person", "face", "face_masked", "phone", "earphone"),
        "boxes": (
            BoxLabel(label="person", xyxy=(80.0, 50.0, 240.0, 240.0)),
            BoxLabel(label="face", xyxy=FACE),
        ),
        "tags": {"light": "day"},
        "split": "train",
    }
    return FrameRecord.model_validate(fields | changes)


def write_dataset(folder: Path, frames: list[FrameRecord]) -> None:
    """A dataset folder with a portrait for each frame; ones of long hair where a tag says so."""
    for number, one in enumerate(frames):
        path = folder / "images" / one.file
        path.parent.mkdir(parents=True, exist_ok=True)
        image = portrait(one.tags.get("hair", "short"), number)
        cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, 80])
    Manifest(tuple(frames), folder / "images").save(folder)


def coco_of(folder: Path) -> dict[str, list[dict[str, object]]]:
    return json.loads((folder / "annotations.json").read_text())
