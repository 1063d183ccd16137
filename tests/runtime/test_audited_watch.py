"""From a recording to a folder that an auditor can check and follow."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from cameras import Red
from proctor_models.rules.policy import ruleset_from_dict
from proctor_models.runtime.entries import read_ledger
from proctor_models.runtime.held import Clips, Snapshots
from proctor_models.runtime.report import render
from proctor_models.runtime.session import Setup
from proctor_models.runtime.verify import verify
from proctor_models.runtime.video import Recording
from proctor_models.runtime.watch import watch_recordings

TEXT = {"zh": "手机", "en": "phone"}
RULES = {
    "schema": "proctor-rules/1",
    "name": "remote-exam",
    "title": TEXT,
    "rules": [
        {
            "id": "phone",
            "detector": "phone",
            "views": ["first"],
            "enter": None,
            "leave_ratio": 0.5,
            "min_duration_s": 1.0,
            "max_gap_s": 2.0,
            "severity": "cheating",
            "title": TEXT,
            "article": TEXT,
        }
    ],
}


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four minutes of grey, two spans of red."""
    path = tmp_path_factory.mktemp("recording") / "a.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 2, (96, 64))
    for i in range(480):
        writer.write(np.full((64, 96, 3), (40, 40, 230) if i % 300 in range(60, 80) else (90, 90, 90), np.uint8))
    writer.release()
    return path


def watched(recording: Path, out: Path, clips: Clips | None = None) -> Path:
    setup = Setup(Red(), ruleset_from_dict(RULES, "rules"), {"phone": 0.5}, "1.0", 2.0, clips=clips)
    watch_recordings(setup, {"first": Recording(recording)}, out)
    return out


def test_watch_recordings__leaves_a_folder_that_verifies_page_and_all(recording: Path, tmp_path: Path) -> None:
    out = watched(recording, tmp_path / "review", Clips())
    render(out)
    verdict = verify(out)
    assert (verdict.state, verdict.findings, verdict.uncovered) == ("whole", 2, ("review.html",))
    kinds = [entry.kind for entry in read_ledger(out)]
    assert (kinds[0], kinds[-1], kinds.count("opened"), kinds.count("clip")) == ("started", "completed", 2, 2)
    assert kinds.count("scores") >= 5


def test_watch_recordings__an_auditor_follows_the_random_snapshots_from_the_seed(
    recording: Path, tmp_path: Path
) -> None:
    out = watched(recording, tmp_path / "review")
    entries = read_ledger(out)
    due = Snapshots(seed=entries[0].content["snapshot_seed"])
    lines = [json.loads(line) for line in (out / "scores.jsonl").read_text("utf-8").splitlines()]
    followed = [line["timestamp_s"] for line in lines if due.due(line["view"], line["timestamp_s"])]
    assert followed == [entry.content["timestamp_s"] for entry in entries if entry.kind == "snapshot"]
    assert len(followed) >= 2


def test_watch_recordings__the_same_recording_gives_the_same_findings_byte_for_byte(
    recording: Path, tmp_path: Path
) -> None:
    a, b = watched(recording, tmp_path / "a"), watched(recording, tmp_path / "b")
    for name in ("findings.jsonl", "scores.jsonl"):
        assert (a / name).read_bytes() == (b / name).read_bytes()
    assert (a / "ledger.jsonl").read_bytes() != (b / "ledger.jsonl").read_bytes()


def test_snapshots__of_one_seed_do_not_depend_on_how_two_views_take_turns() -> None:
    alone, together, other = Snapshots(seed="a"), Snapshots(seed="a"), Snapshots(seed="b")
    times = [i for i in range(3600) if alone.due("first", i)]
    assert [i for i in range(3600) if (together.due("second", i), together.due("first", i))[1]] == times
    assert times != [i for i in range(3600) if other.due("first", i)]
