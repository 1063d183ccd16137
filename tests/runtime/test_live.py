"""Cameras that go on, get lost and come back; the exam they are watched in; and what is left when it stops."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event as Flag
from typing import Any

import numpy as np
import pytest

from cameras import GAP, PHONE, TEXT, THRESHOLDS, Camera, Clock, Red, Shown, grey, ruleset
from proctor_models.cli import main
from proctor_models.errors import ConfigError, EvidenceError, ModelError, VideoError
from proctor_models.runtime import sources
from proctor_models.runtime.events import Event
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.live import LiveExam, LiveOptions, watch_live
from proctor_models.runtime.pace import Budget, Pace, PaceName, rates
from proctor_models.runtime.reader import FAILURES, HUNG_S, LONGEST_WAIT_S, Capture, Reader
from proctor_models.runtime.report import render
from proctor_models.runtime.session import Setup
from proctor_models.runtime.sources import Source, source
from proctor_models.runtime.verify import verify
from proctor_models.types import Image, Observation, View
from streamed import free_port, push


def showing(seconds: float, image: Any = None, fps: float = 10) -> list[Shown]:
    return [(1 / fps, grey() if image is None else image)] * round(seconds * fps)


def reader(
    clock: Clock, *cameras: Iterable[Shown] | VideoError, view: View = "first", pace: PaceName = "fixed"
) -> Reader:
    """A reader of cameras that follow each other: each is what opening gives once the one before is lost."""
    following = iter(cameras)

    def open_next() -> Capture:
        found = next(following, VideoError("not there"))
        if isinstance(found, VideoError):
            raise found
        return Camera(clock, found)

    return Reader(view, open_next(), open_next, Pace(rates(pace, 2)), clock)


def run(one: Reader, clock: Clock, until_s: float, taken: list[float] | None = None) -> list[Event]:
    """Step by step without a thread, waiting as it asks; frames are taken as they come, if `taken` is given."""
    events = []
    while clock.now_s < until_s:
        wait_s = one.step()  # it moves the clock, too
        clock.now_s += wait_s
        events += one.events()
        if taken is not None and (frame := one.take()) is not None:
            taken.append(round(frame.timestamp_s, 3))
    return events


def told(events: list[Event]) -> list[tuple[str, float]]:
    return [(event.kind, round(event.timestamp_s, 1)) for event in events]


def test_step__frames_come_at_the_pace(tmp_path: Path) -> None:
    clock, taken = Clock(), []
    assert run(reader(clock, showing(5)), clock, 4.95, taken) == []
    np.testing.assert_allclose(taken, [0.1, *np.arange(0.5, 5.1, 0.5)], atol=1e-6)


def test_step__what_is_not_taken_is_overwritten_and_counted() -> None:
    clock = Clock()
    one = reader(clock, showing(200))
    events = run(one, clock, 150)
    assert one.dropped.total == 300
    assert one.take().timestamp_s == pytest.approx(149.5, abs=0.51)  # type: ignore[union-attr]
    assert one.take() is None
    assert [event.kind for event in events] == ["frames_dropped"] * 3  # at once, then once a minute
    assert sum(int(event.detail["count"]) for event in [*events, *one.events(end=True)]) == 300
    assert events[0].detail["reason"] == "not kept up with"


def test_step__a_camera_that_is_unplugged_and_comes_back() -> None:
    clock, taken = Clock(), []
    refused = [VideoError("camera 0: not there")] * 3
    one = reader(clock, showing(5), *refused, showing(5))
    events = run(one, clock, 15, taken)
    assert told(events) == [("camera_lost", pytest.approx(5.4)), ("camera_back", pytest.approx(13, abs=0.3))]
    assert events[0].detail == {"reason": "the camera gives no frames"}
    assert events[1].detail["away_s"] == pytest.approx(7.6, abs=0.3)
    assert events[1].detail["tries"] == 4
    assert taken[-1] > 14


def test_step__waits_grow_but_not_for_ever() -> None:
    clock = Clock()
    one = reader(clock, [])
    waits = [one.step() for _ in range(FAILURES + 12)][FAILURES - 1 :]
    assert waits[:5] == [0.5, 1, 2, 4, 8]
    assert waits[-1] == LONGEST_WAIT_S
    assert [event.kind for event in one.events()] == ["camera_lost"]


def test_step__frames_that_cannot_be_used_are_counted_and_passed_over() -> None:
    clock, taken = Clock(), []
    shown = [(0.1, "torn" if i % 2 else np.zeros((48, 64, 3), np.float32)) for i in range(40)] + showing(2)
    events = run(reader(clock, shown), clock, 5.5, taken)
    assert told(events) == [("frame_unreadable", 0.1)]
    assert "expected uint8 or uint16 pixels" in str(events[0].detail["reason"])
    assert taken[0] == pytest.approx(4.5, abs=0.01)


def test_step__a_clock_that_jumps_is_told_and_changes_nothing() -> None:
    clock, taken = Clock(), []
    one = reader(clock, showing(60))
    events = run(one, clock, 5)
    one._capture.shift_s = 50.0  # type: ignore[union-attr]
    events += run(one, clock, 10, taken)
    assert told(events) == [("frames_dropped", pytest.approx(0.5)), ("clock_wrong", pytest.approx(5.1, abs=0.2))]
    assert events[1].detail["reason"] == "50.000 s behind"
    np.testing.assert_allclose(np.diff(taken), 0.5, atol=1e-6)


def test_events__a_driver_that_hangs_is_told_once_and_its_return_too() -> None:
    clock = Clock()
    one = reader(clock, showing(5))
    run(one, clock, 1)
    clock.now_s += HUNG_S + 1
    (lost,) = [event for event in one.events() if event.kind == "camera_lost"]
    assert (one.is_lost, lost.detail["reason"]) == (True, f"the driver has not answered for {HUNG_S:g} s")
    assert one.events() == []
    one.step()
    (back,) = [event for event in one.events() if event.kind == "camera_back"]
    assert (one.is_lost, back.detail["away_s"]) == (False, pytest.approx(HUNG_S + 1.1, abs=0.01))


class Exam:
    """A live exam without threads: cameras, monitor and ledger in step with a clock that the cameras move."""

    def __init__(self, out: Path, shown: dict[View, list[Shown]], observer: Any = None, budget: Any = None) -> None:
        self.clock = Clock()
        setup = Setup(observer or Red(), ruleset(), THRESHOLDS, "1.0", 2.0, "adaptive")
        self.ledger = Ledger(out, live=True)
        self.ledger.start(setup.to_dict())
        self.readers = {view: reader(self.clock, frames, view=view, pace="adaptive") for view, frames in shown.items()}
        budget = None if budget is None else budget(self.clock)
        self.exam = LiveExam(setup.monitor(self.ledger), self.ledger, self.readers, self.clock, budget)

    def run(self, until_s: float, work: Callable[[], None] = lambda: None) -> None:
        while self.clock.now_s < until_s:
            for one in self.readers.values():
                wait_s = one.step()
                self.clock.now_s += wait_s
            if self.exam.turn() == 0:
                work()

    def stop(self) -> None:
        self.exam.finish("asked to")
        self.ledger.close()


def entries(out: Path, kind: str) -> list[dict[str, Any]]:
    lines = (out / "ledger.jsonl").read_text("utf-8").splitlines()
    return [line["content"] for line in map(json.loads, lines) if line["kind"] == kind]


def findings(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "findings.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("broken", ["grab", "get"])
def test_run__an_error_nobody_foresaw_is_a_lost_camera(broken: str) -> None:
    def defect(*_: object) -> None:
        raise RuntimeError("a defect")

    clock, fresh = Clock(), Flag()

    def opened() -> Capture:
        camera = Camera(clock, showing(1))
        setattr(camera, broken, defect)
        return camera

    one = Reader("first", opened(), opened, Pace(rates("fixed", 2)), clock, fresh)
    one.start()
    assert fresh.wait(5)
    time.sleep(0.7)  # it is opened again after half a second, and is no better
    one.stop()
    assert (one.error, one.is_lost) == (None, True)
    assert [(each.kind, each.detail["reason"]) for each in one.events()] == [("camera_lost", "RuntimeError")]


def test_turn__findings_events_and_gaps_of_a_camera_that_was_away(tmp_path: Path) -> None:
    shown = [*showing(5), *showing(3, grey(red=True)), *showing(5)]
    exam = Exam(tmp_path / "exam", {"first": shown})
    exam.run(25)
    exam.stop()
    phone, gap = [finding for finding in findings(tmp_path / "exam") if finding["view"] == "first"]
    assert (phone["rule"], phone["start_s"]) == ("phone", pytest.approx(5.1, abs=0.6))
    assert phone["end_s"] == pytest.approx(8, abs=0.3)
    assert (gap["rule"], gap["start_s"], gap["end_s"]) == ("gap", pytest.approx(12.5, abs=1), pytest.approx(25, abs=5))
    assert [event["event"] for event in entries(tmp_path / "exam", "event")] == ["camera_lost", "stopped"]
    assert [one["finding"]["id"] for one in entries(tmp_path / "exam", "opened")] == ["F0001"]


def test_turn__slower_while_nothing_happens_and_faster_while_something_is_suspected(tmp_path: Path) -> None:
    exam = Exam(tmp_path / "exam", {"first": [*showing(10), *showing(10, grey(red=True))]})
    exam.run(9.9)
    assert exam.exam.analysed["first"] == pytest.approx(10, abs=1)
    exam.run(19.9)
    assert exam.exam.analysed["first"] == pytest.approx(50, abs=3)


def test_turn__within_a_budget_both_views_are_seen_and_the_rest_is_counted(tmp_path: Path) -> None:
    cpu = Clock()
    moving = [(0.05, grey(60 + 60 * (i % 2))) for i in range(600)]
    exam = Exam(
        tmp_path / "exam",
        {"first": moving, "second": list(moving)},
        budget=lambda clock: Budget(0.2, clock=clock, cpu=cpu),
    )

    def work() -> None:
        cpu.now_s += 0.2  # a frame a second, of the four that come

    exam.run(50, work)
    counts = exam.exam.analysed
    assert counts.total() == pytest.approx(50, abs=4)
    assert abs(counts["first"] - counts["second"]) <= 2
    exam.stop()
    dropped = [event for event in entries(tmp_path / "exam", "event") if event["event"] == "frames_dropped"]
    assert {event["view"] for event in dropped} == {"first", "second"}
    assert sum(event["detail"]["count"] for event in dropped) + counts.total() == pytest.approx(200, abs=6)


def test_turn__frames_left_out_for_want_of_processor_time_are_no_gap_but_lost_ones_are(tmp_path: Path) -> None:
    cpu = Clock()
    shown = [*showing(20), (8.0, grey()), *showing(20)]
    exam = Exam(tmp_path / "exam", {"first": shown}, budget=lambda clock: Budget(0.1, clock=clock, cpu=cpu))

    def work() -> None:
        cpu.now_s += 1.0  # a frame every ten seconds

    exam.run(47.9, work)
    exam.stop()
    assert exam.exam.analysed["first"] <= 7
    gaps = [finding for finding in findings(tmp_path / "exam") if finding["view"] == "first"]
    assert [(gap["rule"], gap["start_s"], gap["end_s"]) for gap in gaps] == [("gap", 20.0, 28.0)]


def test_turn__a_net_that_gives_no_numbers_is_told_and_watching_goes_on(tmp_path: Path) -> None:
    class Sick(Red):
        def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
            if 2 < timestamp_s < 4:
                raise ModelError("scene.onnx: scores: expected finite numbers, got NaN or infinity")
            return super().observe(image, timestamp_s, view)

    exam = Exam(tmp_path / "exam", {"first": showing(8)}, observer=Sick())
    exam.run(7.9)
    exam.stop()
    event = entries(tmp_path / "exam", "event")[0]
    assert (event["event"], "NaN" in event["detail"]["reason"]) == ("frame_unreadable", True)
    assert exam.exam.analysed["first"] >= 5


def test_finish__cameras_that_never_gave_a_frame_are_a_gap(tmp_path: Path) -> None:
    exam = Exam(tmp_path / "exam", {"first": [], "second": []})
    exam.run(20)
    exam.stop()
    found = {finding["view"]: (finding["rule"], finding["start_s"]) for finding in findings(tmp_path / "exam")}
    assert found == {"first": ("gap", 0.0), "second": ("gap", 0.0)}
    assert all(finding["end_s"] >= 20 for finding in findings(tmp_path / "exam"))


class Webcam:
    """A camera of 20 frames a second on the real clock: red from 0.2 s on."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.released = Flag()

    def grab(self) -> bool:
        time.sleep(0.05)
        return not self.released.is_set()

    def retrieve(self) -> tuple[bool, Image]:
        return True, grey(red=time.monotonic() - self._began > 0.2)

    def get(self, _: int) -> float:
        return 1000 * (time.monotonic() + 5000)

    def release(self) -> None:
        self.released.set()


def quick() -> Setup:
    """Rules that find something within a second."""
    hasty = ruleset({**PHONE, "min_duration_s": 0.5, "max_gap_s": 0}, {**GAP, "min_duration_s": 2.0})
    return Setup(Red(), hasty, THRESHOLDS, "1.0", 4.0)


TWO: dict[View, Source] = {"first": source("0"), "second": source("rtsp://guard:hunter2@10.0.0.7/x")}


def test_watch_live__two_cameras_until_the_time_is_up(tmp_path: Path) -> None:
    out, cameras = tmp_path / "exam", [Webcam(), Webcam()]
    opened = iter(cameras)
    found = watch_live(quick(), TWO, out, LiveOptions(for_s=1.2), opener=lambda _: next(opened))
    assert found == {"cheating": 2}
    session = json.loads((out / "session.json").read_text("utf-8"))
    assert (session["complete"], session["live"]) == (True, True)
    assert session["duration_s"] == pytest.approx(1.2, abs=0.5)
    assert session["views"]["second"]["file_name"] == "rtsp://10.0.0.7"
    assert all(3 <= view["frames_analysed"] <= 6 for view in session["views"].values())
    assert {view["resolution_wh"][0] for view in session["views"].values()} == {64}
    (stopped,) = [event for event in entries(out, "event") if event["event"] == "stopped"]
    assert stopped["detail"] == {"reason": "the time was up"}
    assert all(camera.released.is_set() for camera in cameras)
    assert render(out).is_file()
    verdict = verify(out)
    assert (verdict.is_complete, list(verdict.changed)) == (True, [])
    assert not any(b"hunter2" in path.read_bytes() for path in out.rglob("*") if path.is_file())


def test_watch_live__a_session_that_was_cut_short_is_gone_on_with(tmp_path: Path) -> None:
    out, setup = tmp_path / "exam", quick()
    ledger = Ledger(out, live=True)
    ledger.start({**setup.to_dict(), "live": True})
    monitor = setup.monitor(ledger)
    for i in range(5):
        ledger.step("first", i / 4, monitor.observe(grey(red=True), i / 4, "first"))
    ledger.close()  # what a killed process leaves: nothing says that it is complete
    resumed = LiveOptions(for_s=0.8, resume=True)
    found = watch_live(setup, {"first": source("0")}, out, resumed, opener=lambda _: Webcam())
    one, *others = sorted(findings(out), key=lambda finding: finding["id"])
    assert (one["id"], one["interrupted"], one["end_s"]) == ("F0001", True, 1.0)
    assert [other["id"] for other in others if other["rule"] == "phone"] == ["F0002"]
    assert found["cheating"] == 2
    (restarted,) = [event for event in entries(out, "event") if event["event"] == "restarted"]
    assert restarted["detail"] == {"frames_before": 5}
    session = json.loads((out / "session.json").read_text("utf-8"))
    assert session["views"]["first"]["frames_analysed"] >= 7
    assert verify(out).is_complete


def test_watch_live__a_gap_between_two_runs_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, setup = tmp_path / "exam", quick()
    with Ledger(out, live=True) as ledger:
        ledger.start({**setup.to_dict(), "live": True})
        ledger.step("first", 0.25, setup.monitor(ledger).observe(grey(), 0.25, "first"))
    with Ledger.resume(out) as ledger:
        monitor = setup.monitor(ledger)
        ledger.start({**setup.to_dict(), "live": True}, timestamp_s=60.0)
        step = monitor.observe(grey(), ledger.timestamp_s, "first")
    (gap,) = [reported.finding for reported in step.reported]
    assert (gap.id, gap.rule, gap.start_s, gap.end_s) == ("F0001", "gap", 0.25, 60.0)


def test_watch_live__refuses_before_anything_is_written(tmp_path: Path) -> None:
    out = tmp_path / "exam"

    def refuse(_: Source) -> Capture:
        raise VideoError("camera 0: /dev/video0 is not there")

    with pytest.raises(VideoError, match="is not there"):
        watch_live(quick(), {"first": source("0")}, out, opener=refuse)
    with pytest.raises(ConfigError, match=r"rules\[0\]\.min_duration_s"):
        watch_live(
            Setup(Red(), ruleset(), THRESHOLDS, "1.0", 0.5), {"first": source("0")}, out, opener=lambda _: Webcam()
        )
    assert not out.exists()
    camera = Webcam()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    with pytest.raises(EvidenceError, match="expected a new or empty folder"):
        watch_live(quick(), {"first": source("0")}, tmp_path / "full", opener=lambda _: camera)
    assert camera.released.is_set()


def test_watch_live__stopped_from_elsewhere(tmp_path: Path) -> None:
    stop = Flag()
    threading.Timer(0.4, stop.set).start()
    watch_live(quick(), {"first": source("0")}, tmp_path / "exam", stop=stop, opener=lambda _: Webcam())
    (stopped,) = [e for e in entries(tmp_path / "exam", "event") if e["event"] == "stopped"]
    assert stopped["detail"] == {"reason": "asked to"}


@pytest.mark.parametrize("words", [["--for", "5"], ["--cpu", "0.5"], ["--resume"]])
def test_main__what_only_live_watching_takes_is_refused_for_recordings(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, out = tmp_path / "a.mp4", tmp_path / "out"
    told = ["watch", "--pack", "none", "--rules", "exam", "--first", str(first), "--out", str(out), *words]
    assert main(told) == 1
    assert f"{words[0]}: expected only with live cameras" in capsys.readouterr().err


def test_main__one_recording_and_one_camera_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--first", str(tmp_path / "a.mp4"), "--second", "1", "--out", str(tmp_path / "out")]
    assert main(["watch", "--pack", "none", "--rules", "exam", *words]) == 1
    assert "expected two recordings or two live cameras, got one of each" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_watch_live__a_signal_ends_it_in_good_order(number: signal.Signals, tmp_path: Path) -> None:
    """In a process of its own, because signals go to whole processes."""
    out, tests = tmp_path / "exam", Path(__file__).parents[1]
    code = (
        "import sys, time; from pathlib import Path\n"
        "from cameras import Clock, Red, THRESHOLDS, grey, ruleset\n"
        "from proctor_models.runtime.live import watch_live\n"
        "from proctor_models.runtime.session import Setup\n"
        "from proctor_models.runtime.sources import source\n"
        "class Webcam:\n"
        "    def grab(self): time.sleep(0.05); return True\n"
        "    def retrieve(self): return True, grey(red=True)\n"
        "    def get(self, key): return 0.0\n"
        "    def release(self): pass\n"
        "setup = Setup(Red(), ruleset(), THRESHOLDS, '1.0', 2.0)\n"
        f"watch_live(setup, {{'first': source('0')}}, Path({str(out)!r}), opener=lambda _: Webcam())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tests)}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    ledger, end = out / "ledger.jsonl", time.monotonic() + 60
    while not (ledger.exists() and b'"opened"' in ledger.read_bytes()):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(number)
    assert process.wait(30) == 0
    assert verify(out).is_complete
    assert Counter(one["rule"] for one in findings(out))["phone"] == 1


@pytest.mark.slow
def test_main__a_stream_that_breaks_off_and_comes_back(
    make_pack: Callable[..., Path], reseal: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real RTSP, from the command line to the page; the nets see a phone in every frame."""
    folder, out = make_pack([("phone", (10, 20, 40, 50), 0.8)]), tmp_path / "exam"
    rules = [PHONE, {**GAP, "views": ["first"]}]
    raw = {"schema": "proctor-rules/1", "name": "remote-exam", "title": TEXT, "rules": rules}
    (folder / "rules" / "remote-exam.json").write_text(json.dumps(raw), "utf-8")
    reseal(folder)
    listening = sources._OPTIONS["rtsp"] + "|rtsp_flags;listen|listen_timeout;10"
    monkeypatch.setitem(sources._OPTIONS, "rtsp", listening)
    url = f"rtsp://guard:hunter2@127.0.0.1:{free_port()}/live"

    def send() -> None:
        push(url, 40, 0.1)
        time.sleep(3.5)
        push(url, 40, 0.1)

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    words = ["--pack", str(folder), "--rules", "remote-exam", "--first", url, "--out", str(out)]
    assert main(["watch", *words, "--cpu", "2", "--for", "14"]) == 0
    sender.join(20)
    kinds = [event["event"] for event in entries(out, "event")]
    assert [kind for kind in kinds if kind.startswith("camera")][:3] == ["camera_lost", "camera_back", "camera_lost"]
    assert kinds[-1] == "stopped"
    found = Counter(finding["rule"] for finding in findings(out))
    assert (found["phone"], found["gap"] >= 1) == (2, True)
    assert verify(out).is_complete
    assert (out / "review.html").is_file()
    assert not any(b"hunter2" in path.read_bytes() for path in out.rglob("*") if path.is_file())
