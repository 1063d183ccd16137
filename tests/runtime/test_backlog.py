"""A disk that fills up while an exam goes on: nothing stops, nothing is silent, and all is there when there is room."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from full_disk import JPEG_BYTES, disk, fill, on_a_full, watch
from proctor_models.errors import EvidenceError
from proctor_models.runtime import backlog
from proctor_models.runtime.entries import read_ledger
from proctor_models.runtime.events import Event
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.verify import verify
from sessions import SESSION, STARTED

__all__ = ["disk"]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "RETRY_S", 0.0)


def events(folder: Path) -> dict[str, dict[str, Any]]:
    return {e.content["event"]: e.content["detail"] for e in read_ledger(folder) if e.kind == "event"}


def findings(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "findings.jsonl").read_text("utf-8").splitlines()]


def test_step__a_disk_that_fills_up_loses_nothing_and_is_an_event(disk: Path) -> None:
    folder = disk / "review"
    with Ledger(folder, live=True) as ledger:
        ledger.start(STARTED)
        watch(ledger, 0, 12)
        filler = fill(disk)
        watch(ledger, 12, 50)
        ledger.event(Event("frames_dropped", 24.5, "first", {"count": 1}))
        assert ledger.waiting > 10
        # Said at once, in the room that was kept; and what a kill would leave now is sound.
        assert events(folder)["disk_full"] == {"reason": "No space left on device"}
        assert (verify(folder).state, verify(folder).changed) == ("unfinished", ())
        filler.unlink()
        watch(ledger, 50, 60)
        assert ledger.waiting == 0
        ledger.complete(SESSION)
    back = events(folder)["disk_back"]
    assert (back["lost_scores"], back["lost_pictures"]) == (0, 0)
    assert back["full_s"] > 10
    assert [one["id"] for one in findings(folder)] == [f"F{number:04d}" for number in range(1, 7)]
    assert (folder / "scores.jsonl").read_bytes().count(b"\n") == 60
    assert verify(folder, ledger.head).state == "whole"
    assert not (folder / ".reserve").exists()


def test_step__what_memory_cannot_hold_is_dropped_by_its_worth_and_counted(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "MOST_FILE_BYTES", 4 * JPEG_BYTES)
    monkeypatch.setattr(backlog, "MOST_SCORE_BYTES", 1000)
    folder = disk / "review"
    with Ledger(folder, live=True) as ledger:
        ledger.start(STARTED)
        filler = fill(disk)
        watch(ledger, 0, 58)
        filler.unlink()
        watch(ledger, 58, 60)
        ledger.complete(SESSION)
    back = events(folder)["disk_back"]
    written = (folder / "scores.jsonl").read_bytes().count(b"\n")
    assert back["lost_scores"] == 60 - written > 0
    assert back["lost_pictures"] > 0
    kept = findings(folder)
    assert [one["id"] for one in kept] == [f"F{number:04d}" for number in range(1, 7)]
    assert kept[-1]["evidence"] == []
    assert verify(folder).state == "whole"
    session = json.loads((folder / "session.json").read_text("utf-8"))
    assert all((folder / each["path"]).is_file() for each in session["snapshots"])


def test_complete__of_a_live_exam_on_a_full_disk_says_so_and_keeps_what_there_is(disk: Path) -> None:
    with (
        on_a_full(disk) as (ledger, _),
        pytest.raises(EvidenceError, match=r"cannot be written \(No space left on device\)"),
    ):
        ledger.complete(SESSION)
    assert (verify(disk / "review").state, verify(disk / "review").changed) == ("unfinished", ())


def test_resume__on_the_disk_that_was_full(disk: Path) -> None:
    with Ledger(disk / "review", live=True) as ledger:
        ledger.start(STARTED)
        filler = fill(disk)
        watch(ledger, 0, 30)
    filler.unlink()
    with Ledger.resume(disk / "review") as ledger:
        ledger.start(STARTED, 60.0)
        ledger.complete(SESSION)
    assert verify(disk / "review").state == "whole"


def test_step__a_recording_on_a_full_disk_is_refused_at_once(disk: Path) -> None:
    with Ledger(disk / "review") as ledger:
        ledger.start(STARTED)
        fill(disk)
        with pytest.raises(EvidenceError, match=r"cannot be written \(No space left on device\); free the disk"):
            watch(ledger, 0, 30)
        with pytest.raises(EvidenceError, match="cannot be written"):
            ledger.complete(SESSION)


def test_ledger__a_disk_without_room_for_the_reserve_is_refused(disk: Path) -> None:
    fill(disk)
    with pytest.raises(EvidenceError, match=r"cannot be written \(No space left on device\)"):
        Ledger(disk / "review", live=True)


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), OSError(30, "Read-only file system")])
def test_step__a_disk_that_refuses_everything_for_a_while_is_told_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(error.errno, error.strerror)

    with Ledger(tmp_path, live=True) as ledger:
        ledger.start(STARTED)
        watch(ledger, 0, 12)
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", refuse)
            patched.setattr(os, "write", refuse)
            patched.setattr(os, "posix_fallocate", refuse)
            watch(ledger, 12, 40)
            assert ledger.waiting > 10
        watch(ledger, 40, 60)
        ledger.complete(SESSION)
    assert list(events(tmp_path)) == ["disk_full", "disk_back"]
    assert events(tmp_path)["disk_full"]["reason"] == error.strerror
    assert len(findings(tmp_path)) == 6
    assert (tmp_path / "scores.jsonl").read_bytes().count(b"\n") == 60
    assert verify(tmp_path).state == "whole"
