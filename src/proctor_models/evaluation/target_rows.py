"""What the project wants of each detector, and which held-out frames each figure stands on.

A target's number is `None` where none was set: the figure then is information, and no verdict is given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from proctor_models.boxes import iou
from proctor_models.data.manifest import FrameRecord
from proctor_models.evaluation.chosen import balanced_elsewhere
from proctor_models.evaluation.figures import Judged
from proctor_models.evaluation.folds import HeldOut
from proctor_models.evaluation.matching import Bools, Matches, match
from proctor_models.evaluation.measures import (
    Draws,
    Measured,
    Rate,
    box_precision,
    not_assessable,
    ranking,
    rate,
    recall_at_few_false,
)
from proctor_models.evaluation.seen import Judgement, Seen
from proctor_models.evaluation.slices import largest_face
from proctor_models.evaluation.target_events import event_figure
from proctor_models.evaluation.thresholds import MOST_FALSE
from proctor_models.evaluation.truth import on_ears
from proctor_models.types import FACES, SCENE_CLASSES, Boxes, Scores

MIN_FACE_PX = 80
"""Height of a face from which an ear, 0.3 of it, has the 24 pixels that an earbud can be seen in."""
SAME_FACE_IOU = 0.5

Sense = Literal["at least", "at most"]


@dataclass(frozen=True)
class Stand:
    """All that a figure can stand on."""

    held: HeldOut
    judgements: Mapping[str, Judgement]
    """By detector, over all of `held.seen`."""
    draws: Draws
    events: Mapping[str, Any] | None = None
    """Counts of events by kind, see `target_events`."""

    def judged(self, detector: str, keep: Bools) -> Judged:
        """The detector over the frames where the mask (frames,) is true and labels decide."""
        judgement = self.judgements[detector]
        return judgement.judged.of(keep[judgement.judged_frame])


@dataclass(frozen=True)
class Target:
    """One row: a figure of a detector and what it should reach."""

    detector: str
    figure: str
    sense: Sense
    value: float | None
    """None where no number was set."""
    measure: Callable[[Stand], Measured]


def webcam(held: HeldOut) -> Bools:
    """Frames (frames,) of the first view."""
    return held.mask(lambda one: one.frame.view == "first")


def everywhere(held: HeldOut) -> Bools:
    """All frames (frames,)."""
    return np.ones(len(held.seen), bool)


def look_alikes(held: HeldOut) -> Bools:
    """Frames (frames,) of the people who hold up what looks like a phone."""
    return held.mask(lambda one: one.frame.person in held.look_alikes)


def headphones(held: HeldOut) -> Bools:
    """Frames (frames,) of those who are labelled with headphones anywhere, except where another kind is worn."""
    wearers = {one.group for one in held.seen if "headphone" in _kinds(one.frame)}
    return held.mask(lambda one: one.group in wearers and _kinds(one.frame, worn=True) <= {"headphone"})


def earbuds(held: HeldOut) -> Bools:
    """Frames (frames,) whose largest face is high enough to see an earbud by, except where another kind is worn."""
    return held.mask(lambda one: _face_height(one.frame) >= MIN_FACE_PX and _kinds(one.frame, worn=True) <= {"earbud"})


def _kinds(frame: FrameRecord, *, worn: bool = False) -> set[object]:
    boxes = [box.attributes for box in frame.boxes if box.label == "earphone"]
    return {said.get("kind") for said in boxes if not worn or on_ears(said.get("worn"))}


def _face_height(frame: FrameRecord) -> float:
    face = largest_face(frame)
    return 0.0 if face is None else face.xyxy[3] - face.xyxy[1]


def headphone_matches(seen: list[Seen]) -> Matches:
    """Found `earphone` boxes against labelled headphones; those that lie on another kind are ignored."""
    truths, found = [], []
    for one in seen:
        labels = [box for box in one.frame.boxes if box.label == "earphone"]
        sides: dict[bool, list[tuple[float, ...]]] = {True: [], False: []}
        for box in labels:
            sides[box.attributes.get("kind") == "headphone"].append(box.xyxy)
        right, other = (np.array(sides[side], np.float32).reshape(-1, 4) for side in (True, False))
        truths.append(right)
        found.append(_not_on(*one.found("earphone"), right, other))
    return match(truths, found)


def _not_on(xyxy: Boxes, scores: Scores, right: Boxes, other: Boxes) -> tuple[Boxes, Scores]:
    """Found boxes without those that are rather on one of `other` than on one of `right`."""
    on_other = iou(xyxy, other).max(1, initial=0)
    keep = (on_other < SAME_FACE_IOU) | (on_other <= iou(xyxy, right).max(1, initial=0))
    return xyxy[keep], scores[keep]


def worn_wrongly(held: HeldOut) -> Judged:
    """Every labelled masked head of the sources that state wrong wearing: what the head net says of it, and the label.

    A source that states it anywhere states it of all: the other masks are worn rightly. The reading is that of the
    found face which overlaps most, by at least half; nan where no such face was read.
    """
    scores, truth, groups = [], [], []
    for one in held.seen:
        if one.frame.source not in held.stating or not set(FACES) & set(one.frame.labelled):
            continue
        read = [row for row in one.boxes if SCENE_CLASSES[row["category_id"] - 1] in FACES]
        read = [row for row in read if "mask_incorrect" in row.get("attributes", {})]
        xywh = np.array([row["bbox"] for row in read], np.float32).reshape(-1, 4)
        found = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], 1)
        for box in one.frame.boxes:
            if box.label == "face_masked":
                overlap = iou(np.array([box.xyxy], np.float32), found)[0]
                hit = len(read) > 0 and overlap.max() >= SAME_FACE_IOU
                scores.append(read[int(overlap.argmax())]["attributes"]["mask_incorrect"] if hit else np.nan)
                truth.append(box.attributes.get("mask_incorrect") in (True, "true"))
                groups.append(one.group)
    return Judged(np.array(scores, np.float64), np.array(truth, bool), tuple(groups))


Among = Callable[[HeldOut], Bools]


def _boxes(detector: str, among: Among, stand: Stand) -> Measured:
    _, matches, groups = stand.judgements[detector].of(among(stand.held))
    return box_precision(matches, groups, stand.draws)


def _rate(detector: str, figure: Rate, among: Among, stand: Stand) -> Measured:
    return rate(stand.judged(detector, among(stand.held)), figure, stand.held.thresholds[detector], stand.draws)


def _balanced(detector: str, stand: Stand) -> Measured:
    judged = stand.judged(detector, everywhere(stand.held))
    return balanced_elsewhere(judged, stand.held.persons, stand.draws, FALSE_COST[detector])


def _few_false(detector: str, among: Among, stand: Stand) -> Measured:
    return recall_at_few_false(stand.judged(detector, among(stand.held)), stand.draws)


def _headphone_boxes(stand: Stand) -> Measured:
    keep = headphones(stand.held) & stand.judgements["earphone"].boxed
    seen = [one for one, kept in zip(stand.held.seen, keep, strict=True) if kept]
    return box_precision(headphone_matches(seen), [one.group for one in seen], stand.draws)


def _unseen_ears(stand: Stand) -> Measured:
    return not_assessable(stand.judged("earphone", earbuds(stand.held)), stand.draws)


def _wrongly(stand: Stand) -> Measured:
    return ranking(worn_wrongly(stand.held), stand.draws)


def _event(kind: str, figure: str, stand: Stand) -> Measured:
    return event_figure(stand.events, kind, figure)


def _of_boxes(detector: str, words: str, among: Among, value: float | None = None) -> Target:
    return Target(detector, words, "at least", value, partial(_boxes, detector, among))


def _of_frames(detector: str, figure: Rate, words: str, among: Among, value: float | None = None) -> Target:
    sense: Sense = "at most" if figure == "false_frame_rate" else "at least"
    return Target(detector, words, sense, value, partial(_rate, detector, figure, among))


def _of_events(detector: str, kind: str, figure: str, words: str, sense: Sense, value: float) -> Target:
    return Target(detector, f"events: {words}", sense, value, partial(_event, kind, figure))


_FACE = f"face of {MIN_FACE_PX} px or higher"
_READ_OFF = "recall at 2 % false frames, read off these frames"
_ELSEWHERE = "balanced accuracy, each person at the threshold that the others choose"
FALSE_COST = {"book_paper": 10.0, "hat": 1.0, "ears_covered": 1.0, "face_occluded": 1.0}
"""Detectors whose threshold the held-out people choose, and what a false frame costs them beside a missed one: a book
accuses; hair over an ear asks to be put back."""
TARGETS: tuple[Target, ...] = (
    _of_boxes("phone", "AP50 of boxes, webcam", webcam, 0.90),
    _of_frames("phone", "recall", "recall, webcam", webcam, 0.90),
    _of_frames("phone", "false_frame_rate", "false frames, webcam", webcam, MOST_FALSE),
    Target("phone", _READ_OFF, "at least", 0.90, partial(_few_false, "phone", webcam)),
    _of_frames("phone", "false_frame_rate", "false frames, a wallet or a case held up", look_alikes, 0.02),
    Target("earphone", "over-ear: AP50 of boxes", "at least", 0.90, _headphone_boxes),
    _of_frames("earphone", "recall", "over-ear: recall", headphones),
    _of_frames("earphone", "false_frame_rate", "over-ear: false frames", headphones, MOST_FALSE),
    _of_frames("earphone", "recall", f"in-ear: recall, {_FACE}", earbuds, 0.75),
    _of_frames("earphone", "false_frame_rate", f"in-ear: false frames, {_FACE}", earbuds, MOST_FALSE),
    Target("earphone", f"in-ear: {_READ_OFF}, {_FACE}", "at least", 0.75, partial(_few_false, "earphone", earbuds)),
    Target("earphone", f"in-ear: not assessable, {_FACE}", "at most", None, _unseen_ears),
    _of_boxes("mask", "AP50 of face_masked boxes", everywhere, 0.95),
    Target("mask", "worn wrongly: AP over masked heads", "at least", 0.85, _wrongly),
    _of_frames("multiple_faces", "precision", "precision", everywhere, 0.98),
    _of_frames("multiple_faces", "recall", "recall", everywhere, 0.95),
    _of_frames("seat_absence", "precision", "precision", everywhere),
    _of_frames("seat_absence", "recall", "recall", everywhere),
    _of_events("seat_absence", "absence", "precision", "precision", "at least", 0.95),
    _of_events("seat_absence", "absence", "recall", "recall", "at least", 0.98),
    _of_events("seat_absence", "absence", "onset_error_max_s", "onset, most s", "at most", 2.0),
    *(Target(name, _ELSEWHERE, "at least", 0.90, partial(_balanced, name)) for name in FALSE_COST),
)
"""In the order of the table. The numbers of absence are those of `events_page`."""


def verdict(target: Target, measured: Measured) -> str:
    """`met`, `missed`, `cannot say` (the frames give no figure), or `no target`.

    >>> least = Target("phone", "recall", "at least", 0.9, lambda _: Measured(None))
    >>> verdict(least, Measured(0.9)), verdict(least, Measured(0.8)), verdict(least, Measured(None))
    ('met', 'missed', 'cannot say')
    """
    if measured.value is None:
        return "cannot say"
    if target.value is None:
        return "no target"
    good = measured.value >= target.value if target.sense == "at least" else measured.value <= target.value
    return "met" if good else "missed"


def is_sure(target: Target, measured: Measured) -> bool | None:
    """Whether the whole interval lies on the verdict's side; None where there is no verdict or no interval.

    >>> least = Target("phone", "recall", "at least", 0.9, lambda _: Measured(None))
    >>> is_sure(least, Measured(0.95, 0.91, 1.0)), is_sure(least, Measured(0.95, 0.6, 1.0))
    (True, False)
    """
    if target.value is None or measured.value is None or measured.low is None or measured.high is None:
        return None
    return {verdict(target, Measured(bound)) for bound in (measured.low, measured.high)} == {verdict(target, measured)}
