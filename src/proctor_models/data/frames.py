"""Frames as the nets are fed them: whole frames for `scene`, head crops for `head`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from proctor_models.boxes import area, covered, square_around
from proctor_models.data.appearance import appearance
from proctor_models.data.augment import fit_frame, head_augmentation, scene_augmentation
from proctor_models.data.manifest import BoxLabel, FrameRecord, Manifest
from proctor_models.data.paste import MIN_SIDE_PX, Paster, Piece
from proctor_models.data.spots import spot_map
from proctor_models.errors import DataError
from proctor_models.runtime import pixels
from proctor_models.runtime.image import crop_square, normalise
from proctor_models.runtime.spec import NetSpec
from proctor_models.types import FACES, SPOTS, Boxes, Image

_KINDS = {"earphone_over_ear": "headphone", "earphone_in_ear": "earbud"}


@dataclass(frozen=True)
class Taught:
    """What a teacher adds to a frame: boxes of classes the frame does not label."""

    boxes: tuple[BoxLabel, ...] = ()
    known: frozenset[str] = field(default_factory=frozenset)
    """Classes the teacher is sure of on the whole frame: what it did not box is absent."""


NOTHING_TAUGHT = Taught()


def read_image(manifest: Manifest, frame: FrameRecord) -> Image:
    """The frame's pixels.

    Raises:
        DataError: the file is gone, cut off or cannot be decoded; ingest has read it whole, so it was changed since.
    """
    try:
        return pixels.read_image(manifest.image_path(frame))
    except DataError as error:
        raise DataError(f"{error}; ingest read it whole, so it was changed: run `proctor ingest` again") from None


def repeated(manifest: Manifest, repeat: Mapping[str, int]) -> list[FrameRecord]:
    """Frames in order, each as often as an epoch shows its source."""
    return [frame for frame in manifest for _ in range(repeat.get(frame.source, 1))]


class SceneFrames(Dataset[dict[str, Tensor]]):
    """Whole frames with boxes, and which classes their labels speak of."""

    def __init__(
        self,
        manifest: Manifest,
        spec: NetSpec,
        taught: Mapping[str, Taught] | None = None,
        repeat: Mapping[str, int] | None = None,
        augment_seed: int | None = None,
        paste: Mapping[str, float] | None = None,
    ) -> None:
        self.manifest = manifest
        self.spec = spec
        self.taught = taught or {}
        self.frames = repeated(manifest, repeat or {})
        self.augment = None if augment_seed is None else scene_augmentation(augment_seed)
        self.paste = self._paster(paste) if paste else None

    def _paster(self, shares: Mapping[str, float]) -> Paster:
        """Pieces of the classes named, labelled or taught, each frame's once however often it is repeated."""
        frames = list(self.manifest)
        pieces: dict[int, list[Piece]] = {self.spec.names.index(name): [] for name in shares}
        for number, frame in enumerate(frames):
            for box in (*frame.boxes, *self.taught.get(frame.id, NOTHING_TAUGHT).boxes):
                x0, y0, x1, y1 = box.xyxy
                class_id = self.spec.names.index(box.label)
                if class_id in pieces and min(x1 - x0, y1 - y0) >= MIN_SIDE_PX:
                    pieces[class_id].append(Piece(number, box.xyxy, class_id))
        by_id = {self.spec.names.index(name): share for name, share in shares.items()}
        return Paster(pieces, by_id, lambda number: read_image(self.manifest, frames[number]))

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """`image` (3, h, w) float, `xyxy` (n, 4) canvas pixels, `class_ids` (n,), `known` (classes,) bool."""
        frame = self.frames[index]
        taught = self.taught.get(frame.id, NOTHING_TAUGHT)
        labels = [*frame.boxes, *taught.boxes]
        xyxy = np.array([b.xyxy for b in labels], np.float32).reshape(-1, 4)
        class_ids = np.array([self.spec.names.index(b.label) for b in labels], np.int64)
        canvas, xyxy = fit_frame(read_image(self.manifest, frame), xyxy, self.spec.resolution_wh)
        if self.paste is not None:
            # torch's generator, because only it differs from loader process to loader process.
            rng = np.random.default_rng(int(torch.randint(2**31, (1,))))
            canvas, xyxy, class_ids = self.paste(canvas, xyxy, class_ids, rng)
        if self.augment is not None:
            changed = self.augment(image=canvas, bboxes=xyxy, class_ids=class_ids)
            canvas = changed["image"]
            xyxy = np.asarray(changed["bboxes"], np.float32).reshape(-1, 4)[:, :4]
            class_ids = np.asarray(changed["class_ids"], np.int64)
        known = [name in frame.labelled or name in taught.known for name in self.spec.names]
        return {
            "image": torch.from_numpy(normalise(canvas, self.spec.mean, self.spec.std)),
            "xyxy": torch.from_numpy(xyxy),
            "class_ids": torch.from_numpy(class_ids),
            "known": torch.tensor(known),
        }


def collate_scene(samples: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """A batch in the form Ultralytics' loss takes, with `known` (n, classes) beside it.

    `bboxes` are centre and size as shares of the canvas, `batch_idx` says which image a box is of.
    """
    images = torch.stack([s["image"] for s in samples])
    height, width = images.shape[2:]
    size = torch.tensor([width, height, width, height], dtype=torch.float32)
    xyxy = torch.cat([s["xyxy"] for s in samples]) / size
    counts = torch.tensor([len(s["class_ids"]) for s in samples])
    return {
        "images": images,
        "batch_idx": torch.repeat_interleave(torch.arange(len(samples)), counts).float(),
        "cls": torch.cat([s["class_ids"] for s in samples]).float(),
        "bboxes": torch.cat([(xyxy[:, :2] + xyxy[:, 2:]) / 2, xyxy[:, 2:] - xyxy[:, :2]], 1),
        "known": torch.stack([s["known"] for s in samples]),
    }


@dataclass(frozen=True)
class HeadLabel:
    """One head of one frame and what is known of it; an attribute that is not a key is unknown."""

    frame: FrameRecord
    xyxy: tuple[float, float, float, float]
    attributes: Mapping[str, bool]
    spots: Mapping[str, tuple[tuple[float, float, float, float], ...]] = field(default_factory=dict)
    """Attribute of `SPOTS` to where in the frame the things are that decide it, xyxy."""


def _worn(box: BoxLabel) -> bool:
    return box.attributes.get("worn") in (True, "true", "on_ears")


def head_labels(
    frame: FrameRecord, min_face_px: int, crop_scale: float, heads: Sequence[BoxLabel] = ()
) -> list[HeadLabel]:
    """Every head of the frame that is large enough, with its attributes.

    `heads` are faces a teacher found; their class is not trusted, only their place.
    """
    labels = []
    labelled_faces = [b for b in frame.boxes if b.label in FACES]
    for face, trusted in [*((b, True) for b in labelled_faces), *((b, False) for b in heads)]:
        x0, y0, x1, y1 = face.xyxy
        if max(x1 - x0, y1 - y0) < min_face_px:
            continue
        attributes: dict[str, bool] = {}
        if trusted:
            attributes["mask"] = face.label == "face_masked"
            if face.label == "face_masked" and "mask_incorrect" in face.attributes:
                attributes["mask_incorrect"] = bool(face.attributes["mask_incorrect"])
        elif "face_masked" in frame.labelled and not labelled_faces:
            attributes["mask"] = False
        near = _earphones_near(frame, face, crop_scale)
        attributes |= _earphones(near, labelled="earphone" in frame.labelled)
        attributes |= appearance(frame, face)
        spots = {
            name: tuple(b.xyxy for b in near if b.attributes.get("kind") == _KINDS[name] and _worn(b))
            for name in SPOTS
            if attributes.get(name)
        }
        if attributes:
            labels.append(HeadLabel(frame, face.xyxy, attributes, spots))
    return labels


def _earphones_near(frame: FrameRecord, face: BoxLabel, crop_scale: float) -> list[BoxLabel]:
    """Earphones in the head's crop, without those of which it is said that they are not worn."""
    worn = [b for b in frame.boxes if b.label == "earphone" and (_worn(b) or "worn" not in b.attributes)]
    region = square_around(np.array([face.xyxy], np.float32), crop_scale)
    return [b for b in worn if covered(np.array([b.xyxy], np.float32), region)[0, 0] > 0.5]


def _earphones(near: Sequence[BoxLabel], *, labelled: bool) -> dict[str, bool]:
    """Which kinds the head wears; unknown where a label near it leaves out what decides that.

    Where a frame does not label earphones, those that somebody boxed or painted there are worn all the same.
    """
    kinds = {b.attributes.get("kind") for b in near if _worn(b)}
    # Formats without attributes (YOLO) say that there is an earphone, not which kind nor whether it is worn.
    unsaid = any("worn" not in b.attributes or "kind" not in b.attributes for b in near)
    said = {name: kind in kinds for name, kind in _KINDS.items()}
    return {name: present for name, present in said.items() if present or (labelled and not unsaid)}


def known_attributes(labels: Sequence[HeadLabel]) -> list[HeadLabel]:
    """`mask_incorrect` filled in as absent on masked heads of the sources that state it anywhere."""
    stating = {h.frame.source for h in labels if "mask_incorrect" in h.attributes}
    filled = []
    for head in labels:
        if head.frame.source in stating and head.attributes.get("mask"):
            head = replace(head, attributes={"mask_incorrect": False, **head.attributes})  # noqa: PLW2901
        filled.append(head)
    return filled


class HeadCrops(Dataset[tuple[Tensor, Tensor, Tensor, Tensor]]):
    """Head crops: image (3, side, side), targets and known (attributes,), maps of `SPOTS` (spots, h, w); all float."""

    def __init__(
        self, manifest: Manifest, labels: Sequence[HeadLabel], spec: NetSpec, augment_seed: int | None = None
    ) -> None:
        self.manifest = manifest
        self.labels = list(labels)
        self.spec = spec
        self.spots = tuple(name for name in spec.names if name in SPOTS)
        self.augment = None if augment_seed is None else head_augmentation(augment_seed)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """See the class."""
        head = self.labels[index]
        image = read_image(self.manifest, head.frame)
        xyxy: NDArray[np.float32] = np.array(head.xyxy, np.float32)
        if self.augment is not None:
            # The runtime cuts around boxes that `scene` found, which are never quite where a label is.
            # torch's generator, because only it differs from loader process to loader process.
            side = float(max(xyxy[2] - xyxy[0], xyxy[3] - xyxy[1]))
            xyxy = xyxy + (0.04 * side * torch.randn(4)).numpy()
        crop = crop_square(image, xyxy, self.spec.crop_scale, self.spec.resolution_wh[0], self.spec.pad_value)
        things = [(self.spots.index(name), box) for name, boxes in head.spots.items() for box in boxes]
        ids = np.array([i for i, _ in things], np.int64)
        placed = self._placed(xyxy, [box for _, box in things])
        inside = area(placed) > 0
        placed, ids = placed[inside], ids[inside]
        if self.augment is not None:
            changed = self.augment(image=crop, bboxes=placed, class_ids=ids)
            crop, ids = changed["image"], np.asarray(changed["class_ids"], np.int64)
            placed = np.asarray(changed["bboxes"], np.float32).reshape(-1, 4)[:, :4]
        maps = np.array([spot_map(placed[ids == i], crop.shape[0]) for i in range(len(self.spots))], np.float32)
        targets = [float(head.attributes.get(name, False)) for name in self.spec.names]
        known = [float(self._known(head, name, ids)) for name in self.spec.names]
        picture = torch.from_numpy(normalise(crop, self.spec.mean, self.spec.std))
        return picture, torch.tensor(targets), torch.tensor(known), torch.from_numpy(maps)

    def _placed(self, around: NDArray[np.float32], boxes: Sequence[tuple[float, float, float, float]]) -> Boxes:
        """Boxes of the frame in pixels of the crop around a box (4,), cut to it."""
        square = square_around(around[None], self.spec.crop_scale)[0].round()
        side = self.spec.resolution_wh[0]
        xyxy = np.array(boxes, np.float32).reshape(-1, 4) - np.tile(square[:2], 2)
        placed: Boxes = np.clip(xyxy * (side / max(1.0, float(square[2] - square[0]))), 0, side).astype(np.float32)
        return placed

    def _known(self, head: HeadLabel, name: str, left: NDArray[np.int64]) -> bool:
        """Whether the crop shows what is known: a thing that the augmentation took away is neither there nor not.

        Of two of a kind the one that is left decides; the place of the other is taught as empty.
        """
        if name not in head.attributes:
            return False
        gone = head.spots.get(name) and self.augment is not None and self.spots.index(name) not in left
        return not gone
