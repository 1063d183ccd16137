"""The worst group against the best: which two, how far apart, and how sure."""

from __future__ import annotations

import numpy as np
import pytest

from labelled import label, record, saw
from proctor_models.config import DETECTOR_NAMES
from proctor_models.evaluation.evaluate import metrics
from proctor_models.evaluation.gaps import difference, group_gaps, render_gaps
from proctor_models.evaluation.matching import Bools
from proctor_models.evaluation.seen import Judgement, judge
from proctor_models.evaluation.tables import tabulate


def made(rates: dict[str, float], frames: int = 40, persons: int = 4, there: bool = True) -> tuple[Judgement, list]:
    """Phone frames by kind of light; in each so many of `frames` fire, spread over the people."""
    seen, lights = [], []
    for light, rate in rates.items():
        for number in range(frames):
            person = number % persons
            fires = number // persons < round(rate * frames / persons)
            frame = record(f"{light}{number}", [label("phone")] if there else [], person=f"{light}-{person}")
            seen.append(saw(frame, scores={"phone": 0.9 if fires else 0.1}))
            lights.append(light)
    names = np.array(lights)
    masks: list[tuple[str, str, Bools]] = [("light", light, names == light) for light in rates]
    return judge(seen, "phone"), masks


def test_group_gaps__best_and_worst_of_recall() -> None:
    judgement, masks = made({"dark": 0.5, "day": 0.9, "lamp": 0.7})
    (row,) = group_gaps(judgement, masks, 0.5, times=200, seed=0)
    assert (row["figure"], row["best"], row["worst"], row["groups_compared"]) == ("recall", "day", "dark", 3)
    assert row["gap"] == pytest.approx(0.4)
    assert (row["best_frames"], row["best_groups"], row["interval_by"]) == (40, 4, "group")


def test_group_gaps__false_frames_are_better_when_few() -> None:
    judgement, masks = made({"dark": 0.5, "day": 0.1}, there=False)
    (row,) = group_gaps(judgement, masks, 0.5, times=200, seed=0)
    assert (row["figure"], row["best"], row["worst"]) == ("false_frame_rate", "day", "dark")
    assert row["gap"] == pytest.approx(0.4)


def test_group_gaps__too_few_frames_are_not_compared() -> None:
    judgement, masks = made({"dark": 0.5, "day": 1.0}, frames=9, persons=3)
    assert group_gaps(judgement, masks, 0.5, times=50, seed=0) == []
    judgement, masks = made({"dark": 0.5}, frames=40)
    assert group_gaps(judgement, masks, 0.5, times=50, seed=0) == []


def test_group_gaps__people_are_drawn_not_frames() -> None:
    # In each light half of the people are always seen and half never: forty frames prove little.
    judgement, masks = made({"dark": 0.5, "day": 0.5})
    scores = np.array([0.9 if group[-1] in "01" else 0.1 for group in judgement.judged.groups])
    scores[-4:] = 0.9
    judged = type(judgement.judged)(scores, judgement.judged.truth, judgement.judged.groups)
    clustered = Judgement(judged, judgement.judged_frame, judgement.matches, judgement.boxed, judgement.groups)
    (row,) = group_gaps(clustered, masks, 0.5, times=500, seed=0)
    assert row["interval_by"] == "group"
    assert row["gap_low"] < -0.3
    assert row["gap_high"] > 0.3


def test_group_gaps__too_few_people_is_said() -> None:
    judgement, masks = made({"dark": 0.5, "day": 0.9}, persons=2)
    (row,) = group_gaps(judgement, masks, 0.5, times=200, seed=0)
    assert (row["interval_by"], row["best_groups"]) == ("frame", 2)
    assert 0 < row["gap_low"] < row["gap"] < row["gap_high"]


def test_group_gaps__equal_rates_of_one_prove_nothing() -> None:
    judgement, masks = made({"dark": 1.0, "day": 1.0})
    (row,) = group_gaps(judgement, masks, 0.5, times=200, seed=0)
    assert (row["gap"], row["best"], row["worst"]) == (0.0, "dark", "day")
    assert row["gap_low"] == pytest.approx(-(1 - 0.025 ** (1 / 4)))
    assert row["gap_high"] == pytest.approx(1 - 0.025 ** (1 / 4))


def test_difference__of_false_frames_counts_the_other_way() -> None:
    best, worst = (0.0, 0.0, 0.2), (0.5, 0.3, 0.7)
    low, high = difference(best, worst, -1.0)
    assert low == pytest.approx(0.5 - np.hypot(0.2, 0.2))
    assert high == pytest.approx(0.7)


def test_render_gaps__one_line_a_row_and_nothing_without() -> None:
    judgement, masks = made({"dark": 0.5, "day": 0.9}, persons=2)
    rows = [{"split": "val", "detector": "phone", **row} for row in group_gaps(judgement, masks, 0.5, 200, 0)]
    page = render_gaps(rows, "val")
    assert "### val, worst to best group gap" in page
    assert "| phone | light | recall | 2 | day: 0.900 of 40 | dark: 0.500 of 40 | 0.400 (" in page
    assert page.rstrip().endswith(")† |")
    assert render_gaps(rows, "test") == ""


def test_metrics__gaps_are_numbers_among_them() -> None:
    seen = [
        saw(record(f"{light}{i}", [label("phone")], tags={"light": light}), scores={"phone": 0.9 if i < hits else 0.1})
        for light, hits in (("dark", 5), ("day", 10))
        for i in range(10)
    ]
    tables = tabulate({"val": seen}, dict.fromkeys(DETECTOR_NAMES, 0.5), times=20, seed=0)
    assert metrics(tables)["val"]["phone"]["recall_gap_by_light"] == 0.5
    assert "phone" in {row["detector"] for row in tables.gaps if row["slice"] == "light"}
