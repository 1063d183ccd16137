"""A detector's worst frames on one picture: labelled boxes in green, found ones in red with their scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from proctor_models.data.manifest import Manifest
from proctor_models.errors import DataError
from proctor_models.evaluation.seen import Seen
from proctor_models.evaluation.truth import BOX_CLASSES
from proctor_models.files import write_bytes
from proctor_models.runtime.image import resize
from proctor_models.runtime.pixels import read_image
from proctor_models.types import FACES, Image

if TYPE_CHECKING:
    from proctor_models.evaluation.mistakes import Mistake, Mistakes

COLUMNS = 4
TILE_WH = (320, 240)
_CAPTION_PX = 34
_TITLE_PX = 30
_LEAST_SCORE, _MOST_BOXES = 0.1, 8  # found boxes drawn: fainter ones would hide the picture
_GREEN, _RED, _BLACK, _GREY = (60, 170, 40), (40, 40, 230), (20, 20, 20), (225, 225, 225)  # blue-green-red


def draw_sheet(path: Path, detector: str, mistakes: Mistakes, manifest: Manifest) -> None:
    """Write one PNG: above the worst misses, below the worst false alarms.

    Raises:
        DataError: a picture cannot be read.
    """
    labels = tuple(BOX_CLASSES.get(detector) or FACES)  # a detector without boxes of its own reads faces
    at = f"threshold {mistakes.threshold:.2f}; labelled green, found red"
    rows = []
    for title, chosen, count in (
        (f"{detector}: missed", mistakes.misses, mistakes.missed),
        (f"{detector}: false alarms", mistakes.false_alarms, mistakes.falsely_alarmed),
    ):
        rows.append(_title(f"{title}, {len(chosen)} of {count}; {at}"))
        tiles = [tile(mistake, labels, manifest) for mistake in chosen]
        rows += [tile_row(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    encoded, buffer = cv2.imencode(".png", np.concatenate(rows))
    if not encoded:
        raise DataError(f"{path}: the sheet cannot be written as PNG")
    write_bytes(path, bytes(buffer))


def tile(mistake: Mistake, labels: Sequence[str], manifest: Manifest, title: str = "") -> Image:
    """One frame fitted into `TILE_WH`, boxes drawn after it was made small so that their lines stay whole."""
    frame = mistake.seen.frame
    image = read_image(manifest.image_path(frame))
    height, width = image.shape[:2]
    scale = min(TILE_WH[0] / width, TILE_WH[1] / height)
    small = resize(image, (max(1, round(width * scale)), max(1, round(height * scale))))
    small = np.ascontiguousarray(small)
    _draw_boxes(small, mistake.seen, labels, scale)
    made: Image = np.full((TILE_WH[1] + _CAPTION_PX, TILE_WH[0], 3), 255, np.uint8)
    made[: small.shape[0], : small.shape[1]] = small
    lead = f"{title}  " if title else ""
    score = "not assessable" if mistake.score is None else f"score {mistake.score:.2f}"
    _write(made, f"{lead}{score}  {frame.person or 'unknown person'}  {frame.split or ''}", (4, TILE_WH[1] + 13))
    _write(made, frame.id if len(frame.id) <= 50 else f"..{frame.id[-48:]}", (4, TILE_WH[1] + 28))
    return made


def _draw_boxes(small: Image, seen: Seen, labels: Sequence[str], scale: float) -> None:
    for box in seen.frame.boxes:
        if box.label in labels:
            _rectangle(small, box.xyxy, scale, _GREEN)
    boxes, scores = seen.found(*labels)
    for i in np.argsort(-scores, kind="stable")[:_MOST_BOXES]:
        if scores[i] >= _LEAST_SCORE:
            x0, y0 = _rectangle(small, boxes[i].tolist(), scale, _RED)
            _write(small, f"{scores[i]:.2f}", (x0 + 2, max(10, y0 - 3)), _RED)


def _rectangle(image: Image, xyxy: Sequence[float], scale: float, colour: tuple[int, int, int]) -> tuple[int, int]:
    x0, y0, x1, y1 = (round(value * scale) for value in xyxy)
    cv2.rectangle(image, (x0, y0), (x1, y1), colour, 2)
    return x0, y0


def tile_row(tiles: Sequence[Image]) -> Image:
    """Tiles beside each other, with white where there are too few."""
    blank = np.full((TILE_WH[1] + _CAPTION_PX, TILE_WH[0], 3), 255, np.uint8)
    row: Image = np.concatenate([*tiles, *[blank] * (COLUMNS - len(tiles))], 1)
    return row


def _title(text: str) -> Image:
    bar: Image = np.full((_TITLE_PX, COLUMNS * TILE_WH[0], 3), _GREY, np.uint8)
    _write(bar, text, (6, 20), size=0.55)
    return bar


def _write(
    image: Image, text: str, at: tuple[int, int], colour: tuple[int, int, int] = _BLACK, size: float = 0.4
) -> None:
    # OpenCV's letters are ASCII only; errors.json has the names as they are.
    plain = text.encode("ascii", "replace").decode("ascii")
    cv2.putText(image, plain, at, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)
