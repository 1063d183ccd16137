"""Which frames are kept at random, and what is drawn on the others."""

from __future__ import annotations

import random

import numpy as np
import pytest

from proctor_models.errors import ConfigError
from proctor_models.runtime.held import Snapshots, draw_boxes
from reds import frame


def test_snapshots__about_one_a_minute_through_the_whole_exam_in_both_views() -> None:
    snapshots = Snapshots(60, random.Random(7))
    for view in ("first", "second"):
        times = [i / 2 for i in range(2 * 3600) if snapshots.due(view, i / 2)]
        gaps = np.diff([0, *times, 3600])
        assert 45 <= len(times) <= 75
        assert times[0] <= 60.5
        assert gaps.max() <= 90.5
        assert len(set(gaps)) > 20


def test_snapshots__cannot_be_foreseen() -> None:
    runs = [[i for i in range(3600) if snapshots.due("first", i / 2)] for snapshots in (Snapshots(), Snapshots())]
    assert runs[0] != runs[1]


def test_snapshots__refuses_no_time() -> None:
    with pytest.raises(ConfigError, match="every_s: expected seconds above 0"):
        Snapshots(0)


def test_draw_boxes__leaves_the_frame_alone() -> None:
    image = frame(0)
    assert draw_boxes(image, [(5, 5, 20, 20)]).max() == 255
    assert image.max() == 60
