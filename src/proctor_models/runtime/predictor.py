"""All nets over one frame, in named stages: preprocess, forward, postprocess, look again, read heads."""

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
from proctor_models.runtime.spec import NetSpec
from proctor_models.types import (
    FACES,
    HEAD_ATTRIBUTES,
    NETS,
    SCENE_CLASSES,
    THING_CLASSES,
    Boxes,
    Detections,
    HeadReading,
    Image,
    NetName,
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

THING_MIN_SCORE = 0.2
"""Boxes scored lower get no second look: it would find next to none of them, and cost most of its time."""
MAX_THINGS = 2
"""Boxes looked at again in one frame, best first."""
THING_FULL_SCORE = 0.3
"""From here on the second look counts in full, below it less and less: a step would be one that compression crosses."""
THING_WEIGHT = 0.75
"""What the odds of `thing` count beside those of `scene`, which count 1."""

_EPSILON = 1e-6  # how near to 0 and 1 a score counts

Batch = NDArray[np.float32]  # (n, 3, height, width)


class Predictor:
    """Runs `scene`, then `thing` on what it is asked about and `head` on the faces; holds no state between frames."""

    def __init__(self, scene: Net, head: Net | None = None, thing: Net | None = None) -> None:
        """Join the nets of one pack; without `head`, no head is ever read, without `thing`, `scene` has the last word.

        Raises:
            ModelError: a net is in another's place or names what the runtime does not know, or `scene` draws no face
                for `head` to read or not what `thing` looks at again.
        """
        placed = (("scene", scene, SCENE_CLASSES), ("head", head, HEAD_ATTRIBUTES), ("thing", thing, THING_CLASSES))
        for name, net, known in placed:
            if net is not None and net.spec.net != name:
                raise ModelError(f"{name}: expected a {name} net, got a {net.spec.net} net")
            unknown = sorted(set(net.spec.names) - set(known)) if net else []
            if unknown:
                raise ModelError(
                    f"{name}: names: expected some of {', '.join(known)}, got {unknown[0]!r}; update the runtime"
                )
        if head is not None and not set(FACES) & set(scene.spec.names):
            raise ModelError(f"scene: names: expected {' or '.join(FACES)} for the head net, got {scene.spec.names}")
        if thing is not None and not set(thing.spec.names) <= set(scene.spec.names):
            raise ModelError(f"scene: names: expected {thing.spec.names} for the thing net, got {scene.spec.names}")
        self.scene = scene
        """The net that draws boxes; `.spec` and `.sha256` say which."""
        self.head = head
        """The net that reads heads, or None."""
        self.thing = thing
        """The net that looks again at phones, or None."""
        self._scene_normaliser = Normaliser(scene.spec.mean, scene.spec.std)
        self._head_normaliser = None if head is None else Normaliser(head.spec.mean, head.spec.std)
        self._thing_normaliser = None if thing is None else Normaliser(thing.spec.mean, thing.spec.std)

    @staticmethod
    def from_models(folder: Path, threads: int = 1) -> Predictor:
        """Load ``scene/scene.onnx``, ``head/head.onnx`` and ``thing/thing.onnx``, if it is there, from `export`.

        Raises:
            ModelError: see `Net.load`.
        """
        names = [name for name in NETS if name != "thing" or (folder / name).exists()]
        return Predictor(*(Net.load(folder / name / f"{name}.onnx", threads=threads) for name in names))

    @property
    def thresholds(self) -> dict[str, float]:
        """Shipped threshold by detector."""
        return dict(self.scene.spec.thresholds)

    @property
    def model_sha256(self) -> dict[str, str]:
        """Hash of each net's file, by net."""
        return {name: net.sha256 for name, net in self.nets.items()}

    @property
    def nets(self) -> dict[NetName, Net]:
        """The nets there are, by name, in the order of `NETS`."""
        nets = dict(zip(NETS, (self.scene, self.head, self.thing), strict=True))
        return {name: net for name, net in nets.items() if net is not None}

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        """What all nets see in one frame (any picture `as_bgr` takes).

        Raises:
            DataError: the picture is not one `as_bgr` takes.
            ModelError: a net gave numbers that are not finite.
        """
        image = as_bgr(image)
        height, width = image.shape[:2]
        batch, fit = self.preprocess(image)
        boxes, scores = self.forward(batch)
        scene = self.look_again(image, self.postprocess(boxes, scores, fit, (width, height)))
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

    def look_again(self, image: Image, scene: Detections) -> Detections:
        """The same boxes, best first; those that `thing` knows and `scene` scores `THING_MIN_SCORE` up scored by both.

        The odds of both are pooled, each to the power of its weight (logarithmic opinion pool; Genest and Zidek,
        "Combining probability distributions", Statistical Science 1986).
        """
        if self.thing is None or self._thing_normaliser is None:
            return scene
        spec = self.thing.spec
        column = np.array([spec.names.index(name) if name in spec.names else -1 for name in scene.class_names])
        longer = (scene.xyxy[:, 2:] - scene.xyxy[:, :2]).max(1, initial=0)
        asked = (column[scene.class_ids] >= 0) & (scene.scores >= THING_MIN_SCORE) & (longer >= spec.min_face_px)
        chosen = np.flatnonzero(asked)[:MAX_THINGS]
        if not len(chosen):
            return scene
        said = self.thing.run(_crops(image, scene.xyxy[chosen], spec, self._thing_normaliser))["attributes"]
        theirs = said[np.arange(len(chosen)), column[scene.class_ids[chosen]]]
        scores = scene.scores.copy()
        scores[chosen] = pooled(scores[chosen], theirs, THING_WEIGHT * counted(scores[chosen]))
        order = np.argsort(-scores, kind="stable")
        return Detections(scene.xyxy[order], scores[order], scene.class_ids[order], scene.class_names)

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
        attributes = self.head.run(_crops(image, faces.xyxy[chosen], spec, self._head_normaliser))["attributes"]
        return tuple(
            HeadReading(faces.xyxy[i], dict(zip(spec.names, map(float, row), strict=True)))
            for i, row in zip(chosen, attributes, strict=True)
        )


def _crops(image: Image, xyxy: Boxes, spec: NetSpec, normaliser: Normaliser) -> Batch:
    """The squares around boxes (n, 4) of the image, as a crop net takes them."""
    side = spec.resolution_wh[0]
    batch = np.empty((len(xyxy), 3, side, side), np.float32)
    for tensor, box in zip(batch, xyxy, strict=True):
        normaliser.into(tensor, crop_square(image, box, spec.crop_scale, side, spec.pad_value))
    return batch


def counted(scores: Scores) -> Scores:
    """How much of a second look counts by the first one's scores (n,): 0 at `THING_MIN_SCORE`, 1 from the full one on.

    >>> counted(np.array([0.2, 0.25, 0.6])).round(2).tolist()
    [0.0, 0.5, 1.0]
    """
    share: Scores = np.clip((scores - THING_MIN_SCORE) / (THING_FULL_SCORE - THING_MIN_SCORE), 0, 1)
    return share


def pooled(scores: Scores, others: Scores, weight: float | Scores) -> Scores:
    """Scores (n,) whose odds are those of `scores` times those of `others` to the power of `weight`, one or (n,).

    >>> pooled(np.array([0.5, 0.5, 0.8], np.float32), np.array([0.5, 0.8, 0.2], np.float32), 1.0).round(2).tolist()
    [0.5, 0.800000011920929, 0.5]
    """
    odds = [
        np.log(p) - np.log1p(-p) for p in (np.clip(s, _EPSILON, 1 - _EPSILON, dtype=float) for s in (scores, others))
    ]
    joined: Scores = (1 / (1 + np.exp(-(odds[0] + weight * odds[1])))).astype(np.float32)
    return joined


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
