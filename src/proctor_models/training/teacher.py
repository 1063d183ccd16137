"""Labels that a frame lacks, made by nets that know better.

Sources label different classes. Where an image does not label a class that the starting net knows, that
net's sure boxes become labels and its doubtful ones keep the class out of the loss; so a selfie that
labels only its phone does not teach that nobody is there (compare "Learning without forgetting", Li and
Hoiem, ECCV 2016). Where a person has said what a thing is, a teacher's other name for it is not taught: COCO's
nets take a notebook in a hand for a laptop and a phone from behind for a remote. Heads on images that say
what is worn but not where faces are come from YuNet (Wu et al., "YuNet: a tiny millisecond-level face
detector", 2023).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader
from torchvision.ops import batched_nms
from tqdm import tqdm

from proctor_models.boxes import iou
from proctor_models.data.frames import SceneFrames, Taught, collate_scene, read_image
from proctor_models.data.manifest import BoxLabel, FrameRecord, Manifest
from proctor_models.errors import CheckpointError
from proctor_models.files import write_text
from proctor_models.nets.scene import SceneNet
from proctor_models.runtime.image import fit
from proctor_models.runtime.spec import NetSpec
from proctor_models.types import FACES, SCENE_CLASSES, Boxes, Image

_MOST_BOXES = 100
_SAME_IOU = 0.5
"""What a teacher boxed is the thing that a label has boxed where they overlap by more."""
_THINGS = frozenset(SCENE_CLASSES) - {"person", *FACES, "earphone"}
"""Classes of which one thing is one only."""
_BATCH = 4  # on two cores a fifth faster than 16: it stays in the cache


def decode(
    xyxy: torch.Tensor, scores: torch.Tensor, min_score: float, nms_iou: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Boxes, scores and class ids of one image, best first, one class suppressing only itself.

    Args:
        xyxy: (anchors, 4) canvas pixels.
        scores: (anchors, classes).
        min_score: what is scored lower is dropped.
        nms_iou: boxes of one class that overlap more are one.
    """
    anchor, label = (scores > min_score).nonzero(as_tuple=True)
    chosen_boxes, chosen_scores = xyxy[anchor].float(), scores[anchor, label].float()
    keep = batched_nms(chosen_boxes, chosen_scores, label, nms_iou)[:_MOST_BOXES]
    return chosen_boxes[keep], chosen_scores[keep], label[keep]


def teach(
    teacher: SceneNet, manifest: Manifest, spec: NetSpec, knows: frozenset[str], sure: float, doubt: float
) -> dict[str, Taught]:
    """What `teacher` adds to every frame, by frame id.

    Args:
        teacher: a net over `spec.names`, in evaluation mode.
        manifest: frames to label.
        spec: how frames are prepared.
        knows: classes the teacher may be believed on.
        sure: boxes scored higher become labels.
        doubt: boxes scored between this and `sure` keep their class from being learnt as absent.
    """
    asked = manifest.with_frames(f for f in manifest if knows - set(f.labelled))
    if not len(asked):
        return {}
    return {
        frame.id: _taught(frame, spec, found, knows - set(frame.labelled), sure)
        for frame, found in look(teacher, asked, spec, doubt)
    }


def look(
    net: SceneNet, manifest: Manifest, spec: NetSpec, min_score: float
) -> Iterator[tuple[FrameRecord, tuple[torch.Tensor, ...]]]:
    """Every frame with what the net finds in it, as `decode` returns it; the net itself stays as it is.

    Args:
        net: a net over `spec.names`, in evaluation mode.
        manifest: frames to look at.
        spec: how frames are prepared.
        min_score: what is scored lower is dropped.
    """
    fused = copy.deepcopy(net)
    fused.fuse()
    loader = DataLoader(SceneFrames(manifest, spec), batch_size=_BATCH, num_workers=1, collate_fn=collate_scene)
    frames = iter(manifest)
    for batch in tqdm(loader, desc="teacher", unit="batch", mininterval=5):
        images = batch["images"].contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            boxes, scores = fused(images)
        for row in range(len(images)):
            yield next(frames), decode(boxes[row], scores[row], min_score, spec.nms_iou)


def _taught(
    frame: FrameRecord, spec: NetSpec, found: tuple[torch.Tensor, ...], asked: frozenset[str], sure: float
) -> Taught:
    xyxy, scores, label = found
    placed = fit((frame.width, frame.height), spec.resolution_wh)
    xyxy_frame = np.clip(placed.to_frame(xyxy.numpy()), 0, [frame.width, frame.height] * 2)
    named = np.array([b.xyxy for b in frame.boxes if b.label in _THINGS], np.float32).reshape(-1, 4)
    said = iou(xyxy_frame.astype(np.float32), named).max(1, initial=0) > _SAME_IOU
    names = [spec.names[i] for i in label.tolist()]
    labels, doubted = [], set()
    for box, score, name, is_said in zip(xyxy_frame, scores.tolist(), names, said.tolist(), strict=True):
        if name not in asked or (is_said and name in _THINGS) or box[2] - box[0] < 2 or box[3] - box[1] < 2:
            continue
        if score >= sure:
            labels.append(BoxLabel(label=name, xyxy=_corners(box), attributes={"taught": True}))
        else:
            doubted.add(name)
    return Taught(tuple(labels), frozenset(asked - doubted))


def _corners(box: Boxes) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (round(float(v), 1) for v in box)
    return x0, y0, x1, y1


class FaceTeacher:
    """YuNet through OpenCV.

    Raises:
        CheckpointError: the file is not there.
    """

    def __init__(self, weights: Path, min_score: float = 0.8) -> None:
        if not weights.is_file():
            raise CheckpointError(
                f"{weights}: no such face teacher; set the recipe's `weights` to its folder, or head.face_teacher to ''"
            )
        self._net = cv2.FaceDetectorYN.create(str(weights), "", (320, 320), min_score, 0.3, 50)

    def faces(self, image: Image) -> list[BoxLabel]:
        """Faces of one image."""
        height, width = image.shape[:2]
        self._net.setInputSize((width, height))
        _, rows = self._net.detect(image)
        found = []
        for x, y, w, h in [] if rows is None else rows[:, :4]:
            corners = np.clip([x, y, x + w, y + h], 0, [width, height, width, height])
            if corners[2] - corners[0] >= 2 and corners[3] - corners[1] >= 2:
                found.append(BoxLabel(label="face", xyxy=_corners(corners), attributes={"taught": True}))
        return found


def find_heads(teacher: FaceTeacher, manifest: Manifest) -> dict[str, list[BoxLabel]]:
    """Heads of every frame that labels earphones but not faces, by frame id."""
    asked = [f for f in manifest if "earphone" in f.labelled and not set(FACES) <= set(f.labelled)]
    found = {}
    for frame in tqdm(asked, desc="heads", unit="frame", mininterval=5):
        if not any(b.label in FACES for b in frame.boxes):
            found[frame.id] = teacher.faces(read_image(manifest, frame))
    return found


def save_taught(path: Path, taught: Mapping[str, Taught]) -> None:
    """Keep a teacher's answers, so that a resumed run need not ask again."""
    raw = {
        key: {"boxes": [b.model_dump(mode="json") for b in t.boxes], "known": sorted(t.known)}
        for key, t in taught.items()
    }
    write_text(path, json.dumps(raw))


def load_taught(path: Path) -> dict[str, Taught]:
    """What `save_taught` kept."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    return {
        key: Taught(tuple(BoxLabel.model_validate_json(json.dumps(b)) for b in t["boxes"]), frozenset(t["known"]))
        for key, t in raw.items()
    }
