"""What a dataset does not hold, computed from its frames: what no net can learn from it and no figure can say."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from proctor_models.data.manifest import FrameRecord
from proctor_models.data.versions.persons import codes_in
from proctor_models.types import SCENE_CLASSES, VIEWS

FEW_BOXES = 50
FEW_PERSONS = 10
MOST_UNLABELLED = 0.5  # a class that fewer of the frames label exhaustively is a gap
GROUP_TAGS = {
    "skin tone": ("skin_tone", "monk", "skin tone"),
    "age": ("age",),
    "sex": ("sex", "gender"),
    "glasses": ("glasses",),
    "head covering": ("head_covering", "headscarf", "hat"),
    "light": ("light",),
}
"""Groups by which a detector may see worse, and the tags that would say so."""


def is_synthetic(frame: FrameRecord) -> bool:
    """Whether the frame was rendered or composited, by its tag."""
    return frame.tags.get("synthetic") == "true"


def gaps(frames: Sequence[FrameRecord]) -> list[str]:
    """Every known gap, one sentence each, in the order of classes, views, people, groups and sides.

    >>> gaps([])
    ['No frame at all.']
    """
    if not frames:
        return ["No frame at all."]
    return [*_classes(frames), *_views(frames), *_persons(frames), *_groups(frames), *_sides(frames)]


def _classes(frames: Sequence[FrameRecord]) -> Iterator[str]:
    boxes = Counter(box.label for frame in frames for box in frame.boxes)
    labelled = Counter(name for frame in frames for name in frame.labelled)
    shown_by = _persons_by_class(frames)
    absent = [name for name in SCENE_CLASSES if not boxes[name]]
    if absent:
        yield f"No box at all: {', '.join(absent)}."
    for name in SCENE_CLASSES:
        if not boxes[name]:
            continue
        if boxes[name] < FEW_BOXES:
            yield f"{name}: only {boxes[name]} boxes."
        persons, anonymous = shown_by[name]
        if len(persons) == 1 and not anonymous:
            yield f"{name}: every box is of one person ({min(persons)}); a net may learn the person instead."
        elif len(persons) == 1:
            yield f"{name}: of known people only {min(persons)} shows it; {anonymous} frames of unknown people do."
        if labelled[name] < MOST_UNLABELLED * len(frames):
            share = labelled[name] / len(frames)
            yield f"{name}: {share:.0%} of the frames label it exhaustively; in the others it is unknown, not absent."


def _persons_by_class(frames: Iterable[FrameRecord]) -> dict[str, tuple[set[str], int]]:
    """Class to the people whose frames show it, and to how many frames of unknown people do."""
    persons: dict[str, set[str]] = defaultdict(set)
    anonymous: Counter[str] = Counter()
    for frame in frames:
        codes = codes_in(frame)
        for name in {box.label for box in frame.boxes}:
            persons[name] |= codes
            anonymous[name] += not codes
    return {name: (persons[name], anonymous[name]) for name in SCENE_CLASSES}


def _views(frames: Sequence[FrameRecord]) -> Iterator[str]:
    for view in VIEWS:
        of_view = [frame for frame in frames if frame.view == view]
        real = sum(not is_synthetic(frame) for frame in of_view)
        if not of_view:
            yield f"No frame of the {view} view."
        elif not real:
            yield f"No real frame of the {view} view: all {len(of_view)} are synthetic."
    other = sum(frame.view == "other" for frame in frames)
    if other:
        yield f"{other} of {len(frames)} frames are of neither exam view."
    if all(is_synthetic(frame) for frame in frames):
        yield "No real frame: figures on these frames say nothing of real exams."


def _persons(frames: Sequence[FrameRecord]) -> Iterator[str]:
    codes = {code for frame in frames for code in codes_in(frame)}
    unknown = sum(not codes_in(frame) for frame in frames)
    if len(codes) < FEW_PERSONS:
        yield f"Only {len(codes)} people are known by a code."
    if unknown:
        yield (
            f"Who is in {unknown} of {len(frames)} frames is unknown: the same person may be on two sides of a "
            "split, and cannot be found to be deleted."
        )


def _groups(frames: Sequence[FrameRecord]) -> Iterator[str]:
    unlabelled = []
    for group, tags in GROUP_TAGS.items():
        stated = sum(any(tag in frame.tags for tag in tags) for frame in frames)
        if not stated:
            unlabelled.append(group)
        elif stated < len(frames):
            yield f"{group}: stated for {stated} of {len(frames)} frames."
    if unlabelled:
        yield f"Not labelled in any frame: {', '.join(unlabelled)}; no figure by such a group can be made."


def _sides(frames: Sequence[FrameRecord]) -> Iterator[str]:
    if not any(frame.split for frame in frames):
        yield "Not divided into train, val and test."
        return
    everywhere = {box.label for frame in frames for box in frame.boxes}
    for side in ("train", "val", "test"):
        there = [frame for frame in frames if frame.split == side]
        shown = {box.label for frame in there for box in frame.boxes}
        missing = [name for name in SCENE_CLASSES if name in everywhere - shown]
        if not there:
            yield f"No {side} frame."
        elif missing:
            yield f"No {side} frame shows {', '.join(missing)}."
