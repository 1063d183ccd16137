"""The stages of the pipeline, from labelled frames to a pack."""

from __future__ import annotations

import argparse
from pathlib import Path

from proctor_models.cli.parts import Verbs, add_common, add_stage, recipe_named


def _ingest(args: argparse.Namespace) -> None:
    from proctor_models.data.ingest import ingest

    ingest(recipe_named(args.recipe), args.out, tuple(filter(None, args.only.split(","))))


def _split(args: argparse.Namespace) -> None:
    from proctor_models.data.split import split

    split(recipe_named(args.recipe), args.data, args.out)


def _train(args: argparse.Namespace) -> None:
    from proctor_models.training.fit import train

    train(recipe_named(args.recipe), args.net, args.data, args.out, fresh=args.fresh)


def _export(args: argparse.Namespace) -> None:
    from proctor_models.export.onnx import export

    export(recipe_named(args.recipe), args.net, args.checkpoint, args.data, args.out)


def _evaluate(args: argparse.Namespace) -> None:
    from proctor_models.evaluation.evaluate import evaluate

    evaluate(recipe_named(args.recipe), args.models, args.data, args.out)


def _pack(args: argparse.Namespace) -> None:
    from proctor_models.export.pack import pack

    pack(recipe_named(args.recipe), args.models, args.evaluation, args.out, args.targets)


def add(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Declare them."""
    _add_data_stages(verbs)
    _add_net_stages(verbs)


def _add_data_stages(verbs: Verbs[argparse.ArgumentParser]) -> None:
    stage = add_stage(
        verbs,
        "ingest",
        _ingest,
        "read labelled frames and videos into one manifest",
        "proctor ingest --recipe demo --out data/demo/raw",
    )
    stage.add_argument("--only", default="", help="read only these sources of the recipe, divided by commas")
    stage = add_stage(
        verbs,
        "split",
        _split,
        "divide by person, clip and original picture",
        "proctor split --recipe demo --data data/demo/curated --out data/demo/split",
    )
    stage.add_argument("--data", required=True, type=Path, help="dataset folder to start from")


def _add_net_stages(verbs: Verbs[argparse.ArgumentParser]) -> None:
    stage = add_stage(
        verbs,
        "train",
        _train,
        "train one net; a killed run continues where it stopped",
        "proctor train --recipe demo --net scene --data data/demo/split --out export/demo/checkpoints/scene",
    )
    add_common(stage, "--net", "--data")
    stage.add_argument("--fresh", action="store_true", help="forget a stopped run instead of continuing it")

    stage = add_stage(
        verbs,
        "export",
        _export,
        "write ONNX and prove that it equals the checkpoint",
        "proctor export --recipe demo --net scene --checkpoint export/demo/checkpoints/scene"
        " --data data/demo/split --out export/demo/onnx/scene",
    )
    add_common(stage, "--net", "--data")
    stage.add_argument("--checkpoint", required=True, type=Path, help="folder that `train` wrote")

    stage = add_stage(
        verbs,
        "evaluate",
        _evaluate,
        "measure the ONNX nets through the runtime",
        "proctor evaluate --recipe demo --models export/demo/onnx --data data/demo/split --out export/demo/evaluation",
    )
    add_common(stage, "--models", "--data")

    stage = add_stage(
        verbs,
        "pack",
        _pack,
        "pack nets, rules, hashes and the runtime wheel",
        "proctor pack --recipe demo --models export/demo/onnx --evaluation export/demo/evaluation"
        " --out export/proctor-pack-demo",
    )
    add_common(stage, "--models")
    stage.add_argument("--evaluation", required=True, type=Path, help="folder that `evaluate` wrote")
    stage.add_argument("--targets", type=Path, help="folder that `targets` wrote, for the instructions for use")
