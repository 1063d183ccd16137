"""The folder of a watched exam, written by hand: what `proctor watch` would have left behind."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from proctor_models.rules.policy import Text
from proctor_models.runtime.chain import NOTHING_BEFORE, seal, sha256
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.review_server import ReviewServer


def finding(number: int = 1, **changes: Any) -> Finding:
    fields: dict[str, Any] = {
        "id": f"F{number:04d}",
        "rule": "phone",
        "detector": "phone",
        "title": Text("接触手机", "Phone touched"),
        "article": Text("《规则》第二条（五）", "Rules, article 2 (5)"),
        "severity": "cheating",
        "view": "first",
        "start_s": 20.0,
        "end_s": 24.5,
        "peak_s": 22.0,
        "peak_score": 0.9,
        "threshold": 0.5,
        "boxes": ((4.0, 5.0, 20.0, 25.0),),
        "evidence": (f"evidence/F{number:04d}-peak.jpg",),
        "marked": None,
        "model_sha256": {"scene": "a" * 64},
        "rules_sha256": "c" * 64,
    }
    return Finding(**{**fields, **changes})


def gap(number: int, **changes: Any) -> Finding:
    nothing: dict[str, Any] = {"peak_s": None, "peak_score": None, "threshold": None, "boxes": (), "evidence": ()}
    return finding(
        number, rule="gap", detector="recording_gap", severity="invalid_recording", view="second", **nothing, **changes
    )


def session(**changes: Any) -> dict[str, Any]:
    view = {"file_name": "webcam.mp4", "duration_s": 60.0, "resolution_wh": [64, 48], "frames_analysed": 120}
    whole = {
        "schema": "proctor-session/1",
        "pack": {"version": "0.1.0", "models": {"scene": "a" * 64, "head": "b" * 64}},
        "rules": {"name": "online-interview", "sha256": "c" * 64, "title": {"zh": "线上面试", "en": "Interview"}},
        "views": {"first": view, "second": {**view, "file_name": "side.mp4"}},
        "duration_s": 60.0,
        "rate_hz": 2.0,
        "thresholds": {"phone": 0.5, "mask": 0.6},
        "complete": True,
    }
    return {**whole, **changes}


def score_lines(seconds: float = 60.0) -> list[str]:
    """Two frames a second; nothing is assessed of masks, and the second view stops after 40 s."""
    lines = []
    for step in range(int(seconds * 2)):
        time_s = step / 2
        phone = 0.9 if 20 <= time_s <= 24.5 else 0.1
        lines.append({"view": "first", "timestamp_s": time_s, "scores": {"phone": phone, "mask": None}})
        if time_s < 40:
            lines.append({"view": "second", "timestamp_s": time_s, "scores": {"phone": 0.2}})
    return [json.dumps(line) for line in lines]


def write_exam(folder: Path, findings: list[Finding] | None = None, **session_changes: Any) -> Path:
    (folder / "evidence").mkdir(parents=True)
    found = [finding()] if findings is None else findings
    for each in found:
        for path in each.evidence:
            assert cv2.imwrite(str(folder / path), np.full((48, 64, 3), 127, np.uint8))
    (folder / "session.json").write_text(json.dumps(session(**session_changes)), encoding="utf-8")
    (folder / "findings.jsonl").write_text("".join(f"{each.to_json()}\n" for each in found), encoding="utf-8")
    (folder / "scores.jsonl").write_text("\n".join(score_lines()) + "\n", encoding="utf-8")
    return folder


def write_ledger(folder: Path, *entries: tuple[str, dict[str, Any]], **started: Any) -> None:
    """A ledger of these entries (kind, content), between its start, of which `started` says more, and its end."""
    head, lines = NOTHING_BEFORE, b""
    end = dict.fromkeys(("session.json", "findings.jsonl", "scores.jsonl"), "0" * 64)
    begin = {"snapshot_seed": "", **started}
    for seq, (kind, content) in enumerate([("started", begin), *entries, ("completed", end)]):
        at = f"2026-01-02T03:04:{seq % 60:02d}.000Z"
        time_s = float(content.get("timestamp_s", content.get("to_s", 0.0)))
        line = seal({"seq": seq, "kind": kind, "at": at, "timestamp_s": time_s, "content": content}, head)
        lines, head = lines + line, sha256(line[:-1])
    (folder / "ledger.jsonl").write_bytes(lines)


def event(kind: str, timestamp_s: float, view: str | None = None, **detail: Any) -> tuple[str, dict[str, Any]]:
    return "event", {"event": kind, "timestamp_s": timestamp_s, "view": view, "detail": detail}


def present(view: str, *spans: tuple[float, float]) -> tuple[str, dict[str, Any]]:
    return "present", {"view": view, "timestamp_s": spans[-1][1], "spans": [list(span) for span in spans]}


def resumed(from_s: float, to_s: float) -> tuple[str, dict[str, Any]]:
    return "resumed", {"from_s": from_s, "to_s": to_s, "snapshot_seed": "", "left_over": {}}


def write_hour(folder: Path, count: int = 60) -> Path:
    """An hour with many findings, some of them close together, snapshots, a restart and events."""
    rules = [("phone", "cheating"), ("earphone", "breach_of_discipline"), ("seat_absence", "breach_of_discipline")]
    found, start_s = [], 0.0
    for number in range(1, count + 1):
        rule, severity = rules[number // 6 % 3]
        start_s += 20.0 if number % 6 else 200.0
        times: dict[str, Any] = {"start_s": start_s, "peak_s": start_s + 2, "end_s": start_s + 5}
        names = tuple(f"evidence/F{number:04d}-{kind}.jpg" for kind in ("peak", "before", "after"))
        view = "second" if number % 12 > 8 else "first"
        found.append(finding(number, rule=rule, detector=rule, severity=severity, view=view, evidence=names, **times))
    times_s = range(30, 3600, 60)
    kept = [{"view": "first", "timestamp_s": t, "path": f"evidence/snapshot-first-{t:06d}000ms.jpg"} for t in times_s]
    views = {name: {**view, "duration_s": 3600.0} for name, view in session()["views"].items()}
    thresholds = {"phone": 0.5, "earphone": 0.5, "seat_absence": 0.5, "mask": 0.6}
    write_exam(folder, found, duration_s=3600.0, views=views, snapshots=kept, thresholds=thresholds)
    for snapshot in kept:
        shutil.copy(folder / "evidence/F0001-peak.jpg", folder / str(snapshot["path"]))
    lines = score_lines(3600)
    (folder / "scores.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_ledger(
        folder,
        event("camera_lost", 900.0, "second", reason="unplugged"),
        event("frames_dropped", 1200.0, "first", count=12),
        resumed(1800.0, 1830.5),
    )
    return folder


@contextmanager
def served(folder: Path) -> Iterator[ReviewServer]:
    """The review server of a folder, answering until the block ends."""
    with ReviewServer(folder) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield made
        made.shutdown()
        thread.join()
