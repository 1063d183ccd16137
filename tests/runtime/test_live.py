"""Live exams from their start to their end, stopped, cut short and gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Event as Flag

import pytest

from cameras import GAP, PHONE, TEXT, THRESHOLDS, Red, grey, ruleset
from lives import Exam, Webcam, entries, findings, quick, showing
from proctor_models.cli import main
from proctor_models.errors import ConfigError, EvidenceError, VideoError
from proctor_models.runtime import sources
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.live import LiveOptions, watch_live
from proctor_models.runtime.reader import Capture
from proctor_models.runtime.report import render
from proctor_models.runtime.session import Setup
from proctor_models.runtime.sources import Source, source
from proctor_models.runtime.verify import verify
from proctor_models.types import View
from streamed import free_port, push

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


def test_watch_live__without_a_camera_after_a_restart_its_size_stays_known(tmp_path: Path) -> None:
    out = tmp_path / "exam"
    before = Exam(out, {"first": showing(3)})
    before.run(2.9)
    before.ledger.close()  # killed

    def refuse(_: Source) -> Capture:
        raise VideoError("camera 0: /dev/video0 is not there")

    watch_live(before.setup, {"first": source("0")}, out, LiveOptions(for_s=0.3, resume=True), opener=refuse)
    (view,) = json.loads((out / "session.json").read_text("utf-8"))["views"].values()
    assert view["resolution_wh"] == [64, 48]


def test_watch_live__a_gap_between_two_runs_is_a_finding(tmp_path: Path) -> None:
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
    make_pack: Callable[..., Path],
    reseal: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
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
    capsys.readouterr()
    assert main(["audit", "replay", str(out), "--pack", str(folder)]) == 0
    said = capsys.readouterr().out
    assert f"{sum(found.values())} findings from scores.jsonl through the rules" in said
    assert "left out" not in said  # gaps of a live exam are on record, too
    assert verify(out).is_complete
    assert (out / "review.html").is_file()
    assert not any(b"hunter2" in path.read_bytes() for path in out.rglob("*") if path.is_file())
