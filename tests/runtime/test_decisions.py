import json
from pathlib import Path
from typing import Any

import pytest

from proctor_models.errors import EvidenceError
from proctor_models.runtime.chain import NOTHING_BEFORE, read_chain, sha256
from proctor_models.runtime.decisions import Decision, append_decisions, decisions_from, read_decisions
from watched import write_exam, write_ledger

KNOWN = frozenset({"F0001", "F0002"})
FIRST = Decision("F0001", "confirmed", "看得清楚", "2026-01-02T03:04:05.678Z")
SECOND = Decision("F0001", "open", "", "2026-01-02T03:05:00.000Z")


def test_append_decisions__hang_on_the_ledger_and_the_last_one_holds(tmp_path: Path) -> None:
    folder = write_exam(tmp_path / "review")
    write_ledger(folder)
    head = sha256((folder / "ledger.jsonl").read_bytes().splitlines()[-1])
    append_decisions(folder, [FIRST])
    append_decisions(folder, [SECOND])
    read = read_chain((folder / "decisions.jsonl").read_bytes(), head)
    assert read.breaks == ()
    assert [line.fields["decision"] for line in read.lines] == ["confirmed", "open"]
    assert read_decisions(folder) == {"F0001": SECOND}


def test_append_decisions__a_folder_without_a_ledger(tmp_path: Path) -> None:
    append_decisions(tmp_path, [FIRST, SECOND])
    assert read_chain((tmp_path / "decisions.jsonl").read_bytes(), NOTHING_BEFORE).breaks == ()


def test_append_decisions__a_line_that_was_cut_off_is_written_over(tmp_path: Path) -> None:
    append_decisions(tmp_path, [FIRST])
    with (tmp_path / "decisions.jsonl").open("ab") as stream:
        stream.write(b'{"finding": "F00')
    append_decisions(tmp_path, [SECOND])
    assert read_decisions(tmp_path) == {"F0001": SECOND}


def test_read_decisions__refuses_a_changed_line(tmp_path: Path) -> None:
    append_decisions(tmp_path, [FIRST, SECOND])
    path = tmp_path / "decisions.jsonl"
    path.write_bytes(path.read_bytes().replace(b"confirmed", b"dismissed"))
    with pytest.raises(EvidenceError, match=r"decisions\.jsonl:1: the line was changed.*audit verify"):
        read_decisions(tmp_path)
    with pytest.raises(EvidenceError, match=r"decisions\.jsonl:1: the line was changed"):
        append_decisions(tmp_path, [SECOND])


def test_append_decisions__a_full_disk_adds_nothing(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match=r"decisions\.jsonl: cannot be written"):
        append_decisions(tmp_path / "gone", [FIRST])


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ([], r"decisions: expected a list"),
        ({"decisions": []}, r"decisions: expected a list"),
        ({"decisions": [{}, {}, {}]}, r"decisions: expected a list with at most one for each finding"),
        ({"decisions": ["F0001"]}, r"decisions\[0\]\.finding: expected a finding of this session, got None"),
        ({"finding": "F0009"}, r"decisions\[0\]\.finding: .* got 'F0009'"),
        ({"finding": ["F0001"]}, r"decisions\[0\]\.finding: expected a finding"),
        ({"decision": "guilty"}, r"decisions\[0\]\.decision: expected one of confirmed, dismissed, open, got 'guilty'"),
        ({"note": "x" * 2001}, r"decisions\[0\]\.note: expected text of at most 2000 characters"),
        ({"note": None}, r"decisions\[0\]\.note"),
        ({"note": "\ud800"}, r"decisions\[0\]\.note"),
        ({"who": "me"}, r"decisions\[0\]: expected finding, decision, note and nothing else"),
    ],
)
def test_decisions_from__names_the_wrong_field(raw: Any, message: str) -> None:
    if isinstance(raw, dict) and "decisions" not in raw:
        raw = {"decisions": [{"finding": "F0001", "decision": "open", "note": ""} | raw]}
    with pytest.raises(EvidenceError, match=message):
        decisions_from(raw, KNOWN)


def test_decisions_from__keeps_what_was_said(tmp_path: Path) -> None:
    (made,) = decisions_from(
        json.loads('{"decisions": [{"finding": "F0002", "decision": "dismissed", "note": "手"}]}'), KNOWN
    )
    assert (made.finding, made.decision, made.note) == ("F0002", "dismissed", "手")
    assert made.decided_at.endswith("Z")
