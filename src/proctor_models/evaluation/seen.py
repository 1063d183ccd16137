"""What the runtime says of labelled frames, and how each detector's part of it is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from tqdm import tqdm

from proctor_models.data.manifest import FrameRecord, Manifest
from proctor_models.detectors import TRAINED, Detector
from proctor_models.evaluation.figures import Judged
from proctor_models.evaluation.matching import Bools, Indices, Matches, match
from proctor_models.evaluation.truth import BOX_CLASSES, box_truth, frame_truth
from proctor_models.runtime.pixels import read_image
from proctor_models.runtime.predict import Row as Annotation
from proctor_models.runtime.predict import boxes_of
from proctor_models.types import SCENE_CLASSES, VIEWS, Boxes, Image, Observation, Scores, View


class Observer(Protocol):
    """What is measured: the runtime's predictor, or a stand-in."""

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        """What the nets see in one frame."""
        ...


@dataclass(frozen=True)
class Seen:
    """One labelled frame and all that was said of it."""

    frame: FrameRecord
    boxes: tuple[Annotation, ...]
    """COCO annotations without ids, as `proctor predict` writes them."""
    scores: Mapping[str, float | None]
    """By detector that reads the frame's view; None is not assessable."""

    @property
    def group(self) -> str:
        """Who or what the frame's errors depend on: the person, else what must stay together."""
        return self.frame.person or self.frame.group

    def found(self, *names: str) -> tuple[Boxes, Scores]:
        """Boxes (n, 4) xyxy and scores (n,) of some classes, best first."""
        wanted = [row for row in self.boxes if SCENE_CLASSES[row["category_id"] - 1] in names]
        xywh = np.array([row["bbox"] for row in wanted], np.float32).reshape(-1, 4)
        xyxy = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], 1)
        return xyxy, np.array([row["score"] for row in wanted], np.float32)


def look(manifest: Manifest, observer: Observer, detectors: Sequence[Detector] = TRAINED) -> tuple[Seen, ...]:
    """Run the nets and the detectors over every frame; nothing of it is kept on disk.

    A frame that is of neither view is read as the first, which most such pictures resemble.

    Raises:
        DataError: an image cannot be read.
    """
    seen = []
    for frame in tqdm(manifest.frames, desc="evaluate", unit="frame", mininterval=5):
        view = next((known for known in VIEWS if known == frame.view), VIEWS[0])
        observation = observer.observe(read_image(manifest.image_path(frame)), frame.time_s or 0.0, view)
        scores = {d.name: d.read(observation).score for d in detectors if view in d.views}
        seen.append(Seen(frame, tuple(boxes_of(observation)), scores))
    return tuple(seen)


@dataclass(frozen=True)
class Judgement:
    """One detector over all frames seen: what its score and its boxes are worth, for any slice of them."""

    judged: Judged
    judged_frame: Indices  # (judged,) index into the frames seen
    matches: Matches  # over all frames seen; those that do not label the class have no boxes
    boxed: Bools  # (frames,) whether the class is labelled exhaustively
    groups: tuple[str, ...]  # (frames,)

    def of(self, keep: Bools) -> tuple[Judged, Matches, tuple[str, ...]]:
        """For the frames where the mask (frames,) is true: scores, boxes, and the groups of the boxes' frames."""
        boxed = keep & self.boxed
        matches = self.matches.of(boxed)
        number = np.cumsum(boxed) - 1
        packed = Matches(matches.scores, number[matches.frame], matches.hits, matches.truths[boxed])
        return self.judged.of(keep[self.judged_frame]), packed, tuple(np.array(self.groups, object)[boxed])


def judge(seen: Sequence[Seen], detector: str) -> Judgement:
    """Hold one detector's scores and boxes against the labels."""
    decided = [
        (index, truth, one.scores[detector], one.group)
        for index, one in enumerate(seen)
        if detector in one.scores and (truth := frame_truth(one.frame, detector)) is not None
    ]
    scores = np.array([np.nan if score is None else score for _, _, score, _ in decided], np.float64)
    judged = Judged(scores, np.array([t for _, t, _, _ in decided], bool), tuple(group for *_, group in decided))
    nothing = np.zeros((0, 4), np.float32)
    truths = [box_truth(one.frame, detector) for one in seen]
    found = [
        (nothing, nothing[:, 0]) if truth is None else one.found(*BOX_CLASSES[detector])
        for one, truth in zip(seen, truths, strict=True)
    ]
    matches = match([nothing if truth is None else truth for truth in truths], found)
    return Judgement(
        judged,
        np.array([index for index, *_ in decided], np.int64),
        matches,
        np.array([truth is not None for truth in truths], bool),
        tuple(one.group for one in seen),
    )
