"""The nets that `peers.py` compares, each behind one function from a frame to the boxes it finds.

Every peer runs the way its authors run it: their preprocessing, their suppression, their library. Only the score from
which boxes are kept is lowered, to that of our own scene net, because average precision ranks all boxes. Whole frames
are judged at the score that the authors ship.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from proctor_models import __version__
from proctor_models.boxes import clip, from_cxcywh
from proctor_models.detectors.multiple_faces import MultipleFaces
from proctor_models.detectors.phone import Phone
from proctor_models.detectors.seat_absence import SeatAbsence
from proctor_models.nets.scene import COCO_ROWS
from proctor_models.runtime.predict import boxes_of
from proctor_models.runtime.predictor import Predictor, suppress
from proctor_models.types import SCENE_CLASSES, Boxes, Image, Scores

BOX_CLASSES: dict[str, tuple[str, ...]] = {
    "phone": ("phone",),
    "person": ("person",),
    "book_paper": ("book_paper",),
    "face": ("face", "face_masked"),
    "face_masked": ("face_masked",),
}
"""What boxes are compared of, with the labels that make it up: most peers know faces, but no masks."""
COCO = {name: COCO_ROWS[name] for name in ("person", "phone", "book_paper")}
MIN_SCORE = 0.02
DETECTORS = (Phone(), MultipleFaces(), SeatAbsence())

Found = tuple[Boxes, Scores]


class Missing(Exception):  # noqa: N818 - nothing has gone wrong
    """A peer that cannot run here; the message says what is missing."""


@dataclass(frozen=True)
class Sight:
    """What one peer sees in one frame."""

    found: Mapping[str, Found]
    """Boxes and scores by key of `BOX_CLASSES`."""
    scores: Mapping[str, float]
    """By detector, how surely the frame is one of its kind."""
    cpu_s: float | None = None
    """CPU time of the process that did the work, where that is another one."""


@dataclass(frozen=True)
class Peer:
    """One net, or ours together, ready to run on one thread."""

    name: str
    library: str
    version: str
    licence: str
    finds: tuple[str, ...]
    """Keys of `BOX_CLASSES`."""
    thresholds: Mapping[str, float]
    """By detector, the score from which a frame counts as positive."""
    look: Callable[[Image], Sight]


@dataclass(frozen=True)
class Setup:
    """Where peers come from."""

    weights: Path
    mediapipe_python: Path


def stock_sight(found: Mapping[str, Found], cpu_s: float | None = None) -> Sight:
    """What boxes say of the whole frame: the surest phone, the second surest person, one less the surest person.

    A net that knows no persons counts faces, as those who use a face detector for it do.

    >>> boxes = np.zeros((2, 4), np.float32)
    >>> said = stock_sight({"face": (boxes, np.array([0.25, 0.75], np.float32))}).scores
    >>> said["multiple_faces"], said["seat_absence"]
    (0.25, 0.25)
    """
    scores: dict[str, float] = {}
    if "phone" in found:
        scores["phone"] = float(found["phone"][1].max(initial=0))
    people = found["person"] if "person" in found else found["face"]
    first, second = sorted([*map(float, people[1]), 0.0, 0.0], reverse=True)[:2]
    return Sight(found, scores | {"multiple_faces": second, "seat_absence": 1 - first}, cpu_s)


def stock_thresholds(score: float) -> dict[str, float]:
    """Thresholds of frames where a box counts from `score` on."""
    return {"multiple_faces": score, "seat_absence": 1 - score}


def ours(predictor: Predictor, name: str) -> Peer:
    """The project's nets through its runtime and its detectors, at the shipped thresholds."""

    def look(image: Image) -> Sight:
        observation = predictor.observe(image)
        rows = list(boxes_of(observation))
        xywh = np.array([row["bbox"] for row in rows], np.float32).reshape(-1, 4)
        xyxy = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], 1)
        scores = np.array([row["score"] for row in rows], np.float32)
        named = np.array([SCENE_CLASSES[row["category_id"] - 1] for row in rows], object)
        masks = {key: np.isin(named, names) for key, names in BOX_CLASSES.items()}
        said = {detector.name: detector.read(observation).score or 0.0 for detector in DETECTORS}
        return Sight({key: (xyxy[mask], scores[mask]) for key, mask in masks.items()}, said)

    sha256 = " ".join(f"{net} {value[:8]}" for net, value in predictor.model_sha256.items())
    return Peer(
        name,
        f"ONNX Runtime {onnxruntime.__version__}",
        f"{__version__}, {sha256}",
        "AGPL-3.0",
        tuple(BOX_CLASSES),
        predictor.thresholds,
        look,
    )


def weights_file(setup: Setup, name: str) -> tuple[Path, str]:
    """A file of weights and the first digits of its hash.

    Raises:
        Missing: it is not there.
    """
    path = setup.weights / name
    if not path.is_file():
        raise Missing(f"{name} does not lie in the folder of weights")
    return path, hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def ultralytics(file: str, name: str, side_px: int) -> Callable[[Setup], Peer]:
    """A stock net of Ultralytics through its own `predict`, at one input size."""

    def build(setup: Setup) -> Peer:
        path, sha256 = weights_file(setup, file)
        import torch
        from ultralytics import YOLO, settings

        settings.update({"sync": False, "dvc": False, "mlflow": False, "raytune": False})
        net = YOLO(str(path))
        options = {"imgsz": side_px, "conf": MIN_SCORE, "classes": list(COCO.values()), "device": "cpu"}
        net.predict(np.zeros((480, 640, 3), np.uint8), verbose=False, **options)
        torch.set_num_threads(1)  # the first call chooses a number of its own

        def look(image: Image) -> Sight:
            boxes = net.predict(image, verbose=False, **options)[0].boxes
            xyxy, scores, rows = (part.numpy() for part in (boxes.xyxy, boxes.conf, boxes.cls))
            return stock_sight({key: (xyxy[rows == row], scores[rows == row]) for key, row in COCO.items()})

        used = f"Ultralytics {version('ultralytics-opencv-headless')}, {sha256}"
        return Peer(name, f"PyTorch {torch.__version__}", used, "AGPL-3.0", tuple(COCO), stock_thresholds(0.25), look)

    return build


def yolox(setup: Setup) -> Peer:
    """YOLOX-nano at 416, as Megvii's demo for ONNX Runtime feeds and reads it."""
    path, sha256 = weights_file(setup, "yolox_nano.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    side_px = 416
    cells = [
        (x, y, stride) for stride in (8, 16, 32) for y in range(side_px // stride) for x in range(side_px // stride)
    ]
    x_y, strides = np.array(cells, np.float32)[:, :2], np.array(cells, np.float32)[:, 2:]

    def look(image: Image) -> Sight:
        height, width = image.shape[:2]
        ratio = min(side_px / height, side_px / width)
        canvas = np.full((side_px, side_px, 3), 114, np.uint8)
        small = cv2.resize(image, (int(width * ratio), int(height * ratio)), interpolation=cv2.INTER_LINEAR)
        canvas[: small.shape[0], : small.shape[1]] = small
        batch = np.ascontiguousarray(canvas.transpose(2, 0, 1)[None], np.float32)
        raw = session.run(None, {"images": batch})[0][0]
        xyxy = from_cxcywh(np.concatenate([(raw[:, :2] + x_y) * strides, np.exp(raw[:, 2:4]) * strides], 1))
        found = {}
        for key, row in COCO.items():
            scores = raw[:, 4:5] * raw[:, 5 + row : 6 + row]
            rows, _ = suppress(xyxy, scores, [0], MIN_SCORE, 0.45)
            found[key] = clip(xyxy[rows] / ratio, (width, height)), scores[rows, 0]
        return stock_sight(found)

    library = f"ONNX Runtime {onnxruntime.__version__}"
    return Peer("YOLOX-nano 416", library, sha256, "Apache-2.0", tuple(COCO), stock_thresholds(0.25), look)
