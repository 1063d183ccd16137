"""A pack over a folder of pictures, as a COCO file whose annotations carry scores.

FiftyOne, CVAT and pycocotools read it. Beyond COCO it holds, for each image, `scores`: what each detector says
of it as a single frame of the first view (null where the frame cannot answer).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from proctor_models import __version__
from proctor_models.detectors import TRAINED
from proctor_models.detectors.earphone import ATTRIBUTES, on_head
from proctor_models.detectors.heads import ear_region, head_regions, legible, reading_of
from proctor_models.detectors.mask import mask_score
from proctor_models.errors import DataError
from proctor_models.files import write_text
from proctor_models.runtime.pack import Pack
from proctor_models.runtime.pixels import read_image
from proctor_models.runtime.predictor import Predictor
from proctor_models.types import FACES, SCENE_CLASSES, Boxes, Observation

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
KINDS = {"earphone_over_ear": "headphone", "earphone_in_ear": "earbud"}
_EVERY = 50  # images between two lines of progress
_NAMED = 20  # names in one message

Row = dict[str, Any]


def predict(pack_folder: Path, images_folder: Path, out: Path, threads: int = 2) -> None:
    """Write `out`, all of it or nothing: every image below `images_folder`, boxes with scores.

    Args:
        pack_folder: a pack.
        images_folder: searched in depth for jpg, png, webp and bmp files, taken in the order of their names.
        out: the COCO file.
        threads: threads one inference may use.

    Raises:
        PackError, ModelError: the pack is not fit for use.
        DataError: no folder or no images there, images that cannot be read (by name), or no folder for `out`.
    """
    paths = image_paths(images_folder)
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise DataError(f"{out}: expected a file in a folder that exists; name one, as predictions.json")
    if threads < 1:
        raise DataError(f"threads: expected 1 or more, got {threads}")
    pack = Pack.load(pack_folder, threads)
    info = {
        "description": "Boxes for review, with scores; no verdicts.",
        "version": pack.version,
        "pack_version": pack.version,
        "model_sha256": pack.model_sha256,
        "thresholds": pack.thresholds,
        "created_by": f"proctor-models {__version__}",
    }
    coco = coco_predictions(pack.predictor(), images_folder, paths)
    try:
        write_text(out, json.dumps({"info": info, **coco}, ensure_ascii=False))
    except OSError as error:
        raise DataError(f"{out}: cannot be written ({error.strerror}); free the disk or name another file") from error
    print(f"{out}: {len(coco['images'])} images, {len(coco['annotations'])} boxes", file=sys.stderr)


def image_paths(folder: Path) -> list[Path]:
    """Image files below `folder`, by name; hidden ones are left out.

    Raises:
        DataError: no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder of images")
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file() and not _hidden(path.relative_to(folder))
    )
    if not paths:
        raise DataError(f"{folder}: expected images ({', '.join(s[1:] for s in SUFFIXES)}), found none in any depth")
    return paths


def coco_predictions(predictor: Predictor, folder: Path, paths: Sequence[Path]) -> dict[str, list[Row]]:
    """Images, annotations and categories of a COCO file; `file_name` is relative to `folder`.

    Every class the project knows has its category, numbered from 1 in the order of `SCENE_CLASSES`, whether
    the net draws it or not, so that files of two packs compare.

    Raises:
        DataError: some images cannot be read; the message names the first twenty, after all were opened.
    """
    images: list[Row] = []
    annotations: list[Row] = []
    unreadable: list[str] = []
    for done, path in enumerate(paths, start=1):
        try:
            image = read_image(path)
        except DataError as error:
            unreadable.append(str(error))
        if unreadable:
            continue  # nothing will be written; go on only to name the others
        observation = predictor.observe(image)
        width, height = observation.resolution_wh
        scores = {detector.name: _rounded(detector.read(observation).score) for detector in TRAINED}
        name = path.relative_to(folder).as_posix()
        images.append({"id": done, "file_name": name, "width": width, "height": height, "scores": scores})
        annotations += [
            {"id": len(annotations) + i, "image_id": done, **row}
            for i, row in enumerate(boxes_of(observation), start=1)
        ]
        if done % _EVERY == 0 or done == len(paths):
            print(f"predict: {done} of {len(paths)} images", file=sys.stderr, flush=True)
    if unreadable:
        more = f"\n  and {len(unreadable) - _NAMED} more" if len(unreadable) > _NAMED else ""
        names = "\n  ".join(unreadable[:_NAMED])
        raise DataError(f"{len(unreadable)} of {len(paths)} images unreadable, nothing written:\n  {names}{more}")
    categories = [{"id": i, "name": name} for i, name in enumerate(SCENE_CLASSES, start=1)]
    return {"images": images, "annotations": annotations, "categories": categories}


def boxes_of(observation: Observation) -> Iterator[Row]:
    """One COCO annotation a box, without its ids, best first; faces are named as both nets together name them."""
    scene = observation.scene
    for xyxy, score, class_id in zip(scene.xyxy, scene.scores, scene.class_ids, strict=True):
        name = scene.class_names[class_id]
        attributes: Row = {}
        if name in FACES:
            name, attributes = _face(observation, xyxy, name, float(score))
        elif name == "earphone":
            attributes = _earphone(observation, xyxy)
        x0, y0, x1, y1 = (round(float(value), 2) for value in xyxy)
        size = round(x1 - x0, 2), round(y1 - y0, 2)
        yield {
            "category_id": SCENE_CLASSES.index(name) + 1,
            "bbox": [x0, y0, *size],
            "area": round(size[0] * size[1], 2),
            "iscrowd": 0,
            "score": _rounded(float(score)),
            "attributes": attributes,
        }


def _face(observation: Observation, xyxy: Boxes, named: str, score: float) -> tuple[str, Row]:
    """Kind of face and what the head net reads on it.

    Both nets name the kind: the scene net by the class of the box, the head net by its mask attributes. They are
    joined as the mask detector joins them, so that the file and the findings never contradict each other.
    """
    head = reading_of(xyxy, observation.heads)
    if head is None:
        return named, {}
    masked = mask_score(named == "face_masked", score, head.attributes) >= 0.5
    said = head.attributes
    if not legible((head,)):
        said = {name: value for name, value in said.items() if name.startswith("mask")}
    attributes: Row = {name: _rounded(value) for name, value in said.items()}
    return ("face_masked" if masked else "face"), attributes


def _earphone(observation: Observation, xyxy: Boxes) -> Row:
    """Whether it lies on a head, and its kind where the head net has read that head."""
    box = xyxy[None]
    attributes: Row = {"worn": bool(on_head(box, head_regions(observation))[0])}
    for head in legible(observation.heads):
        if on_head(box, ear_region(head.xyxy[None]))[0]:
            surest = max(ATTRIBUTES, key=lambda name: head.attributes.get(name, 0.0))
            attributes["kind"] = KINDS[surest]
            break
    return attributes


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _hidden(relative: Path) -> bool:
    return any(part.startswith(".") for part in relative.parts)
