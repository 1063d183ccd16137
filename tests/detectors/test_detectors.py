"""What holds for every detector."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from drawn import ROOT
from proctor_models.config import DETECTOR_NAMES
from proctor_models.detectors import DETECTORS, TRAINED, Detector
from proctor_models.rules.policy import UNSCORED
from proctor_models.types import HEAD_ATTRIBUTES, VIEWS, CameraState, Observation

Observe = Callable[..., Observation]
EMPTY_ROOM = {
    "phone": 0.0,
    "earphone": None,
    "mask": None,
    "multiple_faces": 0.0,
    "seat_absence": 1.0,
    "book_paper": 0.0,
    "hat": None,
    "ears_covered": None,
    "face_occluded": None,
    "camera_covered": None,
    "camera_dark": None,
    "camera_frozen": None,
    "camera_moved": None,
    "second_display": 0.0,
    "desk_view": 1.0,
    "handover": 0.0,
}


def test_trained__are_those_recipes_know() -> None:
    assert tuple(detector.name for detector in TRAINED) == DETECTOR_NAMES
    assert DETECTORS[: len(TRAINED)] == TRAINED
    assert len({detector.name for detector in DETECTORS}) == len(DETECTORS)


def test_detectors__have_a_word_in_both_languages_of_the_review_page() -> None:
    assets = ROOT / "src/proctor_models/runtime/assets"
    pages = (assets / f"words_{language}.js" for language in ("zh", "en"))
    chinese, english = (
        re.findall(r"\n  detector: \{(.+?)\n  \}", page.read_text("utf-8"), re.DOTALL)[0] for page in pages
    )
    for name in (*(detector.name for detector in DETECTORS), *UNSCORED):
        assert re.search(rf'\b{name}: "[\u4e00-\u9fff]+"', chinese), name
        assert re.search(rf'\b{name}: "[A-Z][a-z ]+"', english), name


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)
def test_read__an_empty_room(observe: Observe, detector: Detector) -> None:
    reading = detector.read(observe())
    assert reading.xyxy.shape == (0, 4)
    assert reading.score == EMPTY_ROOM[detector.name]
    assert bool(reading.why) == (reading.score is None)
    assert set(detector.views) <= set(VIEWS)


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.name)
def test_read__scores_are_plain_numbers_in_range(observe: Observe, detector: Detector) -> None:
    face = (200, 100, 300, 220)
    frame = observe(
        ("person", (150, 80, 400, 480), 0.97),
        ("person", (420, 80, 600, 480), 0.6),
        ("face", face, 0.99),
        ("earphone", (195, 150, 215, 180), 0.999),
        ("phone", (10, 10, 40, 80), 1.0),
        ("book_paper", (60, 300, 140, 400), 1.0),
        heads=[(face, dict.fromkeys(HEAD_ATTRIBUTES, 1.0))],
    )
    score = detector.read(replace(frame, camera=CameraState(0.5, 0.5, 0.5, 4.0, 0.3))).score
    assert type(score) is float
    assert 0 <= score <= 1
