"""Decisions that were made before evidence expired, or after, taken over on a page that was made later."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audited import watch_greys
from browser import Browser, browser, needs_browser
from proctor_models.audit.expire import expire
from proctor_models.runtime.decisions import DECISIONS_FILE, append_decisions, decisions_from, read_decisions
from proctor_models.runtime.entries import read_ledger
from proctor_models.runtime.report import render
from proctor_models.runtime.verify import verify
from watched import served

pytestmark = [pytest.mark.slow, needs_browser]
SEEN = [0, *[250] * 5, *[0] * 8]
KNOWN = frozenset({"F0001", "F0002"})


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Browser]:
    with browser(tmp_path / "profile") as made:
        yield made


def decide(folder: Path, finding: str, decision: str) -> None:
    rows = [{"finding": finding, "decision": decision, "note": "n"}]
    append_decisions(folder, decisions_from({"decisions": rows}, KNOWN))


def later(days: float) -> datetime:
    return datetime.now(UTC) + timedelta(days=days)


def give(page: Browser, content: str) -> str:
    """Import a file as a person would; what the page says of it."""
    page.run(
        "(() => { const input = document.querySelector('input[type=file]'), files = new DataTransfer();"
        f"files.items.add(new File([{json.dumps(content)}], 'decisions.jsonl')); input.files = files.files;"
        "document.querySelector('#saved').textContent = ''; input.dispatchEvent(new Event('change')); })()"
    )
    page.until("document.querySelector('#saved').textContent !== ''")
    return str(page.run("document.querySelector('#saved').textContent"))


def test_import__of_decisions_whose_evidence_expired_meanwhile(page: Browser, tmp_path: Path, policy: Path) -> None:
    exam = tmp_path / "exam"
    watch_greys(exam, SEEN * 2)
    decide(exam, "F0002", "dismissed")
    before = (exam / DECISIONS_FILE).read_text()
    expire(exam, policy, later(8))
    assert read_ledger(exam)[-1].kind == "expired"
    (exam / DECISIONS_FILE).unlink()  # the reviewer's copy is elsewhere; this folder was handed on without
    page.open(f"{render(exam).as_uri()}#lang=en")
    assert give(page, before) == "1 decisions imported"
    assert page.run("document.querySelector('#row-F0002').dataset.decision") == "dismissed"

    with served(exam) as server:
        page.open(f"{server.address}#lang=en")
        give(page, before)
        page.until("document.querySelector('#saved').textContent === 'Saved in decisions.jsonl'")
    assert read_decisions(exam)["F0002"].decision == "dismissed"
    assert verify(exam).state == "whole"

    # What hangs on the line of the expiry is taken after the next expiry as well.
    after = (exam / DECISIONS_FILE).read_text()
    expire(exam, policy, later(365))
    (exam / DECISIONS_FILE).unlink()
    page.open(f"{render(exam).as_uri()}#lang=en")
    assert give(page, after) == "1 decisions imported"


def test_import__of_another_exam_is_refused_after_an_expiry_too(page: Browser, tmp_path: Path, policy: Path) -> None:
    for name in ("exam", "other"):
        watch_greys(tmp_path / name, SEEN * 2)
        decide(tmp_path / name, "F0001", "confirmed")
        expire(tmp_path / name, policy, later(365))
    foreign = (tmp_path / "other" / DECISIONS_FILE).read_text()
    page.open(f"{render(tmp_path / 'exam').as_uri()}#lang=en")
    assert give(page, foreign) == "Not imported: this file belongs to another exam."
