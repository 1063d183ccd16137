"""`proctor evaluate`: the exported nets through the runtime, against labelled frames.

The folder it writes::

    metrics.json      split -> detector -> figure: `dvc metrics show`
    slices.json       the same by slice (view, source, person, camera, light, looks, pose, distance), one row each
    gaps.json         worst to best gap between the groups of a slice, with its interval
    thresholds.json   every threshold and what it gives on validation frames, with two suggestions
    about.json        which nets, which data, which frames
    predictions.json  COCO with scores: FiftyOne, CVAT, pycocotools
    report.md         all figures as tables
    plots/            curves as CSV (`dvc plots`) and PNG
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from proctor_models import tracking
from proctor_models.config import Recipe
from proctor_models.data.manifest import MANIFEST_FILE, Manifest, data_version
from proctor_models.errors import DataError, ModelError
from proctor_models.evaluation.plots import draw_curves, write_curves
from proctor_models.evaluation.report import About, render
from proctor_models.evaluation.samples import draw_samples, sample_rows
from proctor_models.evaluation.seen import Seen, look
from proctor_models.evaluation.slices import measured_lights
from proctor_models.evaluation.tables import Tables, tabulate
from proctor_models.files import building, write_json, write_text
from proctor_models.runtime.predictor import Predictor
from proctor_models.types import SCENE_CLASSES

_SLICE_FIGURES = ("precision", "recall", "false_frame_rate", "ap50")
_WORDS = ("interval_by", "warning")  # kept out of metrics.json, which is for numbers


def evaluate(recipe: Recipe, models: Path, data: Path, out: Path) -> Tables:
    """Measure the nets in `models` on the dataset in `data` and write the folder `out`, or nothing.

    Returns:
        Every figure written.

    Raises:
        ModelError: a net cannot be run, or carries other thresholds than the recipe.
        DataError: no manifest, an image that cannot be read, or no frame in any of the recipe's splits.
    """
    predictor = Predictor.from_models(models, threads=os.cpu_count() or 1)
    thresholds = predictor.thresholds
    if thresholds != recipe.thresholds:
        raise ModelError(
            f"{models}: thresholds: expected those of recipe {recipe.name!r} ({recipe.thresholds}), got {thresholds}; "
            "export again"
        )
    manifest = Manifest.load(data)
    seen = _look_at_splits(recipe, manifest, predictor, data)
    lights = measured_lights(manifest.with_frames(one.frame for frames in seen.values() for one in frames))
    tables = tabulate(seen, thresholds, recipe.evaluate.bootstrap, recipe.seed, lights)
    about = _about(recipe, predictor, data, seen, manifest)
    with building(out) as part:
        write_folder(part, tables, about, seen, thresholds)
    _record(recipe, tables, about, seen, manifest, data, out)
    print(f"evaluate: figures in {out / 'report.md'}", file=sys.stderr, flush=True)
    return tables


def _look_at_splits(
    recipe: Recipe, manifest: Manifest, predictor: Predictor, data: Path
) -> dict[str, tuple[Seen, ...]]:
    seen: dict[str, tuple[Seen, ...]] = {}
    for split in recipe.evaluate.splits:
        frames = manifest.of(split)
        print(f"evaluate {split}: {len(frames)} frames", file=sys.stderr, flush=True)
        if len(frames):
            seen[split] = look(frames, predictor)
    if not seen:
        raise DataError(
            f"{data / MANIFEST_FILE}: expected frames in {' or '.join(recipe.evaluate.splits)}, got none; "
            "split again, or name other splits in evaluate.splits"
        )
    return seen


def _about(
    recipe: Recipe, predictor: Predictor, data: Path, seen: Mapping[str, Sequence[Seen]], manifest: Manifest
) -> About:
    return About(
        recipe=f"{recipe.name}@{recipe.sha256}",
        data_version=data_version(data),
        models=predictor.model_sha256,
        trained_on={name: net.spec.data_version for name, net in predictor.nets.items()},
        # With `fit_all` even validation chose when to stop, and its people are trained on.
        seen_in_training=[split for split in seen if split == "train" or recipe.split.fit_all],
        frames={split: len(frames) for split, frames in seen.items()},
        sources=sources(manifest),
    )


def sources(manifest: Manifest) -> list[dict[str, str | int]]:
    """Where a dataset's frames come from: source, licence, and frames by split, in the order of their names."""
    counts = Counter((frame.source, frame.licence, frame.split or "none") for frame in manifest)
    names = sorted({(source, licence) for source, licence, _ in counts})
    return [
        {"source": source, "licence": licence}
        | {split: counts[source, licence, split] for split in ("train", "val", "test")}
        for source, licence in names
    ]


def write_folder(
    folder: Path,
    tables: Tables,
    about: About,
    seen: Mapping[str, Sequence[Seen]],
    thresholds: Mapping[str, float],
) -> None:
    """Write every file of an evaluation into the existing, empty `folder`."""
    write_json(folder / "metrics.json", metrics(tables))
    write_json(folder / "slices.json", tables.slices)
    write_json(folder / "gaps.json", tables.gaps)
    write_json(folder / "thresholds.json", threshold_file(tables, thresholds))
    write_json(folder / "about.json", asdict(about))
    write_json(folder / "predictions.json", predictions(seen, about))
    write_text(folder / "report.md", render(tables, about, thresholds))
    plots = folder / "plots"
    plots.mkdir()
    for split, judgements in tables.judgements.items():
        write_curves(plots, split, judgements)
        draw_curves(split, judgements, thresholds).savefig(plots / f"{split}.png", dpi=110, metadata={"Software": None})


def metrics(tables: Tables) -> dict[str, dict[str, dict[str, Any]]]:
    """Split, detector, figure: numbers only, None where the frames cannot say.

    Gaps between groups are among them, as ``recall_gap_by_light``; their intervals are in gaps.json.
    """
    found = {
        split: {
            detector: {name: _short(value) for name, value in row.items() if name not in _WORDS}
            for detector, row in rows.items()
        }
        for split, rows in tables.overall.items()
    }
    for gap in tables.gaps:
        name = f"{gap['figure']}_gap_by_{gap['slice']}"
        found[str(gap["split"])][str(gap["detector"])][name] = _short(gap["gap"])
    return found


def _short(value: object) -> object:
    return round(value, 6) if isinstance(value, float) else value


def threshold_file(tables: Tables, shipped: Mapping[str, float]) -> dict[str, Any]:
    """What `thresholds.json` holds; ``chosen_on`` is always validation."""
    detectors = {
        detector: {"shipped": shipped[detector], "suggested": dict(suggestion), "table": [dict(p) for p in table]}
        for detector, (table, suggestion) in tables.thresholds.items()
    }
    return {"chosen_on": "val", "detectors": detectors}


def predictions(seen: Mapping[str, Sequence[Seen]], about: About) -> dict[str, Any]:
    """All boxes as COCO with scores, in the form `proctor predict` writes, split and frame id beside each image."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for split, frames in seen.items():
        for one in frames:
            frame, number = one.frame, len(images) + 1
            named = {"id": number, "file_name": frame.file, "width": frame.width, "height": frame.height}
            images.append({**named, "frame": frame.id, "split": split, "scores": dict(one.scores)})
            start = len(annotations) + 1
            annotations += [{"id": start + i, "image_id": number, **row} for i, row in enumerate(one.boxes)]
    return {
        "info": {"description": "Boxes for review, with scores; no verdicts.", "model_sha256": dict(about.models)},
        "images": images,
        "annotations": annotations,
        "categories": [{"id": i, "name": name} for i, name in enumerate(SCENE_CLASSES, start=1)],
    }


def slice_metrics(tables: Tables) -> dict[str, float]:
    """The main figures of each slice with their intervals, as ``slices/test.phone.light.dark.recall``.

    The store's pages fold what stands under one ``slices/``.
    """
    found: dict[str, float] = {}
    for row in tables.slices:
        where = f"slices/{row['split']}.{row['detector']}.{row['slice']}.{row['value']}"
        for name in (f"{figure}{end}" for figure in _SLICE_FIGURES for end in ("", "_low", "_high")):
            value = row.get(name)
            if isinstance(value, float) and not isinstance(value, bool):
                found[f"{where}.{name}"] = round(value, 6)
    return found


def _record(
    recipe: Recipe,
    tables: Tables,
    about: About,
    seen: Mapping[str, Sequence[Seen]],
    manifest: Manifest,
    data: Path,
    out: Path,
) -> None:
    params = {"recipe": about.recipe, "thresholds": recipe.thresholds, "bootstrap": recipe.evaluate.bootstrap}
    params |= {"seed": recipe.seed, "models": dict(about.models)}
    tags = {"recipe": about.recipe, "stage": "evaluate"} | {f"sha256.{net}": h for net, h in about.models.items()}
    with tracking.run("evaluation", recipe.name, params=params, tags=tags) as run:
        run.dataset(recipe.name, about.data_version, data, "evaluation")
        run.metrics(metrics(tables))
        run.metrics(slice_metrics(tables))
        for name in ("report.md", "metrics.json", "slices.json", "gaps.json", "thresholds.json", "about.json", "plots"):
            run.artifact(out / name, "plots" if name == "plots" else "")
        run.table(tables.slices, "tables/slices.json")
        run.table(tables.gaps, "tables/gaps.json")
        run.table(sample_rows(seen), "samples/frames.json")
        with tempfile.TemporaryDirectory() as scratch:
            picture = Path(scratch) / "made-up-people.png"
            if draw_samples(picture, [one for frames in seen.values() for one in frames], manifest):
                run.artifact(picture, "samples")
