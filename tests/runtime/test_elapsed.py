"""How long nobody watched: by the computer's own count, or by a wall clock that is held against what can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from proctor_models.runtime import elapsed as module
from proctor_models.runtime.elapsed import BY_BOOT, BY_LEAST, BY_WALL, Boot, Elapsed, elapsed
from proctor_models.runtime.entries import Entry, read_ledger
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.report_journal import read_journal
from proctor_models.runtime.steps import Step
from sessions import STARTED
from watched import event, write_ledger

BEGAN = datetime(2026, 1, 2, 3, 4, 0, tzinfo=UTC)  # as `write_ledger` has it: a line a second
SAME, OTHER = Boot("a", 1600.0), Boot("b", 90.0)


def written(folder: Path, boot: dict[str, object] | None) -> tuple[Entry, ...]:
    """Ten seconds of an exam: the last line is of 9 s, and written a second after the first."""
    write_ledger(folder, event("camera_back", 9.0, "first"), **({} if boot is None else {"boot": boot}))
    return read_ledger(folder)[:-1]


@pytest.mark.parametrize(
    ("then", "boot", "later_s", "expected"),
    [
        # The same start of the computer: it knows, and the wall clock is held against it.
        ({"id": "a", "age_s": 1000.0}, SAME, 600, Elapsed(600.0, BY_BOOT)),
        ({"id": "a", "age_s": 1000.0}, SAME, 604, Elapsed(600.0, BY_BOOT)),
        ({"id": "a", "age_s": 1000.0}, SAME, 4200, Elapsed(600.0, BY_BOOT, 3600.0)),
        ({"id": "a", "age_s": 1000.0}, SAME, -3000, Elapsed(600.0, BY_BOOT, -3600.0)),
        # Another one, or none known: the wall clock, counted from the last line, if it can be right.
        ({"id": "a", "age_s": 1000.0}, OTHER, 601, Elapsed(609.0, BY_WALL)),
        ({"id": "a", "age_s": 1000.0}, OTHER, 31, Elapsed(99.0, BY_LEAST, -60.0)),
        ({"id": "a", "age_s": 1000.0}, None, 601, Elapsed(609.0, BY_WALL)),
        (None, OTHER, 601, Elapsed(609.0, BY_WALL)),
        (None, None, -3599, Elapsed(9.0, BY_LEAST, -3600.0)),
        ({"id": "a", "age_s": "1000"}, SAME, 601, Elapsed(609.0, BY_WALL)),
    ],
)
def test_elapsed__by_what_is_known(
    tmp_path: Path, then: dict[str, object] | None, boot: Boot | None, later_s: float, expected: Elapsed
) -> None:
    assert elapsed(written(tmp_path, then), BEGAN + timedelta(seconds=later_s), boot) == expected


def test_elapsed__goes_on_from_the_last_restart(tmp_path: Path) -> None:
    boot = {"id": "a", "age_s": 1500.0}
    content = {"from_s": 9.0, "to_s": 500.0, "snapshot_seed": "", "left_over": {}, "boot": boot}
    write_ledger(tmp_path, ("resumed", content), boot={"id": "other", "age_s": 1.0})
    now = BEGAN + timedelta(seconds=101)
    assert elapsed(read_ledger(tmp_path)[:-1], now, SAME) == Elapsed(600.0, BY_BOOT)


def test_now__counts_on_and_names_the_same_start() -> None:
    one, other = Boot.now(), Boot.now()
    if one is None or other is None:
        pytest.skip("this system does not say when it started")
    assert one.id == other.id
    assert 0 <= other.age_s - one.age_s < 60


def test_start__a_wall_clock_set_forward_before_a_restart_is_told_and_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if Boot.now() is None:
        pytest.skip("this system does not say when it started")

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(hours=1)

    with Ledger(tmp_path, live=True) as ledger:
        ledger.start(STARTED)
        ledger.step("first", 0.25, Step({"phone": 0.1}, (), (), None))
    monkeypatch.setattr(module, "datetime", Ahead)
    with Ledger.resume(tmp_path) as ledger:
        ledger.start(STARTED)
        assert ledger.timestamp_s < 600
    *_, resumed, wrong = [entry for entry in read_ledger(tmp_path) if entry.kind in ("resumed", "event")]
    assert (resumed.content["assumed"], wrong.content["event"]) == (BY_BOOT, "clock_wrong")
    assert wrong.content["detail"]["assumed"] == BY_BOOT
    assert wrong.content["detail"]["wrong_by_s"] == pytest.approx(3600, abs=60)
    restarted, told = read_journal(tmp_path).happenings
    assert (restarted.detail, told.kind) == ({"assumed": BY_BOOT}, "clock_wrong")
