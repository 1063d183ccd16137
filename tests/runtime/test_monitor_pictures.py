"""Findings with their pictures and clips: before, at and after."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from proctor_models.errors import ConfigError
from proctor_models.rules.policy import RuleSet
from proctor_models.runtime.held import Clips, Snapshots
from proctor_models.runtime.monitor import Monitor
from reds import THRESHOLDS, Red, frame, near, reported, rules, run


@pytest.fixture
def monitor() -> Monitor:
    return Monitor(Red(), rules(), THRESHOLDS, 0.5, snapshots=Snapshots(1e9))


def test_observe__a_finding_comes_with_the_frames_before_at_and_after(monitor: Monitor) -> None:
    reds = [0, 0, 180, 200, 250, 190, 0, 0, 0, 0, 0, 0]
    steps = run(monitor, {i / 2: frame(red, 20 * i) for i, red in enumerate(reds)})
    (found,) = reported(steps)
    finding = found.finding
    assert (finding.start_s, finding.peak_s, finding.end_s) == (1.0, 2.0, 2.5)
    assert finding.peak_score == pytest.approx(250 / 255, abs=1e-3)
    assert finding.boxes == ((2.0, 3.0, 20.0, 30.0),)
    assert finding.evidence == tuple(f"evidence/F0001-{kind}.jpg" for kind in ("peak", "before", "after"))
    assert set(found.pictures) == {*finding.evidence, finding.marked}
    assert near(found.pictures["evidence/F0001-peak.jpg"], blue=80, red=250)
    assert near(found.pictures["evidence/F0001-before.jpg"], blue=20, red=0)
    assert near(found.pictures["evidence/F0001-after.jpg"], blue=120, red=0)
    assert (finding.model_sha256, finding.rules_sha256) == (Red.model_sha256, rules().sha256)


def test_observe__the_marked_picture_alone_has_the_boxes(monitor: Monitor) -> None:
    run(monitor, {i / 2: frame(200) for i in range(5)})
    (found,) = monitor.finish()
    peak, marked = (
        cv2.imdecode(np.frombuffer(found.pictures[f"evidence/F0001-{kind}.jpg"], np.uint8), cv2.IMREAD_COLOR)
        for kind in ("peak", "marked")
    )
    assert np.ptp(peak.astype(int), axis=(0, 1)).max() < 8
    assert np.ptp(marked.astype(int), axis=(0, 1)).max() > 100


def test_observe__a_finding_without_boxes_has_no_marked_picture(monitor: Monitor) -> None:
    green = np.zeros((48, 64, 3), np.uint8)
    green[..., 1] = 60 + 90 * (np.indices((48, 64)).sum(0) // 4 % 2)  # a pattern: a plain picture counts as covered
    steps = run(monitor, {i / 2: green for i in range(5)})
    (found,) = [*reported(steps), *monitor.finish()]
    assert (found.finding.rule, found.finding.marked, found.finding.boxes) == ("absence", None, ())
    assert found.finding.evidence == ("evidence/F0001-peak.jpg",)


def test_observe__a_gap_shows_the_frames_around_it(monitor: Monitor) -> None:
    (found,) = reported(run(monitor, {0.0: frame(0, 40), 0.5: frame(0, 90), 30.0: frame(0, 140)}))
    assert (found.finding.detector, found.finding.start_s, found.finding.end_s) == ("recording_gap", 0.5, 30.0)
    assert (found.finding.peak_s, found.finding.peak_score, found.finding.threshold) == (None, None, None)
    assert near(found.pictures["evidence/F0001-before.jpg"], blue=90, red=0)
    assert near(found.pictures["evidence/F0001-after.jpg"], blue=140, red=0)


def test_finish__a_view_that_starts_late_shows_its_first_frame() -> None:
    gap = rules().rules[2]
    late = RuleSet("exam", gap.title, (type(gap)(**(vars(gap) | {"ends_within_s": 2.0})),), "0" * 64)
    monitor = Monitor(Red(), late, THRESHOLDS, 0.5)
    run(monitor, {i / 2: frame(0) for i in range(40)}, "second")
    run(monitor, {9.5 + i / 2: frame(0, 60 + 50 * i) for i in range(3)})
    starts, ends = monitor.finish()
    assert (starts.finding.start_s, starts.finding.end_s) == (0.0, 9.5)
    assert near(starts.pictures["evidence/F0001-after.jpg"], blue=60, red=0)
    assert (ends.finding.start_s, ends.finding.end_s) == (10.5, 19.5)
    assert near(ends.pictures["evidence/F0002-before.jpg"], blue=160, red=0)


def test_finish__a_missing_view_has_no_picture(monitor: Monitor) -> None:
    run(monitor, {i / 2: frame(0) for i in range(20)}, "second")
    (found,) = monitor.finish()
    assert (found.finding.view, found.finding.start_s, found.finding.end_s) == ("first", 0.0, 9.5)
    assert (found.finding.evidence, found.pictures) == ((), {})


def test_observe__survives_a_camera_that_reuses_its_buffer(monitor: Monitor) -> None:
    buffer, found = frame(0), []
    for i, red in enumerate([0, 200, 200, 200, 0, 0, 0, 0, 0, 0]):
        buffer[:] = frame(red, 20 * i)
        found += monitor.observe(buffer, i / 2, "first").reported
    assert near(found[0].pictures["evidence/F0001-before.jpg"], blue=0, red=0)
    assert near(found[0].pictures["evidence/F0001-after.jpg"], blue=80, red=0)


def test_observe__keeps_no_more_frames_the_longer_it_runs(monitor: Monitor) -> None:
    most = 0
    for i in range(400):
        monitor.observe(frame(200 if i % 20 < 10 else 0), i / 2, "first")
        most = max(most, len(monitor._album))
    assert most <= 6


def test_observe__what_opens_comes_with_its_pictures_so_far(monitor: Monitor) -> None:
    steps = run(monitor, {i / 2: frame(red, 20 * i) for i, red in enumerate([0, 180, 200, 190, 250, *[0] * 6])})
    ((i, opened),) = [(i, opened) for i, step in enumerate(steps) for opened in step.opened]
    assert (i, opened.finding_id, opened.rule, opened.view, opened.start_s) == (3, "F0001", "phone", "first", 0.5)
    names = ("opened", "before", "opened-marked")
    assert set(opened.pictures) == {f"evidence/F0001-{name}.jpg" for name in names}
    assert (*opened.finding.evidence, opened.finding.marked) == tuple(f"evidence/F0001-{name}.jpg" for name in names)
    assert near(opened.pictures["evidence/F0001-opened.jpg"], blue=40, red=200)
    # What is reported later overwrites nothing with something else.
    (found,) = reported(steps)
    assert near(found.pictures["evidence/F0001-peak.jpg"], blue=80, red=250)
    both = found.pictures.keys() & opened.pictures.keys()
    assert both == {"evidence/F0001-before.jpg"}
    assert all(found.pictures[path] == opened.pictures[path] for path in both)


def test_observe__a_clip_shows_how_a_finding_began() -> None:
    clips = Clips(before_s=2, after_s=3, most_frames=64)
    monitor = Monitor(Red(), rules(), THRESHOLDS, 0.5, snapshots=Snapshots(1e9), clips=clips)
    steps = run(monitor, {i / 2: frame(200 if 20 <= i < 40 else 0, i) for i in range(60)})
    (found,) = reported(steps)
    assert [t for t, _ in found.clip] == [8 + i / 2 for i in range(11)]  # starts at 10 s
    assert [near(jpeg, blue=round(2 * t), red=200 if t >= 10 else 0) for t, jpeg in found.clip] == [True] * 11


def test_observe__a_clip_is_bounded_and_off_unless_asked_for(monitor: Monitor) -> None:
    frames = {i / 2: frame(200 if i >= 20 else 0) for i in range(60)}
    few = Monitor(Red(), rules(), THRESHOLDS, 0.5, snapshots=Snapshots(1e9), clips=Clips(100, 100, most_frames=8))
    run(few, frames)
    (found,) = few.finish()
    assert [t for t, _ in found.clip] == [8 + i / 2 for i in range(8)]
    run(monitor, frames)
    assert monitor.finish()[0].clip == ()
    with pytest.raises(ConfigError, match="clips: before_s: expected a number from 0, got -1"):
        Clips(before_s=-1)
