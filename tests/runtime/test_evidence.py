"""What lies on the disk: while the exam runs, when it is done, and when the disk refuses."""

import json
import os
from pathlib import Path

import pytest

from proctor_models.errors import EvidenceError
from proctor_models.rules.policy import Text
from proctor_models.runtime.evidence import Ledger, write_atomic
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.monitor import Reported, Step

PEAK = "evidence/F0001-peak.jpg"


def reported() -> Reported:
    text = Text("手机", "phone")
    finding = Finding(
        id="F0001",
        rule="phone",
        detector="phone",
        title=text,
        article=text,
        severity="cheating",
        view="first",
        start_s=0,
        end_s=2,
        peak_s=1,
        peak_score=0.9,
        threshold=0.5,
        boxes=(),
        evidence=(PEAK,),
        marked=None,
        model_sha256={"scene": "a" * 64},
        rules_sha256="b" * 64,
    )
    return Reported(finding, {PEAK: b"\xff\xd8\xff peak"})


def step(*found: Reported, snapshot: bytes | None = None) -> Step:
    return Step({"phone": 0.123456, "mask": None}, (), found, snapshot)


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def break_after(done: Step, folder: Path) -> None:
    with Ledger(folder) as ledger:
        ledger.step("first", 0.0, done)
        raise ValueError("broken")


def test_step__a_finding_is_on_the_disk_before_the_session_ends(tmp_path: Path) -> None:
    with Ledger(tmp_path / "review") as ledger:
        ledger.step("first", 2.0, step(reported()))
        # Read by path while the ledger is open: what a killed run would leave.
        line = (tmp_path / "review" / "findings.jsonl").read_text("utf-8")
        assert Finding.from_json(line, "line") == reported().finding
        assert (tmp_path / "review" / PEAK).read_bytes() == b"\xff\xd8\xff peak"
    assert names(tmp_path / "review") == {"ledger.jsonl", "findings.jsonl", "scores.jsonl", PEAK}


def test_complete__writes_the_session_last_and_whole(tmp_path: Path) -> None:
    with Ledger(tmp_path / "review") as ledger:
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
    assert names(tmp_path / "review") == {"ledger.jsonl", "session.json", "findings.jsonl", "scores.jsonl", path}


def test_ledger__takes_an_empty_folder(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
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


def test_ledger__a_run_that_fails_later_keeps_what_was_found(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"):
        break_after(step(reported()), tmp_path / "review")
    assert names(tmp_path / "review") == {"ledger.jsonl", "findings.jsonl", "scores.jsonl", PEAK}
    assert len((tmp_path / "review" / "scores.jsonl").read_text().splitlines()) == 1


def test_report__a_full_disk_is_named_and_leaves_no_line_without_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with Ledger(tmp_path / "review") as ledger:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(EvidenceError, match=r"F0001-peak\.jpg: cannot be written \(No space left on device\)"):
            ledger.report(reported())
        monkeypatch.undo()
    assert names(tmp_path / "review") == {"ledger.jsonl", "findings.jsonl", "scores.jsonl"}
    assert (tmp_path / "review" / "findings.jsonl").read_text() == ""


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
