"""`proctor synth-faces`: earphones, masks and phones on the faces of a dataset's frames, as a COCO folder."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from proctor_models.data.manifest import BoxLabel, FrameRecord, Manifest
from proctor_models.errors import ConfigError, DataError
from proctor_models.files import building, write_json
from proctor_models.synth.faces import bases, held, labels
from proctor_models.synth.faces.cutouts import Cutouts, read_cutouts
from proctor_models.synth.faces.finder import Finder
from proctor_models.synth.faces.head import Head
from proctor_models.synth.faces.look import jpeg_quality_of, measure
from proctor_models.synth.faces.masks import FITS
from proctor_models.synth.faces.paint import Picture
from proctor_models.synth.faces.scene import NotPlaced, Scene
from proctor_models.synth.faces.sheet import write_sheet
from proctor_models.synth.place import to_make
from proctor_models.types import SCENE_CLASSES

ANNOTATIONS_FILE = "annotations.json"
SUMMARY_FILE = "summary.json"
PROGRESS_EVERY = 20
MAX_TRIES = 80
"""Base frames tried for one thing before another thing is tried."""
FIT_SHARES = (0.54, 0.29, 0.17)


@dataclass(frozen=True)
class Made:
    """One finished frame."""

    base: FrameRecord
    deed: str
    note: str
    jpeg: bytes
    boxes: tuple[BoxLabel, ...]


@dataclass(frozen=True)
class Options:
    """What is not the same for everybody."""

    splits: tuple[str, ...] = ("train",)
    """Sides of the split to take base frames from; without meaning where the dataset is not split."""
    cutouts: Path | None = None
    """Folder of PNG files of earphones and headphones with transparency."""
    sheet: Path | None = None
    """JPEG file to show all frames with their boxes in, outside the folder; it shows real people."""
    fresh: bool = False
    """An earlier result may be replaced."""
    deeds: tuple[str, ...] = tuple(bases.SHARES)
    """What is painted, some of `bases.DEEDS`; their shares among each other stay."""


DEFAULTS = Options()


def synth_faces(
    data: Path, frames: int, seed: int, out: Path, options: Options = DEFAULTS, finder: Finder | None = None
) -> dict[str, object]:
    """Write `frames` painted frames as a COCO folder, all of it or nothing; the same seed gives the same bytes.

    Args:
        data: dataset folder with a manifest, whose frames are painted on.
        frames: how many.
        seed: what chooses everything.
        out: the folder: ``images/*.jpg``, ``annotations.json``, ``summary.json``.
        options: sides of the split, cut-outs, contact sheet, whether an earlier result may be replaced.
        finder: what finds faces; None for MediaPipe.

    Returns:
        What `summary.json` holds: frames, boxes, and how often a thing could not be placed and why.

    Raises:
        ConfigError: `frames` is below 1, `options` names no side or no deed, the sheet lies in `out`, or MediaPipe is
            missing.
        DataError: no manifest or no fit frames in `data`, bad cut-outs, or `out` holds something else, or an earlier
            result that may not be replaced.
    """
    if frames < 1:
        raise ConfigError(f"--frames: expected 1 or more, got {frames}")
    if options.sheet is not None and options.sheet.absolute().is_relative_to(out.absolute()):
        raise ConfigError(f"--sheet: expected a file outside {out}, which is written whole, got {options.sheet}")
    shares = bases.shares_of(options.deeds)
    to_make(out, ANNOTATIONS_FILE, fresh=options.fresh)
    manifest = Manifest.load(data)
    known = bases.candidates(manifest, options.splits)
    pictures = read_cutouts(options.cutouts) if options.cutouts is not None else Cutouts()
    with building(out) as folder:
        maker = Maker(manifest, known, finder or Finder(), pictures, seed, shares)
        (folder / "images").mkdir()
        made: list[Made] = []
        for number in range(1, frames + 1):
            one = maker.make(number)
            (folder / "images" / file_name(number, one)).write_bytes(one.jpeg)
            made.append(replace(one, jpeg=b""))
            if number % PROGRESS_EVERY == 0 or number == frames:
                print(f"synth-faces: {number} of {frames} frames", file=sys.stderr, flush=True)
        summary = _summary(made, maker.not_placed)
        write_json(folder / ANNOTATIONS_FILE, _coco(made, seed))
        write_json(folder / SUMMARY_FILE, summary)
        if options.sheet is not None:
            write_sheet(folder, options.sheet)
    return summary


class Maker:
    """Draws base frames and paints on them."""

    def __init__(
        self,
        manifest: Manifest,
        frames: list[FrameRecord],
        finder: Finder,
        pictures: Cutouts,
        seed: int,
        shares: Mapping[str, float] = bases.SHARES,
    ) -> None:
        """`shares`: deed to its share of the frames."""
        self._manifest, self._finder, self._pictures = manifest, finder, pictures
        self._seed, self._shares = seed, shares
        known = bases.Knowledge.of(frames)
        weights = bases.weights_of(frames)
        self._pools: dict[str, tuple[list[FrameRecord], NDArray[np.float64]]] = {}
        for deed in shares:
            fit = [i for i, frame in enumerate(frames) if not bases.why_unfit(frame, deed, known)]
            own = weights[fit]
            self._pools[deed] = [frames[i] for i in fit], own / max(float(own.sum()), 1e-12)
        self._uses: Counter[str] = Counter()
        self._hopeless: set[tuple[str, str]] = set()
        self.not_placed: Counter[str] = Counter()

    def make(self, number: int) -> Made:
        """The frame of that number.

        Raises:
            DataError: no base frame takes anything any more.
        """
        rng = np.random.default_rng([self._seed, number])
        first = str(rng.choice(list(self._shares), p=list(self._shares.values())))
        for deed in (first, *(d for d in self._shares if d != first)):
            pool, weights = self._pools[deed]
            count = min(MAX_TRIES, len(pool))
            tries = rng.choice(len(pool), count, replace=False, p=weights).tolist() if pool else []
            for base in (pool[index] for index in tries):
                if self._uses[base.id] >= bases.MAX_USES or (deed, base.id) in self._hopeless:
                    continue
                try:
                    made = self._painted(base, deed, rng)
                except NotPlaced as reason:
                    self.not_placed[f"{deed}: {reason}"] += 1
                    self._hopeless.add((deed, base.id))
                else:
                    self._uses[base.id] += 1
                    return made
        reasons = ", ".join(f"{why} ({count})" for why, count in self.not_placed.most_common(5)) or "no frame is fit"
        raise DataError(
            f"--data: expected faces for all frames, found none for frame {number}: {reasons}; "
            "name a larger dataset or ask for fewer --frames"
        )

    def _painted(self, base: FrameRecord, deed: str, rng: np.random.Generator) -> Made:
        path = self._manifest.image_path(base)
        data = path.read_bytes() if path.is_file() else b""
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
        if image is None:
            raise DataError(f"{path}: cannot be decoded any more; run `proctor ingest` again")
        image = np.asarray(image, np.uint8)
        face = bases.target_face(base)
        head = self._finder.head(image, face.xyxy if face else None)
        if head is None or head.face_px < 0.8 * bases.MIN_FACE_PX[deed]:
            raise NotPlaced("no face found" if head is None else "face too small")
        look = measure(image, head, jpeg_quality_of(data), masked=face is not None and face.label == "face_masked")
        picture = Picture(image.astype(np.float32), look, rng)
        people, hands = self._finder.people(image), self._finder.hands(image)
        scene = Scene(base, picture, head, people, hands, face.xyxy if face else None)
        _do(scene, deed, self._pictures)
        box = _face_box(head, image.shape)
        boxes = labels.merged(base, picture, scene.face, scene.mask, box, tuple(scene.belongs), scene.says)
        fine, encoded = cv2.imencode(".jpg", picture.frame(), [cv2.IMWRITE_JPEG_QUALITY, look.jpeg_quality])
        if not fine:
            raise DataError(f"{path}: the painted frame cannot be encoded as JPEG")
        return Made(base, deed, scene.note, bytes(encoded.tobytes()), boxes)


def _do(scene: Scene, deed: str, pictures: Cutouts) -> None:
    rng = scene.rng
    if deed == "in_ear":
        scene.in_ear(pictures)
    elif deed == "over_ear":
        scene.over_ear(pictures)
    elif deed == "glasses":
        scene.glasses(pictures)
    elif deed == "mask":
        scene.masked(FITS[int(rng.choice(3, p=FIT_SHARES))])
    elif deed in ("phone", "notebook"):
        scene.held(deed)
    else:
        scene.held(str(rng.choice(sorted(held.NO_PHONES))))


def _face_box(head: Head, shape: tuple[int, ...]) -> tuple[float, float, float, float]:
    low, high = head.landmarks[:, :2].min(0), head.landmarks[:, :2].max(0)
    x0, y0 = np.maximum(low, 0).tolist()
    x1, y1 = np.minimum(high, [shape[1], shape[0]]).tolist()
    return float(x0), float(y0), float(x1), float(y1)


def file_name(number: int, made: Made) -> str:
    """Name of a frame's file."""
    return f"{number:05d}-{made.deed}.jpg"


def _coco(made: Sequence[Made], seed: int) -> dict[str, object]:
    owned = [(number, box) for number, one in enumerate(made, start=1) for box in one.boxes]
    return {
        "info": {"description": f"proctor synth-faces --frames {len(made)} --seed {seed}: painted on real frames"},
        "categories": [{"id": number, "name": name} for number, name in enumerate(SCENE_CLASSES, start=1)],
        "images": [
            labels.coco_image(number, file_name(number, one), one.base, f"{one.deed}: {one.note}")
            for number, one in enumerate(made, start=1)
        ],
        "annotations": [labels.coco_annotation(i, *pair) for i, pair in enumerate(owned, start=1)],
    }


def _summary(made: Sequence[Made], not_placed: Mapping[str, int]) -> dict[str, object]:
    boxes: Counter[str] = Counter()
    for box in (box for one in made for box in one.boxes):
        stated = {key: box.attributes[key] for key in ("kind", "worn", "mask_incorrect") if key in box.attributes}
        said = ", ".join(f"{key}={value}" for key, value in stated.items())
        boxes[f"{box.label} ({said})" if said else box.label] += 1
    return {
        "frames": len(made),
        "base_frames": len({one.base.id for one in made}),
        "painted": dict(Counter(f"{one.deed}: {one.note}" for one in made)),
        "boxes": dict(boxes),
        "sources": dict(Counter(one.base.source for one in made)),
        "not_placed": dict(not_placed),
    }
