"""How much synthetic frames help: the same training on real frames, on synthetic ones and on both.

Every arm starts from the same base weights, takes the same number of steps with the same settings (those of the recipe
named by --recipe, but for the number of steps), is chosen on the same real validation frames, exported, and measured
through the runtime on the same real test frames. Differences between arms are paired: both arms are resampled with the
same draws of people, so an interval that excludes 0 means more than the draw of people.

    python benchmarks/synthetic.py --synthetic scenes=DIR --synthetic composites=DIR --extra faces=DIR --work DIR

`--synthetic` sources are COCO folders that `proctor synth` wrote and make up the arm `synthetic`; they and the
`--extra` ones (composites on real faces) are added to the real frames in the arms `both` and `all`. The people of
--test-persons are trained on in no arm: the only wearer of earbuds is among them. Stages that are done are not done
again, so a stopped run goes on.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from proctor_models.config import DETECTOR_NAMES
from proctor_models.data.frames import HeadCrops, HeadLabel, head_labels, known_attributes
from proctor_models.data.manifest import FrameRecord, Manifest
from proctor_models.evaluation.bootstrap import each, interval, resample
from proctor_models.evaluation.precision import box_ap, frame_ap
from proctor_models.evaluation.seen import Judgement, Seen, judge, look
from proctor_models.files import write_json, write_text
from proctor_models.runtime.model import Net
from proctor_models.runtime.predictor import Predictor
from proctor_models.types import HEAD_ATTRIBUTES

REAL = ("curated", "webcam", "webcam_val")
SMALLEST_HEAD_PX = 24
STEPS = {"scene": {"epochs": 3, "steps_an_epoch": 200}, "head": {"epochs": 3, "steps_an_epoch": 100}}
NETS = ("scene", "head")


@dataclass(frozen=True)
class Plan:
    """What is compared."""

    recipe: Path
    work: Path
    synthetic: dict[str, Path]
    extra: dict[str, Path]
    test_persons: tuple[str, ...] = ("S1", "S2")

    @property
    def arms(self) -> dict[str, tuple[str, ...]]:
        """The sources that each arm trains on."""
        arms = {"real": REAL}
        if self.synthetic:
            arms |= {"synthetic": tuple(self.synthetic), "both": (*REAL, *self.synthetic)}
        if self.extra:
            arms |= {"all": (*REAL, *self.synthetic, *self.extra)}
        return arms


def recipes(plan: Plan) -> dict[str, Path]:
    """Write one recipe for each arm: they differ in `split.train_sources` alone."""
    base = yaml.safe_load(plan.recipe.read_text(encoding="utf-8"))
    sources = [source for source in base["ingest"]["sources"] if source["name"] in REAL]
    sources += [
        {"name": name, "format": "coco", "path": str(path.resolve())}
        for name, path in (plan.synthetic | plan.extra).items()
    ]
    written = {}
    for arm, train_sources in plan.arms.items():
        raw = base | {"name": arm, "ingest": {"sources": sources}}
        raw["split"] = base["split"] | {"train_sources": list(train_sources), "measure_sources": list(REAL)}
        raw["split"]["test_persons"] = list(plan.test_persons)
        for net in NETS:
            raw[net] = base[net] | STEPS[net]
            if arm == "synthetic":  # both name real sources
                raw[net] |= {"repeat": {}, "assume_absent": {}}
        written[arm] = plan.work / f"{arm}.yaml"
        write_text(written[arm], yaml.safe_dump(raw, sort_keys=False))
    return written


def proctor(*words: object) -> None:
    """Run one verb of the command line; stop if it does not end well."""
    print("benchmark: proctor", *words, file=sys.stderr, flush=True)
    subprocess.run([sys.executable, "-m", "proctor_models.cli", *map(str, words)], check=True)


def prepare(plan: Plan, written: Mapping[str, Path]) -> None:
    """Ingest once, split for every arm."""
    first = next(iter(written.values()))
    raw, curated = plan.work / "raw", plan.work / "curated"
    if not raw.exists():
        proctor("ingest", "--recipe", first, "--out", raw)
    if not curated.exists():
        proctor("curate", "replay", "--recipe", first, "--data", raw, "--out", curated)
    for arm, recipe in written.items():
        if not (plan.work / arm / "split").exists():
            proctor("split", "--recipe", recipe, "--data", curated, "--out", plan.work / arm / "split")


def fill(plan: Plan, arm: str, recipe: Path) -> None:
    """Show the frames of a small arm often enough that its epochs have as many steps as the others'."""
    raw = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    train = Manifest.load(plan.work / arm / "split").of("train")
    for net in NETS:
        repeat = raw[net]["repeat"]
        shown = sum(repeat.get(frame.source, 1) * _examples(frame, net) for frame in train)
        times = math.ceil(STEPS[net]["steps_an_epoch"] * raw[net]["batch"] / shown)
        if times > 1:
            raw[net]["repeat"] = {name: times * repeat.get(name, 1) for name in sorted({f.source for f in train})}
    write_text(recipe, yaml.safe_dump(raw, sort_keys=False))


def _examples(frame: FrameRecord, net: str) -> int:
    """How many examples a net is shown of a frame: the frame, or a crop of every head."""
    return 1 if net == "scene" else sum(box.label in ("face", "face_masked") for box in frame.boxes)


def fit(plan: Plan, arm: str, recipe: Path) -> None:
    """Train and export both nets of an arm."""
    folder = plan.work / arm
    fill(plan, arm, recipe)
    for net in NETS:
        checkpoint, onnx = folder / "checkpoints" / net, folder / "onnx" / net
        words = ("--recipe", recipe, "--net", net, "--data", folder / "split")
        if not checkpoint.exists():
            proctor("train", *words, "--out", checkpoint)
        if not onnx.exists():
            proctor("export", *words, "--checkpoint", checkpoint, "--out", onnx)


def measure(plan: Plan, threads: int) -> dict[str, Any]:
    """Every figure of every arm, and its difference to the arm `real`, on the real test frames."""
    frames = Manifest.load(plan.work / "real" / "split").of("test")
    ids = [frame.id for frame in frames]
    seen: dict[str, tuple[Seen, ...]] = {}
    for arm in plan.arms:
        manifest = Manifest.load(plan.work / arm / "split").of("test")
        if [frame.id for frame in manifest] != ids:
            raise SystemExit(f"{plan.work / arm}: expected the test frames of arm real, got others; empty --work")
        seen[arm] = look(manifest, Predictor.from_models(plan.work / arm / "onnx", threads=threads))
    judged = {name: {arm: judge(frames, name) for arm, frames in seen.items()} for name in DETECTOR_NAMES}
    return {
        "test_frames": len(ids),
        "training_frames": {arm: len(Manifest.load(plan.work / arm / "split").of("train")) for arm in plan.arms},
        "steps": STEPS,
        "arms": {arm: list(sources) for arm, sources in plan.arms.items()},
        "detectors": {name: compare(arms, times=1000, seed=0) for name, arms in judged.items()},
        "heads": crops(plan, threads),
    }


def crops(plan: Plan, threads: int) -> dict[str, dict[str, dict[str, Any]]]:
    """The head net alone, on the labelled heads of the test frames: attribute, arm, figure.

    It needs no face that the scene net has found, so a short training of that net does not hide what this one learnt.
    """
    manifest = Manifest.load(plan.work / "real" / "split").of("test")
    said: dict[str, NDArray[np.float64]] = {}
    labels: list[HeadLabel] = []
    for arm in plan.arms:
        net = Net.load(plan.work / arm / "onnx" / "head" / "head.onnx", threads=threads)
        if not labels:
            wide = net.spec.crop_scale
            labels = known_attributes([h for f in manifest for h in head_labels(f, SMALLEST_HEAD_PX, wide)])
        heads = HeadCrops(manifest, labels, net.spec)
        batches = [np.stack([heads[i][0].numpy() for i in part]) for part in np.array_split(range(len(heads)), 40)]
        said[arm] = np.concatenate([net.run(batch)["attributes"] for batch in batches]).astype(np.float64)
    figures = {}
    for column, name in enumerate(HEAD_ATTRIBUTES):
        known = [i for i, head in enumerate(labels) if name in head.attributes]
        truth = np.array([labels[i].attributes[name] for i in known], bool)
        if not (truth.any() and (~truth).any()):
            continue
        groups = [labels[i].frame.person or labels[i].frame.group for i in known]
        draws = resample(groups, times=1000, seed=0)
        values = {}
        for arm, scores in said.items():
            mine = scores[known, column]
            drawn = each(draws, lambda w, m=mine, t=truth: frame_ap(m, t, w))
            values[arm] = {"crop_ap": (frame_ap(mine, truth), drawn)}
        figures[f"{name} ({truth.sum()} of {len(truth)})"] = paired(values)
    return figures


def compare(arms: Mapping[str, Judgement], times: int, seed: int) -> dict[str, dict[str, dict[str, Any]]]:
    """Arm, figure, its value, interval and paired difference to the first arm."""
    values: dict[str, dict[str, tuple[float, Any]]] = {}
    for arm, judgement in arms.items():
        scores, matches, groups = judgement.of(np.ones(len(judgement.boxed), bool))
        ranked = np.nan_to_num(scores.scores, nan=-1.0)
        boxes, framed = resample(groups, times, seed), resample(scores.groups, times, seed)
        values[arm] = {
            "box_ap50": (box_ap(matches, 0.5), each(boxes, lambda w, m=matches: box_ap(m, 0.5, w))),
        }
        if np.isfinite(scores.scores).any():  # else not one frame was assessable
            values[arm]["frame_ap"] = (
                frame_ap(ranked, scores.truth),
                each(framed, lambda w, r=ranked, t=scores.truth: frame_ap(r, t, w)),
            )
    return paired(values)


def paired(values: Mapping[str, Mapping[str, tuple[float, Any]]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Values with their resamples, as figures with intervals and differences to the first arm."""
    first = next(iter(values))
    return {
        arm: {
            figure: {
                "value": value,
                "interval": interval(drawn),
                "difference": value - values[first][figure][0],
                "difference_interval": interval(drawn - values[first][figure][1]),
            }
            for figure, (value, drawn) in figures.items()
        }
        for arm, figures in values.items()
    }


def table(result: Mapping[str, Any]) -> str:
    """The figures as Markdown."""
    head = "| detector | figure | " + " | ".join(result["arms"]) + " |"
    lines = [head, "|" + " --- |" * (2 + len(result["arms"]))]
    for name, arms in (result["detectors"] | result["heads"]).items():
        for figure in next(iter(arms.values())):
            cells = [_cell(arm, figures[figure]) for arm, figures in arms.items()]
            lines.append(f"| {name} | {figure} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(arm: str, figure: Mapping[str, Any]) -> str:
    def span(pair: Sequence[float] | None, sign: str = "") -> str:
        return f"({pair[0]:{sign}.3f} to {pair[1]:{sign}.3f})" if pair else "(unknown)"

    value = f"{figure['value']:.3f} {span(figure['interval'])}"
    if arm == "real":
        return value
    return f"{value}, {figure['difference']:+.3f} {span(figure['difference_interval'], '+')}"


def _sources(words: Sequence[str]) -> dict[str, Path]:
    found = dict(word.partition("=")[::2] for word in words)
    return {name: Path(path) for name, path in found.items()}


def main() -> None:
    """Run the whole comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", type=Path, default=Path("configs/evaluation.yaml"))
    parser.add_argument("--work", type=Path, required=True, help="folder for everything that is made")
    parser.add_argument("--synthetic", action="append", default=[], metavar="NAME=DIR")
    parser.add_argument("--extra", action="append", default=[], metavar="NAME=DIR")
    parser.add_argument("--test-persons", nargs="+", default=["S1", "S2"], metavar="CODE")
    parser.add_argument("--only", help="train and export this arm alone, measure nothing")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    plan = Plan(args.recipe, args.work, _sources(args.synthetic), _sources(args.extra), tuple(args.test_persons))
    plan.work.mkdir(parents=True, exist_ok=True)
    written = recipes(plan)
    prepare(plan, written)
    for arm, recipe in written.items():
        if args.only in (None, arm):
            fit(plan, arm, recipe)
    if args.only is None:
        result = measure(plan, args.threads)
        write_json(plan.work / "result.json", result)
        write_text(plan.work / "result.md", table(result) + "\n")
        print(table(result))


if __name__ == "__main__":
    main()
