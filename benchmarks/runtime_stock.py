"""Part `stock` of `runtime.py`: what a proctoring system would do without this project, on the same frames.

Stock YOLO26n through Ultralytics' `predict` as it comes (640 pixels, score from 0.25), and OpenCV's YuNet as it comes
(the frame's own size, score from 0.9): persons, phones, books and faces, without masks, earphones, hats, rules or
evidence. Beside it our predictor: those classes and more, and the heads. Each frame goes through all three in turn,
on one thread.
"""

from __future__ import annotations

import hashlib
import os
import statistics
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from runtime_figures import Figure, Plan, cpu, exam_frames

from proctor_models.types import Image

YOLO, YUNET = "yolo26n.pt", "face_detection_yunet_2026may.onnx"
ROUND = 12
"""Frames a round."""


def stock(plan: Plan) -> Iterator[Figure]:
    """CPU milliseconds a frame, side by side."""
    missing = [name for name in (YOLO, YUNET) if not (plan.weights / name).is_file()]
    if missing or find_spec("ultralytics") is None:
        note = f"{missing[0]} does not lie in {plan.weights}; see --weights" if missing else "no Ultralytics here"
        yield Figure("stock", "stock YOLO26n and YuNet", "CPU ms", note=note)
        return
    cv2.setNumThreads(1)
    predictor = plan.load().predictor()
    arms: dict[str, Callable[[Image], object]] = {
        "ours: all nets, boxes and heads": predictor.observe,
        "Ultralytics predict, yolo26n at 640": _yolo(plan.weights / YOLO),
        "YuNet": _yunet(plan.weights / YUNET),
    }
    images = [image for _, _, image in exam_frames(plan)][:: 16 if plan.quick else 2]
    for arm in arms.values():
        arm(images[0])
    _one_thread()
    spent: dict[str, list[float]] = {name: [] for name in arms}
    for image in images:
        for name, arm in arms.items():
            spent[name].append(1e3 * cpu(lambda arm=arm, image=image: arm(image)))  # type: ignore[misc]
    yield from _figures(spent, plan.weights)


def _figures(spent: dict[str, list[float]], weights: Path) -> Iterator[Figure]:
    rounds = {
        name: tuple(statistics.fmean(values[i : i + ROUND]) for i in range(0, len(values) - ROUND + 1, ROUND))
        for name, values in spent.items()
    }
    ours, yolo, yunet = rounds.values()
    notes = ("", _said(weights / YOLO), _said(weights / YUNET))
    for (name, values), note in zip(rounds.items(), notes, strict=True):
        yield Figure("stock", name, "CPU ms", values, note=note)
    both = tuple(a + b for a, b in zip(yolo, yunet, strict=True))
    yield Figure("stock", "Ultralytics and YuNet", "CPU ms", both)
    yield Figure("stock", "ours over Ultralytics and YuNet", "ratio", tuple(map(np.divide, ours, both)))


def _yolo(path: Path) -> Callable[[Image], object]:
    os.environ.update({"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false"})
    os.environ.setdefault("YOLO_CONFIG_DIR", str(Path(__file__).resolve().parents[1] / ".ultralytics"))
    from ultralytics import YOLO as NET
    from ultralytics import settings

    settings.update({"sync": False, "dvc": False, "mlflow": False, "raytune": False})
    net: Any = NET(str(path))
    return lambda image: net.predict(image, imgsz=640, device="cpu", verbose=False)


def _yunet(path: Path) -> Callable[[Image], object]:
    net = cv2.FaceDetectorYN.create(str(path), "", (320, 320))

    def look(image: Image) -> object:
        net.setInputSize((image.shape[1], image.shape[0]))
        return net.detect(image)

    return look


def _one_thread() -> None:
    import torch

    torch.set_num_threads(1)  # Ultralytics' first call chooses a number of its own
    cv2.setNumThreads(1)


def _said(path: Path) -> str:
    return f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
