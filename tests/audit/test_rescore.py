"""A peak picture seen again, where one net judges and where two do."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from packed import SPECS, build, picture, scene_outputs, write_scene  # noqa: F401 - fixtures
from proctor_models.audit.rescore import TOLERANCE, TOLERANCE_OF_TWO, rescore
from proctor_models.runtime.findings import Finding, Text
from proctor_models.runtime.model import Net
from proctor_models.runtime.predictor import THING_WEIGHT, Predictor, counted, pooled
from proctor_models.types import OUTLINE_CLASSES

TEXT = Text("手机", "Phone")


def finding(score: float) -> Finding:
    return Finding(
        "F0001", "phone", "phone", TEXT, TEXT, "cheating", "first", 1.5, 4.0, 2.0, score, 0.5,
        ((20.0, 20.0, 40.0, 40.0),), ("F0001-peak.jpg",), None, {"scene": "a" * 64}, "c" * 64,
    )  # fmt: skip


def test_rescore__two_nets_are_allowed_more(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    write, image = request.getfixturevalue("write_scene"), request.getfixturevalue("picture")
    cv2.imwrite(str(tmp_path / "F0001-peak.jpg"), image)
    thing = build(SPECS["thing"], {"attributes": np.array([0.9], np.float32)}).SerializeToString()
    (tmp_path / "thing.onnx").write_bytes(thing)
    scene = Net.load(write([("phone", (10, 18, 20, 28), 0.6)]))
    odds = 0.6 / 0.4 * 9**THING_WEIGHT
    both = Predictor(scene, thing=Net.load(tmp_path / "thing.onnx"))
    asked = rescore(tmp_path, finding(odds / (1 + odds)), both)
    assert asked.difference == pytest.approx(0, abs=1e-5)
    alone = rescore(tmp_path, finding(0.6), Predictor(scene))
    assert alone.difference == pytest.approx(0, abs=1e-5)
    assert (asked.allowed, alone.allowed) == (TOLERANCE_OF_TWO, TOLERANCE)


@pytest.mark.parametrize(("seen", "was"), [(0.23, 0.31), (0.19, 0.28), (0.31, 0.21)])
def test_rescore__where_the_second_look_begins_compression_moves_much(
    tmp_path: Path, request: pytest.FixtureRequest, seen: float, was: float
) -> None:
    write, image = request.getfixturevalue("write_scene"), request.getfixturevalue("picture")
    cv2.imwrite(str(tmp_path / "F0001-peak.jpg"), image)
    thing = build(SPECS["thing"], {"attributes": np.array([0.97], np.float32)}).SerializeToString()
    (tmp_path / "thing.onnx").write_bytes(thing)
    recorded = pooled(np.array([was]), np.array([0.97]), THING_WEIGHT * counted(np.array([was])))
    both = Predictor(Net.load(write([("phone", (10, 18, 20, 28), seen)])), thing=Net.load(tmp_path / "thing.onnx"))
    asked = rescore(tmp_path, finding(float(recorded[0])), both)
    assert asked.difference < TOLERANCE_OF_TWO
    assert abs(float(both.observe(image).scene.scores[0]) - asked.recorded) > TOLERANCE_OF_TWO


def test_rescore__with_boxes_drawn_anew(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    write, image = request.getfixturevalue("write_scene"), request.getfixturevalue("picture")
    cv2.imwrite(str(tmp_path / "F0001-peak.jpg"), image)
    says = scene_outputs([("phone", (9.6, 9.6, 22.4, 16), 0.9)], OUTLINE_CLASSES)
    (tmp_path / "outline.onnx").write_bytes(build(SPECS["outline"], says).SerializeToString())
    made = Predictor(Net.load(write([("phone", (10, 18, 20, 28), 0.6)])), outline=Net.load(tmp_path / "outline.onnx"))
    asked = rescore(tmp_path, finding(0.6), made)
    assert (asked.difference, asked.allowed) == (pytest.approx(0, abs=1e-5), TOLERANCE)
