"""A live exam that ends on a full disk: what waits is kept until there is room, or somebody gives up. On real disks."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from threading import Event as Flag

import pytest

from full_disk import JPEG_BYTES, disk, fill, on_a_full, watch
from proctor_models.errors import EvidenceError
from proctor_models.runtime import patience
from proctor_models.runtime.entries import read_ledger
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.verify import verify
from sessions import SESSION, STARTED

__all__ = ["disk"]


def is_whole(folder: Path, ledger: Ledger) -> bool:
    """Six findings, sixty frames, every snapshot in session.json, nothing lost."""
    back = [e.content["detail"] for e in read_ledger(folder) if e.kind == "event" and e.content["event"] == "disk_back"]
    session = json.loads((folder / "session.json").read_text("utf-8"))
    kept = sorted(path.name for path in (folder / "evidence").glob("snapshot-*"))
    assert [(one["lost_scores"], one["lost_pictures"]) for one in back] == [(0, 0)]
    assert [Path(one["path"]).name for one in session["snapshots"]] == kept != []
    assert (folder / "findings.jsonl").read_bytes().count(b"\n") == 6
    assert (folder / "scores.jsonl").read_bytes().count(b"\n") == 60
    return verify(folder, ledger.head).state == "whole"


def test_complete__can_be_called_again_without_loss(disk: Path) -> None:
    folder = disk / "review"
    with Ledger(folder, live=True) as ledger:
        ledger.start(STARTED)
        watch(ledger, 0, 12)
        filler = fill(disk)
        watch(ledger, 12, 60)
        waiting, size = ledger.waiting, ledger.waiting_bytes
        assert waiting > 10
        assert size > 3 * JPEG_BYTES
        for _ in range(3):
            with pytest.raises(EvidenceError, match=r"cannot be written \(No space left on device\)"):
                ledger.complete(SESSION)
        assert (ledger.waiting, ledger.waiting_bytes) == (waiting, size)
        assert (verify(folder).state, verify(folder).changed) == ("unfinished", ())
        filler.unlink()
        ledger.complete(SESSION)
    assert is_whole(folder, ledger)


def test_complete__a_disk_that_fills_up_at_the_very_end(disk: Path) -> None:
    folder = disk / "review"
    with Ledger(folder, live=True) as ledger:
        ledger.start(STARTED)
        watch(ledger, 0, 60)
        assert ledger.waiting == 0
        filler = fill(disk)
        (folder / ".reserve").unlink()
        fill(disk)
        large = {**SESSION, "note": "x" * 300_000}
        with pytest.raises(EvidenceError, match="No space left on device"):
            ledger.complete(large)
        filler.unlink()
        ledger.complete(large)
    assert is_whole(folder, ledger)


def test_patience__room_that_comes_completes_the_exam(
    disk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(patience, "RETRY_S", 0.05)
    with on_a_full(disk) as (ledger, filler):
        waiting = ledger.waiting
        freeing = threading.Timer(0.5, filler.unlink)
        freeing.start()
        patience.complete(ledger, SESSION, Flag())
        freeing.join()
    folder = ledger.folder
    assert is_whole(folder, ledger)
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1  # no line for each try
    assert f"{folder}: cannot be written (No space left on device): {waiting} entries (" in told[0]
    assert "free room on this disk" in told[0]


def test_patience__ends_and_what_waited_can_still_be_completed(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "RETRY_S", 0.05)
    give_up = Flag()
    with on_a_full(disk) as (ledger, filler):
        with pytest.raises(
            EvidenceError, match=r"not complete, no room in 0\.2 s: \d+ entries \(.* MB\) wait; .*--resume"
        ):
            patience.complete(ledger, SESSION, give_up, 0.2)
        give_up.set()
        with pytest.raises(EvidenceError, match="not complete, told to wait no longer"):
            patience.complete(ledger, SESSION, give_up)
        filler.unlink()
        patience.complete(ledger, SESSION, give_up)
    assert is_whole(ledger.folder, ledger)


CODE = """
import sys, time
from pathlib import Path
from cameras import Red, THRESHOLDS, grey, ruleset
from proctor_models.errors import EvidenceError
from proctor_models.runtime import patience
from proctor_models.runtime.live import watch_live
from proctor_models.runtime.session import Setup
from proctor_models.runtime.sources import source
class Webcam:
    def grab(self): time.sleep(0.05); return True
    def retrieve(self): return True, grey(red=time.monotonic() % 8 < 4)
    def get(self, key): return 0.0
    def release(self): pass
patience.RETRY_S = 0.1
setup = Setup(Red(), ruleset(), THRESHOLDS, '1.0', 4.0)
try:
    watch_live(setup, {'first': source('0')}, Path(sys.argv[1]), opener=lambda _: Webcam())
except EvidenceError as error:
    sys.exit(f'gave up: {error}')
"""


@pytest.mark.slow
@pytest.mark.parametrize("is_freed", [True, False])
def test_watch_live__that_is_stopped_on_a_full_disk(is_freed: bool, disk: Path) -> None:
    """The first Ctrl-C ends the exam, the second gives up; in a process of its own, as signals go to whole ones."""
    out = disk / "exam"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])}
    with subprocess.Popen(
        [sys.executable, "-c", CODE, str(out)], env=environment, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stderr is not None
        ledger, end = out / "ledger.jsonl", time.monotonic() + 60
        while not (ledger.exists() and b'"opened"' in ledger.read_bytes()):
            assert child.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        filler = fill(disk)
        while (out / ".reserve").exists():  # given up for the news; then there is no room at all
            time.sleep(0.05)
        time.sleep(0.5)
        fill(disk)
        time.sleep(1)
        fill(disk)
        child.send_signal(signal.SIGINT)
        told = next(line for line in child.stderr if "cannot be written" in line)
        assert f"{out}: cannot be written (No space left on device): " in told
        if is_freed:
            filler.unlink()
        else:
            child.send_signal(signal.SIGINT)
        rest = child.stderr.read()
        assert child.wait(30) == (0 if is_freed else 1)
    assert ("gave up: " in rest) is not is_freed
    assert (verify(out).state, verify(out).changed) == ("whole" if is_freed else "unfinished", ())
    if is_freed:
        events = [entry.content["event"] for entry in read_ledger(out) if entry.kind == "event"]
        assert events == ["picture_size", "disk_full", "stopped", "disk_back"]
