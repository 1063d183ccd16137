"""Live exams from what is on record: every finding comes out again, gaps in the recording among them."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cameras import Clock, Red, Shown, grey, ruleset
from lives import Exam, entries, findings, quick, showing
from proctor_models.audit.rules_again import findings_again
from proctor_models.errors import EvidenceError, ModelError
from proctor_models.rules.policy import RuleSet
from proctor_models.runtime.entries import read_ledger
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.pace import Budget
from proctor_models.runtime.session import Setup
from proctor_models.runtime.verify import verify
from proctor_models.types import Image, Observation, View

TESTS = Path(__file__).parents[1]


class Moody(Red):
    """Refuses a frame now and then."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        if self._chance.random() < 0.1:
            raise ModelError("scene.onnx: scores: expected finite numbers, got NaN or infinity")
        return super().observe(image, timestamp_s, view)


def odd(chance: random.Random, seconds: float) -> list[Shown]:
    """Frames with and without a phone, and breaks between them that are gaps and that are none."""
    shown: list[Shown] = []
    while sum(passed_s for passed_s, _ in shown) < seconds:
        shown += showing(chance.uniform(0.3, 12), grey(red=chance.random() < 0.3))
        shown.append((chance.choice([0.5, 1.2, 2.9, 3.1, 9.0]), grey()))
    return shown


def bare(finding: Finding) -> dict[str, Any]:
    raw = json.loads(finding.to_json())
    return {name: value for name, value in raw.items() if name not in ("boxes", "evidence", "marked")}


def again(out: Path, setup: Setup, views: tuple[str, ...], rules: RuleSet) -> list[dict[str, Any]]:
    session = {**setup.to_dict(), "live": True, "views": dict.fromkeys(views)}
    return [bare(each) for each in findings_again(out / "scores.jsonl", session, read_ledger(out), rules)]


def recorded(out: Path) -> list[dict[str, Any]]:
    lines = (out / "findings.jsonl").read_text("utf-8").splitlines()
    return sorted((bare(Finding.from_json(line, "line")) for line in lines), key=lambda each: str(each["id"]))


@pytest.mark.parametrize("seed", range(6))
def test_findings_again__breaks_want_of_time_refused_frames_and_restarts(tmp_path: Path, seed: int) -> None:
    chance, cpu, out = random.Random(seed), Clock(), tmp_path / "exam"
    views: tuple[View, ...] = ("first", "second") if seed % 2 else ("first",)

    def work() -> None:
        cpu.now_s += chance.uniform(0.05, 1.0)

    start_s: float | None = None
    for run in range(3):
        shown = {view: odd(chance, 60) for view in views}
        exam = Exam(out, shown, Moody(chance), lambda clock: Budget(0.2, clock=clock, cpu=cpu), start_s)
        exam.run(exam.clock.now_s + chance.uniform(20, 50), work)
        start_s = exam.clock.now_s + chance.uniform(0.5, 20)
        exam.ledger.close() if run < 2 else exam.stop()
    assert entries(out, "present")
    assert {finding["rule"] for finding in findings(out)} >= {"gap"}
    assert verify(out).changed == ()
    assert again(out, exam.setup, views, ruleset()) == recorded(out)


@pytest.mark.parametrize("untold", ["_opened", "report"])
def test_findings_again__killed_between_a_frames_scores_and_its_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, untold: str
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "exam"
    shown = [*showing(6, grey(red=True)), *showing(14), *showing(6, grey(red=True))]
    exam = Exam(out, {"first": shown})
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, untold, killed)
        with pytest.raises(KeyboardInterrupt):
            exam.run(25)
    exam.ledger.close()
    assert len(entries(out, "opened")) == (0 if untold == "_opened" else 1)
    exam = Exam(out, {"first": showing(20)}, resume_s=exam.clock.now_s + 1)
    exam.run(exam.clock.now_s + 15)
    exam.stop()
    assert verify(out).changed == ()
    assert again(out, exam.setup, ("first",), ruleset()) == recorded(out)


@pytest.mark.parametrize("told", [0, 1, 9])
def test_findings_again__stopped_but_not_completed_and_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: int
) -> None:
    """As on a full disk; `told`: how many of the end's findings the ledger took."""
    out, report = tmp_path / "exam", Ledger.report
    reports = iter(range(99))

    def refused(ledger: Ledger, reported: Any) -> None:
        if next(reports) >= told:
            raise KeyboardInterrupt
        report(ledger, reported)

    red = {view: showing(30, grey(red=True)) for view in ("first", "second")}
    exam = Exam(out, red)
    exam.run(25)
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "report", refused)
        with suppress(KeyboardInterrupt):
            exam.exam.finish("asked to")
    exam.ledger.close()
    exam = Exam(out, {view: showing(20) for view in ("first", "second")}, resume_s=exam.clock.now_s + 1)
    exam.run(exam.clock.now_s + 15)
    exam.stop()
    assert verify(out).changed == ()
    assert sum("interrupted" in finding for finding in findings(out)) == max(0, 2 - told)
    assert again(out, exam.setup, ("first", "second"), ruleset()) == recorded(out)


def test_findings_again__without_what_came_the_gaps_are_others(tmp_path: Path) -> None:
    """So the entries are what makes the difference."""
    cpu, out = Clock(), tmp_path / "exam"
    exam = Exam(out, {"first": showing(40)}, budget=lambda clock: Budget(0.1, clock=clock, cpu=cpu))

    def work() -> None:
        cpu.now_s += 1.0  # a frame every ten seconds

    exam.run(39.9, work)
    exam.stop()
    assert [f for f in findings(out) if f["view"] == "first"] == []
    kept = [entry for entry in read_ledger(out) if entry.kind != "present"]
    session = {**exam.setup.to_dict(), "live": True, "views": {"first": None}}
    found = findings_again(out / "scores.jsonl", session, kept, ruleset())
    assert [each.start_s for each in found if each.view == "first"] != []
    assert again(out, exam.setup, ("first",), ruleset()) == recorded(out)


def test_findings_again__a_view_nobody_knows(tmp_path: Path) -> None:
    exam = Exam(tmp_path, {"first": showing(2)})
    exam.run(1.9)
    exam.ledger.present("third", 1.9, [(0.5, 1.9)])
    exam.stop()
    with pytest.raises(EvidenceError, match=r"scores\.jsonl: cannot be followed"):
        again(tmp_path, exam.setup, ("first",), ruleset())


WATCH = """
import sys, time
from pathlib import Path
from cameras import Red, THRESHOLDS
from lives import Webcam, quick
from dataclasses import replace
from proctor_models.runtime.live import LiveOptions, watch_live
from proctor_models.runtime.sources import source

class Slow(Red):
    def observe(self, image, timestamp_s=0.0, view="first"):
        end = time.process_time() + 0.15
        while time.process_time() < end:
            pass
        return super().observe(image, timestamp_s, view)

out, how, for_s = sys.argv[1:]
options = LiveOptions(for_s=float(for_s), cpu=0.05, resume=how == "resume")
watch_live(replace(quick(), observer=Slow()), {"first": source("0")}, Path(out), options, opener=lambda _: Webcam())
"""


def watching(out: Path, how: str, for_s: float) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    return subprocess.Popen([sys.executable, "-c", WATCH, str(out), how, str(for_s)], env=environment)


@pytest.mark.slow
def test_findings_again__live_exam_on_a_tight_budget_killed_and_gone_on_with(tmp_path: Path) -> None:
    """Real threads, clocks and processes: kill -9 once the ledger tells of frames that nobody analysed."""
    out = tmp_path / "exam"
    process, ledger, end = watching(out, "new", 600), out / "ledger.jsonl", time.monotonic() + 120
    while not (ledger.exists() and b'"present"' in ledger.read_bytes()):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    time.sleep(1.0)
    process.kill()
    process.wait(60)
    time.sleep(2.5)
    assert watching(out, "resume", 9).wait(120) == 0
    assert verify(out).is_complete
    gaps = [finding for finding in findings(out) if finding["rule"] == "gap"]
    (resumed,) = entries(out, "resumed")
    assert any(gap["start_s"] <= resumed["from_s"] < resumed["to_s"] <= gap["end_s"] + 0.001 for gap in gaps)
    assert again(out, quick(), ("first",), quick().ruleset) == recorded(out)
