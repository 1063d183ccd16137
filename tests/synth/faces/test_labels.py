from __future__ import annotations

import numpy as np
import pytest

from proctor_models.data.manifest import BoxLabel
from proctor_models.errors import ConfigError, DataError
from proctor_models.synth.faces import bases, labels
from synth.faces.people import FACE, SIZE_WH, frame, picture


def plane(x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    mask = np.zeros((SIZE_WH[1], SIZE_WH[0]), np.float32)
    mask[y0:y1, x0:x1] = 1
    return mask


def names(boxes: tuple[BoxLabel, ...]) -> list[str]:
    return [box.label for box in boxes]


def test_merged__keeps_the_labels_and_adds_the_visible_part() -> None:
    changed = picture()
    changed.label("earphone", plane(118, 100, 124, 120), {"kind": "earbud", "worn": True})
    boxes = labels.merged(frame(), changed, FACE)
    assert names(boxes) == ["person", "face", "earphone"]
    assert boxes[2].xyxy == (118, 100, 124, 120)
    assert boxes[2].attributes == {"kind": "earbud", "worn": True}


@pytest.mark.parametrize(("upto", "left"), [(40, ["person", "face", "phone"]), (30, ["person", "face"])])
def test_merged__drops_what_is_hidden(upto: int, left: list[str]) -> None:
    phone = BoxLabel(label="phone", xyxy=(20.0, 20.0, 40.0, 60.0))
    changed = picture()
    changed.covered = plane(20, upto, 40, 60) if upto == 40 else plane(20, upto - 5, 40, 60)
    assert names(labels.merged(frame(boxes=(*frame().boxes, phone)), changed, FACE)) == left


def test_merged__a_masked_face_keeps_its_box() -> None:
    changed = picture()
    changed.covered = plane(*(int(v) for v in FACE))
    boxes = labels.merged(frame(), changed, FACE, {"mask_incorrect": True})
    assert names(boxes) == ["person", "face_masked"]
    assert boxes[1].xyxy == FACE
    assert boxes[1].attributes == {"mask_incorrect": True}


def test_merged__a_mask_on_an_unlabelled_face_adds_one() -> None:
    bare = frame(boxes=(), labelled=("face_masked",))
    boxes = labels.merged(bare, picture(), None, {"mask_incorrect": False}, FACE)
    assert [(box.label, box.xyxy) for box in boxes] == [("face_masked", FACE)]


def test_merged__a_hand_belongs_to_its_person() -> None:
    other = BoxLabel(label="person", xyxy=(0.0, 0.0, 60.0, 240.0))
    base = frame(boxes=(*frame().boxes, other))
    boxes = labels.merged(base, picture(), FACE, belongs=(plane(230, 120, 290, 240),))
    assert boxes[0].xyxy == (80, 50, 290, 240)
    assert boxes[2] == other


def test_coco_image__claims_no_more_than_the_base_frame() -> None:
    base = frame(labelled=("face",), time_s=1.5)
    image = labels.coco_image(3, "00003-in_ear.jpg", base, "in_ear: stem white")
    assert image["labelled_categories"] == ["face"]
    assert (image["subject"], image["clip"], image["group"], image["time_s"]) == ("P1", "monday", "person:P1", 1.5)
    assert image["licence"] == base.licence
    assert image["synthetic"] is True
    assert image["tags"] == {
        "light": "day", "synthetic_kind": "composite", "base": "a/1", "painted": "in_ear: stem white",
    }  # fmt: skip


def test_candidates__are_real_frames_of_the_side() -> None:
    frames = [
        frame("a/1"),
        frame("a/2", split="val"),
        frame("a/3", tags={"synthetic": "true"}),
        frame("a/4", boxes=()),  # labelled, and nobody in it
        frame("a/5", boxes=(), labelled=("phone",)),
        frame("a/6", split=None),
    ]
    kept = bases.candidates(frames, ("train",))  # type: ignore[arg-type]
    assert [one.id for one in kept] == ["a/1", "a/5", "a/6"]


def test_candidates__refuses() -> None:
    with pytest.raises(ConfigError, match=r"--splits: expected train, val or test, got 'all'"):
        bases.candidates([frame()], ("all",))  # type: ignore[arg-type]
    with pytest.raises(DataError, match="expected frames of test that show faces, found none"):
        bases.candidates([frame()], ("test",))  # type: ignore[arg-type]


WORN = BoxLabel(label="earphone", xyxy=(1.0, 1.0, 9.0, 9.0), attributes={"kind": "earbud", "worn": True})
LYING = BoxLabel(label="earphone", xyxy=(1.0, 1.0, 9.0, 9.0), attributes={"kind": "earbud", "worn": False})
MASKED = BoxLabel(label="face_masked", xyxy=(100.0, 20.0, 140.0, 70.0))
PHONE = BoxLabel(label="phone", xyxy=(1.0, 1.0, 9.0, 9.0))
CLEAR, BARE = (BoxLabel(label="face", xyxy=FACE, attributes={"glasses": how}) for how in ("clear", "none"))
SMALL = BoxLabel(label="face", xyxy=(0.0, 0.0, 30.0, 40.0))


@pytest.mark.parametrize(
    ("deed", "changes", "why"),
    [
        *((deed, {}, "") for deed in bases.DEEDS),
        ("in_ear", {"boxes": (*frame().boxes, WORN)}, "may wear earphones already"),
        ("in_ear", {"boxes": (*frame().boxes, LYING)}, ""),
        ("over_ear", {"labelled": ("face",), "group": "person:P2"}, "may wear earphones already"),
        ("in_ear", {"boxes": (MASKED,)}, "wears a mask"),
        ("over_ear", {"boxes": (BoxLabel(label="face_masked", xyxy=FACE),)}, ""),
        ("glasses", {"boxes": (CLEAR,)}, "wears glasses already"),
        ("glasses", {"group": "person:P3"}, "wears glasses already"),
        ("glasses", {"group": "person:P3", "boxes": (BARE,)}, ""),
        ("glasses", {"boxes": (MASKED,)}, "wears a mask"),
        ("mask", {"boxes": (MASKED,)}, "may wear a mask already"),
        ("mask", {"boxes": (), "labelled": ("phone",)}, "may wear a mask already"),
        ("mask", {"boxes": (*frame().boxes, MASKED)}, "shows masks of which nobody said how they are worn"),
        ("mask", {"boxes": (*frame().boxes, MASKED), "source": "street"}, ""),
        ("phone", {"boxes": (*frame().boxes, PHONE)}, "holds something already"),
        ("no_phone", {"labelled": ("face",)}, "does not label phones, so what is none would teach nothing"),
        ("mask", {"boxes": (SMALL,)}, "face too small"),
    ],
)
def test_why_unfit__by_labels(deed: str, changes: dict[str, object], why: str) -> None:
    known = bases.Knowledge(frozenset({"street"}), frozenset({"person:P2"}), frozenset({"person:P3"}))
    assert bases.why_unfit(frame(**changes), deed, known) == why


def test_weights_of__a_recording_counts_less_than_its_frames() -> None:
    many = [frame(f"a/{i}", view="other") for i in range(100)]
    one = frame("b/1", group="picture:b/1", view="other")
    weights = bases.weights_of([*many, one])
    assert weights.sum() == pytest.approx(1)
    assert 1 < weights[:100].sum() / weights[100] < 50


def test_weights_of__the_webcam_has_its_share() -> None:
    weights = bases.weights_of([frame("a/1"), frame("a/2", view="other"), frame("a/3", view="other")])
    assert weights[0] == pytest.approx(bases.WEBCAM_SHARE)
