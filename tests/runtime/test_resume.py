"""A watching process is killed at any moment: what it had taken is there, and another goes on."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from proctor_models.errors import EvidenceError
from proctor_models.runtime.entries import Entry, read_ledger
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.resume import left_behind, open_again
from proctor_models.runtime.steps import Step
from proctor_models.runtime.verify import verify
from sessions import SESSION, STARTED, opened, picture, reported, steps, write_session

TESTS = Path(__file__).parents[1]


def killed(folder: Path, how: str, after_s: float) -> list[str]:
    """Let a process write for a while after it has started, then kill it; what it had been told is safe."""
    process = subprocess.Popen(
        [sys.executable, str(TESTS / "killed.py"), str(folder), how],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    time.sleep(after_s)
    assert verify(folder).changed == ()  # while it is being written, too
    process.kill()
    said = process.communicate(timeout=60)[0]
    assert process.returncode == -9
    return [line for line in said.split("\n")[:-1] if line]


def cut_short(folder: Path, frames: int = 13) -> None:
    """A session whose process ended with F0002 open."""
    ledger = Ledger(folder, live=True)
    ledger.start(STARTED)
    for time_s, step in steps(frames=frames):
        ledger.step("first", time_s, step)
    ledger.close()


def entries(folder: Path, kind: str) -> list[Entry]:
    return [entry for entry in read_ledger(folder) if entry.kind == kind]


def findings(folder: Path) -> list[Finding]:
    return [Finding.from_json(line, "line") for line in (folder / "findings.jsonl").read_text("utf-8").splitlines()]


def numbered(last: str) -> list[str]:
    return [f"F{number:04d}" for number in range(1, int(last[1:]) + 1)]


def resume_and_complete(folder: Path, **changes: Any) -> Ledger:
    with Ledger.resume(folder) as ledger:
        ledger.start({**STARTED, **changes}, 100.0)
        ledger.step("first", 100.0, Step({"phone": 0.1}, (), (), None))
        ledger.complete(SESSION)
    return ledger


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_resume__after_kill_9_at_any_moment_nothing_reported_is_lost(tmp_path: Path, seed: int) -> None:
    folder, chance = tmp_path / "review", random.Random(seed)
    told: list[str] = []
    for how in ("new", "resume", "resume"):
        told += killed(folder, how, chance.uniform(0.0, 0.6))
        verdict = verify(folder)
        assert (verdict.state, verdict.changed) == ("unfinished", ())
        kept = [
            f"{each.kind} {each.content['finding']['id']}" for each in read_ledger(folder) if "finding" in each.content
        ]
        assert [line for line in told if line not in kept] == []
    resume_and_complete(folder)
    verdict = verify(folder)
    assert (verdict.state, verdict.changed, verdict.unfinished) == ("whole", (), ())
    names = [one.id for one in findings(folder)]
    # Counted on; but the number of a finding whose picture was there before its line could be is not used again.
    left_over = {path[9:14] for entry in entries(folder, "resumed") for path in entry.content["left_over"]}
    used = {*names, *(name for name in left_over if name[0] == "F")}
    assert sorted(used) == numbered(max(used, default="F0000"))
    assert names == sorted(set(names))
    assert {line.split()[1] for line in told} <= set(names)
    assert len(entries(folder, "resumed")) == 3
    for one in findings(folder):
        assert (folder / one.evidence[0]).stat().st_size == 30_000


@pytest.mark.parametrize("file", ["ledger.jsonl", "findings.jsonl", "scores.jsonl"])
def test_resume__from_a_write_that_was_cut_off(tmp_path: Path, file: str) -> None:
    cut_short(tmp_path / "whole")
    lines = (tmp_path / "whole" / file).read_bytes().splitlines(keepends=True)
    for count in range(1, len(lines[-1]), 1 + len(lines[-1]) // 5):
        folder = tmp_path / f"{count}"
        shutil.copytree(tmp_path / "whole", folder)
        (folder / file).write_bytes(b"".join(lines[:-1]) + lines[-1][:count])
        resume_and_complete(folder)
        assert verify(folder).state == "whole"
        assert entries(folder, "resumed")[0].content["torn"] == {
            file: lines[-1][:count].decode("utf-8", "backslashreplace")
        }


def test_resume__closes_what_was_open_at_the_last_frame_and_says_so(tmp_path: Path) -> None:
    cut_short(tmp_path)
    ledger = resume_and_complete(tmp_path)
    first, second = findings(tmp_path)
    assert (first.id, first.interrupted) == ("F0001", False)
    assert (second.id, second.interrupted, second.start_s, second.end_s) == ("F0002", True, 5.0, 6.0)
    assert second.evidence == ("evidence/F0002-opened.jpg",)
    assert (ledger.findings, ledger.next_number) == (2, 3)
    assert (ledger.first_s, ledger.last_s) == ({"first": 0.0}, {"first": 6.0})
    (resumed,) = entries(tmp_path, "resumed")
    assert {name: said for name, said in resumed.content.items() if name != "boot"} == {
        "from_s": 6.0,
        "to_s": 100.0,
        "assumed": "what the caller says",
        "snapshot_seed": ledger.seed,
        "interrupted": ["F0002"],
        "torn": {},
        "left_over": {},
    }
    assert ledger.seed != entries(tmp_path, "started")[0].content["snapshot_seed"]
    assert verify(tmp_path, ledger.head).state == "whole"
    session = json.loads((tmp_path / "session.json").read_text("utf-8"))
    assert [each["timestamp_s"] for each in session["snapshots"]] == [0.0, 3.5]


def test_resume__pictures_that_no_line_names_are_named_and_half_ones_go(tmp_path: Path) -> None:
    cut_short(tmp_path)
    evidence = tmp_path / "evidence"
    (evidence / "F0003-opened.jpg").write_bytes(picture("late"))
    (evidence / ".F0004-peak.jpg.0123abcd.part").write_bytes(b"half")
    (tmp_path / ".session.json.0123abcd.part").write_bytes(b"half")
    (tmp_path / "session.json").write_text("{}")
    assert verify(tmp_path).state == "unfinished"
    ledger = resume_and_complete(tmp_path)
    assert ledger.next_number == 4
    assert list(entries(tmp_path, "resumed")[0].content["left_over"]) == ["evidence/F0003-opened.jpg"]
    assert verify(tmp_path).state == "whole"
    assert [path.name for path in tmp_path.rglob(".*")] == []


def test_resume__the_gap_is_as_long_as_the_clocks_say_if_nobody_knows_better(tmp_path: Path) -> None:
    cut_short(tmp_path)
    with Ledger.resume(tmp_path) as ledger:
        ledger.start(STARTED)
    content = entries(tmp_path, "resumed")[0].content
    assert content["from_s"] == content["to_s"] == 6.0  # less than that has passed since the session started


def test_resume__killed_while_resuming_comes_to_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_short(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("proctor_models.runtime.resume._interrupted", interrupted)
        ledger = Ledger.resume(tmp_path)
        with pytest.raises(KeyboardInterrupt):
            ledger.start(STARTED, 50.0)
        ledger.close()
    resume_and_complete(tmp_path)
    assert [one.id for one in findings(tmp_path)] == ["F0001", "F0002"]
    assert [entry.content["from_s"] for entry in entries(tmp_path, "resumed")] == [6.0, 50.0]
    assert verify(tmp_path).state == "whole"


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pack": {"version": "2.0", "models": {}}}, "pack: the session was started with .*'1.0'.*got .*'2.0'"),
        ({"rules": {"name": "online-interview"}}, "rules: the session was started with .*remote-exam"),
        ({"thresholds": {"phone": 0.1}}, "thresholds: the session was started with .*0.5.*go on with the same"),
    ],
)
def test_resume__refuses_another_pack_or_other_rules_and_changes_nothing(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    cut_short(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with Ledger.resume(tmp_path) as ledger, pytest.raises(EvidenceError, match=message):
        ledger.start({**STARTED, **changes})
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_resume__refuses_what_is_no_session_to_go_on_with(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"expected ledger\.jsonl"):
        Ledger.resume(tmp_path)
    write_session(tmp_path / "done")
    with pytest.raises(EvidenceError, match="the session is complete; watch the next one into a new folder"):
        Ledger.resume(tmp_path / "done")
    Ledger(tmp_path / "unstarted").close()
    with pytest.raises(EvidenceError, match="ended before it started; remove the folder"):
        Ledger.resume(tmp_path / "unstarted")


def test_resume__refuses_a_session_that_was_changed(tmp_path: Path) -> None:
    cut_short(tmp_path)
    (tmp_path / "evidence" / "F0001-peak.jpg").write_bytes(b"other")
    with pytest.raises(EvidenceError, match=r"was changed, so nothing is added to it: evidence/F0001-peak\.jpg"):
        Ledger.resume(tmp_path)


def test_resume__refuses_a_session_that_is_being_written(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.start(STARTED)
        ledger.step("first", 0.0, Step({}, (opened(1),), (reported(1),), None))
        with pytest.raises(EvidenceError, match="another process is watching this exam right now"):
            Ledger.resume(tmp_path)


def test_resume__refuses_a_session_that_another_process_went_on_with_meanwhile(tmp_path: Path) -> None:
    cut_short(tmp_path)
    left = left_behind(tmp_path)
    with Ledger.resume(tmp_path) as other:
        other.start(STARTED, 100.0)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(EvidenceError, match="another process was watching this exam until just now; try again"):
        open_again(left)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    with Ledger.resume(tmp_path) as ledger:
        assert ledger.timestamp_s == 100.0
