"""Events of several folds' packs come together, and those of people trained on do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from proctor_models.config import DETECTOR_NAMES
from proctor_models.errors import DataError
from proctor_models.evaluation.folds import HeldOut
from proctor_models.evaluation.target_events import event_figure, read_events
from proctor_models.files import write_json

FOLDS = tuple(
    {"fold": name, "models": {"scene": name * 64}, "people_trained_on": taught}
    for name, taught in (("a", ["S1"]), ("b", ["S2", "S9"]))
)
HELD = HeldOut((), {}, dict.fromkeys(DETECTOR_NAMES, 0.5), frozenset(), FOLDS)


def counted(fold: str, person: str, found: int, false: int, onset: float | None) -> dict[str, Any]:
    """What `evaluate-events` writes of one clip with three absences, as far as it is read here."""
    sure = [
        {"event": "absence", "counted": True, "found": i < found, "onset_s": onset if i < found else None}
        for i in range(3)
    ]
    unsure = {"event": "absence", "counted": False, "found": None, "onset_s": None}
    answers = [*[True] * found, *[False] * false, None]
    findings = [*({"event": "absence", "true": answer} for answer in answers), {"event": None, "true": None}]
    clip = {"name": f"{person}-1", "person": person, "subject": person}
    other = {"name": "X-1", "person": "X", "subject": "X", "events": [{**unsure, "event": "phone"}], "findings": []}
    return {
        "schema": "proctor-events/1",
        "pack": {"models": {"scene": fold * 64}},
        "persons": [person],
        "kinds": {"absence": {}},
        "clips": [{**clip, "events": [*sure, unsure], "findings": findings}, other],
    }


def test_read_events__counts_of_all_folds_together(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", counted("a", "S2", found=3, false=1, onset=-0.5))
    write_json(tmp_path / "b.json", counted("b", "S1", found=2, false=0, onset=-1.5))
    events = read_events([tmp_path / "a.json", tmp_path / "b.json"], HELD)
    recall, precision, onset = (
        event_figure(events, "absence", name) for name in ("recall", "precision", "onset_error_max_s")
    )
    assert (recall.value, recall.frames, recall.groups) == (5 / 6, 6, frozenset({"S1", "S2"}))
    assert (precision.value, precision.frames, precision.by) == (5 / 6, 6, "event")
    assert precision.low == pytest.approx(0.359, abs=1e-3)
    assert (onset.value, onset.low) == (1.5, None)
    assert event_figure(events, "phone", "recall").value is None


def test_read_events__a_clip_counts_once_as_the_first_file_has_it(tmp_path: Path) -> None:
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    write_json(first, counted("a", "S3", found=3, false=1, onset=0.5))
    write_json(second, counted("b", "S3", found=1, false=0, onset=1.5))
    once = read_events([first], HELD)
    assert once["absence"]["events"] == 3
    assert read_events([first, first], HELD) == once
    assert read_events([first, second], HELD) == once
    assert read_events([second, first], HELD)["absence"]["found"] == 1
    write_json(first, {**counted("a", "S3", found=3, false=1, onset=0.5), "kinds": {}})
    assert read_events([first, second], HELD)["absence"]["found"] == 1, "rules that do not read a kind say nothing"


def test_read_events__a_person_is_known_by_either_code(tmp_path: Path) -> None:
    content = counted("b", "S3", found=3, false=0, onset=0.5)
    content["clips"][1]["subject"] = "S9"
    write_json(tmp_path / "b.json", content)
    with pytest.raises(DataError, match=r"persons: expected nobody whom fold b was trained on, got S9; run"):
        read_events([tmp_path / "b.json"], HELD)


def test_event_figure__nothing_found_says_nothing_of_precision(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", counted("a", "S2", found=0, false=0, onset=None))
    events = read_events([tmp_path / "a.json"], HELD)
    assert event_figure(events, "absence", "recall").value == 0.0
    assert event_figure(events, "absence", "precision").value is None
    assert event_figure(events, "absence", "onset_error_max_s").value is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "proctor-errors/1"}, r"schema: expected 'proctor-events/1', got 'proctor-errors/1'; run"),
        ({"pack": {"models": {"scene": "c" * 64}}}, r"pack\.models: expected the nets of a fold \(a, b\), got others"),
        ({"persons": ["S1", "S2"]}, r"persons: expected nobody whom fold a was trained on, got S1; run"),
        ({"clips": [{"person": "S2"}]}, r"expected what `evaluate-events` writes, got another form \(KeyError"),
    ],
)
def test_read_events__what_is_no_held_out_measurement(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = tmp_path / "events.json"
    write_json(path, {**counted("a", "S2", found=3, false=0, onset=0.5), **change})
    with pytest.raises(DataError, match=message):
        read_events([path], HELD)
