"""A dozen frames that every test of figures can use."""

from __future__ import annotations

import pytest

from labelled import label, record, saw
from proctor_models.evaluation.seen import Seen


@pytest.fixture
def mixed() -> tuple[Seen, ...]:
    """Twelve frames of four people: phones in half of them, one missed, one false alarm."""
    seen = []
    for number in range(12):
        there = number % 2 == 0
        boxes = [label("person", (5.0, 5.0, 90.0, 75.0)), label("face", (30.0, 10.0, 50.0, 30.0))]
        frame = record(str(number), [*boxes, *([label("phone")] if there else [])], person=f"S{number % 4}")
        score = 0.9 if there and number != 4 else 0.1
        found = [("person", (5.0, 5.0, 90.0, 75.0), 0.95), ("face", (30.0, 10.0, 50.0, 30.0), 0.9)]
        if there:
            found.append(("phone", (10.0, 10.0, 40.0, 42.0), score))
        if number == 7:
            score = 0.7
            found.append(("phone", (60.0, 50.0, 80.0, 70.0), score))
        seen.append(saw(frame, found, {"phone": score, "mask": 0.2}))
    return tuple(seen)
