"""What labels say of a frame, and where they say nothing."""

from __future__ import annotations

import pytest

from labelled import ALL, label, record
from proctor_models.data.manifest import BoxLabel
from proctor_models.evaluation.truth import box_truth, frame_truth

PERSON, FACE, MASKED, PHONE = label("person"), label("face"), label("face_masked"), label("phone")


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
        ("seat_absence", [], ALL, True),
        ("seat_absence", [FACE], ("person",), False),
        ("seat_absence", [], ("face", "face_masked"), None),
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
