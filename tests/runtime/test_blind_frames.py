"""Dark and covered frames through the real monitor: what cannot be seen is not missing, what is seen counts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from cameras import PHONE, TEXT
from proctor_models.audit.rules_again import findings_again
from proctor_models.rules.policy import RuleSet, ruleset_from_dict
from proctor_models.runtime.evidence import Ledger
from proctor_models.runtime.findings import Finding
from proctor_models.runtime.report import review
from proctor_models.runtime.session import Setup
from proctor_models.types import HEAD_ATTRIBUTES, SCENE_CLASSES, Detections, HeadReading, Image, Observation, View

THRESHOLDS = {"phone": 0.5, "seat_absence": 0.5, "book_paper": 0.5, "multiple_faces": 0.5, "ears_covered": 0.5}
ROOM = np.random.default_rng(3).integers(40, 200, (12, 16, 3), np.uint8).repeat(40, 0).repeat(40, 1)
DARK = np.full((480, 640, 3), 9, np.uint8)
HAND = np.full((480, 640, 3), (40, 50, 120), np.uint8)


def rule(detector: str, **changes: Any) -> dict[str, Any]:
    return {**PHONE, "id": detector.replace("_", "-"), "detector": detector, "views": ["first"], **changes}


def rules() -> RuleSet:
    cameras = [rule(name, enter=0.5) for name in ("camera_dark", "camera_covered")]
    raw = {"schema": "proctor-rules/1", "name": "exam", "title": TEXT}
    return ruleset_from_dict({**raw, "rules": [*map(rule, THRESHOLDS), *cameras]}, "exam")


class Told:
    """Sees what the test says is to be seen."""

    model_sha256: ClassVar = {"scene": "a" * 64, "head": "b" * 64}

    def __init__(self) -> None:
        self.found: dict[str, float] = {}
        self.heads: tuple[HeadReading, ...] = ()

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        boxes = np.array([[100, 100, 300, 400]] * len(self.found), np.float32).reshape(-1, 4)
        ids = np.array([SCENE_CLASSES.index(name) for name in self.found], np.int64)
        scene = Detections(boxes, np.array(list(self.found.values()), np.float32), ids, SCENE_CLASSES)
        return Observation(timestamp_s, view, (image.shape[1], image.shape[0]), scene, self.heads)


def watch(
    folder: Path, *parts: tuple[Image, float, dict[str, float]]
) -> tuple[list[Finding], list[Mapping[str, float | None]]]:
    """Frames twice a second: a picture, how many seconds, and what is seen. Findings, and the scores of each frame."""
    told = Told()
    found: list[Finding] = []
    scores: list[Mapping[str, float | None]] = []
    setup = Setup(told, rules(), THRESHOLDS, "1.0", 2.0)
    with Ledger(folder) as ledger:
        monitor = setup.monitor(ledger)
        view = {"file_name": "a.mp4", "duration_s": 60.0, "resolution_wh": [640, 480], "frames_analysed": 1}
        ledger.start({**setup.to_dict(), "views": {"first": view}})
        time_s = 0.0
        for picture, seconds, seen in parts:
            told.found = seen
            for _ in range(int(2 * seconds)):
                step = monitor.observe(picture, time_s, "first")
                ledger.step("first", time_s, step)
                scores.append(step.scores)
                found += [each.finding for each in step.reported]
                time_s += 0.5
        rest = monitor.finish()
        for reported in rest:
            ledger.report(reported)
        ledger.complete({**setup.to_dict(), "views": {"first": view}, "duration_s": time_s})
    return found + [each.finding for each in rest], scores


@pytest.mark.parametrize(("picture", "clause"), [(DARK, "camera-dark"), (HAND, "camera-covered")])
def test_observe__nothing_is_missing_where_nothing_can_be_seen(tmp_path: Path, picture: Image, clause: str) -> None:
    person = {"person": 0.9}
    found, scores = watch(tmp_path, (ROOM, 10, person), (picture, 10, {"phone": 0.1}), (ROOM, 10, person))
    assert [(each.rule, each.start_s, each.end_s) for each in found] == [(clause, 10.0, 19.5)]
    for name in ("phone", "seat_absence", "book_paper", "multiple_faces", "handover"):
        assert [frame[name] is None for frame in scores] == [False] * 20 + [True] * 20 + [False] * 20
    shown = {each["name"]: each["views"][0]["unknown_share"] for each in review(tmp_path)["detectors"]}
    assert shown["phone"] == shown["book_paper"] == pytest.approx(1 / 3, abs=1e-4)


def test_observe__a_phone_that_glows_in_the_dark_is_a_phone(tmp_path: Path) -> None:
    found, scores = watch(tmp_path, (ROOM, 5, {"person": 0.9}), (DARK, 10, {"phone": 0.8}), (ROOM, 5, {"person": 0.9}))
    assert [(each.rule, each.start_s, each.end_s) for each in found if each.rule == "phone"] == [("phone", 5.0, 14.5)]
    assert scores[20]["seat_absence"] is None


def test_observe__an_open_finding_does_not_outlast_the_light_by_more_than_its_gap(tmp_path: Path) -> None:
    found, _ = watch(
        tmp_path,
        (ROOM, 5, {"person": 0.9, "phone": 0.8}),
        (DARK, 1.5, {}),
        (ROOM, 5, {"person": 0.9, "phone": 0.8}),
        (DARK, 10, {}),
    )
    phones = [(each.start_s, each.end_s) for each in found if each.rule == "phone"]
    assert phones == [(0.0, 11.0)]  # bridged as any frame that cannot answer, then closed where it was last seen


def test_observe__ears_are_not_covered_by_darkness(tmp_path: Path) -> None:
    told = Told()
    told.found = {"face": 0.9}
    attributes = dict.fromkeys(HEAD_ATTRIBUTES, 0.0) | {"ears_covered": 0.9}
    told.heads = (HeadReading(np.array([100, 100, 300, 400], np.float32), attributes),)
    monitor = Setup(told, rules(), THRESHOLDS, "1.0", 2.0).monitor()
    assert monitor.observe(ROOM, 0.0, "first").scores["ears_covered"] == 0.9
    assert monitor.observe(DARK, 0.5, "first").scores["ears_covered"] is None


def test_findings_again__follows_the_scores_on_record(tmp_path: Path) -> None:
    """An auditor's replay needs no pictures: what was not assessable is null in scores.jsonl."""
    parts = [(ROOM, 5.0, {"person": 0.9}), (DARK, 10.0, {"phone": 0.8}), (HAND, 5.0, {}), (ROOM, 5.0, {})]
    found, _ = watch(tmp_path, *parts)
    session = {**Setup(Told(), rules(), THRESHOLDS, "1.0", 2.0).to_dict(), "views": {"first": {}}}
    again = findings_again(tmp_path / "scores.jsonl", session, (), rules())
    told = [(each.id, each.rule, each.start_s, each.end_s) for each in sorted(found, key=lambda each: each.id)]
    assert [(each.id, each.rule, each.start_s, each.end_s) for each in again] == told
    assert {each.rule for each in found} == {"camera-dark", "camera-covered", "phone", "seat-absence"}
