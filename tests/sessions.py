"""Sessions as the monitor would hand them to the ledger, without nets: what the evidence's tests write and break."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from proctor_models.rules.policy import Text
from proctor_models.runtime.events import Event
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.steps import Opened, Reported, Step

STARTED: dict[str, Any] = {
    "pack": {"version": "1.0", "models": {"scene": "a" * 64}},
    "rules": {"name": "remote-exam", "sha256": "b" * 64, "title": {"zh": "考试", "en": "exam"}},
    "thresholds": {"phone": 0.5},
    "views": {"first": {"file_name": "a.mp4"}},
    "rate_hz": 2.0,
}
SESSION: dict[str, Any] = {
    **STARTED,
    "views": {"first": {"file_name": "a.mp4", "duration_s": 60.0, "resolution_wh": [64, 48], "frames_analysed": 1}},
    "duration_s": 60.0,
}


def picture(name: str, size: int = 40) -> bytes:
    return (b"\xff\xd8\xff " + name.encode() + b" ").ljust(size, b".")


def finding(number: int, start_s: float = 0.0, end_s: float = 2.0, **changes: Any) -> Finding:
    text = Text("手机", "phone")
    fields: dict[str, Any] = {
        "id": f"F{number:04d}",
        "rule": "phone",
        "detector": "phone",
        "title": text,
        "article": text,
        "severity": "cheating",
        "view": "first",
        "start_s": start_s,
        "end_s": end_s,
        "peak_s": start_s,
        "peak_score": 0.9,
        "threshold": 0.5,
        "boxes": ((1.0, 2.0, 30.5, 40.0),),
        "evidence": (f"evidence/F{number:04d}-peak.jpg",),
        "marked": None,
        "model_sha256": {"scene": "a" * 64},
        "rules_sha256": "b" * 64,
    }
    return Finding(**{**fields, **changes})


def opened(number: int, start_s: float = 0.0, size: int = 40) -> Opened:
    path = f"evidence/F{number:04d}-opened.jpg"
    return Opened(finding(number, start_s, start_s, evidence=(path,)), {path: picture(path, size)})


def reported(number: int, start_s: float = 0.0, end_s: float = 2.0, size: int = 40) -> Reported:
    path = f"evidence/F{number:04d}-peak.jpg"
    return Reported(finding(number, start_s, end_s), {path: picture(path, size)})


def steps(first: int = 1, frames: int = 40, at_s: float = 0.0, size: int = 40) -> Iterator[tuple[float, Step]]:
    """Two frames a second; a finding opens every tenth frame and closes five later; a snapshot every seventh."""
    number = first
    for i in range(frames):
        time_s = at_s + i / 2
        start_s = at_s + (i - i % 10) / 2
        opens = (opened(number, time_s, size),) if i % 10 == 0 else ()
        closes = (reported(number, start_s, time_s, size),) if i % 10 == 5 else ()
        number += i % 10 == 5
        snapshot = picture(f"snapshot {time_s}", size) if i % 7 == 0 else None
        yield time_s, Step({"phone": (i % 10) / 10, "mask": None}, opens, closes, snapshot)


def write_session(folder: Path, frames: int = 40, **options: Any) -> str:
    """A finished session; its head."""
    with Ledger(folder, **options) as ledger:
        ledger.start(STARTED)
        for time_s, step in steps(frames=frames):
            ledger.step("first", time_s, step)
        ledger.present("first", time_s, [(0.0, 0.2), (0.4, time_s)])
        ledger.event(Event("frames_dropped", time_s, "first", {"count": 3}))
        ledger.complete(SESSION)
    return ledger.head
