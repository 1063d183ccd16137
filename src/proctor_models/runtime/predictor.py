"""All nets over one frame, in named stages: preprocess, forward, postprocess, look again, draw again, read heads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from proctor_models.boxes import clip
from proctor_models.detectors.rivals import RIVAL_IOU
from proctor_models.errors import ModelError
from proctor_models.runtime.image import Letterbox, crop_square, letterbox
from proctor_models.runtime.model import Net
from proctor_models.runtime.normaliser import Normaliser
from proctor_models.runtime.outline import drawn_anew, same_company, to_frame
from proctor_models.runtime.pixels import as_bgr
from proctor_models.runtime.spec import NetSpec
from proctor_models.runtime.suppression import competing, suppress
from proctor_models.types import (
    FACES,
    HEAD_ATTRIBUTES,
    NETS,
    OPTIONAL_NETS,
    OUTLINE_CLASSES,
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

MIN_SIDE_PX = 2
"""Boxes thinner than this, in frame pixels, are dropped."""
HEAD_MIN_SCORE = 0.3
"""Faces scored lower get no head crop."""
MAX_HEADS = 16
"""Heads read in one frame, largest first."""

THING_MIN_SCORE = 0.2
"""Boxes scored lower get no second look, and are not drawn anew: it would find next to none of them, and cost most of
its time."""
MAX_THINGS = 2
"""Boxes looked at again, and drawn anew, in one frame, best first."""
THING_FULL_SCORE = 0.3
"""From here on the second look counts in full, below it less and less: a step would be one that compression crosses."""
THING_WEIGHT = 0.75
"""What the odds of `thing` count beside those of `scene`, which count 1."""

_EPSILON = 1e-6  # how near to 0 and 1 a score counts

Batch = NDArray[np.float32]  # (n, 3, height, width)


class Predictor:
    """Runs `scene`, then `thing` and `outline` on what they are asked about and `head` on the faces; holds no state."""

    def __init__(
        self, scene: Net, head: Net | None = None, thing: Net | None = None, outline: Net | None = None
    ) -> None:
        """Join the nets of one pack.

        Without `head` no head is ever read; without `thing` and `outline`, scores and boxes are those of `scene`.

        Raises:
            ModelError: a net is in another's place or names what the runtime does not know, or `scene` draws no face
                for `head` to read or not what `thing` or `outline` looks at again.
        """
        known_names = (SCENE_CLASSES, HEAD_ATTRIBUTES, THING_CLASSES, OUTLINE_CLASSES)
        for name, net, known in zip(NETS, (scene, head, thing, outline), known_names, strict=True):
            if net is not None and net.spec.net != name:
                raise ModelError(f"{name}: expected a {name} net, got a {net.spec.net} net")
            unknown = sorted(set(net.spec.names) - set(known)) if net else []
            if unknown:
                raise ModelError(
                    f"{name}: names: expected some of {', '.join(known)}, got {unknown[0]!r}; update the runtime"
                )
        if head is not None and not set(FACES) & set(scene.spec.names):
            raise ModelError(f"scene: names: expected {' or '.join(FACES)} for the head net, got {scene.spec.names}")
        for again in (thing, outline):
            if again is not None and not set(again.spec.names) <= set(scene.spec.names):
                raise ModelError(
                    f"scene: names: expected {again.spec.names} for the {again.spec.net} net, got {scene.spec.names}"
                )
        self.scene = scene
        """The net that draws boxes; `.spec` and `.sha256` say which."""
        self.head = head
        """The net that reads heads, or None."""
        self.thing = thing
        """The net that looks again at phones, or None."""
        self.outline = outline
        """The net that draws phones anew, or None."""
        self._normalisers = {name: Normaliser(net.spec.mean, net.spec.std) for name, net in self.nets.items()}

    @staticmethod
    def from_models(folder: Path, threads: int = 1) -> Predictor:
        """Load ``scene/scene.onnx``, ``head/head.onnx`` and, where they are, those of `OPTIONAL_NETS`, from `export`.

        Raises:
            ModelError: see `Net.load`.
        """
        names = [name for name in NETS if name not in OPTIONAL_NETS or (folder / name).exists()]
        return Predictor(**{name: Net.load(folder / name / f"{name}.onnx", threads=threads) for name in names})

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
        nets = dict(zip(NETS, (self.scene, self.head, self.thing, self.outline), strict=True))
        return {name: net for name, net in nets.items() if net is not None}

    def observe(self, image: Image, timestamp_s: float = 0.0, view: View = "first") -> Observation:
        """What all nets see in one frame (any picture `as_bgr` takes).

        Raises:
            DataError: the picture is not one `as_bgr` takes.
            ModelError: a net gave numbers that are not finite.
        """
        image = as_bgr(image)
        return self.look_closer(image, self.first_look(image), timestamp_s, view)

    def first_look(self, image: Image) -> Detections:
        """What `scene` alone finds in a blue-green-red picture; see `observe`."""
        batch, fit = self.preprocess(image)
        boxes, scores = self.forward(batch)
        return self.postprocess(boxes, scores, fit, (image.shape[1], image.shape[0]))

    def look_closer(self, image: Image, scene: Detections, timestamp_s: float, view: View) -> Observation:
        """What all other nets say of what `scene` found in the picture."""
        scene = self.draw_again(image, self.look_again(image, scene))
        size = (image.shape[1], image.shape[0])
        return Observation(timestamp_s, view, size, scene, self.read_heads(image, scene))

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
        self._normalisers["scene"].into(batch[0], canvas)
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
        kept = [
            suppress(boxes, scores[:, group], group, spec.min_score, spec.nms_iou) for group in competing(spec.names)
        ]
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
        if self.thing is None:
            return scene
        chosen, column = _asked(scene, self.thing.spec)
        if not len(chosen):
            return scene
        said = self.thing.run(self._crops(image, scene.xyxy[chosen], self.thing.spec))["attributes"]
        theirs = said[np.arange(len(chosen)), column]
        scores = scene.scores.copy()
        scores[chosen] = pooled(scores[chosen], theirs, THING_WEIGHT * counted(scores[chosen]))
        order = np.argsort(-scores, kind="stable")
        return Detections(scene.xyxy[order], scores[order], scene.class_ids[order], scene.class_names)

    def draw_again(self, image: Image, scene: Detections) -> Detections:
        """The boxes, those that `outline` knows and that score `THING_MIN_SCORE` or more drawn by it.

        One that would come to lie on other surer boxes than before stays as it was (`same_company`); a less sure one of
        the class on which it comes to lie shows the same thing, and goes.
        """
        if self.outline is None:
            return scene
        spec = self.outline.spec
        chosen, column = _asked(scene, spec)
        if not len(chosen):
            return scene
        said = self.outline.run(self._crops(image, scene.xyxy[chosen], spec))
        xyxy = scene.xyxy.copy()
        for row, class_id, boxes, scores in zip(chosen, column, said["boxes"], said["scores"], strict=True):
            able = scores[:, class_id] >= spec.min_score
            found = to_frame(boxes[able], scene.xyxy[row], spec.crop_scale, spec.resolution_wh[0])
            anew = drawn_anew(scene.xyxy[row], clip(found, (image.shape[1], image.shape[0])), scores[able, class_id])
            surer = scene.scores > scene.scores[row]
            limits = np.where(scene.class_ids == scene.class_ids[row], self.scene.spec.nms_iou, RIVAL_IOU)
            fits = same_company(scene.xyxy[row], anew, xyxy[surer], limits[surer])
            if fits and (anew[2:] - anew[:2]).min() >= MIN_SIDE_PX:
                xyxy[row] = anew
        keep = np.ones(len(scene), bool)
        for class_id in np.unique(scene.class_ids[chosen]):
            (rows,) = np.nonzero(scene.class_ids == class_id)
            keep[rows] = False
            keep[rows[suppress(xyxy[rows], scene.scores[rows, None], [0], 0.0, self.scene.spec.nms_iou)[0]]] = True
        return Detections(xyxy[keep], scene.scores[keep], scene.class_ids[keep], scene.class_names)

    def read_heads(self, image: Image, scene: Detections) -> tuple[HeadReading, ...]:
        """Attributes of the largest faces that are sure and large enough, in one batch."""
        if self.head is None:
            return ()
        spec = self.head.spec
        faces = scene.of(*FACES)
        longer = (faces.xyxy[:, 2:] - faces.xyxy[:, :2]).max(1, initial=0)
        able = np.flatnonzero((faces.scores >= HEAD_MIN_SCORE) & (longer >= spec.min_face_px))
        chosen = able[np.argsort(-longer[able], kind="stable")][:MAX_HEADS]
        if not len(chosen):
            return ()
        attributes = self.head.run(self._crops(image, faces.xyxy[chosen], spec))["attributes"]
        return tuple(
            HeadReading(faces.xyxy[i], dict(zip(spec.names, map(float, row), strict=True)))
            for i, row in zip(chosen, attributes, strict=True)
        )

    def _crops(self, image: Image, xyxy: Boxes, spec: NetSpec) -> Batch:
        """The squares around boxes (n, 4) of the image, as a crop net takes them."""
        side = spec.resolution_wh[0]
        batch = np.empty((len(xyxy), 3, side, side), np.float32)
        for tensor, box in zip(batch, xyxy, strict=True):
            crop = crop_square(image, box, spec.crop_scale, side, spec.pad_value)
            self._normalisers[spec.net].into(tensor, crop)
        return batch


def _asked(scene: Detections, spec: NetSpec) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that a net looks at again, best first, and which of its names each has."""
    column = np.array([spec.names.index(name) if name in spec.names else -1 for name in scene.class_names])
    longer = (scene.xyxy[:, 2:] - scene.xyxy[:, :2]).max(1, initial=0)
    asked = (column[scene.class_ids] >= 0) & (scene.scores >= THING_MIN_SCORE) & (longer >= spec.min_face_px)
    chosen = np.flatnonzero(asked)[:MAX_THINGS]
    return chosen, column[scene.class_ids[chosen]]


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
