"""What labels say of a frame, and where they say nothing."""

from __future__ import annotations

import pytest

from labelled import ALL, label, record
from proctor_models.config import DETECTOR_NAMES
from proctor_models.data.manifest import BoxLabel
from proctor_models.evaluation.truth import BOX_CLASSES, box_truth, frame_truth

PERSON, FACE, MASKED, PHONE = label("person"), label("face"), label("face_masked"), label("phone")
LARGE = (40.0, 5.0, 95.0, 75.0)
BARE, HATTED = label("face", headwear="none", ears="visible"), label("face_masked", headwear="hat")
SCARF, LARGE_SCARF = (label("face", box, headwear="headscarf", ears="covered") for box in (FACE.xyxy, LARGE))


@pytest.mark.parametrize(
    ("detector", "boxes", "labelled", "truth"),
    [
        ("phone", [PHONE], ALL, True),
        ("phone", [], ALL, False),
        ("phone", [PHONE], ("person",), None),
        ("earphone", [label("earphone", worn=True)], ALL, True),
        ("earphone", [label("earphone", worn="on_ears")], ALL, True),
        ("earphone", [label("earphone", worn="neck")], ALL, False),
        ("earphone", [label("earphone", worn=False)], ALL, False),
        ("earphone", [label("earphone")], ALL, None),
        ("earphone", [label("earphone"), label("earphone", worn=True)], ALL, True),
        ("earphone", [], ALL, False),
        ("earphone", [], ("person",), None),
        ("mask", [FACE, MASKED], ALL, True),
        ("mask", [FACE], ALL, False),
        ("mask", [], ALL, None),
        ("mask", [FACE], ("face",), None),
        ("multiple_faces", [PERSON, PERSON], ALL, True),
        ("multiple_faces", [PERSON, FACE, FACE], ALL, False),
        ("multiple_faces", [FACE, MASKED], ("face", "face_masked"), True),
        ("multiple_faces", [FACE], ("face",), None),
        ("multiple_faces", [FACE], ("face", "face_masked"), None),  # somebody may show the back of the head
        ("seat_absence", [], ALL, True),
        ("seat_absence", [FACE], ("person",), False),
        ("seat_absence", [], ("face", "face_masked"), None),
        ("book_paper", [label("book_paper")], ALL, True),
        ("book_paper", [PHONE], ALL, False),
        ("book_paper", [], ("person", "phone"), None),
        ("hat", [BARE, HATTED], ALL, True),
        ("hat", [HATTED], ("person",), True),
        ("hat", [FACE, HATTED], ALL, True),
        ("hat", [BARE, SCARF], ALL, False),
        ("hat", [BARE, FACE], ALL, None),
        ("hat", [BARE], ("face",), None),
        ("hat", [], ALL, None),
        ("ears_covered", [SCARF], ALL, True),
        ("ears_covered", [BARE], ALL, False),
        ("ears_covered", [BARE, LARGE_SCARF], ALL, True),
        ("ears_covered", [SCARF, label("face", LARGE)], ALL, None),
        ("ears_covered", [SCARF], ("face",), None),
        ("ears_covered", [], ALL, None),
        ("face_occluded", [label("face", occluded=True)], ALL, True),
        ("face_occluded", [label("face_masked", occluded=False)], ALL, False),
        ("face_occluded", [label("face", LARGE, occluded=False), label("face", occluded=True)], ALL, False),
        ("face_occluded", [FACE], ALL, None),
        ("face_occluded", [PERSON], ALL, None),
    ],
)
def test_frame_truth__labels_decide(
    detector: str, boxes: list[BoxLabel], labelled: tuple[str, ...], truth: bool | None
) -> None:
    assert frame_truth(record("a", boxes, labelled), detector) is truth


def test_box_truth__any_face_needs_both_kinds_labelled() -> None:
    assert box_truth(record("a", [FACE], ("face",)), "multiple_faces") is None
    both = box_truth(record("a", [FACE, MASKED], ("face", "face_masked")), "multiple_faces")
    assert both is not None
    assert both.shape == (2, 4)


@pytest.mark.parametrize("detector", ["hat", "ears_covered", "face_occluded"])
def test_box_truth__what_the_head_net_says_has_no_boxes(detector: str) -> None:
    assert box_truth(record("a", [HATTED]), detector) is None


def test_box_truth__books_and_papers() -> None:
    boxes = box_truth(record("a", [label("book_paper"), PHONE]), "book_paper")
    assert boxes is not None
    assert boxes.tolist() == [[10.0, 10.0, 40.0, 40.0]]


def test_frame_truth__every_detector_has_one() -> None:
    assert {name for name in DETECTOR_NAMES if frame_truth(record("a"), name) is True} == {"seat_absence"}
    assert tuple(BOX_CLASSES) == DETECTOR_NAMES
