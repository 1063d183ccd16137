"""What a pack does: review recorded exams, predict on images."""

from __future__ import annotations

import argparse
from pathlib import Path

from proctor_models.cli.parts import Verbs, add_common, add_out, add_verb


def _watch(args: argparse.Namespace) -> None:
    from proctor_models.runtime.watch import watch

    watch(args.pack, args.rules, args.first, args.second, args.out, rate_hz=args.rate)


def _predict(args: argparse.Namespace) -> None:
    from proctor_models.runtime.predict import predict

    predict(args.pack, args.images, args.out, threads=args.threads)


def add(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Declare them."""
    watch = add_verb(
        verbs,
        "watch",
        _watch,
        "review a recorded exam of one or two views",
        "proctor watch --pack export/proctor-pack-demo --rules remote-exam --first webcam.mp4 --second phone.mp4"
        " --out review",
    )
    add_common(watch, "--pack")
    watch.add_argument("--rules", required=True, help="rule set in the pack, by name")
    watch.add_argument("--first", type=Path, help="recording of the computer's webcam")
    watch.add_argument("--second", type=Path, help="recording of the phone beside the candidate")
    add_out(watch, "into", "folder for findings, evidence and the review page")
    watch.add_argument("--rate", type=float, default=2.0, help="frames analysed a second (default: 2)")

    predict = add_verb(
        verbs,
        "predict",
        _predict,
        "run a pack over a folder of images, write COCO with scores",
        "proctor predict --pack export/proctor-pack-demo --images DIR --out predictions.json",
    )
    add_common(predict, "--pack", "--threads")
    predict.add_argument("--images", required=True, type=Path, help="folder of images, searched in depth")
    add_out(predict, "file", "COCO file to write")
