"""What the camera detectors find in clips in which nobody touched the camera: everything they find is false.

    python benchmarks/camera_clips.py --clips CLIPS

Clips are read as `proctor evaluate-events` reads them. No net runs: somebody is taken to be in the picture for
`camera_frozen` and nobody for `camera_covered`, so each is asked where it is most likely to be wrong. Findings that
begin within 40 s after a take was joined to the next, whose camera may stand elsewhere, and frozen ones on frames
that are known to be held, are counted apart. Nothing is written; figures go to the terminal.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from proctor_models.detectors import DETECTORS, Detector
from proctor_models.rules.engine import Engine
from proctor_models.rules.policy import RuleSet, ruleset_from_dict
from proctor_models.runtime.camera import CameraWatch
from proctor_models.types import SCENE_CLASSES, Detections, Observation

ROOT = Path(__file__).parents[1]
CAMERA = ("camera_covered", "camera_dark", "camera_frozen", "camera_moved")
AFTER_CUT_S = 40.0


def main() -> None:
    """Run over a folder of clips and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, required=True, help="folder of NAME.mp4 with NAME.meta.json")
    folder: Path = parser.parse_args().clips
    raw = yaml.safe_load((ROOT / "configs/rules/remote-exam.yaml").read_text("utf-8"))
    raw["rules"] = [rule for rule in raw["rules"] if rule["detector"] in CAMERA]
    rules = ruleset_from_dict(raw, "remote-exam")
    found: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    seconds, frames = 0.0, 0
    for path in sorted(folder.glob("*.mp4")):
        meta = json.loads(path.with_suffix(".meta.json").read_text("utf-8"))
        findings, asked, missing = watch(path, meta, rules)
        seconds, frames, unknown = seconds + asked / meta["fps_assumed"], frames + asked, unknown + missing
        found.update(kind for kind, *_ in findings)
        print(
            f"{path.stem}: {asked} frames", *(f"{kind} {start:g}-{end:g} s" for kind, start, end in findings), sep=", "
        )
    print(f"{seconds / 3600:.2f} hours, {frames} frames; findings: {dict(found) or 'none'}")
    print("not assessable:", {name: f"{unknown[name] / frames:.0%}" for name in CAMERA})


def watch(path: Path, meta: dict[str, Any], rules: RuleSet) -> tuple[list[tuple[str, float, float]], int, Counter[str]]:
    """One clip: findings as (what, start_s, end_s), frames, and how many of them each detector could not assess."""
    fps = float(meta["fps_assumed"])
    cuts_s = [take["video_start"] / fps for take in meta["source"]][1:]
    held_s = [frame / fps for take in meta["source"] for frame in take["held_frames"]]
    engine, camera, capture = Engine(rules, {}, 1.0, CAMERA), CameraWatch(), cv2.VideoCapture(str(path))
    detectors = [detector for detector in DETECTORS if detector.name in CAMERA]
    unknown: Counter[str] = Counter()
    changes, count = [], 0
    while True:
        decoded, image = capture.read()
        if not decoded:
            break
        state = camera.observe(np.asarray(image, np.uint8), count / fps)
        readings = {one.name: one.read(_observation(one, state, count / fps)) for one in detectors}
        unknown.update(name for name, reading in readings.items() if reading.score is None)
        changes += engine.observe("first", count / fps, readings)
        count += 1
    findings = []
    for change in [change for change in [*changes, *engine.finish()] if change.kind == "closed"]:
        start_s, end_s = change.span.start_s, change.span.end_s
        apart = ""
        if any(0 <= start_s - cut_s <= AFTER_CUT_S for cut_s in cuts_s):
            apart = " after a cut"
        elif change.rule.detector == "camera_frozen" and any(start_s - 20 <= at_s <= end_s for at_s in held_s):
            apart = " on held frames"
        findings.append((change.rule.detector + apart, start_s, end_s))
    return findings, count, unknown


def _observation(detector: Detector, state: Any, timestamp_s: float) -> Observation:
    somebody = detector.name == "camera_frozen"
    scene = Detections(
        np.array([[160, 120, 480, 480]], np.float32)[: int(somebody)],
        np.array([0.9], np.float32)[: int(somebody)],
        np.array([SCENE_CLASSES.index("person")])[: int(somebody)],
        SCENE_CLASSES,
    )
    return Observation(timestamp_s, "first", (640, 480), scene, camera=state)


if __name__ == "__main__":
    main()
