"""What the scene net loses in int8: boxes through the runtime, in single precision and quantised, on the same frames.

    python benchmarks/int8.py --models export/evaluation/onnx --data data/evaluation/split

The gate: no class may lose more than 0.01 of AP50. Ranges of the activations are read off 64 training frames; figures
are of validation frames, by which one would decide. Intervals: 95 %, by resampling people, both arms alike. What int8
costs in time is in `benchmarks/runtime.py --only options`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import numpy as np
from quantised import dynamic_int8, static_int8

from proctor_models.data.frames import read_image
from proctor_models.data.manifest import Manifest
from proctor_models.evaluation.bootstrap import each, interval, resample
from proctor_models.evaluation.matching import Matches, match
from proctor_models.evaluation.precision import box_ap
from proctor_models.evaluation.seen import Seen, look
from proctor_models.runtime import onnx_wire
from proctor_models.runtime.model import Net
from proctor_models.runtime.predictor import Predictor

CLASSES = ("phone", "book_paper", "person", "face", "face_masked")
CALIBRATED_ON = 64
GATE = 0.01
QUANTISED = {"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "ConvInteger", "Cast"}
DRAWS = 1000


def loaded(path: Path) -> Net:
    """A quantised net; the runtime refuses their operators, as no net of ours has any, and here lets them in."""
    with mock.patch.dict(onnx_wire._NAMES, {("node", 4): (onnx_wire.OPERATORS | QUANTISED, "")}):
        return Net.load(path)


def main() -> None:
    """Print one Markdown row a class and variant."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, required=True, help="folder with scene/ that `export` wrote")
    parser.add_argument("--data", type=Path, required=True, help="split dataset folder")
    args = parser.parse_args()
    model = args.models / "scene" / "scene.onnx"
    manifest = Manifest.load(args.data)
    frames, learnt = manifest.of("val"), list(manifest.of("train"))
    whole = Predictor(Net.load(model))
    before = look(frames, whole, ())
    with tempfile.TemporaryDirectory() as work:
        static, dynamic = Path(work) / "static.onnx", Path(work) / "dynamic.onnx"
        some = learnt[:: max(1, len(learnt) // CALIBRATED_ON)]
        static_int8(model, static, (whole.preprocess(read_image(manifest, frame))[0] for frame in some))
        dynamic_int8(model, dynamic)
        print("| int8 | class | boxes | fp32 | int8 | difference | gate |\n| --- | --- | --- | --- | --- | --- | --- |")
        for name, made in (("static", static), ("dynamic", dynamic)):
            after = look(frames, Predictor(loaded(made)), ())
            for label in CLASSES:
                print(f"| {name} | {row(label, before, after)} |", flush=True)


def row(label: str, before: Sequence[Seen], after: Sequence[Seen]) -> str:
    """AP50 of a class before and after, and the paired difference with its interval."""
    old, new = found(label, before), found(label, after)
    draws = resample([one.group for one in before if label in one.frame.labelled], DRAWS, 0)
    was, now = box_ap(old, 0.5), box_ap(new, 0.5)
    change = now - was
    span = interval(each(draws, lambda weights: box_ap(new, 0.5, weights) - box_ap(old, 0.5, weights)))
    low, high = span or (np.nan, np.nan)
    verdict = "met" if change >= -GATE else "missed"
    return (
        f"{label} | {int(old.truths.sum())} | {was:.3f} | {now:.3f} | "
        f"{change:+.3f} ({low:+.3f} to {high:+.3f}) | {verdict}"
    )


def found(label: str, seen: Sequence[Seen]) -> Matches:
    """Boxes of a class against its labels, on the frames that label it."""
    mine = [one for one in seen if label in one.frame.labelled]
    truths = [[box.xyxy for box in one.frame.boxes if box.label == label] for one in mine]
    return match([np.array(boxes, np.float32).reshape(-1, 4) for boxes in truths], [one.found(label) for one in mine])


if __name__ == "__main__":
    main()
