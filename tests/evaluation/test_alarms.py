"""Thresholds tried on an exam that was watched: what is false, and what is missed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from drawn import ROOT
from proctor_models.errors import DataError
from proctor_models.evaluation.alarms import Shown, alarms, read_scored, read_shown
from proctor_models.rules.policy import RuleSet, ruleset_from_dict

EVENT = Shown("phone", "first", 10.0, 20.0)


@pytest.fixture(scope="module")
def ruleset() -> RuleSet:
    path = ROOT / "configs" / "rules" / "remote-exam.yaml"
    return ruleset_from_dict(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)


def watched(folder: Path, **session: Any) -> Path:
    """A minute of one view: 0.9 from 10 to 20 s, 0.5 from 40 to 45 s, else 0.1."""
    rows = []
    for second in range(61):
        score = 0.9 if 10 <= second <= 20 else 0.5 if 40 <= second <= 45 else 0.1
        rows.append({"view": "first", "timestamp_s": float(second), "scores": {"phone": score, "hat": None}})
    said = {"rate_hz": 1.0, "pace": "fixed", "duration_s": 60.0, "thresholds": {"phone": 0.4}, **session}
    (folder / "session.json").write_text(json.dumps(said))
    (folder / "scores.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_alarms__a_threshold_trades_false_findings_for_missed_events(tmp_path: Path, ruleset: RuleSet) -> None:
    scored = read_scored(watched(tmp_path))
    low, middle, high = alarms(scored, ruleset, "phone", [EVENT], thresholds=(0.4, 0.7, 0.95))
    assert (low.findings, low.false, low.false_s, low.missed) == (2, 1, 5.0, 0)
    assert (middle.findings, middle.false, middle.false_s, middle.missed) == (1, 0, 0.0, 0)
    assert (high.findings, high.false, high.missed, high.events) == (0, 0, 1, 1)
    assert scored.hours == pytest.approx(1 / 60)


def test_alarms__one_long_finding_is_counted_by_its_time(tmp_path: Path, ruleset: RuleSet) -> None:
    (lowest,) = alarms(read_scored(watched(tmp_path)), ruleset, "phone", [EVENT], thresholds=(0.1,))
    assert (lowest.findings, lowest.false) == (1, 0)
    assert lowest.false_s == pytest.approx(8 + 38)


def test_alarms__of_which_nothing_is_known_is_innocent(tmp_path: Path, ruleset: RuleSet) -> None:
    (one,) = alarms(read_scored(watched(tmp_path)), ruleset, "phone", read_shown(tmp_path / "none"), (0.4,))
    assert (one.findings, one.false, one.events) == (2, 2, 0)


def test_alarms__an_event_may_be_called_as_its_detector(tmp_path: Path, ruleset: RuleSet) -> None:
    rules = tuple(replace(rule, detector="smart_watch") for rule in ruleset.rules if rule.id == "phone")
    scored = read_scored(watched(tmp_path))
    renamed = replace(scored, rows=tuple({**r, "scores": {"smart_watch": r["scores"]["phone"]}} for r in scored.rows))
    (one,) = alarms(renamed, replace(ruleset, rules=rules), "smart_watch", [replace(EVENT, kind="smart_watch")], (0.7,))
    assert (one.false, one.missed, one.events) == (0, 0, 1)


def test_alarms__a_detector_that_no_rule_reads(tmp_path: Path, ruleset: RuleSet) -> None:
    assert alarms(read_scored(watched(tmp_path)), ruleset, "hat", [EVENT]) == []


def test_read_scored__names_the_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none: expected the folder of a watched exam.*run `proctor watch`"):
        read_scored(tmp_path / "none")
    (watched(tmp_path) / "scores.jsonl").write_text("[1]\n")
    with pytest.raises(DataError, match="expected the folder of a watched exam"):
        read_scored(tmp_path)


def test_read_shown__another_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / "events.json").write_text('[{"event": "phone", "start_frame": 3}]')
    with pytest.raises(DataError, match="expected a list of event, view, start_s and end_s, got 'view'"):
        read_shown(tmp_path / "events.json")


def test_read_shown__the_sample_exam_s_own_form(tmp_path: Path) -> None:
    row = {"event": "phone", "view": "first", "start_s": 10, "end_s": 20}
    (tmp_path / "events.json").write_text(json.dumps([row]))
    assert read_shown(tmp_path / "events.json") == (EVENT,)
