"""What lies on the disk: while the exam runs, when it is done, and when the disk refuses."""

import json
import os
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from proctor_models.errors import EvidenceError
from proctor_models.runtime.clips import LONGER_SIDE_PX, encode_clip
from proctor_models.runtime.durable import write_atomic
from proctor_models.runtime.entries import read_ledger
from proctor_models.runtime.events import Event
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.report_ledger import read_exam
from proctor_models.runtime.steps import Reported, Step
from proctor_models.runtime.verify import verify
from sessions import SESSION, STARTED, finding, opened, picture, reported, write_session

PEAK = "evidence/F0001-peak.jpg"
LINES = {"ledger.jsonl", "findings.jsonl", "scores.jsonl"}


def step(*found: Reported, snapshot: bytes | None = None) -> Step:
    return Step({"phone": 0.123456, "mask": None}, (), found, snapshot)


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def kinds(folder: Path) -> list[str]:
    return [entry.kind for entry in read_ledger(folder)]


def break_after(done: Step, folder: Path, *, live: bool = False) -> None:
    with Ledger(folder, live=live) as ledger:
        ledger.start(STARTED)
        ledger.step("first", 0.0, done)
        raise ValueError("broken")


def jpeg(value: int, size_wh: tuple[int, int] = (64, 48)) -> bytes:
    frame = np.full((size_wh[1], size_wh[0], 3), value, np.uint8)
    return bytes(cv2.imencode(".jpg", frame)[1])


def test_start__begins_the_chain_with_what_is_watched_and_a_seed_nobody_can_foresee(tmp_path: Path) -> None:
    seeds = set()
    for name in ("a", "b"):
        with Ledger(tmp_path / name) as ledger:
            ledger.start(STARTED)
        (entry,) = read_ledger(tmp_path / name)
        assert (entry.seq, entry.kind, entry.timestamp_s) == (0, "started", 0.0)
        assert entry.content == {**STARTED, "snapshot_seed": ledger.seed}
        assert (entry.line.sha256, len(ledger.seed)) == (ledger.head, 32)
        seeds.add(ledger.seed)
    assert len(seeds) == 2


def test_start__a_file_name_of_another_encoding_can_be_written(tmp_path: Path) -> None:
    views = {"first": {**SESSION["views"]["first"], "file_name": os.fsdecode("考.mp4".encode("gbk"))}}
    with Ledger(tmp_path) as ledger:
        ledger.start({**STARTED, "views": views})
        ledger.complete({**SESSION, "views": views})
    assert read_ledger(tmp_path)[0].content["views"]["first"]["file_name"] == "??.mp4"
    assert read_exam(tmp_path).session.views["first"].file_name == "??.mp4"
    assert verify(tmp_path).state == "whole"


def test_step__a_finding_is_on_the_disk_when_it_opens_and_when_it_closes(tmp_path: Path) -> None:
    folder = tmp_path / "review"
    with Ledger(folder) as ledger:
        ledger.start(STARTED)
        ledger.step("first", 1.0, Step({"phone": 0.9}, (opened(1),), (), None))
        # Read by path while the ledger is open: what a killed run would leave.
        *_, entry, _ = read_ledger(folder)
        assert (entry.kind, entry.content["finding"]["id"]) == ("opened", "F0001")
        assert list(entry.content["pictures"]) == ["evidence/F0001-opened.jpg"]
        assert ledger.next_number == 2
        ledger.step("first", 2.0, step(reported(1)))
        line = (folder / "findings.jsonl").read_text("utf-8")
        assert Finding.from_json(line, "line") == finding(1)
        assert (folder / PEAK).read_bytes() == picture(PEAK)
    assert names(folder) == LINES | {PEAK, "evidence/F0001-opened.jpg"}
    assert kinds(folder) == ["started", "opened", "scores", "closed", "scores"]


def test_step__scores_are_on_the_disk_at_once_and_sealed_every_minute(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.start(STARTED)
        for time_s in range(200):
            ledger.step("first", time_s, Step({"phone": 0.1}, (), (), None))
            assert (tmp_path / "scores.jsonl").read_bytes().count(b"\n") == time_s + 1
    sealed = [entry for entry in read_ledger(tmp_path) if entry.kind == "scores"]
    assert [entry.timestamp_s for entry in sealed] == [60.0, 120.0, 180.0]


def test_complete__writes_the_session_and_seals_it(tmp_path: Path) -> None:
    with Ledger(tmp_path / "review") as ledger:
        ledger.start(STARTED)
        ledger.step("first", 61.25, step(snapshot=b"jpeg"))
        ledger.complete({"rate_hz": 2.0})
    session = json.loads((tmp_path / "review" / "session.json").read_text("utf-8"))
    path = "evidence/snapshot-first-000061250ms.jpg"
    assert session == {
        "schema": "proctor-session/1",
        "rate_hz": 2.0,
        "snapshots": [{"view": "first", "timestamp_s": 61.25, "path": path}],
        "complete": True,
    }
    assert (tmp_path / "review" / path).read_bytes() == b"jpeg"
    score = json.loads((tmp_path / "review" / "scores.jsonl").read_text("utf-8"))
    assert score == {"view": "first", "timestamp_s": 61.25, "scores": {"phone": 0.1235, "mask": None}}
    assert names(tmp_path / "review") == {*LINES, "session.json", path}
    assert kinds(tmp_path / "review") == ["started", "snapshot", "scores", "completed"]
    assert verify(tmp_path / "review", ledger.head).state == "whole"


def test_event__is_a_line_of_the_ledger(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.start(STARTED)
        ledger.event(Event("camera_lost", 12.34567, "second", {"reason": "unplugged"}))
    content = read_ledger(tmp_path)[-1].content
    assert content == {
        "event": "camera_lost",
        "timestamp_s": 12.346,
        "view": "second",
        "detail": {"reason": "unplugged"},
    }


def test_report__a_clip_is_moving_pictures_at_their_own_pace(tmp_path: Path) -> None:
    frames = ((1.0, jpeg(20)), (1.5, jpeg(120)), (2.5, jpeg(220, (32, 24))))
    with Ledger(tmp_path) as ledger:
        ledger.start(STARTED)
        ledger.report(Reported(finding(1), reported(1).pictures, frames))
        ledger.complete(SESSION)
    (entry,) = [entry for entry in read_ledger(tmp_path) if entry.kind == "clip"]
    assert (entry.content["finding"], entry.content["path"]) == ("F0001", "evidence/F0001-clip.webp")
    content = np.fromfile(tmp_path / entry.content["path"], np.uint8).reshape(1, -1)
    read, clip = cv2.imdecodeanimation(content)
    assert read
    assert list(clip.durations) == [500, 1000, 1000]
    assert [frame.shape[:2] for frame in clip.frames] == [(48, 64)] * 3
    assert [round(float(frame[..., :3].mean()), -1) for frame in clip.frames] == [20, 120, 220]
    assert verify(tmp_path).state == "whole"


def test_encode_clip__frames_of_any_camera_are_made_to_fit() -> None:
    wide = ((0.0, jpeg(20, (17_000, 64))), (0.5, jpeg(120, (17_000, 64))))  # WebP holds 16,383 pixels
    read, clip = cv2.imdecodeanimation(np.frombuffer(encode_clip(wide), np.uint8).reshape(1, -1))
    assert read
    assert [frame.shape[:2] for frame in clip.frames] == [(5, LONGER_SIDE_PX)] * 2


@pytest.mark.parametrize("frames", [(), ((0.0, b"no jpeg"),)])
def test_encode_clip__refuses_what_is_no_picture(frames: tuple[tuple[float, bytes], ...]) -> None:
    with pytest.raises(EvidenceError, match="clip: expected frames as JPEG"):
        encode_clip(frames)


def test_report__never_overwrites_evidence(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.start(STARTED)
        ledger.report(reported(1))
        other = Reported(finding(1), {PEAK: b"another"})
        with pytest.raises(EvidenceError, match=r"F0001-peak\.jpg: expected a name for each picture.*next_number"):
            ledger.report(other)
        ledger.report(reported(2))
        assert kinds(tmp_path) == ["started", "closed", "closed"]
    assert (tmp_path / PEAK).read_bytes() == picture(PEAK)


def test_ledger__threads_of_two_views_keep_one_chain(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.start(STARTED)

        def push(view: str, first: int) -> None:
            for number in range(first, first + 10):
                ledger.step(view, float(number), Step({"phone": 0.5}, (), (reported(number),), None))

        threads = [threading.Thread(target=push, args=pair) for pair in (("first", 1), ("second", 101))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ledger.complete(SESSION)
    verdict = verify(tmp_path)
    assert (verdict.state, verdict.findings) == ("whole", 20)


def test_ledger__the_same_exam_gives_the_same_findings_and_scores_byte_for_byte(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_session(tmp_path / name)
    for file in ("findings.jsonl", "scores.jsonl", "session.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_ledger__takes_an_empty_folder(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.start(STARTED)
        ledger.complete({})
    assert (tmp_path / "session.json").is_file()


@pytest.mark.parametrize("name", ["session.json", "holiday.jpg"])
def test_ledger__never_writes_into_a_folder_that_holds_something(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(EvidenceError, match=r"expected a new or empty folder.*choose another folder"):
        Ledger(tmp_path)
    assert names(tmp_path) == {name}


def test_ledger__refuses_a_file_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "review").write_text("mine")
    with pytest.raises(EvidenceError, match="expected a new or empty folder"):
        Ledger(tmp_path / "review")
    with pytest.raises(EvidenceError, match="cannot be written"):
        Ledger(tmp_path / "review" / "deeper")


def test_ledger__a_run_that_fails_with_nothing_found_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"):
        break_after(step(), tmp_path / "review")
    assert list(tmp_path.iterdir()) == []


def test_ledger__a_live_run_that_fails_keeps_what_happened(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"):
        break_after(step(), tmp_path / "review", live=True)
    assert names(tmp_path / "review") == LINES


def test_ledger__a_run_that_fails_later_keeps_what_was_found(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"):
        break_after(step(reported(1)), tmp_path / "review")
    assert names(tmp_path / "review") == LINES | {PEAK}
    assert len((tmp_path / "review" / "scores.jsonl").read_text().splitlines()) == 1


def test_report__a_full_disk_is_named_and_leaves_no_line_without_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with Ledger(tmp_path / "review") as ledger:
        ledger.start(STARTED)
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(EvidenceError, match=r"F0001-peak\.jpg: cannot be written \(No space left on device\)"):
            ledger.report(reported(1))
        monkeypatch.undo()
    assert names(tmp_path / "review") == LINES
    assert (tmp_path / "review" / "findings.jsonl").read_text() == ""
    assert kinds(tmp_path / "review") == ["started"]


def test_write_atomic__a_file_that_was_there_stays_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "session.json"
    write_atomic(path, b"old")

    def killed(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == {"session.json"}
