"""What a frame's labels say each detector should have said; None where they do not decide it."""

from __future__ import annotations

import numpy as np

from proctor_models.data.appearance import appearance
from proctor_models.data.manifest import AttributeValue, BoxLabel, FrameRecord
from proctor_models.types import FACES, Boxes

# The boxes behind each detector, as one class; none where the head net alone speaks, which draws no boxes.
BOX_CLASSES: dict[str, tuple[str, ...]] = {
    "phone": ("phone",),
    "earphone": ("earphone",),
    "mask": ("face_masked",),
    "multiple_faces": FACES,
    "seat_absence": ("person",),
    "book_paper": ("book_paper",),
    "hat": (),
    "ears_covered": (),
    "face_occluded": (),
}


def frame_truth(frame: FrameRecord, detector: str) -> bool | None:
    """Whether `detector` should fire on the frame; None where the labels leave it open.

    >>> room = FrameRecord(id="a/1", file="1.jpg", sha256="", phash="", width=9, height=9, source="a", licence="MIT",
    ...                    view="first", group="a", labelled=("person", "phone"))
    >>> frame_truth(room, "seat_absence"), frame_truth(room, "phone"), frame_truth(room, "mask")
    (True, False, None)
    """
    answer: bool | None = _TRUTHS[detector](frame)
    return answer


def box_truth(frame: FrameRecord, detector: str) -> Boxes | None:
    """Labelled boxes (n, 4) of the detector's class; None where it is not labelled exhaustively or there is none."""
    names = BOX_CLASSES[detector]
    if not names or not set(names) <= set(frame.labelled):
        return None
    return np.array([box.xyxy for box in _boxes(frame, *names)], np.float32).reshape(-1, 4)


def _boxes(frame: FrameRecord, *names: str) -> list[BoxLabel]:
    return [box for box in frame.boxes if box.label in names]


def _phone(frame: FrameRecord) -> bool | None:
    return bool(_boxes(frame, "phone")) if "phone" in frame.labelled else None


def _earphone(frame: FrameRecord) -> bool | None:
    if "earphone" not in frame.labelled:
        return None
    worn = [on_ears(box.attributes.get("worn")) for box in _boxes(frame, "earphone")]
    if True in worn:
        return True
    return None if None in worn else False


def on_ears(worn: AttributeValue | None) -> bool | None:
    """Whether an earphone is on or in the ears by its label ``worn``; None where the label does not say.

    >>> [on_ears(worn) for worn in (True, "on_ears", "neck", False, None)]
    [True, True, False, False, None]
    """
    if worn in (True, "on_ears", "true"):
        return True
    return False if worn in (False, "neck", "false") else None


def _mask(frame: FrameRecord) -> bool | None:
    if not set(FACES) <= set(frame.labelled) or not _boxes(frame, *FACES):
        return None
    return bool(_boxes(frame, "face_masked"))


def _multiple_faces(frame: FrameRecord) -> bool | None:
    """Two faces are two people; one labelled face leaves open who turns the back to the camera."""
    if "person" in frame.labelled:
        return len(_boxes(frame, "person")) >= 2
    return True if set(FACES) <= set(frame.labelled) and len(_boxes(frame, *FACES)) >= 2 else None


def _seat_absence(frame: FrameRecord) -> bool | None:
    return not _boxes(frame, "person", *FACES) if "person" in frame.labelled else None


def _book_paper(frame: FrameRecord) -> bool | None:
    return bool(_boxes(frame, "book_paper")) if "book_paper" in frame.labelled else None


def _hat(frame: FrameRecord) -> bool | None:
    """Any head under a hat; False only where every face is labelled and known to wear none."""
    known = [appearance(frame, face).get("hat") for face in _boxes(frame, *FACES)]
    if True in known:
        return True
    bare = bool(known) and set(known) == {False} and set(FACES) <= set(frame.labelled)
    return False if bare else None


def _ears_covered(frame: FrameRecord) -> bool | None:
    return _candidate(frame, "ears_covered")


def _face_occluded(frame: FrameRecord) -> bool | None:
    return _candidate(frame, "face_occluded")


def _candidate(frame: FrameRecord, name: str) -> bool | None:
    """What is known of the largest face, as the detectors choose it: by its longer side."""
    faces = _boxes(frame, *FACES)
    if not set(FACES) <= set(frame.labelled) or not faces:
        return None
    largest = max(faces, key=lambda face: max(face.xyxy[2] - face.xyxy[0], face.xyxy[3] - face.xyxy[1]))
    return appearance(frame, largest).get(name)


_TRUTHS = {
    "phone": _phone,
    "earphone": _earphone,
    "mask": _mask,
    "multiple_faces": _multiple_faces,
    "seat_absence": _seat_absence,
    "book_paper": _book_paper,
    "hat": _hat,
    "ears_covered": _ears_covered,
    "face_occluded": _face_occluded,
}
