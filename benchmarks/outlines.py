r"""What drawing a phone's box anew is worth, by how much of the picture the net sees and by the size of its crop.

    python benchmarks/outlines.py --weights WEIGHTS --same-person S9=S2 --scales 2 2.5 3 --sides 256 320 \
        --fold data/evaluation/split export/evaluation/onnx \
        --fold data/evaluation-swapped/split export/evaluation-swapped/onnx

Each fold's exported scene and thing nets over the frames it holds out that show a phone or something like one; then
COCO's YOLO26n from `--weights` over each box, as `Predictor.draw_again` asks it. Average precision of boxes at overlaps
of 0.5 and 0.75. For choosing; what ships is measured by `proctor evaluate`. Intervals: 95 %, by resampling people.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

os.environ.setdefault("YOLO_OFFLINE", "true")

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from proctor_models.config_nets import OutlineNet
from proctor_models.data.frames import read_image
from proctor_models.data.manifest import FrameRecord, Manifest
from proctor_models.evaluation.matching import match
from proctor_models.evaluation.measures import Draws, box_precision
from proctor_models.evaluation.precision import box_ap
from proctor_models.evaluation.stored import one_person
from proctor_models.evaluation.truth import box_truth
from proctor_models.nets.scene import SceneNet
from proctor_models.runtime.model import Net
from proctor_models.runtime.predictor import Predictor
from proctor_models.runtime.spec import NetSpec
from proctor_models.types import OUTLINE_CLASSES, Detections, Image

BASE = "yolo26n.pt"
DRAWS = Draws(times=1000, seed=0)


class Outline:
    """COCO's net as the runtime sees an exported one, at any size of crop."""

    def __init__(self, net: SceneNet, spec: NetSpec) -> None:
        self.net = net
        self.spec = spec

    def run(self, batch: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """See `Net.run`."""
        with torch.inference_mode():
            boxes, scores = self.net(torch.from_numpy(batch))
        return {"boxes": boxes.numpy(), "scores": scores.numpy()}


@dataclass(frozen=True)
class Seen:
    """A held-out frame and the boxes it has by both nets; the picture only where a phone is labelled."""

    frame: FrameRecord
    found: Detections
    image: Image | None


def look(data: Path, models: Path, same_person: Mapping[str, str]) -> list[Seen]:
    """What a fold's scene and thing nets say of the frames it holds out."""
    manifest = Manifest.load(data)
    nets = {name: Net.load(models / name / f"{name}.onnx") for name in ("scene", "thing")}
    predictor, seen = Predictor(nets["scene"], thing=nets["thing"]), []
    held = [f for f in manifest if f.split in ("val", "test") and box_truth(f, "phone") is not None]
    for frame in tqdm([f for f in held if f.tags.get("synthetic") != "true"], desc=str(data), unit="frame"):
        image = read_image(manifest, frame)
        found = predictor.look_again(image, predictor.first_look(image)).of("phone")
        # Where no phone is labelled, every box is false wherever it ends.
        kept = image if len(cast("NDArray[np.float32]", box_truth(frame, "phone"))) else None
        seen.append(Seen(one_person(frame, same_person), found, kept))
    return seen


def drawn(seen: Sequence[Seen], base: Predictor, outline: Outline | None) -> list[Seen]:
    """The same frames with boxes drawn anew."""
    if outline is None:
        return list(seen)
    predictor = Predictor(base.scene, outline=cast("Net", outline))
    bar = tqdm(seen, unit="frame", leave=False)
    return [one if one.image is None else replace(one, found=predictor.draw_again(one.image, one.found)) for one in bar]


def cell(seen: Sequence[Seen], keep: Callable[[FrameRecord], bool]) -> str:
    """AP50 with its interval, and AP75."""
    mine = {one.frame.id: one for one in seen if keep(one.frame)}  # a frame of two folds counts once
    truths = [cast("NDArray[np.float32]", box_truth(one.frame, "phone")) for one in mine.values()]
    matches = match(truths, [(one.found.xyxy, one.found.scores) for one in mine.values()])
    measured = box_precision(matches, [one.frame.person or one.frame.group for one in mine.values()], DRAWS)
    if measured.value is None:
        return "-"
    mark = "" if measured.by == "group" else "†"
    return f"{measured.value:.3f} ({measured.low:.3f}-{measured.high:.3f}){mark}, {box_ap(matches, 0.75):.3f}"


def main() -> None:
    """Print one Markdown row a size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fold", nargs=2, type=Path, action="append", required=True, metavar=("DATA", "MODELS"))
    parser.add_argument("--same-person", type=lambda text: text.split("="), action="append", default=[], metavar="A=B")
    parser.add_argument("--weights", type=Path, required=True, help=f"folder with {BASE}")
    parser.add_argument("--scales", type=float, nargs="+", default=[2.5], help="crops, by the longer side of the box")
    parser.add_argument("--sides", type=int, nargs="+", default=[320], help="crops in px, multiples of 32")
    args = parser.parse_args()
    seen = [one for fold in args.fold for one in look(*fold, same_person=dict(args.same_person))]
    base = Predictor(Net.load(args.fold[0][1] / "scene" / "scene.onnx"))
    net = SceneNet(OUTLINE_CLASSES)
    net.load_coco(args.weights / BASE)
    net.eval().fuse()
    people = sorted({str(one.frame.person) for one in seen if one.image is not None and one.frame.person})
    print(f"| crop | {' | '.join(['by webcam: AP50, AP75', *people, 'photographs'])} |")
    print(f"| {' | '.join(['---'] * (3 + len(people)))} |")
    plan = OutlineNet(init=BASE)
    crop = replace(
        base.scene.spec, net="outline", names=OUTLINE_CLASSES, min_face_px=plan.min_side_px, min_score=plan.min_score
    )
    outlines = {"none": None} | {
        f"{scale:g} x, {side} px": Outline(net, replace(crop, crop_scale=scale, resolution_wh=(side, side)))
        for scale in args.scales
        for side in args.sides
    }
    for name, outline in outlines.items():
        anew = drawn(seen, base, outline)
        cells = [cell(anew, lambda f: f.view == "first" and bool(f.person))]
        cells += [cell(anew, lambda f, who=who: f.person == who) for who in people]  # type: ignore[misc]
        print(f"| {name} | {' | '.join([*cells, cell(anew, lambda f: not f.person)])} |", flush=True)


if __name__ == "__main__":
    main()
