import json
from pathlib import Path

import pytest

from proctor_models.errors import EvidenceError
from proctor_models.runtime.report import render
from proctor_models.runtime.report_ledger import read_exam
from watched import finding, score_lines, session, write_exam


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_exam(tmp_path / "review")


def test_read_exam__findings_by_start_and_scores_by_detector_and_view(tmp_path: Path) -> None:
    late, early = finding(1, start_s=30.0, end_s=31.0, peak_s=30.5), finding(2)
    exam = read_exam(write_exam(tmp_path / "review", [late, early]))
    assert exam.findings == (early, late)
    assert set(exam.tracks) == {("phone", "first"), ("mask", "first"), ("phone", "second")}
    assert exam.tracks["mask", "first"].scores == [None] * 120
    assert (exam.horizon_s, len(exam.times_s["second"])) == (60, 80)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("session.json", None, r"session\.json: cannot be read"),
        ("session.json", '{"schema": "proctor-sess', r"session\.json: half-written"),
        (
            "session.json",
            json.dumps(session(schema="proctor-session/9")),
            r"session\.json: schema: expected 'proctor-session/1'",
        ),
        ("session.json", json.dumps(session(complete=False)), r"session\.json: complete: expected true"),
        ("session.json", json.dumps(session(duration_s=None)), r"session\.json: duration_s: expected a number"),
        ("session.json", json.dumps(session(rate_hz=0)), r"session\.json: rate_hz: expected a number above 0"),
        ("session.json", json.dumps(session(snapshots=[{"view": "first"}])), r"session\.json: snapshots: timestamp_s"),
        (
            "session.json",
            json.dumps(session(snapshots=[{"view": "first", "timestamp_s": 1.0, "path": "evidence/a\0b.jpg"}])),
            r"session\.json: snapshots: evidence: expected a path inside the folder",
        ),
        ("session.json", json.dumps(session(views={"third": {}})), r"session\.json: views"),
        ("session.json", json.dumps(session(duration_s=float("nan"))), r"session\.json: half-written or not JSON"),
        ("findings.jsonl", None, r"findings\.jsonl: cannot be read"),
        ("findings.jsonl", finding().to_json()[:-9], r"findings\.jsonl:1: half-written"),
        ("findings.jsonl", f"{finding().to_json()}\n" * 2, r"findings\.jsonl:2: id: expected an id used once"),
        ("findings.jsonl", finding().to_json().replace("evidence/F", "../F"), r"findings\.jsonl:1: .*evidence"),
        (
            "findings.jsonl",
            finding().to_json().replace("finding/1", "finding/2"),
            r"findings\.jsonl:1: expected schema",
        ),
        ("scores.jsonl", None, r"scores\.jsonl: cannot be read"),
        (
            "scores.jsonl",
            score_lines()[2] + "\n" + score_lines()[0],
            r"scores\.jsonl:2: timestamp_s: expected not before 0\.5 of the same view",
        ),
        ("scores.jsonl", '{"view": "first", "timestamp_s": 0, "scores": {"phone": "x"}}', r"scores\.jsonl:1: phone"),
    ],
)
def test_render__refuses_a_bad_ledger(folder: Path, file: str, content: str | None, message: str) -> None:
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(content, encoding="utf-8")
    with pytest.raises(EvidenceError, match=message):
        render(folder)
    assert not list(folder.glob("*review.html*"))


def test_read_exam__a_session_that_was_cut_off_says_how_to_close_it(folder: Path) -> None:
    (folder / "session.json").unlink()
    (folder / "ledger.jsonl").touch()
    with pytest.raises(EvidenceError, match=r"not watched to its end: .* `proctor watch --resume --for 1`"):
        read_exam(folder)


def test_read_exam__two_frames_of_one_millisecond(folder: Path) -> None:
    (folder / "scores.jsonl").write_text("\n".join([score_lines()[0], *score_lines()]), encoding="utf-8")
    assert read_exam(folder).times_s["first"][:3] == [0.0, 0.0, 0.5]


def test_render__refuses_a_picture_that_is_a_link_out(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.jpg"
    outside.write_bytes((folder / "evidence/F0001-peak.jpg").read_bytes())
    (folder / "evidence/F0001-peak.jpg").unlink()
    (folder / "evidence/F0001-peak.jpg").symlink_to(outside)
    with pytest.raises(EvidenceError, match=r"F0001: evidence: expected a path inside the folder"):
        render(folder)
