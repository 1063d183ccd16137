"""Packs with cards, targets and watched exams, small and real: what the audit's tests promote, trace and replay."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np

from packed import SPECS, Found, build, scene_outputs, seal
from proctor_models.rules.policy import ruleset_from_dict
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.session import Setup
from proctor_models.types import HEAD_ATTRIBUTES, OUTLINE_CLASSES, SCENE_CLASSES, Detections, Image, Observation, View

PHONE: Found = ("phone", (8, 8, 24, 24), 0.8)
TEXT = {"zh": "手机", "en": "phone"}
RULES = {
    "schema": "proctor-rules/1",
    "name": "exam",
    "title": {"zh": "考试", "en": "exam"},
    "rules": [
        {
            "id": "phone", "detector": "phone", "views": ["first"], "enter": None, "leave_ratio": 0.7,
            "min_duration_s": 1,
            "max_gap_s": 2, "severity": "cheating", "title": TEXT,
            "article": {"zh": "《规则》第二条（五）", "en": "Rules, article 2 (5)"},
        },
        {
            "id": "gap", "detector": "recording_gap", "views": ["first"], "min_duration_s": 10,
            "severity": "invalid_recording", "title": {"zh": "中断", "en": "gap"}, "article": TEXT,
        },
    ],
}  # fmt: skip
PARITY = {
    "pictures": 200,
    "boxes": 5,
    "worst_score_difference": 1e-6,
    "worst_box_iou": 1.0,
    "limits": {"box_iou": 0.99, "score_difference": 0.001, "opset": 17},
    "frames_from": "test",
    "checkpoint_sha256": "e" * 64,
}


def write_pack(
    folder: Path,
    found: Sequence[Found] = (PHONE,),
    *,
    version: str = "1.0",
    recipe: str = "demo@" + "1" * 64,
    data_version: str = "d" * 64,
    licence: str = "CC0-1.0",
    parity: dict[str, Any] = PARITY,
    mask: float = 0.0,
    thing: float | None = None,
    outline: bool = False,
) -> Path:
    """A pack of two nets; one more where `thing` says what it says of every crop, and where `outline` finds nothing."""
    (folder / "models").mkdir(parents=True)
    said = np.array([mask if name == "mask" else 0.0 for name in HEAD_ATTRIBUTES], np.float32)
    outputs = {"scene": scene_outputs(found), "head": {"attributes": said}}
    if thing is not None:
        outputs["thing"] = {"attributes": np.array([thing], np.float32)}
    if outline:
        outputs["outline"] = scene_outputs((), OUTLINE_CLASSES)
    nets = {}
    for net, says in outputs.items():
        learnt = "" if net == "outline" else data_version
        spec = replace(SPECS[net], version=version, recipe=recipe, data_version=learnt)
        path = folder / "models" / f"{net}.onnx"
        path.write_bytes(build(spec, says).SerializeToString())
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        nets[net] = {"sha256": sha256, "spec": asdict(spec), "parity": parity, "persons": ["D0001", "D0002"]}
    for name in ("rules", "wheels"):
        (folder / name).mkdir()
    (folder / "rules" / "exam.json").write_text(json.dumps(RULES, ensure_ascii=False), encoding="utf-8")
    (folder / "wheels" / "runtime.whl").write_bytes(b"wheel")
    card = {
        "schema": "proctor-card/1",
        "version": version,
        "recipe": recipe,
        "licence": "AGPL-3.0-or-later",
        "intended_use": "Marks moments for a person to review.",
        "not_for": ["deciding anything"],
        "nets": nets,
        "thresholds": SPECS["scene"].thresholds,
        "trained_on_all_frames": False,
        "metrics": {"test": {"phone": {"recall": 0.9, "recall_low": 0.8, "recall_high": 0.95, "frames": 20}}},
        "measured": {
            "packed_nets": True,
            "recipe": recipe,
            "data_version": data_version,
            "models": {net: row["sha256"] for net, row in nets.items()},
            "seen_in_training": [],
            "sources": [{"source": "scenes", "licence": licence, "train": 90, "val": 18, "test": 24}],
        },
        "open": ["Second view: no labelled frame of it was measured on."],
    }
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    (folder / "card.md").write_text("# pack\n")
    files = {net: f"models/{net}.onnx" for net in outputs}
    seal(folder, version=version, models=files, rules={"exam": "rules/exam.json"}, recipe=recipe)
    return folder


def models(pack: Path) -> dict[str, str]:
    return {n: hashlib.sha256((pack / "models" / f"{n}.onnx").read_bytes()).hexdigest() for n in ("scene", "head")}


def write_targets(path: Path, pack: Path, low: float = 0.92, gap: float = 0.1) -> Path:
    """One target of each sense, and one gap."""
    rows = [
        {"detector": "phone", "figure": "recall, webcam", "sense": "at least", "target": 0.9, "value": 0.95,
         "low": low, "high": 0.98, "verdict": "met"},
        {"detector": "phone", "figure": "false frames", "sense": "at most", "target": 0.02, "value": 0.0, "low": 0.0,
         "high": 0.01, "verdict": "met"},
        {"detector": "phone", "figure": "shown only", "sense": "at least", "target": None, "value": 0.5, "low": None,
         "high": None, "verdict": "no target"},
    ]  # fmt: skip
    gaps = [{"detector": "phone", "figure": "recall", "slice": "light", "gap": gap, "gap_low": 0.0, "gap_high": 0.3,
             "best": "bright", "worst": "dark"}]  # fmt: skip
    folds = [{"fold": "demo", "models": models(pack), "recipe": "demo"}]
    content = {"schema": "proctor-targets/1", "folds": folds, "targets": rows, "gaps": gaps}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def write_recording(path: Path, seconds: int = 6, rate_hz: int = 4) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), rate_hz, (64, 48))
    generator = np.random.default_rng(3)
    for _ in range(seconds * rate_hz):
        writer.write(generator.integers(0, 255, (48, 64, 3)).astype(np.uint8))
    writer.release()
    return path


class ByBrightness:
    """Sees a phone as surely as the picture is bright."""

    model_sha256: ClassVar[dict[str, str]] = {"scene": "a" * 64, "head": "b" * 64}

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        score = np.array([image.mean() / 255], np.float32)
        seen = Detections(np.array([[8, 8, 24, 24]], np.float32), score, np.array([3]), SCENE_CLASSES)
        return Observation(timestamp_s, view, (32, 32), seen)


def setup(rate_hz: float = 2.0) -> Setup:
    return Setup(ByBrightness(), ruleset_from_dict(RULES, "exam"), {"phone": 0.5}, "1.0", rate_hz)


def watch_greys(
    folder: Path, greys: Sequence[float], *, start_s: float = 0.0, step_s: float = 0.5, killed: bool = False
) -> Ledger:
    """An exam of even grey pictures, one each `step_s`; what is `killed` is never completed, and is taken up again."""
    ledger = Ledger.resume(folder) if folder.exists() else Ledger(folder)
    one = setup()
    monitor = one.monitor(ledger)
    views = {"first": {"file_name": "a.mp4", "offset_s": 0.0}}
    ledger.start({**one.to_dict(), "views": views, "interval_s": one.rates.interval_s}, start_s)
    for number, grey in enumerate(greys):
        timestamp_s = start_s + number * step_s
        step = monitor.observe(np.full((32, 32, 3), grey, np.uint8), timestamp_s, "first")
        ledger.step("first", timestamp_s, step)
    if killed:
        ledger.close()
        return ledger
    for reported in monitor.finish():
        ledger.report(reported)
    end_s = start_s + len(greys) * step_s
    view = {"file_name": "a.mp4", "duration_s": end_s, "resolution_wh": [32, 32], "frames_analysed": len(greys)}
    ledger.complete({**one.to_dict(), "views": {"first": view}, "duration_s": end_s, "expected_end_s": {}})
    return ledger
