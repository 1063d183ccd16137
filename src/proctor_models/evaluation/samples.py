"""Sample predictions for a run's record: pictures of made-up people only, of all others ids and scores.

A record may travel further than the frames may. That a frame is tagged synthetic is not enough: things painted on
photographs of real people are synthetic, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from proctor_models.data.manifest import FrameRecord, Manifest
from proctor_models.data.versions.gaps import is_synthetic
from proctor_models.errors import DataError
from proctor_models.evaluation.mistakes import Mistake
from proctor_models.evaluation.mistakes_sheet import COLUMNS, tile, tile_row
from proctor_models.evaluation.seen import Seen
from proctor_models.evaluation.truth import BOX_CLASSES
from proctor_models.files import write_bytes
from proctor_models.types import FACES

MADE_UP_SOURCES = ("scenes",)
"""Sources whose people a program made up, as `proctor synth` names them."""
ROWS = 60


def shows_nobody_real(frame: FrameRecord) -> bool:
    """Whether everybody in the frame is made up."""
    return is_synthetic(frame) and frame.source in MADE_UP_SOURCES and "base" not in frame.tags


def sample_rows(seen: Mapping[str, Sequence[Seen]]) -> list[dict[str, Any]]:
    """Frames spread evenly over each split: id, split, source, and each detector's score; no picture."""
    rows = []
    for split, frames in seen.items():
        step = max(1, len(frames) // ROWS)
        for one in frames[::step][:ROWS]:
            scores = {name: None if score is None else round(score, 4) for name, score in one.scores.items()}
            rows.append({"frame": one.frame.id, "split": split, "source": one.frame.source, **scores})
    return rows


def draw_samples(path: Path, seen: Sequence[Seen], manifest: Manifest) -> bool:
    """Write a PNG with the made-up frame each detector is surest of; whether there was one.

    Raises:
        DataError: a picture cannot be read.
    """
    tiles = []
    shown = [one for one in seen if shows_nobody_real(one.frame)]
    for detector in dict.fromkeys(name for one in shown for name in one.scores):
        best = max(shown, key=lambda one: one.scores.get(detector) or 0.0)
        if best.scores.get(detector) is not None:
            labels = tuple(BOX_CLASSES.get(detector) or FACES)
            tiles.append(tile(Mistake(best, detector, best.scores[detector]), labels, manifest, detector))
    if not tiles:
        return False
    rows = [tile_row(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    encoded, buffer = cv2.imencode(".png", np.concatenate(rows))
    if not encoded:
        raise DataError(f"{path}: the samples cannot be written as PNG")
    write_bytes(path, bytes(buffer))
    return True
