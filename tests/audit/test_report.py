"""The audit report of an exam: coverage, findings with what people decided, events, ledger, signature."""

from __future__ import annotations

from pathlib import Path

import pytest

from audited import watch_greys, write_pack, write_recording
from proctor_models.audit.keys import write_keys
from proctor_models.audit.packs import read_pack
from proctor_models.audit.promotions import append
from proctor_models.audit.report import report
from proctor_models.audit.signing import sign
from proctor_models.cli import main
from proctor_models.errors import EvidenceError
from proctor_models.runtime.decisions import append_decisions, decisions_from
from watched import event, write_exam, write_ledger

NONE = Path("none.jsonl")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def text(here: Path, folder: Path, pack: Path | None = None, key: Path | None = None) -> str:
    report(folder, here / "report.html", pack, NONE, key)
    return (here / "report.html").read_text(encoding="utf-8")


def test_report__findings_with_decisions(here: Path) -> None:
    folder = here / "exam"
    watch_greys(folder, [0, *[250] * 5, *[0] * 8])
    rows = [{"finding": "F0001", "decision": "confirmed", "note": "<b>held up</b>"}]
    append_decisions(folder, decisions_from({"decisions": rows}, frozenset({"F0001"})))
    page = text(here, folder)
    assert "全部发现 Findings: 1" in page
    assert "《规则》第二条（五）" in page
    assert "已确认 confirmed" in page
    assert "&lt;b&gt;held up&lt;/b&gt;" in page
    assert "no pack with these nets was found" in page


def test_report__coverage_and_events(here: Path) -> None:
    folder = write_exam(here / "exam")
    write_ledger(folder, event("camera_lost", 12.0, "second", reason="unplugged"))
    page = text(here, folder)
    assert "摄像头断开 camera lost" in page
    assert "reason: unplugged" in page
    assert "first view: 100 %" in page  # masks, which nobody could assess


def test_report__signature(here: Path) -> None:
    pack, recording = write_pack(here / "pack"), write_recording(here / "a.mp4")
    words = ["--pack", pack, "--rules", "exam", "--first", recording, "--out", here / "review"]
    assert main(["watch", *map(str, words)]) == 0
    key = write_keys(here / "keys")
    assert "the signature was not checked" in text(here, here / "review", pack)
    assert "the signature does not hold" in text(here, here / "review", pack, key)
    mark = sign(pack, here / "keys" / "pack-signing.key.pem")
    assert f"signed by key {mark}" in text(here, here / "review", pack, key)


def test_report__exceptions_of_the_promotion(here: Path) -> None:
    pack, recording = write_pack(here / "pack"), write_recording(here / "a.mp4")
    row = {"gate": "targets/phone/recall", "wanted": "", "found": "", "is_met": False, "exception": "few people"}
    append(here / "ledger.jsonl", "shipped", read_pack(pack).name, "A. Auditor", {"results": [row]})
    words = ["--pack", pack, "--rules", "exam", "--first", recording, "--out", here / "review"]
    assert main(["watch", *map(str, words)]) == 0
    report(here / "review", here / "report.html", pack, here / "ledger.jsonl", None)
    page = (here / "report.html").read_text(encoding="utf-8")
    assert "for research only" in page
    assert "targets/phone/recall: few people" in page
    assert "A. Auditor" in page


def test_report__changed_folder_says_so(here: Path) -> None:
    folder = here / "exam"
    watch_greys(folder, [0, *[250] * 5, *[0] * 8])
    next((folder / "evidence").glob("F0001*")).write_bytes(b"another")
    assert "another content than the ledger names" in text(here, folder)


def test_report__folder_that_is_none(here: Path) -> None:
    (here / "empty").mkdir()
    with pytest.raises(EvidenceError, match="cannot be read"):
        text(here, here / "empty")
    assert not (here / "report.html").exists()
