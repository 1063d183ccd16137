"""How a head looks: what people wrote on its face, what a rendered frame's tags say, and what nobody said."""

from __future__ import annotations

import pytest

from proctor_models.data.appearance import appearance
from proctor_models.data.manifest import AttributeValue, BoxLabel, FrameRecord

SCENE = {"ears_seen": "both", "yaw": "5.0", "headwear": "none", "posture": "typing"}


def face(label: str = "face", **attributes: AttributeValue) -> BoxLabel:
    return BoxLabel(label=label, xyxy=(10.0, 10.0, 60.0, 70.0), attributes=attributes)


def frame(*boxes: BoxLabel, tags: dict[str, str] | None = None) -> FrameRecord:
    return FrameRecord(
        id="a/1", file="a/1.png", sha256="", phash="0" * 16, width=100, height=80, source="a", licence="CC0-1.0",
        view="first", group="g", labelled=("face", "face_masked"), boxes=boxes, tags=tags or {},
    )  # fmt: skip


def said(face: BoxLabel, tags: dict[str, str] | None = None) -> dict[str, bool]:
    return appearance(frame(face, tags=tags), face)


@pytest.mark.parametrize(
    ("attributes", "known"),
    [
        ({}, {}),
        ({"headwear": "none"}, {"hat": False}),
        ({"headwear": "hat"}, {"hat": True}),
        ({"headwear": "headscarf"}, {"hat": False}),
        ({"headwear": "helmet"}, {}),
        ({"ears": "visible"}, {"ears_covered": False}),
        ({"ears": "covered"}, {"ears_covered": True}),
        ({"ears": "unsure"}, {}),
        ({"occluded": True}, {"face_occluded": True}),
        ({"occluded": False}, {"face_occluded": False}),
        ({"occluded": "true"}, {"face_occluded": True}),
        ({"occluded": "false"}, {"face_occluded": False}),
        ({"occluded": "partly"}, {}),
        ({"mask_incorrect": True}, {}),
    ],
)
def test_appearance__what_a_person_wrote_on_the_face(
    attributes: dict[str, AttributeValue], known: dict[str, bool]
) -> None:
    assert said(face(**attributes)) == known


def test_appearance__a_rendered_candidate_by_the_tags() -> None:
    assert said(face(), SCENE) == {"hat": False, "ears_covered": False, "face_occluded": False}
    assert said(face("face_masked"), SCENE)["face_occluded"] is False


@pytest.mark.parametrize(
    ("headwear", "hat"), [("none", False), ("headscarf", False), ("cap", True), ("beanie", True), ("hood", True)]
)
def test_appearance__whatever_scenes_put_on_a_head_but_a_scarf_is_a_hat(headwear: str, hat: bool) -> None:
    assert said(face(), SCENE | {"headwear": headwear})["hat"] is hat


@pytest.mark.parametrize(
    ("ears_seen", "yaw", "covered"),
    [
        ("both", "-12.0", False),
        ("left", "-12.0", True),  # the pose would show both
        ("none", "-12.0", True),
        ("left", "-60.0", False),  # one ear is all a profile shows
        ("right", "60.0", False),
        ("none", "60.0", True),
    ],
)
def test_appearance__every_ear_that_the_pose_would_show_counts(ears_seen: str, yaw: str, covered: bool) -> None:
    assert said(face(), SCENE | {"ears_seen": ears_seen, "yaw": yaw})["ears_covered"] is covered


@pytest.mark.parametrize(
    ("posture", "known"),
    [("face_covered", True), ("typing", False), ("writing", False), ("phone_at_ear", None), ("holding_up", None)],
)
def test_appearance__postures_in_which_something_may_be_before_the_face_say_nothing(
    posture: str, known: bool | None
) -> None:
    assert said(face(), SCENE | {"posture": posture}).get("face_occluded") is known


def test_appearance__a_rendered_frame_without_a_pose_says_nothing_of_ears() -> None:
    assert "ears_covered" not in said(face(), {name: tag for name, tag in SCENE.items() if name != "yaw"})


def test_appearance__tags_are_of_the_candidate_and_so_of_no_face_among_several() -> None:
    candidate, visitor = face(), face("face_masked")
    assert appearance(frame(candidate, visitor, tags=SCENE), candidate) == {}


def test_appearance__tags_of_other_frames_are_not_taken_for_those_of_a_scene() -> None:
    assert said(face(), {"headwear": "cap", "posture": "typing", "yaw": "0.0"}) == {}


def test_appearance__what_a_person_wrote_goes_before_the_tags() -> None:
    assert said(face(headwear="hat", occluded=True), SCENE) == {
        "hat": True,
        "ears_covered": False,
        "face_occluded": True,
    }
