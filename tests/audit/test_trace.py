"""Trace: one page that holds everything, says what it could not find, and lets nothing of a text become markup."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audited import models, write_pack, write_recording
from proctor_models.audit.expire import expire
from proctor_models.audit.promotions import PackName, append
from proctor_models.audit.trace import trace
from proctor_models.cli import main
from proctor_models.errors import EvidenceError, RecordError
from proctor_models.runtime.decisions import append_decisions, decisions_from

NOTE = "<script>alert('x')</script> & a wallet"


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a pack and the decided review of an exam; the current folder, which has no store."""
    top = tmp_path_factory.mktemp("exam")
    pack, recording = write_pack(top / "export" / "pack"), write_recording(top / "a.mp4")
    words = ["--pack", pack, "--rules", "exam", "--first", recording, "--out", top / "review"]
    assert main(["watch", *map(str, words)]) == 0
    for decision, note in (("confirmed", ""), ("dismissed", NOTE)):
        rows = [{"finding": "F0001", "decision": decision, "note": note}]
        append_decisions(top / "review", decisions_from({"decisions": rows}, frozenset({"F0001"})))
    return top


@pytest.fixture
def here(exam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(exam)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def page(here: Path, folder: Path = Path("review"), ledger: Path = Path("none.jsonl")) -> str:
    trace(folder, "F0001", here / "trace.html", None, ledger)
    return (here / "trace.html").read_text(encoding="utf-8")


def test_trace__the_whole_road(here: Path, exam: Path) -> None:
    text = page(here)
    for sha256 in models(exam / "export" / "pack").values():
        assert sha256 in text
    for part in (
        "《规则》第二条（五）", "Rules, article 2 (5)", "data:image/jpeg;base64,", "confirmed", "dismissed",
        "完整 whole", "scenes", "CC0-1.0", "d" * 64, "demo@" + "1" * 64, "D0001, D0002",
    ):  # fmt: skip
        assert part in text
    assert "<polyline points=" in text
    assert "there is no MLflow store here" in text
    assert "there is no promotion ledger" in text
    assert not Path("mlflow").exists()


def test_trace__a_net_that_nobody_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    pack, recording = write_pack(tmp_path / "pack", outline=True), write_recording(tmp_path / "a.mp4")
    words = ["--pack", pack, "--rules", "exam", "--first", recording, "--out", tmp_path / "review"]
    assert main(["watch", *map(str, words)]) == 0
    trace(tmp_path / "review", "F0001", tmp_path / "trace.html", pack, tmp_path / "none.jsonl")
    text = (tmp_path / "trace.html").read_text(encoding="utf-8")
    (outline,) = [part for part in text.split("<h2>") if "outline</h2>" in part]
    assert "This net takes over public weights as they are" in outline
    assert "该网络沿用公开权重" in outline
    assert "MLflow" not in outline
    assert text.count("takes over public weights") == 1


def test_trace__text_is_never_markup(here: Path) -> None:
    text = page(here)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text
    assert not re.search(r"""(src|href)=["'](?!data:)""", text)


def test_trace__same_folder_same_bytes(here: Path) -> None:
    assert page(here) == page(here)


def test_trace__who_was_shipped_when_the_exam_began(here: Path, exam: Path) -> None:
    from proctor_models.audit.packs import read_pack

    ledger, name = here / "promotions.jsonl", read_pack(exam / "export" / "pack").name
    row = {"gate": "figures", "wanted": "", "found": "", "is_met": False, "exception": "few people"}
    append(ledger, "shipped", name, "A. Auditor", {"results": [row]}, datetime(2026, 1, 1, tzinfo=UTC))
    text = page(here, ledger=ledger)
    assert "A. Auditor" in text
    assert "figures: few people" in text
    assert "仅供研究：未达到全部发布门槛 for research only: not every gate is met" in text
    other = PackName("9.0", "x@1", "f" * 64, {})
    append(ledger, "shipped", other, "A.", {}, datetime(2026, 1, 2, tzinfo=UTC))
    text = page(here, ledger=ledger)
    assert "shipped was 9.0" in text
    assert "for research only" not in text


def test_trace__changed_promotion_ledger(here: Path) -> None:
    (here / "bad.jsonl").write_text('{"seq": 0}\n')
    with pytest.raises(RecordError, match=r"bad.jsonl:1: .*bring it back from git"):
        page(here, ledger=here / "bad.jsonl")
    assert not (here / "trace.html").exists()


def test_trace__no_such_finding(here: Path) -> None:
    with pytest.raises(EvidenceError, match="finding: expected one of F0001, got 'F0007'"):
        trace(Path("review"), "F0007", here / "trace.html", None, Path("none.jsonl"))
    assert not (here / "trace.html").exists()


def test_trace__no_pack(here: Path, exam: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here)
    text = page(here, exam / "review")
    assert "no pack with these nets was found" in text
    assert "name it with --pack" in text


def test_trace__pack_that_was_changed(here: Path, exam: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(exam / "export", here / "export")
    (here / "export" / "pack" / "LICENSE").write_text("more")
    monkeypatch.chdir(here)
    assert "LICENSE: not listed in the manifest" in page(here, exam / "review")


def test_trace__half_migrated_store(here: Path, exam: Path) -> None:
    store = exam / "mlflow"
    store.mkdir()
    try:
        with sqlite3.connect(store / "mlflow.db") as database:
            database.execute("create table experiments (name text)")
            database.execute("create table alembic_version (version_num text)")
        assert "the MLflow store cannot be read" in page(here)
    finally:
        shutil.rmtree(store)


def test_trace__expired_pictures(here: Path, exam: Path) -> None:
    review = shutil.copytree(exam / "review", here / "review")
    policy = here / "retention.json"
    days = dict.fromkeys(("cheating", "breach_of_discipline", "invalid_recording"), 1)
    kinds = dict.fromkeys(("open", "confirmed", "dismissed"), days)
    raw = {"schema": "proctor-retention/1", "pictures": kinds, "clips": kinds, "snapshots": 1}
    policy.write_text(json.dumps(raw))
    expire(review, policy, datetime.now(UTC) + timedelta(days=2))
    text = page(here, review)
    assert "data:image" not in text
    assert "Deleted by the retention policy" in text
    assert "完整 whole" in text


def test_main__trace_and_report(here: Path, exam: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "trace", "review", "F0001", "--out", str(here / "t.html")]) == 0
    assert "not found: there is no MLflow store here" in capsys.readouterr().err
    assert main(["audit", "trace", "review", "F0099", "--out", str(here / "n.html")]) == 1
    assert main(["audit", "report", "review", "--out", str(here / "r.html")]) == 0
    assert "1 findings, the folder is whole" in capsys.readouterr().err
