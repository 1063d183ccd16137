"""Every rule of both shipped sets, from what is seen to the finding: opened by what its clause names, by that alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from proctor_models.config import DETECTOR_NAMES
from proctor_models.detectors import DETECTORS
from proctor_models.rules.engine import Engine
from proctor_models.rules.policy import UNSCORED, Rule, ruleset_from_dict
from proctor_models.rules.tracks import Change
from proctor_models.runtime.scan import ScanResult
from proctor_models.types import SCENE_CLASSES, VIEWS, CameraState, Detections, HeadReading, Observation, View

ROOT = Path(__file__).parents[2]
RULES = ROOT / "configs" / "rules"
SHIPPED = ("remote-exam", "online-interview")
NAMES = tuple(detector.name for detector in DETECTORS)
Found = tuple[str, tuple[float, float, float, float], float]

CANDIDATE: tuple[Found, ...] = (("person", (200, 120, 420, 480), 0.95), ("face", (270, 140, 350, 240), 0.9))
LAPTOP: Found = ("laptop", (20, 300, 190, 450), 0.9)
OTHER: Found = ("person", (450, 60, 630, 480), 0.9)
FACE = (270.0, 140.0, 350.0, 240.0)
GOOD = CameraState(brightness=0.5, contrast=0.6, detail=0.6, still_s=0.0, moved=0.0)
WHOLE, HALF = ScanResult(360.0, 5.0, 1.0, True), ScanResult(170.0, 34.0, 1.0, False)
UNTOLD = ScanResult(None, 5.0, 1.0, False, "too dark")

# What the clause of each detector is about, as the nets and the camera's state would show it.
SEEN: dict[str, dict[str, Any]] = {
    "phone": {"more": [("phone", (300, 300, 340, 360), 0.9)]},
    "earphone": {"more": [("earphone", (255, 170, 280, 210), 0.9)], "head": {"earphone_over_ear": 0.9}},
    "mask": {"head": {"mask": 0.95}},
    "multiple_faces": {"more": [OTHER]},
    "seat_absence": {"without": True},
    "book_paper": {"more": [("book_paper", (300, 380, 400, 460), 0.9)]},
    "hat": {"head": {"hat": 0.9}},
    "ears_covered": {"head": {"ears_covered": 0.9}},
    "face_occluded": {"head": {"face_occluded": 0.9}},
    "camera_covered": {"without": True, "camera": CameraState(0.3, 0.05, 0.0, 0.0)},
    "camera_dark": {"without": True, "camera": CameraState(0.02, 0.01, 0.0, 0.0)},
    "camera_frozen": {"camera": CameraState(0.5, 0.6, 0.6, 20.0, 0.0)},
    "camera_moved": {"camera": CameraState(0.5, 0.6, 0.6, 0.0, 0.9)},
    "second_display": {"more": [("screen", (440, 60, 620, 200), 0.9)]},
    "desk_view": {"no_laptop": True},
    "handover": {"more": [OTHER, ("book_paper", (410, 300, 460, 340), 0.9)]},
}


def rules() -> Iterator[Any]:
    for name in SHIPPED:
        for rule in ruleset_from_dict(yaml.safe_load((RULES / f"{name}.yaml").read_text("utf-8")), name).rules:
            yield pytest.param(name, rule, id=f"{name}-{rule.id}")


def frame(view: View, timestamp_s: float, seen: dict[str, Any]) -> Observation:
    """An honest candidate at a laptop, which the webcam does not see, changed by what is `seen`."""
    found = [*(() if seen.get("without") else CANDIDATE), *seen.get("more", [])]
    found += [LAPTOP] if view == "second" and not seen.get("no_laptop") else []
    found.sort(key=lambda one: -one[2])
    scene = Detections(
        np.array([xyxy for _, xyxy, _ in found], np.float32).reshape(-1, 4),
        np.array([score for *_, score in found], np.float32),
        np.array([SCENE_CLASSES.index(name) for name, *_ in found], np.int64),
        SCENE_CLASSES,
    )
    attributes = {"mask": 0.02, "hat": 0.02, "ears_covered": 0.02, "face_occluded": 0.02} | seen.get("head", {})
    heads = () if seen.get("without") else (HeadReading(np.array(FACE, np.float32), attributes),)
    return Observation(timestamp_s, view, (640, 480), scene, heads, seen.get("camera", GOOD))


def watch(name: str, view: View, seen: dict[str, Any], only: str = "") -> list[Change]:
    """One view from 180 s on at 1 Hz; from 200 s to 240 s `seen` is what it shows. `only` one detector, or all."""
    ruleset = ruleset_from_dict(yaml.safe_load((RULES / f"{name}.yaml").read_text("utf-8")), name)
    engine, changes = Engine(ruleset, dict.fromkeys(DETECTOR_NAMES, 0.5), 1.0, NAMES), []
    asked = [d for d in DETECTORS if view in d.views and (not only or d.name == only)]
    for second in range(180, 260):
        observation = frame(view, float(second), seen if 200 <= second <= 240 else {})
        changes += engine.observe(view, float(second), {d.name: d.read(observation) for d in asked}, WHOLE)
    changes += engine.finish()
    return [change for change in changes if change.kind == "closed" and change.view == view]


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("view", VIEWS)
def test_clause__an_honest_exam_has_no_finding(name: str, view: View) -> None:
    assert watch(name, view, {}) == []


@pytest.mark.parametrize(("name", "rule"), [one for one in rules() if one.values[1].is_scored])
def test_clause__opens_on_what_it_names(name: str, rule: Rule) -> None:
    for view in VIEWS:
        found = watch(name, view, SEEN[rule.detector], rule.detector)
        own = [(change.span.start_s, change.span.end_s) for change in found if change.rule.id == rule.id]
        assert own == ([(200.0, 240.0)] if view in rule.views else []), (rule.id, view)


@pytest.mark.parametrize("name", SHIPPED)
def test_clause__a_phone_opens_no_rule_but_its_own(name: str) -> None:
    assert [(change.rule.id, change.view) for change in watch(name, "second", SEEN["phone"])] == [("phone", "second")]


@pytest.mark.parametrize("name", SHIPPED)
def test_clause__a_dark_picture_is_no_empty_seat(name: str) -> None:
    assert [change.rule.id for change in watch(name, "first", SEEN["camera_dark"])] == ["camera-dark"]


@pytest.mark.parametrize(("name", "rule"), [one for one in rules() if one.values[1].is_gap])
def test_clause__a_recording_that_is_interrupted(name: str, rule: Rule) -> None:
    ruleset = ruleset_from_dict(yaml.safe_load((RULES / f"{name}.yaml").read_text("utf-8")), name)
    for view in rule.views:
        engine = Engine(ruleset, dict.fromkeys(DETECTOR_NAMES, 0.5), 1.0, NAMES)
        changes = []
        for second in range(60):
            for one in ("first", "second"):
                if one != view or not 20 < second < 30:
                    changes += engine.observe(one, float(second), {}, WHOLE)
        found = [change for change in changes + engine.finish() if change.rule.id == rule.id]
        assert [(c.view, c.span.start_s, c.span.end_s) for c in found] == [(view, 20.0, 30.0)]


@pytest.mark.parametrize(("turn", "found"), [(HALF, ["environment-scan"]), (WHOLE, []), (UNTOLD, [])])
def test_clause__a_camera_that_was_not_turned_round_the_room(turn: ScanResult, found: list[str]) -> None:
    for name in SHIPPED:
        ruleset = ruleset_from_dict(yaml.safe_load((RULES / f"{name}.yaml").read_text("utf-8")), name)
        engine = Engine(ruleset, dict.fromkeys(DETECTOR_NAMES, 0.5), 1.0, NAMES)
        changes = [change for second in range(200) for change in engine.observe("second", float(second), {}, turn)]
        assert [change.rule.id for change in changes] == (found if name == "online-interview" else [])


def test_clause__the_phone_may_be_carried_round_before_it_is_fixed() -> None:
    raw = yaml.safe_load((RULES / "online-interview.yaml").read_text("utf-8"))
    early = {rule.id: rule.from_s for rule in ruleset_from_dict(raw, "interview").rules if rule.from_s}
    scan = next(rule for rule in ruleset_from_dict(raw, "interview").rules if rule.is_scan)
    assert early == {"camera-moved-second": scan.within_s, "desk-view": scan.within_s}


def test_ruleset__a_new_exam_needs_no_code(tmp_path: Path) -> None:
    """Other names, articles, durations and views, one clause split in two, one score from outside: YAML alone."""
    path = tmp_path / "viva.yaml"
    path.write_text(NEW_EXAM, "utf-8")
    ruleset = ruleset_from_dict(yaml.safe_load(path.read_text("utf-8")), path.name)
    engine, changes = Engine(ruleset, {"phone": 0.5}, 1.0, NAMES), []
    for second in range(60):
        observation = frame("second", float(second), SEEN["phone"] if 10 <= second <= 18 else {})
        readings = {d.name: d.read(observation) for d in DETECTORS}
        engine.signal("external/speech", second + 0.5, "second", 0.9 if 30 <= second < 45 else 0.0)
        changes += engine.observe("second", float(second), readings)
    closed = [change for change in changes + engine.finish() if change.kind == "closed"]
    assert [(c.rule.id, c.rule.severity, c.span.start_s, c.span.end_s) for c in closed] == [
        ("device-glimpsed", "breach_of_discipline", 10.0, 18.0),
        ("talking", "cheating", 30.5, 44.5),
    ]
    assert closed[0].rule.article.en == "Viva rules, § 4: no devices on the desk"


NEW_EXAM = """
schema: proctor-rules/1
name: viva-2031
title: {zh: 答辩, en: Viva}
rules:
  - {id: device-glimpsed, detector: phone, views: [second], enter: null, leave_ratio: 0.8, min_duration_s: 4,
     max_gap_s: 6, severity: breach_of_discipline, title: {zh: 桌上有手机, en: Device on the desk},
     article: {zh: 答辩规则第四条, en: "Viva rules, § 4: no devices on the desk"}}
  - {id: device-used, detector: phone, views: [second], enter: 0.8, leave_ratio: 0.8, min_duration_s: 20,
     max_gap_s: 6, severity: cheating, title: {zh: 使用手机, en: Device used},
     article: {zh: 答辩规则第五条, en: "Viva rules, § 5: no use of devices"}}
  - {id: talking, detector: external/speech, views: [second], enter: 0.7, leave_ratio: 0.5, min_duration_s: 10,
     max_gap_s: 3, severity: cheating, title: {zh: 说话, en: Talking},
     article: {zh: 答辩规则第六条, en: "Viva rules, § 6: nobody whispers"}}
  - {id: dim, detector: camera_dark, views: [second], enter: 0.9, leave_ratio: 0.5, min_duration_s: 60,
     max_gap_s: 3, from_s: 30, severity: invalid_recording, title: {zh: 光线, en: Light},
     article: {zh: 答辩规则第七条, en: "Viva rules, § 7: a lit room"}}
"""


def test_table__names_rules_detectors_and_tests_that_are_there() -> None:
    table = (ROOT / "docs" / "clauses.md").read_text("utf-8")
    rows = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| ") and "`tests/" in line]
    shipped = {name: {one.values[1].id: one.values[1] for one in rules() if one.values[0] == name} for name in SHIPPED}
    told: dict[str, set[str]] = {name: set() for name in SHIPPED}
    assert len(rows) >= 13
    for _signal, views, remote, interview, detector, _when, tests in rows:
        for name, cell in zip(SHIPPED, (remote, interview), strict=True):
            for rule_id in re.findall("`([^`]+)`", cell):
                rule = shipped[name][rule_id]
                told[name].add(rule_id)
                assert f"`{rule.detector}`" in detector, rule_id
                assert {"first": "1", "second": "2"}[rule.views[0]] in views, rule_id
        for named in re.findall("`([^`]+)`", detector):
            assert named in (*NAMES, *UNSCORED), named
        for path, test in re.findall(r"`(tests/\S+?)::(\w+)`", tests):
            assert f"def {test}(" in (ROOT / path).read_text("utf-8"), (path, test)
    assert told == {name: set(ids) for name, ids in shipped.items()}
