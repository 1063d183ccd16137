"""`proctor <verb>`: the only place that composes the parts.

Every verb imports what it needs when it runs, so that `proctor watch` works in the base install.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from proctor_models import __version__
from proctor_models.errors import ProctorError

if TYPE_CHECKING:
    from proctor_models.config import Recipe

Verb = Callable[[argparse.Namespace], None]

# Nothing this process loads may phone home or install by itself.
QUIET = {
    "YOLO_OFFLINE": "true",
    "YOLO_AUTOINSTALL": "false",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "FIFTYONE_DO_NOT_TRACK": "true",
    "FIFTYONE_DATABASE_VALIDATION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "DVC_NO_ANALYTICS": "1",
}


def _recipe(name: str) -> Recipe:
    from proctor_models.config import load_recipe

    path = Path(name)
    return load_recipe(path if path.suffix == ".yaml" else Path("configs") / f"{name}.yaml")


def _ingest(args: argparse.Namespace) -> None:
    from proctor_models.data.ingest import ingest

    ingest(_recipe(args.recipe), args.out)


def _curate(args: argparse.Namespace) -> None:
    from proctor_models.curation.replay import curate

    curate(_recipe(args.recipe), args.data, args.out)


def _split(args: argparse.Namespace) -> None:
    from proctor_models.data.split import split

    split(_recipe(args.recipe), args.data, args.out)


def _train(args: argparse.Namespace) -> None:
    from proctor_models.training.fit import train

    train(_recipe(args.recipe), args.net, args.data, args.out, fresh=args.fresh)


def _export(args: argparse.Namespace) -> None:
    from proctor_models.export.onnx import export

    export(_recipe(args.recipe), args.net, args.checkpoint, args.data, args.out)


def _evaluate(args: argparse.Namespace) -> None:
    from proctor_models.evaluation.evaluate import evaluate

    evaluate(_recipe(args.recipe), args.models, args.data, args.out)


def _pack(args: argparse.Namespace) -> None:
    from proctor_models.export.pack import pack

    pack(_recipe(args.recipe), args.models, args.evaluation, args.out)


def _watch(args: argparse.Namespace) -> None:
    from proctor_models.runtime.watch import watch

    watch(args.pack, args.rules, args.first, args.second, args.out, rate_hz=args.rate)


def _predict(args: argparse.Namespace) -> None:
    from proctor_models.runtime.predict import predict

    predict(args.pack, args.images, args.out, threads=args.threads)


def _synth(args: argparse.Namespace) -> None:
    from proctor_models.synth.compose import compose

    compose(args.frames, args.seed, args.out)


def _synth_exam(args: argparse.Namespace) -> None:
    from proctor_models.synth.exam import sample_exam

    sample_exam(args.seed, args.out)


def _add(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, run: Verb, text: str, example: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=text,
        description=text,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def _stage(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, run: Verb, text: str, example: str
) -> argparse.ArgumentParser:
    parser = _add(verbs, name, run, text, example)
    parser.add_argument("--recipe", required=True, help="a recipe in configs/ by name, or the path of a YAML file")
    parser.add_argument("--out", required=True, type=Path, help="folder to write; complete or absent, never half")
    return parser


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="proctor", description="Data, nets, packs and reviews for remote-exam proctoring."
    )
    parser.add_argument("--version", action="version", version=f"proctor {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    _stage(
        verbs,
        "ingest",
        _ingest,
        "read labelled frames and videos into one manifest",
        "proctor ingest --recipe demo --out data/demo/raw",
    )
    for name, run, text, before in (
        ("curate", _curate, "replay the decisions people made on a dataset", "raw"),
        ("split", _split, "divide by person, clip and original picture", "curated"),
    ):
        stage = _stage(
            verbs, name, run, text, f"proctor {name} --recipe demo --data data/demo/{before} --out data/demo/{name}"
        )
        stage.add_argument("--data", required=True, type=Path, help="dataset folder to start from")

    stage = _stage(
        verbs,
        "train",
        _train,
        "train one net; a killed run continues where it stopped",
        "proctor train --recipe demo --net scene --data data/demo/split --out export/demo/checkpoints/scene",
    )
    stage.add_argument("--net", required=True, choices=("scene", "head"))
    stage.add_argument("--data", required=True, type=Path, help="split dataset folder")
    stage.add_argument("--fresh", action="store_true", help="forget a stopped run instead of continuing it")

    stage = _stage(
        verbs,
        "export",
        _export,
        "write ONNX and prove that it equals the checkpoint",
        "proctor export --recipe demo --net scene --checkpoint export/demo/checkpoints/scene"
        " --data data/demo/split --out export/demo/onnx/scene",
    )
    stage.add_argument("--net", required=True, choices=("scene", "head"))
    stage.add_argument("--checkpoint", required=True, type=Path, help="folder that `train` wrote")
    stage.add_argument("--data", required=True, type=Path, help="split dataset folder")

    stage = _stage(
        verbs,
        "evaluate",
        _evaluate,
        "measure the ONNX nets through the runtime",
        "proctor evaluate --recipe demo --models export/demo/onnx --data data/demo/split --out export/demo/evaluation",
    )
    stage.add_argument("--models", required=True, type=Path, help="folder with scene/ and head/ that `export` wrote")
    stage.add_argument("--data", required=True, type=Path, help="split dataset folder")

    stage = _stage(
        verbs,
        "pack",
        _pack,
        "pack nets, rules, hashes and the runtime wheel",
        "proctor pack --recipe demo --models export/demo/onnx --evaluation export/demo/evaluation"
        " --out export/proctor-pack-demo",
    )
    stage.add_argument("--models", required=True, type=Path, help="folder with scene/ and head/ that `export` wrote")
    stage.add_argument("--evaluation", required=True, type=Path, help="folder that `evaluate` wrote")

    watch = _add(
        verbs,
        "watch",
        _watch,
        "review a recorded exam of one or two views",
        "proctor watch --pack export/proctor-pack-demo --rules remote-exam --first webcam.mp4 --second phone.mp4"
        " --out review",
    )
    watch.add_argument("--pack", required=True, type=Path, help="pack folder")
    watch.add_argument("--rules", required=True, help="rule set in the pack, by name")
    watch.add_argument("--first", type=Path, help="recording of the computer's webcam")
    watch.add_argument("--second", type=Path, help="recording of the phone beside the candidate")
    watch.add_argument("--out", required=True, type=Path, help="folder for findings, evidence and the review page")
    watch.add_argument("--rate", type=float, default=2.0, help="frames analysed a second (default: 2)")

    predict = _add(
        verbs,
        "predict",
        _predict,
        "run a pack over a folder of images, write COCO with scores",
        "proctor predict --pack export/proctor-pack-demo --images DIR --out predictions.json",
    )
    predict.add_argument("--pack", required=True, type=Path, help="pack folder")
    predict.add_argument("--images", required=True, type=Path, help="folder of images, searched in depth")
    predict.add_argument("--out", required=True, type=Path, help="COCO file to write")
    predict.add_argument("--threads", type=int, default=2, help="threads one inference may use (default: 2)")

    synth = _add(
        verbs,
        "synth",
        _synth,
        "compose labelled frames on photographs of made-up people",
        "proctor synth --frames 200 --seed 1 --out data/embedded",
    )
    synth.add_argument("--frames", type=int, default=200)
    synth.add_argument("--seed", type=int, default=0)
    synth.add_argument("--out", required=True, type=Path)

    exam = _add(
        verbs,
        "synth-exam",
        _synth_exam,
        "compose a sample exam of a made-up candidate in two views",
        "proctor synth-exam --seed 1 --out data/sample-exam",
    )
    exam.add_argument("--seed", type=int, default=0)
    exam.add_argument("--out", required=True, type=Path)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; 0 done, 1 refused with a reason, 2 wrong usage, 130 interrupted."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    args = build_parser().parse_args(argv)
    try:
        args.run(args)
    except ProctorError as error:
        print(f"proctor {args.verb}: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("proctor_models"):
            raise  # a defect of ours
        synth = args.verb.startswith("synth")
        remedy = "make the environment of requirements-synth.txt" if synth else "run `make env` in the repository"
        print(f"proctor {args.verb}: needs {error.name}, which is not installed; {remedy}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"proctor {args.verb}: interrupted; what was complete is kept", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
