"""Retention: dismissed pictures go first, the chain says so and holds, and a kill in between is finished later."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audited import watch_greys
from proctor_models.audit import expire as module
from proctor_models.audit.expire import expire
from proctor_models.audit.retention import load_policy
from proctor_models.cli import main
from proctor_models.errors import ConfigError, EvidenceError
from proctor_models.runtime.decisions import append_decisions, decisions_from
from proctor_models.runtime.entries import read_ledger
from proctor_models.runtime.report import render, review
from proctor_models.runtime.verify import verify

ROOT = Path(__file__).resolve().parents[2]
SEEN = [0, *[250] * 5, *[0] * 8]
DAY = timedelta(days=1)


@pytest.fixture
def exam(tmp_path: Path) -> Path:
    """Two findings of a phone; the second was dismissed."""
    watch_greys(tmp_path / "exam", SEEN * 2)
    rows = [{"finding": "F0002", "decision": "dismissed", "note": "a wallet"}]
    append_decisions(tmp_path / "exam", decisions_from({"decisions": rows}, frozenset({"F0001", "F0002"})))
    render(tmp_path / "exam")
    return tmp_path / "exam"


def pictures(folder: Path) -> set[str]:
    return {path.name.partition("-")[0] for path in (folder / "evidence").iterdir() if path.name[0] == "F"}


def now(after: timedelta) -> datetime:
    return datetime.now(UTC) + after


def test_expire__dismissed_pictures_go_first(exam: Path, policy: Path) -> None:
    assert pictures(exam) == {"F0001", "F0002"}
    assert not expire(exam, policy, now(6 * DAY)).files
    gone = expire(exam, policy, now(8 * DAY))
    assert pictures(exam) == {"F0001"}
    assert all("F0002, dismissed, cheating: kept 7 days" in reason for reason in gone.files.values())
    verdict = verify(exam)
    assert (verdict.state, verdict.expired) == ("whole", len(gone.files))
    entry = read_ledger(exam)[-1]
    assert entry.kind == "expired"
    assert set(entry.content["files"]) == set(gone.files)
    expire(exam, policy, now(91 * DAY))
    assert pictures(exam) == set()
    assert verify(exam).state == "whole"


def test_expire__page_holds_the_pictures_no_more(exam: Path, policy: Path) -> None:
    size = (exam / "review.html").stat().st_size
    expire(exam, policy, now(365 * DAY))
    page = (exam / "review.html").read_text(encoding="utf-8")
    assert len(page) < size
    assert "data:image/jpeg" not in page


def test_expire__page_tells_what_expired_from_what_is_missing(exam: Path, policy: Path) -> None:
    gone = expire(exam, policy, now(8 * DAY))
    missing = next(path for path in review(exam)["pictures"] if "F0001" in path)
    (exam / missing).unlink()
    shown = {path: picture["state"] for path, picture in review(exam)["pictures"].items()}
    assert {shown[path] for path in gone.files if path in shown} == {"expired"}
    assert shown[missing] == "missing"


def test_expire__killed_before_the_deletion(exam: Path, policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module.Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            expire(exam, policy, now(8 * DAY))
    verdict = verify(exam)
    assert verdict.state == "unfinished"
    assert "still there: run `proctor audit expire` again" in verdict.unfinished[0]
    again = expire(exam, policy, now(timedelta()))
    assert len(again.finished) == len(verdict.unfinished)
    assert not again.files
    assert verify(exam).state == "whole"
    assert pictures(exam) == {"F0001"}


def test_expire__another_picture_under_an_expired_name(exam: Path, policy: Path) -> None:
    gone = expire(exam, policy, now(8 * DAY))
    (exam / next(iter(gone.files))).write_bytes(b"somebody's")
    assert verify(exam).state == "changed"


def test_expire__deleted_without_an_entry_is_a_change(exam: Path) -> None:
    next((exam / "evidence").glob("F0002*")).unlink()
    assert verify(exam).state == "changed"


def test_expire__an_entry_that_names_other_files(exam: Path, policy: Path) -> None:
    from proctor_models.runtime.chain import seal

    entry = read_ledger(exam)[-1]
    content = {"files": {"../precious.txt": {"sha256": "a" * 64, "reason": "x"}, "session.json": "x"}}
    fields = {"seq": entry.seq + 1, "kind": "expired", "at": entry.at, "timestamp_s": 0.0, "content": content}
    with (exam / "ledger.jsonl").open("ab") as stream:
        stream.write(seal(fields, entry.line.sha256))
    (exam.parent / "precious.txt").write_text("kept")
    assert not expire(exam, policy, now(timedelta())).finished
    assert (exam.parent / "precious.txt").exists()
    assert (exam / "session.json").exists()


def test_expire__changed_folder_is_left_alone(exam: Path, policy: Path) -> None:
    before = (exam / "ledger.jsonl").read_bytes()
    next((exam / "evidence").glob("F0001*")).write_bytes(b"changed")
    with pytest.raises(EvidenceError, match="was changed, so nothing is deleted from it"):
        expire(exam, policy, now(365 * DAY))
    assert (exam / "ledger.jsonl").read_bytes() == before
    assert pictures(exam) == {"F0001", "F0002"}


def test_expire__exam_that_is_watched_right_now(tmp_path: Path, policy: Path) -> None:
    from proctor_models.runtime.durable import AppendFile

    watch_greys(tmp_path / "live", SEEN, killed=True)
    other = AppendFile(tmp_path / "live" / "ledger.jsonl", resume=True)
    other.lock()
    try:
        with pytest.raises(EvidenceError, match="another process watches this exam right now"):
            expire(tmp_path / "live", policy, now(365 * DAY))
    finally:
        other.close()
    assert pictures(tmp_path / "live") == {"F0001"}


def test_expire__session_cut_short_expires_and_is_still_taken_up(tmp_path: Path, policy: Path) -> None:
    folder = tmp_path / "cut"
    watch_greys(folder, SEEN, killed=True)
    assert expire(folder, policy, now(365 * DAY)).files
    assert verify(folder).state == "unfinished"
    watch_greys(folder, SEEN, start_s=30.0)
    assert verify(folder).state == "whole"


def test_main__expire_dry_run(exam: Path, policy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["audit", "expire", str(exam), "--policy", str(policy), "--now", "2999-01-01"]
    assert main([*words, "--dry-run"]) == 0
    assert "files would expire, 0 stay" in capsys.readouterr().out
    assert pictures(exam) == {"F0001", "F0002"}
    assert main(words) == 0
    assert pictures(exam) == set()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "proctor-retention/2"}, "schema: expected 'proctor-retention/1', got 'proctor-retention/2'"),
        ({"pictures": {"open": 1}}, "pictures: expected exactly confirmed, dismissed, open, got open"),
        ({"snapshots": -1}, "snapshots: expected days from 0, or null for ever, got -1"),
        ({"videos": 1}, "policy: expected exactly"),
    ],
)
def test_load_policy__wrong(policy: Path, change: dict[str, Any], message: str) -> None:
    policy.write_text(json.dumps({**json.loads(policy.read_text()), **change}))
    with pytest.raises(ConfigError, match=message):
        load_policy(policy)


def test_load_policy__missing_and_no_json(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name the policy with --policy"):
        load_policy(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ConfigError, match="not JSON"):
        load_policy(tmp_path / "bad.json")


def test_load_policy__ours() -> None:
    policy = load_policy(ROOT / "configs" / "audit" / "retention.yaml")
    assert policy.days("pictures", "dismissed", "cheating") == 7
