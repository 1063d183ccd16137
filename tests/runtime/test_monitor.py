"""Frames to findings with their pictures, by an observer that takes red for a phone and black for nobody."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread
from typing import Any, ClassVar

import cv2
import numpy as np
import pytest
from onnx import numpy_helper

from proctor_models import runtime
from proctor_models.detectors import DETECTORS
from proctor_models.errors import ConfigError, DataError, ModelError, TimestampError
from proctor_models.rules.policy import RuleSet, ruleset_from_dict
from proctor_models.runtime.held import Clips, Snapshots, draw_boxes
from proctor_models.runtime.monitor import Monitor
from proctor_models.runtime.pack import Pack
from proctor_models.runtime.steps import Opened, Reported, Step
from proctor_models.types import SCENE_CLASSES, Detections, Image, Observation, View

TEXT = {"zh": "手机", "en": "phone"}
THRESHOLDS = dict.fromkeys((detector.name for detector in DETECTORS), 0.5)


class Red:
    """Sees a phone where the frame is red, as sure as it is red, and a person unless it is black or pure green."""

    model_sha256: ClassVar = {"scene": "a" * 64, "head": "b" * 64}

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        red = float(image[..., 2].mean()) / 255
        rows = [("phone", red)] if red > 0.1 else []
        is_green = not image[..., ::2].any()
        rows += [("person", 0.9)] if not is_green else []
        height, width = image.shape[:2]
        scene = Detections(
            np.array([[2, 3, 20, 30] for _ in rows], np.float32).reshape(-1, 4),
            np.array([score for _, score in rows], np.float32),
            np.array([SCENE_CLASSES.index(name) for name, _ in rows], np.int64),
            SCENE_CLASSES,
        )
        return Observation(timestamp_s, view, (width, height), scene)


PHONE: dict[str, Any] = {
    "id": "phone",
    "detector": "phone",
    "views": ["first", "second"],
    "enter": None,
    "leave_ratio": 0.5,
    "min_duration_s": 1,
    "max_gap_s": 2,
    "severity": "cheating",
    "title": TEXT,
    "article": TEXT,
}


def rules(**changes: Any) -> RuleSet:
    absence = PHONE | {"id": "absence", "detector": "seat_absence", "severity": "breach_of_discipline"}
    gap = {
        "id": "gap",
        "detector": "recording_gap",
        "views": ["first"],
        "min_duration_s": 3,
        "severity": "invalid_recording",
        "title": TEXT,
        "article": TEXT,
    }
    raw = {"schema": "proctor-rules/1", "name": "exam", "title": TEXT, "rules": [PHONE | changes, absence, gap]}
    return ruleset_from_dict(raw, "exam")


def frame(red: int, blue: int = 60) -> Image:
    """A plain frame: `red` says how sure a phone is, `blue` which frame it was."""
    return np.full((48, 64, 3), (blue, 60, red), np.uint8)


def colour(jpeg: bytes) -> list[int]:
    """Blue, green and red of the lower right corner, where nothing is drawn."""
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return [int(value) for value in image[40, 55]]


def near(jpeg: bytes, blue: int, red: int) -> bool:
    return abs(colour(jpeg)[0] - blue) < 8 and abs(colour(jpeg)[2] - red) < 8


def run(monitor: Monitor, frames: dict[float, Image], view: View = "first") -> list[Step]:
    return [monitor.observe(image, t, view) for t, image in frames.items()]


def reported(steps: list[Step]) -> list[Reported]:
    return [found for step in steps for found in step.reported]


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


def test_observe__tells_when_a_finding_opens_and_when_it_closes(monitor: Monitor) -> None:
    steps = run(monitor, {i / 2: frame(200 if i < 4 else 0) for i in range(10)})
    assert [i for i, step in enumerate(steps) if step.opened] == [2]
    assert [i for i, step in enumerate(steps) if step.reported] == [8]


def test_observe__scores_are_of_every_detector(monitor: Monitor) -> None:
    (step,) = run(monitor, {0.0: frame(255)})
    assert step.scores["phone"] == pytest.approx(1.0)
    assert step.scores["seat_absence"] == pytest.approx(0.1, abs=1e-6)
    assert step.scores["mask"] is None
    assert set(step.scores) == set(THRESHOLDS)


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


def test_observe__passes_on_what_is_wrong(monitor: Monitor) -> None:
    run(monitor, {2.0: frame(0)})
    with pytest.raises(TimestampError, match="first view"):
        monitor.observe(frame(0), 1.0, "first")
    with pytest.raises(DataError, match="expected a numpy array"):
        monitor.observe("frame", 3.0, "first")  # type: ignore[arg-type]


def test_monitor__refuses_a_rule_on_a_view_that_its_detector_cannot_read() -> None:
    class FirstOnly:
        name, views = "phone", ("first",)

        def read(self, observation: Observation) -> Any:
            raise NotImplementedError

    only = RuleSet("exam", rules().title, rules().rules[:1], "0" * 64)
    with pytest.raises(ConfigError, match=r"exam: rules\[0\]\.views: detector 'phone' reads only first, got 'second'"):
        Monitor(Red(), only, THRESHOLDS, 0.5, detectors=(FirstOnly(),))  # type: ignore[arg-type]


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


def test_observe__suspects_what_is_under_way_or_near_its_threshold(monitor: Monitor) -> None:
    steps = run(monitor, {i / 2: frame(red) for i, red in enumerate([0, 80, 110, 200, 0, 0])})
    assert [bool(step.suspected) for step in steps] == [False, False, True, True, True, False]
    assert steps[2].suspected == {"phone"}


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


class Sick(Red):
    """Fails on a frame of one colour."""

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        if image[0, 0, 0] == 13:
            raise ModelError("no numbers")
        return super().observe(image, timestamp_s, view)


def test_observe__a_frame_that_is_refused_changes_nothing() -> None:
    frames = {i / 2: frame(200 if 4 <= i < 9 else 0, 20 * i) for i in range(18)}
    alone, disturbed = (Monitor(Sick(), rules(), THRESHOLDS, 0.5, snapshots=Snapshots(1e9)) for _ in range(2))
    steps = []
    for t, image in frames.items():
        with pytest.raises(DataError, match="expected uint8 or uint16"):
            disturbed.observe(image.astype(np.float32), t + 0.1, "first")  # type: ignore[arg-type]
        with pytest.raises(ModelError, match="no numbers"):
            disturbed.observe(frame(255, 13), t + 0.1, "first")
        with pytest.raises(ConfigError, match="view: expected one of first, second, got 'third'"):
            disturbed.observe(image, t, "third")  # type: ignore[arg-type]
        steps.append(disturbed.observe(image, t, "first"))
        with pytest.raises(TimestampError, match="expected a timestamp not before"):
            disturbed.observe(image, t - 0.1, "first")
    assert steps == run(alone, frames)
    assert disturbed.finish() == alone.finish()


def test_resume__numbers_go_on_and_the_time_between_is_a_gap(monitor: Monitor) -> None:
    monitor.resume(7, {"first": 20.0})
    with pytest.raises(TimestampError, match="not before 20 s"):
        monitor.observe(frame(0), 10.0, "first")
    step = monitor.observe(frame(0, 140), 60.0, "first")
    (gap,) = step.reported
    assert (gap.finding.id, gap.finding.start_s, gap.finding.end_s) == ("F0008", 20.0, 60.0)
    assert list(gap.pictures) == ["evidence/F0008-after.jpg"]


@pytest.fixture
def bright_pack(
    make_pack: Callable[..., Path], reseal: Callable[..., None], specs: dict[str, Any], build_net: Callable[..., Any]
) -> Path:
    """A pack whose nets score everything as high as the picture is bright."""
    folder = make_pack()
    ruleset = {"schema": "proctor-rules/1", "name": "remote-exam", "title": TEXT}
    (folder / "rules" / "remote-exam.json").write_text(json.dumps({**ruleset, "rules": [PHONE]}), "utf-8")
    boxes, scores = np.array([[10, 20, 40, 50]], np.float32), np.zeros((1, len(SCENE_CLASSES)), np.float32)
    said = {"scene": {"boxes": boxes, "scores": scores}}
    said["head"] = {"attributes": np.zeros(len(specs["head"].names), np.float32)}
    for name, outputs in said.items():
        net = build_net(specs[name], outputs)
        for constant in net.graph.initializer:
            if constant.name == "zero":
                constant.CopyFrom(numpy_helper.from_array(np.ones((), np.float32), "zero"))
        (folder / "models" / f"{name}.onnx").write_bytes(net.SerializeToString())
    reseal(folder)
    return folder


def test_observe__two_threads_give_what_one_gives(bright_pack: Path) -> None:
    """Real nets; of the findings only the numbers depend on which view came first."""
    generator = np.random.default_rng(5)
    views: tuple[View, ...] = ("first", "second")
    levels = {view: np.repeat(generator.integers(0, 256, 12), 5) for view in views}
    pack, start = Pack.load(bright_pack), Barrier(2)
    both, one = (Monitor.from_pack(pack, "remote-exam", snapshots=Snapshots(1e9)) for _ in range(2))
    together: dict[View, list[Step]] = {}

    def frames(view: View) -> dict[float, Image]:
        return {i / 2: np.full((96, 128, 3), level, np.uint8) for i, level in enumerate(levels[view])}

    def push(view: View) -> None:
        start.wait()
        together[view] = run(both, frames(view), view)

    threads = [Thread(target=push, args=(view,)) for view in views]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    def plain(steps: list[Step]) -> list[Any]:
        """All of the steps but the numbers of the findings."""
        found: list[list[Any]] = []
        for step in steps:
            changes: list[Opened | Reported] = [*step.opened, *step.reported]
            fields = [
                {k: v for k, v in vars(each.finding).items() if k not in ("id", "evidence", "marked")}
                for each in changes
            ]
            found.append([step.scores, step.suspected, fields, [list(each.pictures.values()) for each in changes]])
        return found

    for view in views:
        assert plain(together[view]) == plain(run(one, frames(view), view))
        assert reported(together[view])
    numbers = [found.finding.id for view in views for found in reported(together[view])]
    assert len(set(numbers)) == len(numbers)


def test_from_pack__by_folder_with_the_short_import(bright_pack: Path) -> None:
    monitor = runtime.Monitor.from_pack(bright_pack, rules="remote-exam")
    step = monitor.observe(np.full((96, 128, 3), 200, np.uint8), 0.0, "first")
    assert step.scores["phone"] == pytest.approx(0.7, abs=0.01)  # with the grey above and below
    with pytest.raises(ConfigError, match=r"rules\[0\]\.min_duration_s"):
        Monitor.from_pack(bright_pack, rules="remote-exam", interval_s=5)


def test_runtime__its_short_names_are_those_of_its_modules() -> None:
    for name in runtime.__all__:
        assert getattr(runtime, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute 'Verdict'"):
        _ = runtime.Verdict  # type: ignore[attr-defined]


def test_snapshots__about_one_a_minute_through_the_whole_exam_in_both_views() -> None:
    snapshots = Snapshots(60, random.Random(7))
    for view in ("first", "second"):
        times = [i / 2 for i in range(2 * 3600) if snapshots.due(view, i / 2)]
        gaps = np.diff([0, *times, 3600])
        assert 45 <= len(times) <= 75
        assert times[0] <= 60.5
        assert gaps.max() <= 90.5
        assert len(set(gaps)) > 20


def test_snapshots__cannot_be_foreseen() -> None:
    runs = [[i for i in range(3600) if snapshots.due("first", i / 2)] for snapshots in (Snapshots(), Snapshots())]
    assert runs[0] != runs[1]


def test_snapshots__refuses_no_time() -> None:
    with pytest.raises(ConfigError, match="every_s: expected seconds above 0"):
        Snapshots(0)


def test_draw_boxes__leaves_the_frame_alone() -> None:
    image = frame(0)
    assert draw_boxes(image, [(5, 5, 20, 20)]).max() == 255
    assert image.max() == 60
