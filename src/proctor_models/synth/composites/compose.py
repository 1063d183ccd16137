"""`proctor synth`: a labelled data set with clear rights, painted on photographs of made-up people."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from proctor_models.errors import ConfigError, DataError
from proctor_models.files import building
from proctor_models.synth.composites.first_view import Stage, draw_setting
from proctor_models.synth.composites.layers import FRAME_WH, Canvas, visible_box
from proctor_models.synth.composites.people import Studio
from proctor_models.synth.composites.plan import Case, draw_plan
from proctor_models.synth.composites.second_view import SecondStage
from proctor_models.synth.place import to_make
from proctor_models.types import Image

CATEGORIES = ("person", "face", "face_masked", "phone", "earphone", "book_paper")
ANNOTATIONS_FILE = "annotations.json"
LICENCE = "MIT (openpeople 0.1.2)"
COLLECTION = "openpeople"
# Only seen from the side: from behind, the body hides a hand and both ears.
BESIDE = frozenset({"phone_hand", "headphones"})


@dataclass(frozen=True)
class Painted:
    """One finished frame with what is labelled in it."""

    image: Image
    labels: tuple[tuple[str, tuple[int, int, int, int], dict[str, Any]], ...]
    source_path: str
    tags: dict[str, str]


def compose(frames: int, seed: int, out: Path, *, fresh: bool = False) -> None:
    """Write `frames` labelled frames as a COCO folder, all of it or nothing; the same seed gives the same bytes.

    Args:
        frames: how many.
        seed: what chooses everything.
        out: the folder: ``images/*.jpg``, ``annotations.json``, ``LICENCE.txt``.
        fresh: a folder that an earlier run wrote is replaced.

    Raises:
        ConfigError: `frames` is below 1, or openpeople or MediaPipe is missing.
        DataError: `out` holds something else, or another plan's result and `fresh` is not set.
    """
    if frames < 1:
        raise ConfigError(f"--frames: expected 1 or more, got {frames}")
    if not to_make(out, ANNOTATIONS_FILE, fresh=fresh, same=lambda: _described(out) == _description(frames, seed)):
        return
    plan = draw_plan(frames, seed)
    with building(out) as folder:
        studio = Studio()
        (folder / "images").mkdir()
        entries: dict[int, Painted] = {}
        # One person after the other: their photographs are large, and only a few fit into memory.
        for done, case in enumerate(sorted(plan, key=lambda c: (c.person, c.index)), start=1):
            painted = paint(studio, case, seed)
            quality = 58 + case.clip_seed % 15
            write_jpeg(folder / "images" / f"{case.name}.jpg", painted.image, quality)
            entries[case.index] = replace(painted, image=np.zeros((0, 0, 3), np.uint8))
            if done % 20 == 0 or done == frames:
                print(f"synth: {done} of {frames} frames", file=sys.stderr, flush=True)
        coco = _coco(plan, [entries[case.index] for case in plan], seed)
        (folder / ANNOTATIONS_FILE).write_text(json.dumps(coco, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        (folder / "LICENCE.txt").write_text(licence_text(), encoding="utf-8")


def paint(studio: Studio, case: Case, seed: int) -> Painted:
    """Paint one frame of the plan."""
    rng = np.random.default_rng([seed, 2, case.index])
    moving = bool(rng.random() < 0.12)
    if case.view == "second":
        angle = "beside" if case.activity in BESIDE else ""
        scene = SecondStage(studio, case.clip_seed, case.person, rng, angle)
        scene.build(case.activity, case.visitor)
        tags = {"light": scene.look.light, "angle": scene.angle}
        return Painted(scene.finish(moving), labels_of(scene.canvas), scene.source_path, tags)
    setting = draw_setting(case.clip_seed, case.person)
    if case.activity in ("earphones", "headphones", "phone_headphones") and setting.kind == "standing":
        setting = replace(setting, kind="seated")
    stage = Stage(studio, setting, rng)
    _act(stage, case)
    tags = {"light": setting.look.light, "photograph": setting.kind}
    return Painted(stage.finish(moving), labels_of(stage.canvas), stage.source_path, tags)


def _act(stage: Stage, case: Case) -> None:
    """Everything of a first-view frame, from the back to the front."""
    activity = case.activity
    if case.visitor is not None:
        stage.visitor(case.visitor)
    stage.chair(always=activity == "empty")
    if activity == "empty":
        if stage.rng.random() < 0.4:
            stage.desk(tuple(stage.rng.choice(["paper", "mug", "phone", "book"], 2, replace=False).tolist()))
        return
    side = 1 if stage.rng.random() < 0.5 else -1
    stage.candidate(lean=(side * float(stage.rng.uniform(1.0, 2.0)), 0.1) if activity == "leaning" else (0.0, 0.0))
    for name in steps(activity):
        DEEDS[name](stage)


def steps(activity: str) -> tuple[str, ...]:
    """What a candidate does or wears in an activity, in painting order.

    >>> steps("phone_mask")
    ('mask', 'phone_front')
    >>> steps("quiet")
    ()
    """
    together = {
        "phone_mask": ("mask", "phone_front"),
        "phone_headphones": ("headphones", "phone_front"),
    }
    return together.get(activity, (activity,) if activity in DEEDS else ())


def _desk_with(*names: str) -> Callable[[Stage], None]:
    def lay(stage: Stage) -> None:
        extra = str(stage.rng.choice(["mug", "remote", "calculator", "wallet"]))
        things = [str(stage.rng.choice(list(names))), extra]
        stage.desk(tuple(things[i] for i in stage.rng.permutation(2)))

    return lay


DEEDS: dict[str, Callable[[Stage], None]] = {
    "phone_front": lambda stage: stage.phone_in_hand("front"),
    "phone_ear": lambda stage: stage.phone_in_hand("ear"),
    "phone_shown": lambda stage: stage.phone_in_hand("shown"),
    "phone_desk": _desk_with("phone"),
    "paper_desk": _desk_with("paper", "book", "closed_book"),
    "other_on_desk": _desk_with("mug", "calculator", "wallet", "remote"),
    "other_in_hand": lambda stage: stage.negative_in_hand(),
    "book_held": lambda stage: stage.reading(),
    "mask": lambda stage: stage.mask("right"),
    "mask_under_nose": lambda stage: stage.mask("under_nose"),
    "mask_chin": lambda stage: stage.mask("chin"),
    "headphones": lambda stage: stage.headphones(),
    "earphones": lambda stage: stage.earphones(),
}


def labels_of(canvas: Canvas) -> tuple[tuple[str, tuple[int, int, int, int], dict[str, Any]], ...]:
    """Label, box and attributes of everything of which enough is visible."""
    found = []
    for item in canvas.items:
        small = item.label == "earphone"
        box = visible_box(item, 12.0 if small else 40.0, 0.25 if item.label.startswith("face") else 0.12)
        if box is not None:
            found.append((item.label, box, dict(item.attributes)))
    return tuple(found)


def _coco(plan: tuple[Case, ...], painted: list[Painted], seed: int) -> dict[str, Any]:
    annotations: list[dict[str, Any]] = []
    for number, frame in enumerate(painted, start=1):
        for label, (x0, y0, x1, y1), attributes in frame.labels:
            box = {"bbox": [x0, y0, x1 - x0, y1 - y0], "area": (x1 - x0) * (y1 - y0), "iscrowd": 0}
            ids = {"id": len(annotations) + 1, "image_id": number, "category_id": CATEGORIES.index(label) + 1}
            annotations.append(ids | box | {"attributes": attributes})
    return {
        "info": {"description": _description(len(plan), seed)},
        "licenses": [{"id": 1, "name": LICENCE, "url": "https://github.com/Prompt-Haus/OpenPeople"}],
        "categories": [{"id": number, "name": name} for number, name in enumerate(CATEGORIES, start=1)],
        "images": [_image(n, *pair) for n, pair in enumerate(zip(plan, painted, strict=True), start=1)],
        "annotations": annotations,
    }


def _description(frames: int, seed: int) -> str:
    """By which a finished folder is known again."""
    return f"proctor synth --kind composites --frames {frames} --seed {seed}: nobody in it exists"


def _described(out: Path) -> str:
    """What a finished folder says of itself; empty where its file is damaged."""
    try:
        return str(json.loads((out / ANNOTATIONS_FILE).read_text(encoding="utf-8"))["info"]["description"])
    except (ValueError, KeyError, TypeError):
        return ""


def _image(number: int, case: Case, frame: Painted) -> dict[str, Any]:
    return {
        "id": number,
        "file_name": f"{case.name}.jpg",
        "width": FRAME_WH[0],
        "height": FRAME_WH[1],
        "source_repo": COLLECTION,
        "source_path": frame.source_path or "none",
        "licence": LICENCE,
        "labelled_categories": list(CATEGORIES),
        "view": "webcam" if case.view == "first" else "second",
        "subject": case.subject,
        "room_subject": case.person,
        "clip": case.clip,
        "frame_index": case.frame_index,
        "activity": case.activity,
        "synthetic": True,
        "tags": frame.tags,
    }


def write_jpeg(path: Path, image: Image, quality: int) -> None:
    """Write a picture.

    Raises:
        DataError: it cannot be encoded.
    """
    fine, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not fine:
        raise DataError(f"{path}: cannot be encoded as JPEG")
    path.write_bytes(encoded.tobytes())


def licence_text() -> str:
    """Whose photographs these are, with their licence in full."""
    notice = importlib.metadata.distribution("openpeople").read_text("licenses/LICENSE") or "MIT License"
    return (
        "The people in these pictures do not exist: they are composites on generated photographs of the Python\n"
        "package openpeople 0.1.2, under this licence:\n\n" + notice
    )
