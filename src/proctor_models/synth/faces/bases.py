"""Which frames things are painted on: real ones, of the right side of the split, with a face that is large enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from proctor_models.data.manifest import BoxLabel, FrameRecord, Manifest
from proctor_models.errors import ConfigError, DataError
from proctor_models.types import FACES

SHARES = {"in_ear": 0.30, "over_ear": 0.12, "mask": 0.12, "phone": 0.30, "no_phone": 0.16}
"""What is painted where nothing else is asked for, and on which share of the frames."""
WEIGHTS = SHARES | {"glasses": 0.30, "notebook": 0.16}
"""The same of everything that can be asked for: glasses, of whose arms some look like earphones, and notebooks, which
look like phones."""
DEEDS = tuple(WEIGHTS)
MIN_FACE_PX = {"in_ear": 84.0, "over_ear": 60.0, "mask": 56.0, "phone": 56.0, "no_phone": 56.0}
MIN_FACE_PX |= {"glasses": 84.0, "notebook": 56.0}
"""Smallest face, its longer side in pixels, on which a thing can still be made out."""
WEBCAM_SHARE = 0.4
"""Share of the frames made from frames of the first view, where there are other ones too."""
MAX_USES = 4
"""How many frames are made from one at most."""


def shares_of(deeds: Sequence[str]) -> dict[str, float]:
    """Share of the frames by deed where only some deeds are wanted.

    Raises:
        ConfigError: a deed that does not exist, or none.

    >>> shares_of(("over_ear", "mask"))
    {'over_ear': 0.5, 'mask': 0.5}
    """
    unknown = [deed for deed in deeds if deed not in WEIGHTS]
    if unknown or not deeds:
        got = repr(unknown[0]) if unknown else "none"
        raise ConfigError(f"--deeds: expected some of {', '.join(DEEDS)}, got {got}")
    if set(deeds) == set(SHARES):
        return dict(SHARES)  # as they are: a sum of them is not quite 1
    whole = sum(WEIGHTS[deed] for deed in dict.fromkeys(deeds))
    return {deed: WEIGHTS[deed] / whole for deed in dict.fromkeys(deeds)}


def candidates(manifest: Manifest, splits: tuple[str, ...]) -> list[FrameRecord]:
    """Real frames of the wanted sides that may show a face; all sides where the dataset is not split.

    Raises:
        ConfigError: a side that does not exist.
        DataError: nothing is left.
    """
    for split in splits:
        if split not in ("train", "val", "test"):
            raise ConfigError(f"--splits: expected train, val or test, got {split!r}")
    kept = [
        frame
        for frame in manifest
        if (frame.split is None or frame.split in splits)
        and frame.tags.get("synthetic") != "true"
        and not (set(FACES) <= set(frame.labelled) and target_face(frame) is None)
    ]
    if not kept:
        raise DataError(
            f"--data: expected frames of {' or '.join(splits)} that show faces, found none; name another dataset "
            "or other --splits"
        )
    return kept


def target_face(frame: FrameRecord) -> BoxLabel | None:
    """The largest labelled face."""
    faces = [box for box in frame.boxes if box.label in FACES]
    return max(faces, key=lambda b: (b.xyxy[2] - b.xyxy[0]) * (b.xyxy[3] - b.xyxy[1]), default=None)


@dataclass(frozen=True)
class Knowledge:
    """What the frames say together."""

    says_incorrect: frozenset[str]
    """Sources that state `mask_incorrect`; of the others' masks it is unknown how they are worn, and beside a mask that
    states it they would count as worn rightly."""
    wears_earphones: frozenset[str]
    """Groups that wear earphones in some frame: where another one does not label them, nobody was sure."""
    wears_glasses: frozenset[str]
    """Groups that wear glasses in some frame: they do in those of which nobody said it, too."""

    @staticmethod
    def of(frames: Sequence[FrameRecord]) -> Knowledge:
        """Gather it."""
        boxes = [(frame, box) for frame in frames for box in frame.boxes]
        return Knowledge(
            frozenset(frame.source for frame, box in boxes if "mask_incorrect" in box.attributes),
            frozenset(frame.group for frame, box in boxes if _worn(box)),
            frozenset(frame.group for frame, box in boxes if box.attributes.get("glasses", "none") != "none"),
        )


def _worn(box: BoxLabel) -> bool:
    """Whether it is an earphone on somebody, be it around the neck."""
    return box.label == "earphone" and box.attributes.get("worn") not in (False, "false")


def why_unfit(frame: FrameRecord, deed: str, known: Knowledge) -> str:
    """Why a thing must not be painted on a frame, by its labels alone; "" where it may.

    Args:
        frame: the base frame.
        deed: one of `DEEDS`.
        known: what all frames say together.
    """
    if deed in ("in_ear", "over_ear", "glasses"):
        why = _why_no_earphone(frame, deed, known)
    elif deed == "mask":
        why = _why_no_mask(frame, known)
    elif any(box.label in ("phone", "book_paper") for box in frame.boxes):
        why = "holds something already"
    elif deed == "no_phone" and "phone" not in frame.labelled:
        why = "does not label phones, so what is none would teach nothing"
    else:
        why = ""
    face = target_face(frame)
    if (
        not why
        and face is not None
        and max(face.xyxy[2] - face.xyxy[0], face.xyxy[3] - face.xyxy[1]) < MIN_FACE_PX[deed]
    ):
        return "face too small"
    return why


def _why_no_earphone(frame: FrameRecord, deed: str, known: Knowledge) -> str:
    face = target_face(frame)
    if deed == "glasses":
        said = face.attributes.get("glasses") if face is not None else None
        if said != "none" and (said is not None or frame.group in known.wears_glasses):
            return "wears glasses already"
    unsure = "earphone" not in frame.labelled and frame.group in known.wears_earphones
    if unsure or any(_worn(box) for box in frame.boxes):
        return "may wear earphones already"
    return "wears a mask" if deed != "over_ear" and face is not None and face.label == "face_masked" else ""


def _why_no_mask(frame: FrameRecord, known: Knowledge) -> str:
    face = target_face(frame)
    if (face is not None and face.label == "face_masked") or (face is None and "face_masked" not in frame.labelled):
        return "may wear a mask already"
    others = any(box.label == "face_masked" and "mask_incorrect" not in box.attributes for box in frame.boxes)
    if others and frame.source not in known.says_incorrect:
        return "shows masks of which nobody said how they are worn"
    return ""


def weights_of(frames: list[FrameRecord]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """How likely each frame is drawn.

    A recording of one person has hundreds of frames and a photograph has one: a group counts less than its frames.
    """
    sizes = Counter(frame.group for frame in frames)
    own = np.array([sizes[frame.group] ** -0.35 for frame in frames])
    first = np.array([frame.view == "first" for frame in frames])
    if first.any() and not first.all():
        own[first] *= WEBCAM_SHARE / own[first].sum()
        own[~first] *= (1 - WEBCAM_SHARE) / own[~first].sum()
    return np.asarray(own / own.sum(), np.float64)
