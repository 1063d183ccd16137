"""Several rules over two views, and recordings with holes."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proctor_models.errors import ConfigError, ModelError, TimestampError
from proctor_models.rules.engine import Engine
from proctor_models.rules.policy import Rule, RuleSet, Text
from proctor_models.rules.tracks import Change

TEXT = Text("手机", "phone")
THRESHOLDS = {"phone": 0.5, "earphone": 0.6}
Found = list[tuple[str, str, float, float]]


@dataclass(frozen=True)
class Read:
    score: float | None
    xyxy: tuple[tuple[float, ...], ...] = ()


def rule(**changes: Any) -> Rule:
    values: dict[str, Any] = {
        "id": "phone",
        "detector": "phone",
        "views": ("first", "second"),
        "min_duration_s": 1.0,
        "max_gap_s": 2.0,
        "leave_ratio": 0.5,
        "severity": "cheating",
        "title": TEXT,
        "article": TEXT,
    }
    return Rule(**(values | changes))


def gap(**changes: Any) -> Rule:
    return rule(**({"id": "gap", "detector": "recording_gap", "min_duration_s": 3.0, "max_gap_s": 0.0} | changes))


def engine(*rules: Rule, interval_s: float = 0.5) -> Engine:
    return Engine(RuleSet("exam", TEXT, rules, "0" * 64), THRESHOLDS, interval_s)


def feed(engine: Engine, view: str, start_s: float, end_s: float, **scores: float | None) -> list[Change]:
    """Frames every half second from start to end, all with the same scores."""
    readings = {name: Read(score) for name, score in scores.items()}
    times = [start_s + i / 2 for i in range(round((end_s - start_s) * 2) + 1)]
    return [change for t in times for change in engine.observe(view, t, readings)]


def closed(changes: list[Change]) -> Found:
    return [(c.rule.id, c.view, c.span.start_s, c.span.end_s) for c in changes if c.kind == "closed"]


def test_observe__each_view_has_findings_of_its_own() -> None:
    exam = engine(rule())
    opened = exam.observe("first", 0.0, {"phone": Read(0.9)})
    for i in range(1, 5):
        opened += exam.observe("first", i / 2, {"phone": Read(0.9)})
        opened += exam.observe("second", i / 2 + 0.2, {"phone": Read(0.8)})
    assert [(c.kind, c.number, c.view) for c in opened] == [("opened", 1, "first"), ("opened", 2, "second")]
    assert closed(exam.finish()) == [("phone", "first", 0.0, 2.0), ("phone", "second", 0.7, 2.2)]


def test_observe__null_enter_takes_the_shipped_threshold() -> None:
    exam = engine(rule(), rule(id="strict", enter=0.8))
    changes = feed(exam, "first", 0, 2, phone=0.7) + exam.finish()
    assert [(c.rule.id, c.threshold) for c in changes if c.kind == "closed"] == [("phone", 0.5)]


def test_observe__leaves_at_enter_times_leave_ratio() -> None:
    exam = engine(rule(leave_ratio=0.5))
    changes = feed(exam, "first", 0, 2, phone=0.5) + feed(exam, "first", 2.5, 4, phone=0.25)
    changes += feed(exam, "first", 4.5, 8, phone=0.24)
    assert closed(changes) == [("phone", "first", 0.0, 4.0)]


def test_observe__a_rule_reads_only_its_views() -> None:
    exam = engine(rule(views=("second",)))
    assert feed(exam, "first", 0, 5, phone=0.9) + exam.finish() == []


def test_observe__a_detector_left_out_is_not_assessable() -> None:
    exam = engine(rule())
    assert closed(feed(exam, "first", 0, 2, phone=0.9) + feed(exam, "first", 2.5, 9)) == [("phone", "first", 0.0, 2.0)]


def test_observe__keeps_the_boxes_of_the_peak() -> None:
    exam = engine(rule())
    for i, score in enumerate([0.6, 0.9, 0.7]):
        exam.observe("first", i / 2, {"phone": Read(score, ((i, 0, 9, 9),))})
    (change,) = exam.finish()
    assert (change.span.peak_s, change.span.peak_score, change.span.boxes) == (0.5, 0.9, ((1.0, 0.0, 9.0, 9.0),))


@pytest.mark.parametrize("time_s", [1.0, float("nan"), float("inf")])
def test_observe__refuses_time_that_runs_backwards_in_one_view(time_s: float) -> None:
    exam = engine(rule())
    exam.observe("first", 2.0, {})
    exam.observe("second", 1.0, {})
    with pytest.raises(TimestampError, match=r"first view: expected a timestamp not before 2 s"):
        exam.observe("first", time_s, {})


@pytest.mark.parametrize("score", [float("nan"), -0.1, 1.1])
def test_observe__refuses_a_score_that_is_none(score: float) -> None:
    with pytest.raises(ModelError, match=r"phone: first view at 3 s: expected a score in \[0, 1\] or None"):
        engine(rule()).observe("first", 3.0, {"phone": Read(score)})


def test_observe__refuses_an_unknown_view() -> None:
    with pytest.raises(ConfigError, match="view: expected one of first, second, got 'third'"):
        engine(rule()).observe("third", 0.0, {})


@pytest.mark.parametrize(
    ("bad", "interval_s", "message"),
    [
        (
            rule(detector="hat"),
            0.5,
            r"exam: rules\[0\]\.detector: expected one of phone, earphone, recording_gap, .*, got 'hat'",
        ),
        (rule(min_duration_s=0.2), 0.5, r"exam: rules\[0\]\.min_duration_s: 0.2 s cannot be measured"),
        (rule(max_gap_s=0.5), 0.5, r"exam: rules\[0\]\.max_gap_s: 0.5 s cannot bridge"),
        (rule(), 5.0, r"exam: rules\[0\]\.min_duration_s: 1 s cannot be measured on frames 5 s apart"),
        (gap(), 2.0, r"exam: rules\[0\]\.min_duration_s: 3 s is no gap on frames 2 s apart"),
    ],
)
def test_engine__refuses_rules_it_cannot_keep(bad: Rule, interval_s: float, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        engine(bad, interval_s=interval_s)


def test_recording_gap__a_camera_that_was_off_is_a_gap_and_no_phone() -> None:
    exam = engine(rule(), gap(views=("first",)))
    changes = feed(exam, "first", 0, 2, phone=0.9) + feed(exam, "first", 62, 64, phone=0.9) + exam.finish()
    assert closed(changes) == [
        ("gap", "first", 2.0, 62.0),
        ("phone", "first", 0.0, 2.0),
        ("phone", "first", 62.0, 64.0),
    ]
    (found,) = (c for c in changes if c.rule.is_gap)
    assert found.threshold is None


def test_recording_gap__a_shorter_jump_is_none() -> None:
    exam = engine(gap(views=("first",)))
    assert feed(exam, "first", 0, 2) + feed(exam, "first", 4.5, 9) + exam.finish() == []


def test_recording_gap__a_view_that_is_missing() -> None:
    exam = engine(gap())
    assert closed(feed(exam, "first", 1, 9) + exam.finish()) == [("gap", "second", 1.0, 9.0)]


def test_recording_gap__a_view_that_starts_late_and_ends_early() -> None:
    exam = engine(gap(ends_within_s=5.0))
    changes = feed(exam, "first", 0, 30) + feed(exam, "second", 6, 24) + exam.finish()
    assert closed(changes) == [("gap", "second", 0.0, 6.0), ("gap", "second", 24.0, 30.0)]


def test_recording_gap__a_view_that_starts_late_is_told_after_a_restart() -> None:
    exam = engine(gap(ends_within_s=2.0))
    exam.resume(0, {"first": 20.0, "second": 20.0}, {"first": 0.5, "second": 8.0})
    feed(exam, "first", 20.5, 25)
    feed(exam, "second", 20.5, 25)
    assert closed(exam.finish()) == [("gap", "second", 0.5, 8.0)]


def test_recording_gap__ends_within_the_limit_or_not_compared_are_none() -> None:
    for compared in (gap(ends_within_s=6.0), gap()):
        exam = engine(compared)
        assert feed(exam, "first", 0, 30) + feed(exam, "second", 6, 24) + exam.finish() == []


def test_recording_gap__a_recording_cut_off_ends_where_its_header_says() -> None:
    exam = engine(gap(views=("first",)))
    changes = feed(exam, "first", 0, 10) + exam.finish({"first": 25.0})
    assert closed(changes) == [("gap", "first", 10.0, 25.0)]
    whole = engine(gap(views=("first",)))
    assert feed(whole, "first", 0, 10) + whole.finish({"first": 10.5}) == []


def test_finish__is_final_and_without_frames_finds_nothing() -> None:
    assert engine(rule(), gap()).finish() == []
    exam = engine(rule())
    feed(exam, "first", 0, 3, phone=0.9)
    assert len(exam.finish()) == 1
    assert exam.finish() == []


def test_under_way__tells_what_evidence_is_needed_for() -> None:
    exam = engine(rule(), rule(id="earphone", detector="earphone"))
    exam.observe("first", 0.0, {"phone": Read(0.9), "earphone": Read(0.1)})
    (track,) = exam.under_way("first")
    assert (track.rule.id, track.view) == ("phone", "first")
    assert exam.under_way("second") == {}


scores = st.one_of(st.none(), st.sampled_from([0.0, 0.2, 0.4, 0.55, 0.7, 1.0]))
frames = st.lists(st.tuples(st.sampled_from([0.5, 0.5, 1.0, 4.0]), scores, scores), min_size=1, max_size=40)


def test_rules__need_the_standard_library_only() -> None:
    program = (
        "import proctor_models.rules.engine, sys; print({'numpy', 'cv2', 'onnxruntime', 'yaml'} & sys.modules.keys())"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"


# A busy machine is no reason to fail.
ANY = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@ANY
@given(frames, frames)
def test_engine__views_do_not_touch_each_other(first: list[Any], second: list[Any]) -> None:
    def run(views: Mapping[str, list[Any]], *, mixed: bool) -> list[Found]:
        exam, timed = engine(rule(), rule(id="earphone", detector="earphone")), []
        for view, steps in views.items():
            t = 0.0
            for step_s, phone, earphone in steps:
                t += step_s
                timed.append((t, view, {"phone": Read(phone), "earphone": Read(earphone)}))
        if mixed:
            timed.sort(key=lambda frame: frame[0])
        found = closed([c for t, view, readings in timed for c in exam.observe(view, t, readings)] + exam.finish())
        return [sorted(f for f in found if f[1] == view) for view in ("first", "second")]

    both = {"first": first, "second": second}
    assert run(both, mixed=True) == run(both, mixed=False)
    assert run(both, mixed=True)[0] == run({"first": first}, mixed=True)[0]


@ANY
@given(frames)
def test_engine__numbers_count_up_and_spans_of_a_rule_never_overlap(steps: list[Any]) -> None:
    exam, t, changes = engine(rule(), gap(views=("first",))), 0.0, []
    for step_s, phone, _ in steps:
        t += step_s
        changes += exam.observe("first", t, {"phone": Read(phone)})
    changes += exam.finish()
    opening = [c.number for c in changes if c.kind == "opened" or c.rule.is_gap]
    assert opening == list(range(1, len(opening) + 1))
    assert sorted(c.number for c in changes if c.kind == "closed") == opening
    spans = [(c.span.start_s, c.span.end_s) for c in changes if c.kind == "closed" and not c.rule.is_gap]
    assert all(earlier[1] < later[0] for earlier, later in pairwise(spans))
    gaps = [c.span for c in changes if c.rule.is_gap]
    assert not [s for s in spans for g in gaps if s[0] < g.end_s and g.start_s < s[1]]
