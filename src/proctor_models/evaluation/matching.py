"""Which found box is which labelled box: pycocotools decides, once for all slices."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from proctor_models.types import Boxes, Scores

IOUS: tuple[float, ...] = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
_MOST_BOXES = 100  # a frame, as COCO counts

Bools = NDArray[np.bool_]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Matches:
    """Found boxes of one class over some frames, best first, and whether each hit a labelled box."""

    scores: NDArray[np.float64]  # (d,) falling
    frame: Indices  # (d,) index of the frame
    hits: Bools  # (10, d) at each IoU of `IOUS`
    truths: Indices  # (frames,) labelled boxes of each frame

    def of(self, frames: Bools) -> Matches:
        """Only the frames where the mask (frames,) is true; frame numbers stay what they were."""
        keep = frames[self.frame]
        return Matches(self.scores[keep], self.frame[keep], self.hits[:, keep], np.where(frames, self.truths, 0))


def match(truths: Sequence[Boxes], found: Sequence[tuple[Boxes, Scores]]) -> Matches:
    """Match found to labelled boxes of one class, frame by frame, at every IoU of `IOUS`.

    Args:
        truths: labelled boxes (m, 4) of each frame.
        found: boxes (n, 4) and scores (n,) of each frame.

    >>> box = np.array([[0, 0, 10, 10]], np.float32)
    >>> pair = match([box], [(np.vstack([box, box + 50]), np.array([.9, .8], np.float32))])
    >>> pair.scores.round(1).tolist(), pair.hits[0].tolist()
    ([0.9, 0.8], [True, False])
    """
    counts = np.array([len(boxes) for boxes in truths], np.int64)
    scores: list[NDArray[np.float64]] = [np.zeros(0)]
    frame: list[Indices] = [np.zeros(0, np.int64)]
    hits: list[Bools] = [np.zeros((len(IOUS), 0), bool)]
    for index, result in enumerate(_by_image(truths, found)):
        if result is not None:
            these = np.asarray(result["dtScores"], np.float64)
            scores.append(these)
            frame.append(np.full(len(these), index, np.int64))
            hits.append(np.asarray(result["dtMatches"]).reshape(len(IOUS), -1) > 0)
    all_scores = np.concatenate(scores)
    order = np.argsort(-all_scores, kind="mergesort")
    return Matches(all_scores[order], np.concatenate(frame)[order], np.concatenate(hits, 1)[:, order], counts)


def _by_image(truths: Sequence[Boxes], found: Sequence[tuple[Boxes, Scores]]) -> list[Any]:
    if not truths or not any(len(boxes) for boxes, _ in found):
        return [None] * len(truths)
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):  # the library reports its timings
        evaluation = COCOeval(*coco_pair(truths, found), iouType="bbox")
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.params.maxDets = [_MOST_BOXES]
        evaluation.params.iouThrs = np.array(IOUS)
        evaluation.evaluate()
    return list(evaluation.evalImgs)


def coco_pair(truths: Sequence[Boxes], found: Sequence[tuple[Boxes, Scores]]) -> tuple[Any, Any]:
    """Labelled and found boxes as pycocotools' objects; image ids count from 1, one category."""
    from pycocotools.coco import COCO

    labels: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for number, (boxes, (found_boxes, scores)) in enumerate(zip(truths, found, strict=True), start=1):
        for xywh in _xywh(boxes):
            area = xywh[2] * xywh[3]
            entry = {"id": len(labels) + 1, "image_id": number, "category_id": 1, "iscrowd": 0}
            labels.append({**entry, "bbox": xywh, "area": area})
        for xywh, score in zip(_xywh(found_boxes), scores.tolist(), strict=True):
            results.append({"image_id": number, "category_id": 1, "bbox": xywh, "score": score})
    truth = COCO()
    truth.dataset = {
        "info": {},
        "images": [{"id": number} for number in range(1, len(truths) + 1)],
        "categories": [{"id": 1, "name": "box"}],
        "annotations": labels,
    }
    truth.createIndex()
    return truth, truth.loadRes(results)


def _xywh(xyxy: Boxes) -> list[list[float]]:
    wide = xyxy.astype(np.float64).reshape(-1, 4)
    rows: list[list[float]] = np.concatenate([wide[:, :2], wide[:, 2:] - wide[:, :2]], 1).tolist()
    return rows
