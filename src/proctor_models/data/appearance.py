"""What a face's labels say of how its head looks: headwear, ears, something in front of the face.

People write it on the face box, as attributes: `headwear` (none, hat, headscarf), `ears` (visible, covered: every ear
that the pose would show counts) and `occluded` (true or false; a mask does not count). Rendered scenes say it of their
candidate, as tags of the frame. What nobody wrote is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

from proctor_models.data.manifest import AttributeValue, BoxLabel, FrameRecord
from proctor_models.types import FACES

HEADWEAR = {"none": False, "hat": True, "headscarf": False}
"""`headwear` to whether it is a hat: a headscarf is none, though it covers the ears."""
EARS = {"visible": False, "covered": True}
PROFILE_YAW_DEG = 30.0
"""A head turned further shows one ear at most."""
_SCENE_HEADWEAR = {"none": "none", "headscarf": "headscarf"}  # all else that scenes put on a head is a hat


def appearance(frame: FrameRecord, face: BoxLabel) -> dict[str, bool]:
    """`hat`, `ears_covered` and `face_occluded` of one face, each only where it is known.

    >>> frame = FrameRecord(id="a/1", file="1.jpg", sha256="", phash="", width=9, height=9, source="a", licence="MIT",
    ...                     view="first", group="a", labelled=("face",))
    >>> appearance(frame, BoxLabel(label="face", xyxy=(0, 0, 9, 9), attributes={"headwear": "hat", "occluded": False}))
    {'hat': True, 'face_occluded': False}
    """
    said = {**_of_scene(frame), **face.attributes}
    known: dict[str, bool] = {}
    if (headwear := said.get("headwear")) in HEADWEAR:
        known["hat"] = HEADWEAR[str(headwear)]
    if (ears := said.get("ears")) in EARS:
        known["ears_covered"] = EARS[str(ears)]
    if (occluded := said.get("occluded")) in (True, False, "true", "false"):
        known["face_occluded"] = occluded in (True, "true")
    return known


def _of_scene(frame: FrameRecord) -> Mapping[str, AttributeValue]:
    """What a rendered frame's tags say of its candidate's head; nothing where it shows several faces."""
    tags = frame.tags
    if "ears_seen" not in tags or sum(box.label in FACES for box in frame.boxes) != 1:
        return {}
    said: dict[str, AttributeValue] = {}
    if "headwear" in tags:
        said["headwear"] = _SCENE_HEADWEAR.get(tags["headwear"], "hat")
    if "yaw" in tags:
        shown = {"both"} if abs(float(tags["yaw"])) < PROFILE_YAW_DEG else {"both", "left", "right"}
        said["ears"] = "visible" if tags["ears_seen"] in shown else "covered"
    if tags.get("posture") == "face_covered":
        said["occluded"] = True
    elif tags.get("posture") in ("typing", "writing"):
        said["occluded"] = False
    return said
