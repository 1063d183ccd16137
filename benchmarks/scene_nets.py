r"""Scene nets side by side on one side of a split, before any export: average precision and phones found.

    python benchmarks/scene_nets.py --data data/evaluation/split --split val \
        data/checkpoints/scene export/evaluation/checkpoints/scene \
        0.5*data/checkpoints/scene+0.5*export/evaluation/checkpoints/scene
    python benchmarks/scene_nets.py --data data/evaluation/split data/checkpoints/scene --resolution 640x480 768x576
    python benchmarks/scene_nets.py --data data/evaluation/split data/checkpoints/scene --tiles
    python benchmarks/scene_nets.py --data data/evaluation/split --split test --coco WEIGHTS/yolo26n.pt \
        --shares 0 0.15 0.2 0.3 data/checkpoints-0.9.0/evaluation/scene

`--shares` draws nets with shares of COCO's weights mixed in (`mix_coco`). `--tiles` looks at the
whole frame and at four overlapping quarters of it, each as large as the net's input. A net is a checkpoint folder, or
a mean of several by weight ("model soups", Wortsman et al., ICML 2022). For choosing between recipes; what ships is
measured by `proctor evaluate`. Intervals: 95 %, by resampling people.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

os.environ.setdefault("YOLO_OFFLINE", "true")
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader
from tqdm import tqdm

from proctor_models.data.frames import SceneFrames, collate_scene, read_image
from proctor_models.data.manifest import FrameRecord, Manifest
from proctor_models.evaluation.bootstrap import each, interval, resample
from proctor_models.evaluation.matching import match
from proctor_models.evaluation.precision import box_ap
from proctor_models.evaluation.thresholds import recall_with_few_false
from proctor_models.nets.checkpoint import blend, check_blend, load_net, mix
from proctor_models.nets.scene import COCO_ROWS, SceneNet
from proctor_models.runtime.image import fit, letterbox, normalise
from proctor_models.runtime.spec import NetSpec
from proctor_models.training.teacher import decode

TILES = ((0.0, 0.0, 1.0, 1.0), *((x, y, x + 0.625, y + 0.625) for x in (0.0, 0.375) for y in (0.0, 0.375)))
"""The frame and its quarters, as shares of its sides; quarters overlap by a quarter of the frame."""
EDGE_PX = 2.0
"""What ends this near to where a quarter was cut is not whole."""
CLASSES = ("phone", "book_paper", "person", "face", "face_masked")


@dataclass(frozen=True)
class Found:
    """One frame: what is labelled, and what the net found, in canvas pixels."""

    frame: FrameRecord
    known: NDArray[np.bool_]
    truth: NDArray[np.float32]
    truth_ids: NDArray[np.int64]
    xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    ids: NDArray[np.int64]


def load(words: str, coco: Path | None = None, share: float = 0.0) -> tuple[SceneNet, NetSpec]:
    """A net from ``FOLDER`` or ``WEIGHT*FOLDER+WEIGHT*FOLDER``, ready to run; `share` of `coco`'s weights mixed in."""
    parts = [part.rpartition("*") for part in words.split("+")]
    folders = [Path(folder) for _, _, folder in parts]
    weights = [float(weight or 1) for weight, _, _ in parts]
    net, spec = load_net(folders[0])
    soup = {folder: w / sum(weights) for folder, w in zip(folders[1:], weights[1:], strict=True)}
    check_blend(spec, soup)
    blend(net, soup)
    if not isinstance(net, SceneNet):
        raise SystemExit(f"{words}: expected scene nets, got {spec.net}")
    if coco is not None:
        mix_coco(net, coco, share)
    net.fuse()
    return net, spec


def mix_coco(net: SceneNet, weights: Path, share: float) -> None:
    """Replace the weights of a net that descends from COCO's by the mean of its own and COCO's, which count `share`.

    What it reads of classes that COCO does not know stays ("Robust fine-tuning of zero-shot models", Wortsman et al.,
    CVPR 2022).

    Raises:
        CheckpointError: see `SceneNet.load_coco`.
    """
    coco = SceneNet(net.class_names)
    coco.load_coco(weights)
    untaught = [row for row, name in enumerate(net.class_names) if name not in COCO_ROWS]
    with torch.no_grad():
        for theirs, mine in zip(coco.yolo.model[-1].cv3, net.yolo.model[-1].cv3, strict=True):
            theirs[-1].weight[untaught] = mine[-1].weight[untaught]
            theirs[-1].bias[untaught] = mine[-1].bias[untaught]
    mix(net, coco.state_dict(), share)


def look(net: SceneNet, spec: NetSpec, manifest: Manifest) -> list[Found]:
    """Run the net over every frame."""
    loader = DataLoader(SceneFrames(manifest, spec), batch_size=4, collate_fn=collate_scene)
    frames, found = iter(manifest), []
    for batch in tqdm(loader, unit="batch", mininterval=10):
        with torch.inference_mode():
            boxes, scores = net(batch["images"].contiguous(memory_format=torch.channels_last))
        height, width = batch["images"].shape[2:]
        for row in range(len(boxes)):
            mine = batch["batch_idx"] == row
            centre = batch["bboxes"][mine] * torch.tensor([width, height, width, height])
            truth = torch.cat([centre[:, :2] - centre[:, 2:] / 2, centre[:, :2] + centre[:, 2:] / 2], 1)
            told = [t.numpy() for t in decode(boxes[row], scores[row], spec.min_score, spec.nms_iou)]
            labels = (batch["known"][row].numpy(), truth.numpy(), batch["cls"][mine].long().numpy())
            found.append(Found(next(frames), *labels, *told))
    return found


def look_tiled(net: SceneNet, spec: NetSpec, manifest: Manifest) -> list[Found]:
    """Run the net over every frame and its quarters, and suppress what both found (Akyon et al., SAHI, ICIP 2022)."""
    frames = SceneFrames(manifest, spec)
    found = []
    for number, frame in enumerate(tqdm(manifest, unit="frame", mininterval=10)):
        sample, image = frames[number], read_image(manifest, frame)
        height, width = image.shape[:2]
        whole = fit((width, height), spec.resolution_wh)
        boxes, scores = [], []
        for tile in TILES:
            x0, y0, x1, y1 = (int(share * side) for share, side in zip(tile, (width, height) * 2, strict=True))
            canvas, placed = letterbox(image[y0:y1, x0:x1], spec.resolution_wh, spec.pad_value)
            picture = torch.from_numpy(normalise(canvas, spec.mean, spec.std))[None]
            with torch.inference_mode():
                told, sure = net(picture.contiguous(memory_format=torch.channels_last))
            mine = (sure[0] > spec.min_score).any(1).numpy()
            seen = placed.to_frame(told[0].numpy()[mine])
            low, high = np.array([x0 > 0, y0 > 0]), np.array([x1 < width, y1 < height])
            cut = ((seen[:, :2] < EDGE_PX) & low | (seen[:, 2:] > (x1 - x0 - EDGE_PX, y1 - y0 - EDGE_PX)) & high).any(1)
            moved = seen[~cut] + np.array([x0, y0, x0, y0], np.float32)
            boxes.append(whole.to_canvas(moved))
            scores.append(sure[0].numpy()[mine][~cut])
        joined = torch.from_numpy(np.concatenate(boxes)), torch.from_numpy(np.concatenate(scores))
        told = [t.numpy() for t in decode(*joined, spec.min_score, spec.nms_iou)]
        labels = (sample[key].numpy() for key in ("known", "xyxy", "class_ids"))
        found.append(Found(frame, *labels, *told))
    return found


def cell(found: Sequence[Found], class_id: int, keep: Callable[[FrameRecord], bool]) -> str:
    """AP50 with its interval, and the recall of frames where at most 2 % of those without are false."""
    mine = [one for one in found if one.known[class_id] and keep(one.frame)]
    truths = [one.truth[one.truth_ids == class_id] for one in mine]
    boxes = [(one.xyxy[one.ids == class_id], one.scores[one.ids == class_id]) for one in mine]
    matches = match(truths, boxes)
    if not matches.truths.sum():
        return "-"
    draws = resample([one.frame.person or one.frame.group for one in mine], 1000, 0)
    low, high = interval(each(draws, lambda weights: box_ap(matches, 0.5, weights))) or (np.nan, np.nan)
    best = np.array([scores.max(initial=0) for _, scores in boxes])
    there = np.array([len(truth) > 0 for truth in truths], bool)
    mark = "" if draws.by == "group" else "†"
    text = f"{box_ap(matches, 0.5):.3f} ({low:.3f} to {high:.3f}){mark}"
    recall = recall_with_few_false(best, there)
    return text if np.isnan(recall) else f"{text}, {recall:.2f}"


def resolution(text: str) -> tuple[int, int]:
    """``WxH`` in pixels, both multiples of 32, the net's coarsest stride."""
    width, _, height = text.partition("x")
    sides = [int(side) for side in (width, height) if side.isdigit()]
    if len(sides) < 2 or not all(side and side % 32 == 0 for side in sides):
        raise argparse.ArgumentTypeError(f"expected WxH in multiples of 32, as 512x384, got {text!r}")
    return sides[0], sides[1]


def main() -> None:
    """Print one Markdown row a net and class."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nets", nargs="+", help="FOLDER, or WEIGHT*FOLDER+WEIGHT*FOLDER")
    parser.add_argument("--data", type=Path, required=True, help="split dataset folder")
    parser.add_argument("--split", choices=("val", "test"), default="val")
    parser.add_argument("--resolution", type=resolution, nargs="*", default=[None], help="WxH other than the net's own")
    parser.add_argument("--tiles", action="store_true", help="the frame's quarters, too")
    parser.add_argument("--coco", type=Path, help="COCO's weights, yolo26n.pt")
    parser.add_argument("--shares", type=float, nargs="*", default=[None], help="shares of COCO's weights mixed in")
    args = parser.parse_args()
    if args.shares != [None] and args.coco is None:
        parser.error("--shares: expected --coco beside it")
    manifest = Manifest.load(args.data).of(args.split)
    print("| net | class | webcam: AP50, recall at 2 % false frames | other pictures |\n| --- | --- | --- | --- |")
    for words, wh, share in product(args.nets, args.resolution, args.shares):
        net, spec = load(words, None if share is None else args.coco, share or 0.0)
        spec = replace(spec, resolution_wh=wh or spec.resolution_wh)
        found = (look_tiled if args.tiles else look)(net, spec, manifest)
        shown = f"{words} at {spec.resolution_wh[0]}x{spec.resolution_wh[1]}{' with tiles' if args.tiles else ''}"
        shown += "" if share is None else f", COCO's share {share:g}"
        for name in CLASSES:
            class_id = spec.names.index(name)
            cells = (
                cell(found, class_id, lambda f, first=first: (f.view == "first") == first) for first in (True, False)
            )
            print(f"| {shown} | {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
