"""Frames to findings, from any thread, whatever comes between."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import numpy as np
import pytest
from onnx import numpy_helper

from proctor_models import runtime
from proctor_models.errors import ConfigError, DataError, ModelError, TimestampError
from proctor_models.rules.policy import RuleSet
from proctor_models.runtime.held import Snapshots
from proctor_models.runtime.monitor import Monitor
from proctor_models.runtime.pack import Pack
from proctor_models.runtime.steps import Opened, Reported, Step
from proctor_models.types import SCENE_CLASSES, Image, Observation, View
from reds import PHONE, TEXT, THRESHOLDS, Red, frame, reported, rules, run


@pytest.fixture
def monitor() -> Monitor:
    return Monitor(Red(), rules(), THRESHOLDS, 0.5, snapshots=Snapshots(1e9))


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


def test_observe__suspects_what_is_under_way_or_near_its_threshold(monitor: Monitor) -> None:
    steps = run(monitor, {i / 2: frame(red) for i, red in enumerate([0, 80, 110, 200, 0, 0])})
    assert [bool(step.suspected) for step in steps] == [False, False, True, True, True, False]
    assert steps[2].suspected == {"phone"}


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
