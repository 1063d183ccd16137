"""Samples of a run's record: pictures of made-up people only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from proctor_models.data.manifest import FrameRecord, Manifest
from proctor_models.evaluation.samples import draw_samples, sample_rows, shows_nobody_real
from proctor_models.evaluation.seen import Seen


def frame(number: int, source: str = "scenes", **changes: Any) -> FrameRecord:
    fields: dict[str, Any] = {
        "id": f"{source}/{number}",
        "file": f"{number}.png",
        "sha256": "",
        "phash": "0" * 16,
        "width": 80,
        "height": 60,
        "source": source,
        "licence": "CC0-1.0",
        "view": "first",
        "group": str(number),
        "labelled": ("face",),
        "tags": {"synthetic": "true"},
    }
    return FrameRecord(**{**fields, **changes})


def seen(one: FrameRecord, score: float | None = 0.7) -> Seen:
    return Seen(one, (), {"phone": score, "mask": None})


def test_shows_nobody_real__only_frames_a_program_made_up() -> None:
    assert shows_nobody_real(frame(1))
    assert not shows_nobody_real(frame(1, tags={}))
    # Synthetic by its tag, and still somebody's photograph underneath.
    assert not shows_nobody_real(frame(1, source="chandrikadeb7/Face-Mask-Detection"))
    assert not shows_nobody_real(frame(1, tags={"synthetic": "true", "base": "curated/1"}))


def test_sample_rows__ids_and_scores_no_pictures() -> None:
    rows = sample_rows({"test": [seen(frame(i), i / 200) for i in range(150)]})
    assert len(rows) == 60
    assert rows[1] == {"frame": "scenes/2", "split": "test", "source": "scenes", "phone": 0.01, "mask": None}


def test_draw_samples__nothing_of_real_people(tmp_path: Path) -> None:
    for number, grey in ((1, 255), (2, 0)):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((60, 80, 3), grey, np.uint8))
    real, made_up = frame(1, source="webcam", tags={}), frame(2)
    manifest = Manifest((real, made_up), tmp_path)
    assert not draw_samples(tmp_path / "none.png", [seen(real, 0.9)], manifest)
    assert not (tmp_path / "none.png").exists()
    assert draw_samples(tmp_path / "one.png", [seen(real, 0.9), seen(made_up, 0.2)], manifest)
    sheet = cv2.imread(str(tmp_path / "one.png"))
    assert sheet is not None
    assert sheet[120, 160].max() == 0  # the made-up frame is black, the real one is white
