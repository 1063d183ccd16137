"""Recordings to a review: real video files, a tiny pack, and an observer that takes red for a phone."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import jsonschema
import numpy as np
import pytest

from cameras import GAP, PHONE, TEXT, Red
from proctor_models.cli import main
from proctor_models.errors import ConfigError, EvidenceError, PackError, VideoError
from proctor_models.rules.policy import RuleSet, ruleset_from_dict
from proctor_models.runtime.clocks import start_offsets
from proctor_models.runtime.findings import findings_schema
from proctor_models.runtime.held import Clips
from proctor_models.runtime.pace import PaceName
from proctor_models.runtime.pictures import PictureFolder
from proctor_models.runtime.report import render
from proctor_models.runtime.session import Setup, summary
from proctor_models.runtime.terminal import StatusLine
from proctor_models.runtime.verify import verify
from proctor_models.runtime.video import Recording
from proctor_models.runtime.watch import Options, watch, watch_recordings
from proctor_models.types import View

THRESHOLDS = {"phone": 0.5, "earphone": 0.4}
RAW = {"schema": "proctor-rules/1", "name": "remote-exam", "title": TEXT, "rules": [PHONE, GAP]}


def record(path: Path, seconds: float, phone: tuple[float, float] = (-1, -1), fps: float = 10) -> Path:
    """A grey recording that is red from the one second to the other."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, (96, 64))
    for i in range(round(seconds * fps)):
        red = phone[0] <= i / fps < phone[1]
        writer.write(np.full((64, 96, 3), (40, 40, 230) if red else (90, 90, 90), np.uint8))
    writer.release()
    return path


def setup(
    rules: Sequence[dict[str, Any]] = (PHONE, GAP), rate_hz: float = 2.0, pace: PaceName = "fixed", **more: Any
) -> Setup:
    ruleset: RuleSet = ruleset_from_dict(RAW | {"rules": list(rules)}, "rules")
    return Setup(Red(), ruleset, THRESHOLDS, "1.0", rate_hz, pace, **more)


def lines(path: Path) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    if path.name == "findings.jsonl":
        for finding in found:
            jsonschema.validate(finding, findings_schema(), cls=jsonschema.Draft202012Validator)
    return found


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(28, "No space left on device")])
def test_status_line__a_full_log_misses_a_line_and_a_reader_that_left_all_of_them(
    error: OSError, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Log(io.TextIOWrapper):
        def flush(self) -> None:
            if refusing:
                raise error
            super().flush()

    refusing = True
    with (tmp_path / "log").open("wb") as raw:
        monkeypatch.setattr(sys, "stderr", log := Log(raw, "utf-8", write_through=True))
        line = StatusLine()
        line.say("one")
        refusing = False
        line.say("two")
        log.detach()
    written = (tmp_path / "log").read_text("utf-8")
    assert ("two" in written) is not isinstance(error, BrokenPipeError)


def test_status_line__without_stderr_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    StatusLine().say("watched 0:01:00")
    assert capsys.readouterr().out == ""


WATCH = """
import sys
from pathlib import Path
from cameras import PHONE, TEXT, Red
from proctor_models.rules.policy import ruleset_from_dict
from proctor_models.runtime.session import Setup
from proctor_models.runtime.video import Recording
from proctor_models.runtime.watch import watch_recordings
ruleset = ruleset_from_dict({"schema": "proctor-rules/1", "name": "r", "title": TEXT, "rules": [PHONE]}, "rules")
sys.stdin.readline()  # until nobody reads any more
watch_recordings(Setup(Red(), ruleset, {"phone": 0.5}, "1.0", 2.0), {"first": Recording(Path(sys.argv[1]))},
                 Path(sys.argv[2]))
"""


def test_watch_recordings__go_on_when_nobody_reads_their_progress_any_more(tmp_path: Path) -> None:
    words = [sys.executable, "-c", WATCH, str(record(tmp_path / "a.mp4", 20, phone=(5, 8))), str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as child:
        assert child.stdin is not None
        assert child.stderr is not None
        child.stderr.close()
        child.stdin.close()
        assert child.wait(60) == 0
    assert verify(tmp_path / "out").changed == ()
    assert len(lines(tmp_path / "out" / "findings.jsonl")) == 1


def test_watch_recordings__two_views_give_spans_pictures_scores_and_a_session(tmp_path: Path) -> None:
    out = tmp_path / "review"
    recordings: dict[View, Recording] = {
        "first": Recording(record(tmp_path / "a.mp4", 20, phone=(5, 8))),
        "second": Recording(record(tmp_path / "b.mp4", 12, fps=25)),
    }
    found = watch_recordings(setup(), recordings, out)
    assert found == {"cheating": 1, "invalid_recording": 1}
    phone, gap = lines(out / "findings.jsonl")
    assert (phone["view"], phone["start_s"], phone["end_s"]) == ("first", 5.0, 7.5)
    assert (gap["view"], gap["start_s"], gap["end_s"]) == ("second", pytest.approx(11.5, abs=0.03), 19.5)
    for name in [*phone["evidence"], phone["marked"], *gap["evidence"]]:
        assert cv2.imread(str(out / name)).shape == (64, 96, 3)
    session = json.loads((out / "session.json").read_text("utf-8"))
    assert session["complete"] is True
    assert session["rules"] == {"name": "remote-exam", "sha256": setup().ruleset.sha256, "title": TEXT}
    assert session["pack"] == {"version": "1.0", "models": Red.model_sha256}
    assert session["views"]["second"]["file_name"] == "b.mp4"
    assert session["views"]["second"]["duration_s"] == pytest.approx(12, abs=0.1)
    assert session["views"]["first"]["resolution_wh"] == [96, 64]
    assert (session["duration_s"], session["rate_hz"], session["thresholds"]) == (20.0, 2.0, THRESHOLDS)
    scores = lines(out / "scores.jsonl")
    assert [s["timestamp_s"] for s in scores] == sorted(s["timestamp_s"] for s in scores)
    assert sum(s["view"] == "first" for s in scores) == session["views"]["first"]["frames_analysed"] == 40
    assert {s["timestamp_s"] for s in scores if s["scores"]["phone"]} == {5.0, 5.5, 6.0, 6.5, 7.0, 7.5}
    assert render(out).is_file()


def test_watch_recordings__at_an_adaptive_pace_the_same_every_time(tmp_path: Path) -> None:
    first, second = record(tmp_path / "a.mp4", 30, phone=(10, 13)), record(tmp_path / "b.mp4", 30, fps=25)
    for name in ("one", "two"):
        recordings: dict[View, Recording] = {"first": Recording(first), "second": Recording(second)}
        watch_recordings(setup(pace="adaptive"), recordings, tmp_path / name)
    for name in ("findings.jsonl", "scores.jsonl"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    (phone,) = lines(tmp_path / "one" / "findings.jsonl")
    assert (phone["start_s"], phone["end_s"]) == (10.0, pytest.approx(12.8, abs=0.11))
    scores = lines(tmp_path / "one" / "scores.jsonl")
    times = [score["timestamp_s"] for score in scores if score["view"] == "first"]
    assert len([t for t in times if t < 10]) == 10
    assert len([t for t in times if 10 < t <= 12.9]) == pytest.approx(11, abs=1)
    assert max(np.diff(times)) <= 1.1
    assert sum(score["view"] == "second" for score in scores) == 30


@pytest.mark.parametrize("offset_s", [4.3, -4.3])
def test_watch_recordings__a_second_view_that_started_at_another_time(tmp_path: Path, offset_s: float) -> None:
    """The same scene in both views: on the exam's clock it is at one time."""
    offsets_s = start_offsets(offset_s)
    recordings: dict[View, Recording] = {
        view: Recording(record(tmp_path / f"{view}.mp4", 20, phone=(12 - later_s, 15 - later_s)))
        for view, later_s in offsets_s.items()
    }
    watch_recordings(setup([PHONE]), recordings, tmp_path / "review", second_offset_s=offset_s)
    starts = {finding["view"]: finding["start_s"] for finding in lines(tmp_path / "review" / "findings.jsonl")}
    assert starts == {"first": pytest.approx(12, abs=0.5), "second": pytest.approx(12, abs=0.5)}
    session = json.loads((tmp_path / "review" / "session.json").read_text("utf-8"))
    offsets = {view: session["views"][view]["offset_s"] for view in ("first", "second")}
    assert offsets == offsets_s
    assert session["duration_s"] == pytest.approx(24.3, abs=0.01)
    times = [score["timestamp_s"] for score in lines(tmp_path / "review" / "scores.jsonl")]
    assert times == sorted(times)
    assert min(times) == 0


def test_watch_recordings__pictures_and_a_video(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(24):
        picture = np.full((64, 96, 3), (40, 40, 230) if 10 <= i < 16 else (90, 90, 90), np.uint8)
        cv2.imwrite(str(folder / f"{i * 500:06d}ms.png"), picture)
    (folder / "002500ms.png").write_bytes(b"torn")
    recordings: dict[View, Any] = {
        "first": PictureFolder(folder),
        "second": Recording(record(tmp_path / "b.mp4", 12)),
    }
    watch_recordings(setup(), recordings, tmp_path / "review")
    (phone,) = lines(tmp_path / "review" / "findings.jsonl")
    assert (phone["view"], phone["start_s"], phone["end_s"]) == ("first", 5.0, 7.5)
    session = json.loads((tmp_path / "review" / "session.json").read_text("utf-8"))
    assert session["views"]["first"]["frames_undecodable"] == 1
    ledger = [json.loads(line) for line in (tmp_path / "review" / "ledger.jsonl").read_text("utf-8").splitlines()]
    (event,) = [line["content"] for line in ledger if line["kind"] == "event"]
    assert (event["event"], event["view"], event["detail"]["count"]) == ("frame_unreadable", "first", 1)
    assert render(tmp_path / "review").is_file()


def test_watch_recordings__clips_are_kept_if_asked_for(tmp_path: Path) -> None:
    recording = Recording(record(tmp_path / "a.mp4", 20, phone=(8, 12)))
    watch_recordings(setup([PHONE], clips=Clips()), {"first": recording}, tmp_path / "review")
    ledger = [json.loads(line) for line in (tmp_path / "review" / "ledger.jsonl").read_text("utf-8").splitlines()]
    (clip,) = [line["content"] for line in ledger if line["kind"] == "clip"]
    assert clip["finding"] == "F0001"


def test_watch_recordings__one_frame_a_second_is_enough(tmp_path: Path) -> None:
    recording = Recording(record(tmp_path / "a.mp4", 20, phone=(5, 7), fps=1))
    watch_recordings(setup([PHONE]), {"first": recording}, tmp_path / "review")
    (phone,) = lines(tmp_path / "review" / "findings.jsonl")
    assert (phone["start_s"], phone["end_s"]) == (5.0, 6.0)


def test_watch_recordings__a_view_the_rules_require_is_missed(tmp_path: Path) -> None:
    watch_recordings(setup(), {"first": Recording(record(tmp_path / "a.mp4", 8))}, tmp_path / "review")
    (gap,) = lines(tmp_path / "review" / "findings.jsonl")
    assert (gap["rule"], gap["view"], gap["evidence"]) == ("gap", "second", [])
    assert render(tmp_path / "review").is_file()


def test_watch_recordings__rules_that_need_more_frames_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    recording = Recording(record(tmp_path / "a.mp4", 8))
    with pytest.raises(ConfigError, match=r"remote-exam: rules\[0\]\.min_duration_s: 1 s cannot be measured"):
        watch_recordings(setup(rate_hz=0.5), {"first": recording}, tmp_path / "review")
    assert not (tmp_path / "review").exists()


def test_watch_recordings__a_recording_of_no_frames_leaves_no_folder(tmp_path: Path) -> None:
    whole = record(tmp_path / "a.mp4", 8).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole.replace(whole[40:-1500], bytes(len(whole) - 1540)))
    with pytest.raises(VideoError, match=r"cut\.mp4"):
        watch_recordings(setup(), {"first": Recording(tmp_path / "cut.mp4")}, tmp_path / "review")
    assert not (tmp_path / "review").exists()


def test_watch_recordings__snapshots_are_kept_and_listed(tmp_path: Path) -> None:
    recording = Recording(record(tmp_path / "a.mp4", 200, fps=2))
    watch_recordings(setup([PHONE]), {"first": recording}, tmp_path / "review")
    session = json.loads((tmp_path / "review" / "session.json").read_text("utf-8"))
    assert 2 <= len(session["snapshots"]) <= 7
    for snapshot in session["snapshots"]:
        assert cv2.imread(str(tmp_path / "review" / snapshot["path"])) is not None


@pytest.fixture
def pack(make_pack: Callable[..., Path], reseal: Callable[..., None]) -> Path:
    """A pack whose nets see a phone in every frame."""
    folder = make_pack([("phone", (10, 20, 40, 50), 0.8)])
    (folder / "rules" / "remote-exam.json").write_text(json.dumps(RAW, ensure_ascii=False), "utf-8")
    reseal(folder)
    return folder


def test_watch__from_a_pack_to_a_page(pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, out = record(tmp_path / "a.mp4", 6), tmp_path / "review"
    words = ["watch", "--pack", str(pack), "--rules", "remote-exam", "--first", str(first), "--out", str(out)]
    assert main(words) == 0
    said = capsys.readouterr()
    assert "2 findings for review; a person decides, none is a verdict" in said.out
    assert str(out / "review.html") in said.out
    assert "watched 0:00:05 of 0:00:06" in said.err
    phone = next(f for f in lines(out / "findings.jsonl") if f["rule"] == "phone")
    manifest = json.loads((pack / "manifest.json").read_text("utf-8"))
    assert phone["rules_sha256"] == manifest["files"]["rules/remote-exam.json"]["sha256"]
    assert phone["model_sha256"]["scene"] == manifest["files"]["models/scene.onnx"]["sha256"]
    assert (phone["start_s"], phone["end_s"], phone["peak_score"]) == (0.0, 5.8, 0.8)  # 4 Hz of 10
    assert (out / "review.html").stat().st_size > 1000

    assert main(words) == 1
    assert "expected a new or empty folder" in capsys.readouterr().err


def test_watch__from_a_folder_of_pictures_at_a_rate(pack: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(12):
        cv2.imwrite(str(folder / f"IMG_{i}.png"), np.full((64, 96, 3), 90, np.uint8))
    words = ["watch", "--pack", str(pack), "--rules", "remote-exam", "--first", str(folder), "--out"]
    assert main([*words, str(tmp_path / "a")]) == 1
    assert main([*words, str(tmp_path / "b"), "--pictures-rate", "2", "--pace", "fixed", "--clips"]) == 0
    phone = next(f for f in lines(tmp_path / "b" / "findings.jsonl") if f["rule"] == "phone")
    assert (phone["start_s"], phone["end_s"]) == (0.0, 5.5)


def test_watch__refuses_what_it_cannot_do(pack: Path, tmp_path: Path) -> None:
    first, out = record(tmp_path / "a.mp4", 1), tmp_path / "review"
    with pytest.raises(
        ConfigError, match="--first, --second: expected the recording or the camera of at least one view"
    ):
        watch(pack, "remote-exam", None, None, out)
    with pytest.raises(ConfigError, match="--rate: expected frames a second above 0, got 0"):
        watch(pack, "remote-exam", first, None, out, Options(rate_hz=0))
    with pytest.raises(PackError, match="rules: expected one of remote-exam, got 'driving-test'"):
        watch(pack, "driving-test", first, None, out)
    with pytest.raises(VideoError, match="no such recording"):
        watch(pack, "remote-exam", first, tmp_path / "none.mp4", out)
    assert not out.exists()
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    with pytest.raises(EvidenceError, match="expected a new or empty folder"):
        watch(pack, "remote-exam", first, None, out)


def test_summary__counts_by_severity() -> None:
    text = summary({"cheating": 2, "invalid_recording": 1}, Path("review/review.html"))
    assert text.startswith("3 findings for review; a person decides, none is a verdict")
    assert "breach of discipline  0" in text
