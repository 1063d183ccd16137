"""Replay: equal from scores, from pictures and from recordings; the first difference named where there is one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audited import RULES, models, setup, watch_greys, write_pack, write_recording
from proctor_models.audit.replay import read_findings, read_session, replay
from proctor_models.audit.rules_again import findings_again
from proctor_models.cli import main
from proctor_models.errors import EvidenceError, PackError
from proctor_models.rules.policy import ruleset_from_dict
from proctor_models.runtime.entries import read_ledger
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.findings import Finding
from proctor_models.types import VIEWS


def bare(finding: Finding) -> dict[str, object]:
    raw = json.loads(finding.to_json())
    return {name: value for name, value in raw.items() if name not in ("boxes", "evidence", "marked")}


def again(folder: Path) -> list[dict[str, object]]:
    ruleset = ruleset_from_dict(RULES, "exam")
    found = findings_again(folder / "scores.jsonl", read_session(folder), read_ledger(folder), ruleset)
    return [bare(each) for each in found]


def recorded(folder: Path) -> list[dict[str, object]]:
    return [bare(each) for each in sorted(read_findings(folder), key=lambda each: each.id)]


@pytest.mark.parametrize("seed", range(8))
def test_findings_again__random_scores_and_odd_times(tmp_path: Path, seed: int) -> None:
    generator = np.random.default_rng(seed)
    greys = generator.choice([20.0, 120.0, 127.0, 128.0, 129.0, 240.0], 120, p=[0.3, 0.1, 0.15, 0.15, 0.1, 0.2])
    watch_greys(tmp_path / "exam", greys.tolist(), step_s=0.5 + seed / 97)
    assert again(tmp_path / "exam") == recorded(tmp_path / "exam")


def test_findings_again__session_cut_short_and_taken_up(tmp_path: Path) -> None:
    folder = tmp_path / "exam"
    watch_greys(folder, [0, 0, 250, 250, 250, 250, 250], killed=True)
    watch_greys(folder, [250, 250, 250, 250, 250, 0, 0, 0, 0, 0, 0, 0, 250, 250, 250], start_s=60.0)
    found = recorded(folder)
    assert [(each["id"], each.get("interrupted", False)) for each in found if each["rule"] == "phone"] == [
        ("F0001", True),
        ("F0003", False),
        ("F0004", False),
    ]
    assert again(folder) == found


def test_findings_again__view_that_began_late_and_was_taken_up(tmp_path: Path) -> None:
    folder, phone, gap = tmp_path / "exam", *RULES["rules"]
    rules = {**RULES, "rules": [phone, {**gap, "views": ["first", "second"], "ends_within_s": 10}]}
    one = replace(setup(), ruleset=ruleset_from_dict(rules, "exam"))
    for opened, starts_s in ((Ledger, (0.0, 30.0)), (Ledger.resume, (60.0, 60.0))):
        ledger = opened(folder)
        monitor = one.monitor(ledger)
        ledger.start({**one.to_dict(), "interval_s": one.rates.interval_s}, min(starts_s))
        for view, start_s in zip(VIEWS, starts_s, strict=True):
            for timestamp_s in (start_s, start_s + 0.5):
                ledger.step(view, timestamp_s, monitor.observe(np.zeros((32, 32, 3), np.uint8), timestamp_s, view))
        if starts_s[0] > 0:
            for reported in monitor.finish():
                ledger.report(reported)
        ledger.close()
    found = findings_again(
        folder / "scores.jsonl",
        {**one.to_dict(), "views": {"first": None, "second": None}},
        read_ledger(folder),
        one.ruleset,
    )
    assert ("second", 0.0, 30.0) in [(each.view, each.start_s, each.end_s) for each in found]
    assert [bare(each) for each in found] == recorded(folder)


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a pack, a recording, and the review that `proctor watch` made of it."""
    top = tmp_path_factory.mktemp("exam")
    pack, recording = write_pack(top / "pack"), write_recording(top / "a.mp4")
    words = ["--pack", pack, "--rules", "exam", "--first", recording, "--out", top / "review"]
    assert main(["watch", *map(str, words)]) == 0
    return top


def copy(exam: Path, tmp_path: Path) -> Path:
    import shutil

    return shutil.copytree(exam / "review", tmp_path / "review")


def test_findings_again__live_gaps_are_not_decided_by_scores(tmp_path: Path) -> None:
    folder = tmp_path / "exam"
    watch_greys(folder, [250.0] * 6 + [0.0] * 6, step_s=0.5)
    ruleset = ruleset_from_dict(RULES, "exam")
    assert any(rule.is_gap for rule in ruleset.rules)
    lines = (folder / "scores.jsonl").read_text().splitlines(keepends=True)
    late = json.loads(lines[-1]) | {"timestamp_s": 600.0}
    (folder / "scores.jsonl").write_text("".join(lines) + json.dumps(late) + "\n")
    session = read_session(folder)
    kinds = [
        {each.detector for each in findings_again(folder / "scores.jsonl", one, read_ledger(folder), ruleset)}
        for one in (session, session | {"live": True})
    ]
    assert "recording_gap" in kinds[0]
    assert "recording_gap" not in kinds[1]
    assert "phone" in kinds[0] & kinds[1]


def test_replay__from_scores_and_pictures(exam: Path) -> None:
    found = replay(exam / "review", exam / "pack")
    assert "findings from scores.jsonl" in found.compared[0]
    assert [each.finding for each in found.pictures] == ["F0001"]
    assert found.pictures[0].difference < 0.01


def test_replay__from_the_recording(exam: Path) -> None:
    found = replay(exam / "review", exam / "pack", exam / "a.mp4")
    assert "byte for byte" in found.to_text()


def test_replay__another_recording(exam: Path, tmp_path: Path) -> None:
    other = write_recording(tmp_path / "b.mp4", seconds=9)
    with pytest.raises(EvidenceError, match=r"scores.jsonl:\d+: differs; on record nothing, now \{"):
        replay(exam / "review", exam / "pack", other)


def test_replay__a_score_that_was_changed(exam: Path, tmp_path: Path) -> None:
    review = copy(exam, tmp_path)
    lines = (review / "scores.jsonl").read_text().splitlines()
    changed = [json.loads(line) for line in lines]
    changed[2]["scores"]["phone"] = 0.9
    (review / "scores.jsonl").write_text("".join(json.dumps(line) + "\n" for line in changed))
    with pytest.raises(EvidenceError, match=r"F0001, phone\): peak_\w+: on record .*, from the scores"):
        replay(review, exam / "pack")


def test_replay__a_finding_that_was_taken_out(exam: Path, tmp_path: Path) -> None:
    review = copy(exam, tmp_path)
    (review / "findings.jsonl").write_text("")
    with pytest.raises(EvidenceError, match="0 on record, 1 from the scores; the first that has no twin: F0001"):
        replay(review, exam / "pack")


def test_replay__another_pack(exam: Path, tmp_path: Path) -> None:
    other = write_pack(tmp_path / "pack", [("phone", (0, 0, 9, 9), 0.7)])
    assert models(other) != models(exam / "pack")
    with pytest.raises(PackError, match=r"models: the exam in .* was watched with .*; name the pack of version 1\.0"):
        replay(exam / "review", other)


def test_replay__scores_that_are_gone(exam: Path, tmp_path: Path) -> None:
    review = copy(exam, tmp_path)
    (review / "scores.jsonl").unlink()
    with pytest.raises(EvidenceError, match=r"scores.jsonl: cannot be read"):
        replay(review, exam / "pack")


def test_replay__session_that_was_cut_short(exam: Path, tmp_path: Path) -> None:
    watch_greys(tmp_path / "exam", [0, 250, 250], killed=True)
    with pytest.raises(EvidenceError, match=r"session.json: no such file: name the folder of an exam that was watched"):
        replay(tmp_path / "exam", exam / "pack")


def test_replay__recording_of_a_view_nobody_watched(exam: Path) -> None:
    with pytest.raises(EvidenceError, match=r"expected recordings of first; missing: --first"):
        replay(exam / "review", exam / "pack", None, exam / "a.mp4")


def test_main__replay(exam: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "replay", str(exam / "review"), "--pack", str(exam / "pack")]) == 0
    assert capsys.readouterr().out.startswith("equal\n")


def test_setup__is_what_the_exams_here_are_watched_with() -> None:
    assert setup().rates.interval_s == 0.5
