"""The turn at the start and scores from outside, through the monitor."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from proctor_models.errors import ConfigError
from proctor_models.rules.policy import RuleSet, ruleset_from_dict
from proctor_models.runtime.held import Snapshots
from proctor_models.runtime.monitor import Monitor
from proctor_models.runtime.steps import Step
from proctor_models.types import SCENE_CLASSES, Detections, Image, Observation, View

TEXT = {"zh": "环拍", "en": "scan"}


class Somebody:
    """Sees a person in every frame."""

    model_sha256: ClassVar = {"scene": "a" * 64}

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        height, width = image.shape[:2]
        box, score = np.array([[20, 20, 40, 48]], np.float32), np.array([0.9], np.float32)
        return Observation(timestamp_s, view, (width, height), Detections(box, score, np.array([0]), SCENE_CLASSES))


def rules() -> RuleSet:
    common = {"severity": "invalid_recording", "title": TEXT, "article": TEXT}
    scan = {"id": "scan", "detector": "environment_scan", "views": ["second"], "within_s": 10, "min_turn_deg": 270}
    scored = {"enter": 0.5, "leave_ratio": 0.5, "min_duration_s": 1, "max_gap_s": 2}
    listed = [
        common | scan | {"min_candidate_share": 0.5},
        common | scored | {"id": "speech", "detector": "external/speech", "views": ["first"]},
    ]
    return ruleset_from_dict({"schema": "proctor-rules/1", "name": "exam", "title": TEXT, "rules": listed}, "exam")


@pytest.fixture
def monitor() -> Monitor:
    return Monitor(Somebody(), rules(), {}, 1.0, snapshots=Snapshots(1e9))


def run(monitor: Monitor, view: View, image: Image, start_s: float, seconds: int) -> list[Step]:
    return [monitor.observe(image, start_s + i / 2, view) for i in range(2 * seconds)]


def textured() -> Image:
    return np.asarray(np.random.default_rng(0).integers(0, 255, (24, 32, 3)).repeat(10, 0).repeat(10, 1), np.uint8)


def test_observe__a_camera_that_never_turned_is_a_finding_and_an_event(monitor: Monitor) -> None:
    steps = run(monitor, "second", textured(), 3.0, 12)
    (found,) = [reported.finding for step in steps for reported in step.reported]
    assert (found.rule, found.detector, found.start_s, found.end_s) == ("scan", "environment_scan", 3.0, 13.0)
    assert (found.peak_s, found.peak_score, found.threshold) == (None, None, None)
    (event,) = monitor.take_events()
    assert (event.kind, event.view, event.detail["turn_deg"]) == ("environment_scan", "second", 0)
    assert monitor.take_events() == ()
    assert [reported.finding.rule for reported in monitor.finish()] == []


def test_observe__the_dark_is_no_finding_and_the_reason_is_recorded(monitor: Monitor) -> None:
    black: Any = np.zeros((240, 320, 3), np.uint8)
    assert [step.reported for step in run(monitor, "second", black, 0.0, 12)] == [()] * 24
    (event,) = monitor.take_events()
    assert "too dark" in str(event.detail["reason"])


def test_observe__the_pace_is_fast_while_the_turn_may_go_on(monitor: Monitor) -> None:
    steps = run(monitor, "second", textured(), 0.0, 12)
    fast = [bool(step.suspected) for step in steps]
    assert fast == [i / 2 <= 10 for i in range(24)]
    assert not run(monitor, "first", textured(), 0.0, 1)[0].suspected
    assert not monitor.wants_fast(0.0, "first")


def test_finish__an_exam_shorter_than_the_time_of_the_turn(monitor: Monitor) -> None:
    run(monitor, "second", textured(), 0.0, 6)
    assert [reported.finding.rule for reported in monitor.finish()] == ["scan"]
    assert [event.kind for event in monitor.take_events()] == ["environment_scan"]


def test_resume__a_turn_half_seen_is_not_judged(monitor: Monitor) -> None:
    monitor.resume(2, {"second": 4.0})
    assert [step.reported for step in run(monitor, "second", textured(), 5.0, 20)] == [()] * 40
    assert [event.detail["reason"] for event in monitor.take_events()] == ["another process watched the start"]
    late = Monitor(Somebody(), rules(), {}, 1.0)
    late.resume(2, {"second": 400.0})
    assert late.take_events() == ()


def test_signal__opens_a_finding_with_the_pictures_around_it(monitor: Monitor) -> None:
    steps = []
    for second in range(14):
        monitor.signal("external/speech", second + 0.4, "first", 0.9 if 3 <= second < 6 else 0.0)
        steps.append(monitor.observe(textured(), second + 0.5, "first"))
    opened = [one for step in steps for one in step.opened]
    assert [(one.rule, one.start_s) for one in opened] == [("speech", 3.4)]
    (reported,) = [one for step in steps for one in step.reported]
    assert (reported.finding.detector, reported.finding.peak_score) == ("external/speech", 0.9)
    assert set(reported.finding.evidence) <= set(reported.pictures)
    assert [step.scores["external/speech"] for step in steps[2:5]] == [0.0, 0.9, 0.9]
    assert monitor.observe(textured(), 20.0, "first").scores["external/speech"] is None


def test_signal__of_a_name_no_rule_reads(monitor: Monitor) -> None:
    with pytest.raises(ConfigError, match="expected one that a rule reads"):
        monitor.signal("external/identity", 0.0, "first", 0.5)
