"""Both nets over one frame, in named stages: preprocess, forward, postprocess, read heads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from proctor_models.boxes import clip, iou
from proctor_models.errors import ModelError
from proctor_models.runtime.image import Letterbox, crop_square, letterbox
from proctor_models.runtime.model import Net
from proctor_models.runtime.normaliser import Normaliser
from proctor_models.runtime.pixels import as_bgr
from proctor_models.types import (
    FACES,
    HEAD_ATTRIBUTES,
    SCENE_CLASSES,
    Boxes,
    Detections,
    HeadReading,
    Image,
    Observation,
    Scores,
    View,
)

MAX_CANDIDATES = 300
"""Boxes of one class that go into suppression, best first."""
MIN_SIDE_PX = 2
"""Boxes thinner than this, in frame pixels, are dropped."""
HEAD_MIN_SCORE = 0.3
"""Faces scored lower get no head crop."""
MAX_HEADS = 8
"""Heads read in one frame, largest first."""

Batch = NDArray[np.float32]  # (n, 3, height, width)


class Predictor:
    """Runs `scene`, then `head` on the faces found; holds no state between frames."""

    def __init__(self, scene: Net, head: Net | None = None) -> None:
        """Join two nets of one pack; without `head`, no head is ever read.

        Raises:
            ModelError: a net is in the other's place or names what the runtime does not know, or `scene`
                draws no face for `head` to read.
        """
        if scene.spec.net != "scene":
            raise ModelError(f"scene: expected a scene net, got a {scene.spec.net} net")
        if head is not None and head.spec.net != "head":
            raise ModelError(f"head: expected a head net, got a {head.spec.net} net")
        for name, net, known in (("scene", scene, SCENE_CLASSES), ("head", head, HEAD_ATTRIBUTES)):
            unknown = sorted(set(net.spec.names) - set(known)) if net else []
            if unknown:
                raise ModelError(
                    f"{name}: names: expected some of {', '.join(known)}, got {unknown[0]!r}; update the runtime"
                )
        if head is not None and not set(FACES) & set(scene.spec.names):
            raise ModelError(f"scene: names: expected {' or '.join(FACES)} for the head net, got {scene.spec.names}")
        self.scene = scene
        """The net that draws boxes; `.spec` and `.sha256` say which."""
        self.head = head
        """The net that reads heads, or None."""
        self._scene_normaliser = Normaliser(scene.spec.mean, scene.spec.std)
        self._head_normaliser = None if head is None else Normaliser(head.spec.mean, head.spec.std)

    @staticmethod
    def from_models(folder: Path, threads: int = 1) -> Predictor:
        """Load ``scene/scene.onnx`` and ``head/head.onnx`` as `export` wrote them.

        Raises:
            ModelError: see `Net.load`.
        """
        scene, head = (Net.load(folder / name / f"{name}.onnx", threads=threads) for name in ("scene", "head"))
        return Predictor(scene, head)

    @property
    def thresholds(self) -> dict[str, float]:
        """Shipped threshold by detector."""
        return dict(self.scene.spec.thresholds)

    @property
    def model_sha256(self) -> dict[str, str]:
        """Hash of each net's file, by net."""
        nets = {"scene": self.scene, "head": self.head}
        return {name: net.sha256 for name, net in nets.items() if net is not None}

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        """What both nets see in one frame (any picture `as_bgr` takes).

        Raises:
            DataError: the picture is not one `as_bgr` takes.
            ModelError: a net gave numbers that are not finite.
        """
        image = as_bgr(image)
        height, width = image.shape[:2]
        batch, fit = self.preprocess(image)
        boxes, scores = self.forward(batch)
        scene = self.postprocess(boxes, scores, fit, (width, height))
        return Observation(timestamp_s, view, (width, height), scene, self.read_heads(image, scene))

    def observe_many(self, images: Iterable[Image], view: View = "first") -> Iterator[Observation]:
        """Single pictures one after the other, each on its own; lazily."""
        for image in images:
            yield self.observe(image, view=view)

    def preprocess(self, image: Image) -> tuple[Batch, Letterbox]:
        """The frame as a batch of one, and how it was fitted."""
        spec = self.scene.spec
        if (image.shape[1], image.shape[0]) == spec.resolution_wh:
            canvas, placed = image, Letterbox(1.0, 0, 0)  # it fills the canvas: no copy
        else:
            canvas, placed = letterbox(image, spec.resolution_wh, spec.pad_value)
        batch = np.empty((1, 3, *canvas.shape[:2]), np.float32)
        self._scene_normaliser.into(batch[0], canvas)
        return batch, placed

    def forward(self, batch: Batch) -> tuple[Boxes, Scores]:
        """Raw boxes (anchors, 4) in canvas pixels and scores (anchors, classes) of a batch of one."""
        outputs = self.scene.run(batch)
        return outputs["boxes"][0], outputs["scores"][0]

    def postprocess(self, boxes: Boxes, scores: Scores, fit: Letterbox, resolution_wh: tuple[int, int]) -> Detections:
        """Boxes in frame pixels, thresholded and suppressed, best first."""
        spec = self.scene.spec
        # Of thousands of anchors a few dozen score at all; the others would only be carried along.
        able = np.flatnonzero((scores >= spec.min_score).any(1))
        boxes, scores = boxes[able], scores[able]
        kept = [suppress(boxes, scores[:, group], group, spec.min_score, spec.nms_iou) for group in _groups(spec.names)]
        rows, class_ids = (np.concatenate(part).astype(np.int64) for part in zip(*kept, strict=True))
        best = scores[rows, class_ids].astype(np.float32)
        xyxy = clip(fit.to_frame(boxes[rows]), resolution_wh)
        order = np.argsort(-best, kind="stable")
        shorter = (xyxy[:, 2:] - xyxy[:, :2]).min(1, initial=np.inf)
        order = order[shorter[order] >= MIN_SIDE_PX]
        return Detections(xyxy[order], best[order], class_ids[order], spec.names)

    def read_heads(self, image: Image, scene: Detections) -> tuple[HeadReading, ...]:
        """Attributes of the largest faces that are sure and large enough, in one batch."""
        if self.head is None or self._head_normaliser is None:
            return ()
        spec = self.head.spec
        faces = scene.of(*FACES)
        longer = (faces.xyxy[:, 2:] - faces.xyxy[:, :2]).max(1, initial=0)
        able = np.flatnonzero((faces.scores >= HEAD_MIN_SCORE) & (longer >= spec.min_face_px))
        chosen = able[np.argsort(-longer[able], kind="stable")][:MAX_HEADS]
        if not len(chosen):
            return ()
        side = spec.resolution_wh[0]
        batch = np.empty((len(chosen), 3, side, side), np.float32)
        for tensor, i in zip(batch, chosen, strict=True):
            crop = crop_square(image, faces.xyxy[i], spec.crop_scale, side, spec.pad_value)
            self._head_normaliser.into(tensor, crop)
        attributes = self.head.run(batch)["attributes"]
        return tuple(
            HeadReading(faces.xyxy[i], dict(zip(spec.names, map(float, row), strict=True)))
            for i, row in zip(chosen, attributes, strict=True)
        )


def suppress(
    boxes: Boxes, scores: Scores, class_ids: list[int], min_score: float, nms_iou: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Greedy non-maximum suppression among classes that compete: (row, class) of what stays, best first.

    Args:
        boxes: (anchors, 4), any pixels.
        scores: (anchors, len(class_ids)); an anchor takes part with its best class.
        class_ids: class of each column of `scores`.
        min_score: lower scores are dropped.
        nms_iou: a box that overlaps a better one by more than this is the same thing.

    >>> boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [20, 0, 30, 10]], np.float32)
    >>> rows, classes = suppress(boxes, np.array([[.6, .1], [.2, .9], [.3, .0]], np.float32), [1, 2], .05, .6)
    >>> rows.tolist(), classes.tolist()
    ([1, 2], [2, 1])
    """
    best_class = scores.argmax(1)
    best = scores[np.arange(len(scores)), best_class]
    able = np.flatnonzero(best >= min_score)
    order = able[np.argsort(-best[able], kind="stable")][:MAX_CANDIDATES]
    alive = np.ones(len(order), bool)
    overlap = iou(boxes[order], boxes[order]) if len(order) > 1 else alive[None]  # of most classes there is none
    for i in range(len(order) - 1):
        if alive[i]:
            alive[i + 1 :] &= overlap[i, i + 1 :] <= nms_iou
    rows = order[alive]
    return rows, np.asarray(class_ids, np.int64)[best_class[rows]]


def _groups(names: tuple[str, ...]) -> list[list[int]]:
    """Class ids by competition: every class on its own, but the two kinds of face together."""
    faces = [i for i, name in enumerate(names) if name in FACES]
    others = [[i] for i in range(len(names)) if i not in faces]
    return [faces, *others] if faces else others
