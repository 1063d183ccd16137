"""Frames of live cameras, as they are analysed and recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from cameras import Clock, Red, grey
from lives import Exam, entries, findings, showing
from proctor_models.errors import ModelError
from proctor_models.runtime.pace import Budget
from proctor_models.runtime.report_journal import read_journal
from proctor_models.types import Image, Observation, View


def test_turn__findings_events_and_gaps_of_a_camera_that_was_away(tmp_path: Path) -> None:
    shown = [*showing(5), *showing(3, grey(red=True)), *showing(5)]
    exam = Exam(tmp_path / "exam", {"first": shown})
    exam.run(25)
    exam.stop()
    phone, gap = [finding for finding in findings(tmp_path / "exam") if finding["view"] == "first"]
    assert (phone["rule"], phone["start_s"]) == ("phone", pytest.approx(5.1, abs=0.6))
    assert phone["end_s"] == pytest.approx(8, abs=0.3)
    assert (gap["rule"], gap["start_s"], gap["end_s"]) == ("gap", pytest.approx(12.5, abs=1), pytest.approx(25, abs=5))
    told = [event["event"] for event in entries(tmp_path / "exam", "event")]
    assert told == ["picture_size", "camera_lost", "stopped"]
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


def test_turn__what_came_is_told_only_where_frames_lie_apart(tmp_path: Path) -> None:
    exam = Exam(tmp_path / "exam", {"first": [*showing(60), (8.0, grey()), *showing(20)]})
    exam.run(87.9)
    assert entries(tmp_path / "exam", "present") == []
    exam.stop()
    for told in entries(tmp_path / "exam", "present"):  # the end alone: frames after the last that was analysed
        assert told["timestamp_s"] >= 87.9
        assert len(told["spans"]) == 1


class Sick(Red):
    """A net that gives no numbers for a while."""

    def __init__(self, since_s: float, until_s: float) -> None:
        self._since_s, self._until_s = since_s, until_s

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        if self._since_s < timestamp_s < self._until_s:
            raise ModelError("scene.onnx: scores: expected finite numbers, got NaN or infinity")
        return super().observe(image, timestamp_s, view)


def test_turn__refused_frames_are_told_once_and_in_one_piece(tmp_path: Path) -> None:
    exam = Exam(tmp_path / "exam", {"first": showing(40)}, observer=Sick(5, 25))
    exam.run(39.9)
    exam.stop()
    assert [finding for finding in findings(tmp_path / "exam") if finding["view"] == "first"] == []
    told = entries(tmp_path / "exam", "present")
    assert 5 <= len(told) <= 12  # each two seconds, not each frame
    spans = [tuple(span) for each in told for span in each["spans"]]
    assert spans == sorted(spans)
    came = read_journal(tmp_path / "exam").present
    assert came is not None
    assert (came["first"][0][0], came["first"][0][1]) == (pytest.approx(5, abs=1), pytest.approx(25, abs=2))


def test_turn__a_net_that_gives_no_numbers_is_told_and_watching_goes_on(tmp_path: Path) -> None:
    exam = Exam(tmp_path / "exam", {"first": showing(8)}, observer=Sick(2, 4))
    exam.run(7.9)
    exam.stop()
    _, event, *_ = entries(tmp_path / "exam", "event")
    assert (event["event"], "NaN" in event["detail"]["reason"]) == ("frame_unreadable", True)
    assert exam.exam.analysed["first"] >= 5


def test_finish__cameras_that_never_gave_a_frame_are_a_gap(tmp_path: Path) -> None:
    exam = Exam(tmp_path / "exam", {"first": [], "second": []})
    exam.run(20)
    exam.stop()
    found = {finding["view"]: (finding["rule"], finding["start_s"]) for finding in findings(tmp_path / "exam")}
    assert found == {"first": ("gap", 0.0), "second": ("gap", 0.0)}
    assert all(finding["end_s"] >= 20 for finding in findings(tmp_path / "exam"))
