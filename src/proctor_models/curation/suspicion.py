"""Labels held against what the nets found: hits, misses, false alarms, and which labels may be wrong, worst first.

Only classes that a frame labels exhaustively are judged: of others neither a found box nor a missing one says anything.
A found box hits the labelled box of its class that it overlaps most (IoU from `HIT_IOU`), best scores first.

Four kinds of mistake are suspected, each with a number in [0, 1] to rank by; it is no probability:

- `missing`: a sure found box where nothing is labelled. Its score.
- `class`: a sure found box on a missed label of another class. Its score times the doubt in the label.
- `place`: a sure found box that overlaps a missed label of its class too little. Its score times the doubt.
- `spurious`: a label nothing explains. The doubt in it, times the share of the class's labels that the nets do find:
  where they find few, a miss says more of the nets than of the label.

The doubt in a label is 1 minus the best score that hits it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from proctor_models.boxes import iou
from proctor_models.types import Boxes

HIT_IOU = 0.5
PLACE_IOU = 0.1
"""A found box and a label of its class that overlap less are two things."""
SURE_SCORE = 0.5
"""Score from which a box is claimed to be there, where the pack names no threshold for its class."""

Kind = Literal["missing", "class", "place", "spurious"]
KINDS: tuple[Kind, ...] = ("missing", "class", "place", "spurious")
Outcome = Literal["hit", "miss", "false alarm", "double", "unsure", "not judged"]


@dataclass(frozen=True)
class Found:
    """One box that the nets drew."""

    label: str
    xyxy: tuple[float, float, float, float]  # pixels
    score: float


@dataclass(frozen=True)
class Labelled:
    """What one frame's labels say."""

    exhaustive: frozenset[str]
    labels: tuple[str, ...]
    xyxy: tuple[tuple[float, float, float, float], ...]  # pixels


@dataclass(frozen=True)
class Suspicion:
    """One label that may be wrong or missing; `found` and `truth` are indices into the frame's boxes."""

    kind: Kind
    score: float
    found: int | None = None
    truth: int | None = None


@dataclass(frozen=True)
class Judgement:
    """One frame, judged."""

    found: tuple[Outcome, ...]  # of each found box
    truth: tuple[Outcome, ...]  # of each labelled box
    doubt: tuple[float, ...]  # in each labelled box
    suspicions: tuple[Suspicion, ...]  # worst first

    @property
    def mistakenness(self) -> float:
        """The worst suspicion; 0 where there is none."""
        return self.suspicions[0].score if self.suspicions else 0.0

    def worst(self, kind: Kind) -> float:
        """The worst suspicion of one kind; 0 where there is none."""
        return max((s.score for s in self.suspicions if s.kind == kind), default=0.0)


def judge(
    frames: Sequence[tuple[Labelled, Sequence[Found]]], thresholds: Mapping[str, float] | None = None
) -> list[Judgement]:
    """Judge every frame; `thresholds` gives the sure score by class where it is not `SURE_SCORE`.

    >>> room = Labelled(frozenset({"phone"}), ("phone",), ((0, 0, 10, 10),))
    >>> (one,) = judge([(room, [Found("phone", (40, 40, 50, 50), .9), Found("cup", (0, 0, 9, 9), .9)])])
    >>> one.found, one.truth, [(s.kind, s.score) for s in one.suspicions]
    (('false alarm', 'not judged'), ('miss',), [('missing', 0.9), ('spurious', 0.0)])
    """
    sure = dict(thresholds or {})
    matched = [_match(labelled, found, sure) for labelled, found in frames]
    labels: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for (labelled, _), (_, truth, _) in zip(frames, matched, strict=True):
        for label, outcome in zip(labelled.labels, truth, strict=True):
            labels[label] += outcome != "not judged"
            hits[label] += outcome == "hit"
    shares = {label: hits[label] / count for label, count in labels.items() if count}
    judged = []
    for (labelled, found), (outcomes, truth, doubt) in zip(frames, matched, strict=True):
        suspicions = _suspect(labelled, found, outcomes, truth, doubt, shares)
        judged.append(Judgement(tuple(outcomes), tuple(truth), tuple(doubt), suspicions))
    return judged


def _match(
    labelled: Labelled, found: Sequence[Found], sure: Mapping[str, float]
) -> tuple[list[Outcome], list[Outcome], list[float]]:
    """Outcome of each found box, of each label, and the doubt in each label."""
    outcomes: list[Outcome] = ["not judged"] * len(found)
    truth: list[Outcome] = ["miss" if label in labelled.exhaustive else "not judged" for label in labelled.labels]
    doubt = [1.0] * len(labelled.labels)
    overlap = iou(_array(labelled.xyxy), _array([box.xyxy for box in found]))  # (labels, found)
    taken: set[int] = set()
    for j in sorted(range(len(found)), key=lambda j: -found[j].score):
        box = found[j]
        if box.label not in labelled.exhaustive:
            continue
        same = [i for i, label in enumerate(labelled.labels) if label == box.label and overlap[i, j] >= HIT_IOU]
        free = [i for i in same if i not in taken]
        claimed = box.score >= sure.get(box.label, SURE_SCORE)
        if free:
            i = max(free, key=lambda i: overlap[i, j])
            taken.add(i)
            doubt[i] = 1.0 - box.score
            outcomes[j] = "hit" if claimed else "unsure"
            truth[i] = "hit" if claimed else "miss"
        else:
            outcomes[j] = ("double" if same else "false alarm") if claimed else "unsure"
    return outcomes, truth, doubt


def _suspect(
    labelled: Labelled,
    found: Sequence[Found],
    outcomes: Sequence[Outcome],
    truth: Sequence[Outcome],
    doubt: Sequence[float],
    shares: Mapping[str, float],
) -> tuple[Suspicion, ...]:
    open_labels = {i for i, outcome in enumerate(truth) if outcome == "miss"}
    suspicions = []
    overlap = iou(_array([box.xyxy for box in found]), _array(labelled.xyxy))  # (found, labels)
    for j in sorted(range(len(found)), key=lambda j: -found[j].score):
        if outcomes[j] != "false alarm":
            continue
        kind: Kind = "missing"
        best: int | None = None
        for i in sorted(open_labels, key=lambda i: -overlap[j, i]):
            same = labelled.labels[i] == found[j].label
            if overlap[j, i] >= (PLACE_IOU if same else HIT_IOU):
                kind, best = ("place" if same else "class"), i
                break
        open_labels.discard(-1 if best is None else best)
        score = found[j].score * (1.0 if best is None else doubt[best])
        suspicions.append(Suspicion(kind, round(score, 4), j, best))
    for i in sorted(open_labels):
        score = doubt[i] * shares.get(labelled.labels[i], 0.0)
        suspicions.append(Suspicion("spurious", round(score, 4), None, i))
    return tuple(sorted(suspicions, key=lambda suspicion: -suspicion.score))


def _array(xyxy: Sequence[tuple[float, float, float, float]]) -> Boxes:
    return np.array(xyxy, np.float32).reshape(-1, 4)
