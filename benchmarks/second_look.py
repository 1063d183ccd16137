r"""What a second look at phones is worth, by how much it counts and by how much of it is ImageNet's.

    python benchmarks/second_look.py --weights WEIGHTS --same-person S9=S2 \
        --fold data/evaluation/split export/evaluation/checkpoints \
        --fold data/evaluation-swapped/split export/evaluation-swapped/checkpoints
    python benchmarks/second_look.py --scales 1.3 1.6 2 --mirrored --weights WEIGHTS --fold ...

`--scales` and `--mirrored` show the thing net several crops of a box and take the mean of its log odds.

Each fold's scene net over the webcam frames of the people it holds out; then its thing net over every box that the
scene net calls a phone. Kept weights lie between the start and what was trained (`start_share`), so every mixture of
the two can be drawn from them. Average precision of boxes, and the recall of frames where at most 2 % of those without
a phone are false. For choosing; what ships is measured by `proctor evaluate`. Intervals: 95 %, by resampling people.
"""

from __future__ import annotations

import argparse
import copy
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("YOLO_OFFLINE", "true")
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

import numpy as np
import torch
from head_sizes import mean_of_odds
from numpy.typing import NDArray
from scene_nets import Found, cell, load, look
from tqdm import tqdm

from proctor_models.data.frames import read_image
from proctor_models.data.manifest import Manifest
from proctor_models.evaluation.stored import one_person
from proctor_models.nets.checkpoint import load_net, mix
from proctor_models.nets.thing import ThingNet
from proctor_models.runtime.image import crop_square, fit, normalise
from proctor_models.runtime.predictor import MAX_THINGS, THING_MIN_SCORE, counted, pooled
from proctor_models.runtime.spec import NetSpec

BASE = "mobilenet_v2-b0353104.pth"
KEPT_SHARE = 0.5
"""Share of the start in the weights that the recipes keep."""


@dataclass(frozen=True)
class Fold:
    """What one scene net found, and the crops around what it calls a phone."""

    found: list[Found]
    crops: list[NDArray[np.float32]]
    """By frame: (looks, n, 3, side, side) for the rows of `asked`."""
    asked: list[NDArray[np.int64]]
    thing: ThingNet
    phone: int


def look_at(
    data: Path,
    checkpoints: Path,
    same_person: Mapping[str, str],
    scales: Sequence[float] = (),
    *,
    mirrored: bool = False,
) -> Fold:
    """Run a fold's scene net over the webcam frames it holds out, and cut the crops."""
    manifest = Manifest.load(data)
    held = manifest.with_frames(
        f for f in manifest if f.split in ("val", "test") and f.view == "first" and f.person and "phone" in f.labelled
    )
    scene, spec = load(str(checkpoints / "scene"))
    thing, crop_spec = load_net(checkpoints / "thing")
    if not isinstance(thing, ThingNet):
        raise SystemExit(f"{checkpoints / 'thing'}: expected a thing net")
    phone, found = spec.names.index("phone"), look(scene, spec, held)
    found = [replace(one, frame=one_person(one.frame, same_person)) for one in found]
    asked = [np.flatnonzero((one.ids == phone) & (one.scores >= THING_MIN_SCORE))[:MAX_THINGS] for one in found]
    specs = [replace(crop_spec, crop_scale=scale) for scale in scales or [crop_spec.crop_scale]]
    crops = []
    for one, rows in zip(tqdm(found, unit="frame"), asked, strict=True):
        looks = np.stack([cut(held, one, rows, spec, shown) for shown in specs])
        crops.append(np.concatenate([looks, looks[..., ::-1]]) if mirrored else looks)
    return Fold(found, crops, asked, thing, phone)


def cut(
    manifest: Manifest, one: Found, rows: NDArray[np.int64], spec: NetSpec, crop_spec: NetSpec
) -> NDArray[np.float32]:
    """The crops around some boxes of a frame, as the runtime cuts them."""
    side = crop_spec.resolution_wh[0]
    if not len(rows):
        return np.zeros((0, 3, side, side), np.float32)
    image, placed = read_image(manifest, one.frame), fit((one.frame.width, one.frame.height), spec.resolution_wh)
    boxes = placed.to_frame(one.xyxy[rows])
    squares = (crop_square(image, box, crop_spec.crop_scale, side, crop_spec.pad_value) for box in boxes)
    return np.stack([normalise(square, crop_spec.mean, crop_spec.std) for square in squares])


def mixed(kept: ThingNet, start: ThingNet, share: float) -> ThingNet:
    """The net with `share` of its start: on the line through what was kept and the start."""
    net = copy.deepcopy(kept)
    mix(net, start.state_dict(), 1 - (1 - share) / (1 - KEPT_SHARE))
    return net.eval()


def read(fold: Fold, net: ThingNet) -> list[NDArray[np.float32]]:
    """What the net says of each box, by frame."""
    with torch.inference_mode():
        said = [
            torch.stack([net(torch.from_numpy(look))[:, 0] for look in looks]) if looks.shape[1] else torch.zeros(1, 0)
            for looks in tqdm(fold.crops, unit="frame", leave=False)
        ]
    return [mean_of_odds(scores).astype(np.float32) for scores in said]


def rescored(fold: Fold, said: Sequence[NDArray[np.float32]], weight: float) -> list[Found]:
    """The same boxes with pooled scores."""
    again = []
    for one, rows, answers in zip(fold.found, fold.asked, said, strict=True):
        scores = one.scores.copy()
        scores[rows] = pooled(scores[rows], answers, weight * counted(scores[rows]))
        again.append(replace(one, scores=scores))
    return again


def main() -> None:
    """Print one Markdown row a mixture and weight."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fold", nargs=2, type=Path, action="append", required=True, metavar=("DATA", "CHECKPOINTS"))
    parser.add_argument("--same-person", type=lambda text: text.split("="), action="append", default=[], metavar="A=B")
    parser.add_argument("--weights", type=Path, required=True, help=f"folder with {BASE}")
    parser.add_argument("--counts", type=float, nargs="+", default=[0.25, 0.5, 0.75, 1.0], help="weights of the look")
    parser.add_argument("--shares", type=float, nargs="+", default=[1.0, 0.5, 0.0], help="shares of ImageNet's weights")
    parser.add_argument("--scales", type=float, nargs="+", default=[], help="crop over box; else the net's own alone")
    parser.add_argument("--mirrored", action="store_true", help="each crop's mirror image, too")
    args = parser.parse_args()
    same = dict(args.same_person)
    folds = [look_at(*fold, same, args.scales, mirrored=args.mirrored) for fold in args.fold]
    start = ThingNet(folds[0].thing.names)
    start.load_imagenet(args.weights / BASE)
    people = sorted({str(one.frame.person) for fold in folds for one in fold.found})
    print(f"| ImageNet's share | counts | {' | '.join(['all: AP50, recall at 2 % false frames', *people])} |")
    print(f"| {' | '.join(['---'] * (3 + len(people)))} |")
    alone = [one for fold in folds for one in fold.found]
    row("-", 0.0, alone, folds[0].phone, people)
    for share in args.shares:
        said = [read(fold, mixed(fold.thing, start, share)) for fold in folds]
        for count in args.counts:
            together = [
                one for fold, answers in zip(folds, said, strict=True) for one in rescored(fold, answers, count)
            ]
            row(f"{share:g}", count, together, folds[0].phone, people)


def row(share: str, count: float, found: Sequence[Found], phone: int, people: Sequence[str]) -> None:
    """Print one row of the table."""
    cells = [cell(found, phone, lambda _: True)]
    cells += [cell(found, phone, lambda f, who=who: f.person == who) for who in people]
    print(f"| {share} | {count:g} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
