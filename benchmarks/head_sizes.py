r"""How large a head's crop has to be: the head nets asked again at other sizes than the one they were trained at.

    python benchmarks/head_sizes.py --sizes 160 192 224 256 \
        --fold data/evaluation/split data/checkpoints-0.9.0/evaluation/head \
        --fold data/evaluation-swapped/split data/checkpoints-0.9.0/evaluation-swapped/head
    python benchmarks/head_sizes.py --sizes 224 --scales 1.5 1.8 2.1 --mirrored --fold ...

Each fold's net over the labelled heads of the people and pictures it holds out; `--scales` and `--mirrored` ask it
about several crops of a head and take the mean of its log odds. Average precision of heads, and the recall where at
most 2 % of those without are false. For choosing; what ships is measured by `proctor evaluate`. Intervals: 95 %, by
resampling people.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from proctor_models.data.frames import HeadCrops, HeadLabel, head_labels, known_attributes
from proctor_models.data.manifest import Manifest
from proctor_models.evaluation.figures import Judged
from proctor_models.evaluation.measures import Draws, Measured, ranking, recall_at_few_false
from proctor_models.nets.checkpoint import load_net
from proctor_models.nets.head import HeadNet

DRAWS = Draws(times=1000, seed=0)


def mean_of_odds(looks: Tensor) -> NDArray[np.float64]:
    """Scores (...) whose log odds are the mean of those of several looks (looks, ...).

    >>> mean_of_odds(torch.tensor([[0.5, 0.9], [0.5, 0.1]])).round(3).tolist()
    [0.5, 0.5]
    """
    mean: NDArray[np.float64] = looks.double().logit(eps=1e-6).mean(0).sigmoid().numpy()
    return mean


def read(
    data: Path, checkpoint: Path, sides: Sequence[int], scales: Sequence[float] = (), *, mirrored: bool = False
) -> tuple[list[HeadLabel], dict[int, NDArray[np.float64]]]:
    """The heads a fold holds out, and by side of the crop in px what its net says of each (heads, attributes)."""
    net, spec = load_net(checkpoint)
    if not isinstance(net, HeadNet):
        raise SystemExit(f"{checkpoint}: expected a head net, got {spec.net}")
    manifest = Manifest.load(data)
    frames = [frame for frame in manifest if frame.split in ("val", "test") and frame.tags.get("synthetic") != "true"]
    heads = known_attributes([head for f in frames for head in head_labels(f, spec.min_face_px, spec.crop_scale)])
    said = {}
    for side in sides:
        looks = []
        for scale in scales or [spec.crop_scale]:
            shown = replace(spec, resolution_wh=(side, side), crop_scale=scale)
            crops = DataLoader(HeadCrops(manifest, heads, shown), batch_size=16)
            with torch.inference_mode():
                rows = [
                    torch.stack([net(picture) for picture in ((crop, crop.flip(3)) if mirrored else (crop,))])
                    for crop, *_ in tqdm(crops, desc=f"{side} px", unit="batch", leave=False)
                ]
            looks.append(torch.cat(rows, 1))
        said[side] = mean_of_odds(torch.cat(looks))
    return heads, said


def judged(folds: Sequence[tuple[list[HeadLabel], NDArray[np.float64]]], names: Sequence[str], name: str) -> Judged:
    """Of all folds the heads of which `name` is known; one that two folds hold counts once."""
    seen: dict[tuple[str, tuple[float, ...]], tuple[float, bool, str]] = {}
    for heads, said in folds:
        for head, row in zip(heads, said, strict=True):
            if name in head.attributes:
                what = (float(row[names.index(name)]), head.attributes[name], head.frame.person or head.frame.group)
                seen.setdefault((head.frame.id, head.xyxy), what)
    scores, truth, groups = zip(*seen.values(), strict=True)
    return Judged(np.array(scores), np.array(truth, bool), tuple(groups))


def words(measured: Measured) -> str:
    """The figure with its interval."""
    if measured.value is None:
        return "-"
    mark = "" if measured.by == "group" else "†"
    span = "" if measured.low is None else f" ({measured.low:.3f} to {measured.high:.3f}){mark}"
    return f"{measured.value:.3f}{span}"


def main() -> None:
    """Print one Markdown row an attribute, one column a size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fold", nargs=2, type=Path, action="append", required=True, metavar=("DATA", "CHECKPOINT"))
    parser.add_argument("--sizes", type=int, nargs="+", default=[160, 192, 224, 256], help="multiples of 32 px")
    parser.add_argument("--scales", type=float, nargs="+", default=[], help="crop over face; else the net's own alone")
    parser.add_argument("--mirrored", action="store_true", help="each crop's mirror image, too")
    args = parser.parse_args()
    if any(side % 32 or side <= 0 for side in args.sizes):
        parser.error(f"--sizes: expected multiples of 32, got {args.sizes}")
    names = load_net(args.fold[0][1])[1].names
    folds = [read(*fold, args.sizes, args.scales, mirrored=args.mirrored) for fold in args.fold]
    print(f"| AP, recall at 2 % false heads | {' | '.join(f'{side} px' for side in args.sizes)} |")
    print("| --- " * (len(args.sizes) + 1) + "|")
    for name in names:
        cells = []
        for side in args.sizes:
            mine = judged([(heads, said[side]) for heads, said in folds], names, name)
            cells.append(f"{words(ranking(mine, DRAWS))}, {words(recall_at_few_false(mine, DRAWS))}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
