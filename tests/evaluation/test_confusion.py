"""Counts behind the rates of slices, and their picture."""

from __future__ import annotations

from typing import Any

from proctor_models.evaluation.confusion import Confusion, confusions, draw_confusions


def row(detector: str, kind: str, value: str, **said: Any) -> dict[str, Any]:
    return {"split": "val", "detector": detector, "slice": kind, "value": value, **said}


ROWS = [
    row("phone", "light", "dark", frames=7, positives=3, recall=2 / 3, false_frame_rate=0.25),
    row("phone", "view", "first", frames=4, positives=0, recall=None, false_frame_rate=0.0),
    row("phone", "person", "D1", frames=4, positives=4, recall=1.0, false_frame_rate=None),
    {**row("phone", "view", "first", frames=9, positives=9, recall=0.0, false_frame_rate=None), "split": "test"},
]


def test_confusions__counts_of_one_side_in_the_order_of_the_kinds() -> None:
    assert confusions(ROWS, "val") == [
        Confusion("phone", "view", "first", missed=0, positives=0, false=0, negatives=4),
        Confusion("phone", "light", "dark", missed=1, positives=3, false=1, negatives=4),
    ]


def test_draw_confusions__says_how_many_of_how_many_and_leaves_the_unknown_empty() -> None:
    left, right = draw_confusions(confusions(ROWS, "val")).axes
    assert [text.get_text() for text in left.texts] == ["1/3"]
    assert [text.get_text() for text in right.texts] == ["0/4", "1/4"]
    assert [label.get_text() for label in left.get_yticklabels()] == ["view: first", "light: dark"]


def test_draw_confusions__of_nothing() -> None:
    assert len(draw_confusions([]).axes) == 2
