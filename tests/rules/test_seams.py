"""What rules read besides trained detectors: scores from outside, the turn at the start, detectors of no threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from proctor_models.errors import ConfigError, ModelError, TimestampError
from proctor_models.rules.engine import SIGNAL_LAG_S, Engine
from proctor_models.rules.policy import ruleset_from_dict
from proctor_models.rules.tracks import Change

TEXT = {"zh": "说话", "en": "Speech"}
SPEECH = "external/speech"
SCORED = {"enter": 0.6, "leave_ratio": 0.5, "min_duration_s": 1, "max_gap_s": 2}


@dataclass(frozen=True)
class Read:
    score: float | None
    xyxy: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class Turn:
    turn_deg: float | None
    candidate_share: float = 1.0


def rule(detector: str, **keys: Any) -> dict[str, Any]:
    common = {"id": detector.rsplit("/", maxsplit=1)[-1].replace("_", "-"), "detector": detector, "views": ["first"]}
    return common | {"severity": "cheating", "title": TEXT, "article": TEXT} | keys


def scan(**keys: Any) -> dict[str, Any]:
    asked = {"within_s": 60, "min_turn_deg": 270, "min_candidate_share": 0.5, "views": ["second"]}
    return rule("environment_scan", **(asked | keys))


def engine(*rules: dict[str, Any], detectors: tuple[str, ...] = ()) -> Engine:
    raw = {"schema": "proctor-rules/1", "name": "exam", "title": TEXT, "rules": list(rules)}
    return Engine(ruleset_from_dict(raw, "exam"), {"phone": 0.5}, 1.0, detectors)


def told(changes: list[Change]) -> list[tuple[str, str, float, float]]:
    return [(change.kind, change.rule.id, change.span.start_s, change.span.end_s) for change in changes]


def test_signal__opens_and_closes_with_the_next_frame() -> None:
    exam = engine(rule(SPEECH, **SCORED))
    for second in range(3):
        exam.signal(SPEECH, second + 0.3, "first", 0.9)
    assert told(exam.observe("first", 3.0, {})) == [("opened", "speech", 0.3, 1.3)]
    for second in range(3, 7):
        exam.signal(SPEECH, second + 0.3, "first", 0.1)
    assert exam.observe("second", 7.0, {}) == []
    assert told(exam.observe("first", 8.0, {})) == [("closed", "speech", 0.3, 2.3)]


def test_signal__may_lag_the_frames_and_ends_when_it_falls_silent() -> None:
    exam = engine(rule(SPEECH, **SCORED))
    exam.observe("first", 8.0, {})
    exam.signal(SPEECH, 1.0, "first", 0.9)
    exam.signal(SPEECH, 2.0, "first", 0.9)
    assert told(exam.observe("first", 9.0, {})) == [("opened", "speech", 1.0, 2.0)]
    assert exam.observe("first", 11.0, {}) == []
    assert told(exam.observe("first", 2.0 + SIGNAL_LAG_S + 3, {})) == [("closed", "speech", 1.0, 2.0)]


def test_signal__not_pushed_is_not_assessable() -> None:
    exam = engine(rule(SPEECH, **SCORED))
    assert [exam.observe("first", float(second), {SPEECH: Read(1.0)}) for second in range(9)] == [[]] * 9
    assert exam.finish() == []


def test_signal__what_the_last_frame_never_told_comes_at_the_end() -> None:
    exam = engine(rule(SPEECH, **SCORED))
    exam.observe("first", 0.0, {})
    for second in range(3):
        exam.signal(SPEECH, float(second), "first", 0.7)
    assert told(exam.finish()) == [("opened", "speech", 0.0, 1.0), ("closed", "speech", 0.0, 2.0)]


def test_signal__names_what_no_rule_reads() -> None:
    exam = engine(rule(SPEECH, **SCORED))
    assert exam.external == ((SPEECH, "first"),)
    with pytest.raises(ConfigError, match=r"signal: expected one that a rule reads \(external/speech \(first view\)\)"):
        exam.signal("external/speach", 0.0, "first", 0.5)
    with pytest.raises(ConfigError, match=r"got 'external/speech' \(second view\)"):
        exam.signal(SPEECH, 0.0, "second", 0.5)


def test_signal__refuses_scores_that_are_none_and_time_that_runs_backwards() -> None:
    exam = engine(rule(SPEECH, **SCORED))
    exam.signal(SPEECH, 5.0, "first", None)
    with pytest.raises(ModelError, match=r"external/speech: first view at 6 s: expected a score in \[0, 1\]"):
        exam.signal(SPEECH, 6.0, "first", 1.5)
    with pytest.raises(TimestampError, match="expected a time not before 5"):
        exam.signal(SPEECH, 4.0, "first", 0.5)


@pytest.mark.parametrize(
    ("turn", "found"),
    [
        (Turn(360.0), False),
        (Turn(280.0, 0.6), False),
        (Turn(180.0), True),
        (Turn(360.0, 0.2), True),
        (Turn(None), False),
        (None, False),
    ],
)
def test_environment_scan__is_judged_once_when_its_time_is_up(turn: Turn | None, found: bool) -> None:
    exam = engine(scan())
    changes = [change for second in range(5, 100) for change in exam.observe("second", float(second), {}, turn)]
    assert told(changes) == ([("closed", "environment-scan", 5.0, 65.0)] if found else [])
    assert all(change.threshold is None for change in changes)
    assert exam.finish() == []


def test_environment_scan__an_exam_that_ends_early_is_judged_at_its_end() -> None:
    exam = engine(scan())
    exam.observe("second", 0.0, {}, Turn(10.0))
    exam.observe("second", 20.0, {}, Turn(90.0))
    assert told(exam.finish()) == [("closed", "environment-scan", 0.0, 20.0)]


def test_environment_scan__after_a_restart_is_not_told() -> None:
    exam = engine(scan())
    exam.resume(3, {"second": 30.0})
    changes = [change for second in range(31, 200) for change in exam.observe("second", float(second), {}, Turn(0.0))]
    assert changes + exam.finish() == []


def test_from_s__no_frame_before_it_counts() -> None:
    exam = engine(rule("phone", **SCORED, from_s=10))
    changes = [change for second in range(20) for change in exam.observe("first", float(second), {"phone": Read(0.9)})]
    assert told(changes) == [("opened", "phone", 10.0, 11.0)]


def test_engine__a_detector_without_a_threshold_wants_one_in_the_rule() -> None:
    with pytest.raises(
        ConfigError,
        match=r"exam: rules\[0\]\.enter: expected a score above 0 to 1, as no threshold ships for camera_dark",
    ):
        engine(rule("camera_dark", **(SCORED | {"enter": None})), detectors=("phone", "camera_dark"))
    exam = engine(
        rule("camera_dark", **SCORED), rule("phone", **(SCORED | {"enter": None})), detectors=("camera_dark",)
    )
    assert exam.thresholds == {"camera-dark": 0.6, "phone": 0.5}
    with pytest.raises(
        ConfigError, match=r"rules\[0\]\.detector: expected one of phone, recording_gap, .*'camera_dark'"
    ):
        engine(rule("camera_dark", **SCORED))
