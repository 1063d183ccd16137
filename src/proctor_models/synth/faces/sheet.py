"""A contact sheet of a COCO folder with its boxes, for the eye of whoever made it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from proctor_models.errors import DataError
from proctor_models.files import write_bytes
from proctor_models.types import Image

TILE_WH = (320, 240)
COLUMNS = 6
MAX_TILES = 600
COLOURS = {
    "person": (160, 160, 160), "face": (0, 200, 0), "face_masked": (200, 160, 0), "phone": (0, 0, 230),
    "earphone": (230, 0, 230), "book_paper": (0, 200, 220),
}  # fmt: skip


def write_sheet(folder: Path, path: Path) -> None:
    """Draw the images of a COCO folder, up to 600, six in a row, and write them as one JPEG file.

    Raises:
        DataError: an image cannot be decoded, or the sheet cannot be encoded.
    """
    coco = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    names = {category["id"]: category["name"] for category in coco["categories"]}
    boxes: dict[int, list[tuple[str, list[float]]]] = {}
    for one in coco["annotations"]:
        boxes.setdefault(one["image_id"], []).append((names[one["category_id"]], one["bbox"]))
    tiles = []
    for image in coco["images"][:MAX_TILES]:
        picture = cv2.imread(str(folder / "images" / image["file_name"]))
        if picture is None:
            raise DataError(f"{folder / 'images' / image['file_name']}: cannot be decoded")
        tiles.append(_tile(np.asarray(picture, np.uint8), boxes.get(image["id"], [])))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    fine, encoded = cv2.imencode(".jpg", np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not fine:
        raise DataError(f"{path}: the sheet of {len(tiles)} pictures cannot be encoded as JPEG")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, bytes(encoded.tobytes()))


def _tile(picture: Image, boxes: list[tuple[str, list[float]]]) -> Image:
    """One picture on a tile, as large as fits, boxes drawn after the reduction so that they stay thin."""
    height, width = picture.shape[:2]
    scale = min(TILE_WH[0] / width, TILE_WH[1] / height)
    small = cv2.resize(
        picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    tile = np.zeros((TILE_WH[1], TILE_WH[0], 3), np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small[: TILE_WH[1], : TILE_WH[0]]
    for name, (x, y, wide, high) in boxes:
        corners = np.rint(np.array([x, y, x + wide, y + high]) * scale).astype(int).tolist()
        cv2.rectangle(tile, corners[:2], corners[2:], COLOURS.get(name, (255, 255, 255)), 1)
    return tile
