"""What a pack does: watch exams, predict on images."""

from __future__ import annotations

import argparse
from pathlib import Path

from proctor_models.cli.parts import Verbs, add_common, add_out, add_verb, seconds


def _watch(args: argparse.Namespace) -> None:
    from proctor_models.runtime.live import LiveOptions
    from proctor_models.runtime.watch import Options, watch

    live = LiveOptions(args.for_s, args.cpu, args.resume)
    options = Options(args.rate, args.pace, args.clips, args.pictures_rate, args.second_offset, live)
    watch(args.pack, args.rules, args.first, args.second, args.out, options)


def _predict(args: argparse.Namespace) -> None:
    from proctor_models.runtime.predict import predict

    predict(args.pack, args.images, args.out, threads=args.threads)


def add(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Declare them."""
    _add_watch(verbs)
    _add_predict(verbs)


def _add_watch(verbs: Verbs[argparse.ArgumentParser]) -> None:
    watch = add_verb(
        verbs,
        "watch",
        _watch,
        "watch an exam of one or two views, recorded or live, for review",
        "proctor watch --pack export/proctor-pack-demo --rules remote-exam --first webcam.mp4 --second phone.mp4"
        " --out review",
    )
    add_common(watch, "--pack")
    watch.add_argument("--rules", required=True, help="rule set in the pack, by name")
    source = "a video file, a folder of pictures, a camera's number, or an address of rtsp:// or http://"
    watch.add_argument("--first", metavar="SOURCE", help=f"the computer's webcam: {source}")
    watch.add_argument("--second", metavar="SOURCE", help="the phone beside the candidate, in the same ways")
    add_out(watch, "into", "folder for findings, evidence and the review page")
    watch.add_argument("--rate", type=float, default=2.0, help="frames analysed a second and view (default: 2)")
    watch.add_argument(
        "--pace",
        choices=("adaptive", "fixed"),
        default="adaptive",
        help="adaptive (default): twice --rate while something is suspected, half while nothing moves",
    )
    watch.add_argument("--clips", action="store_true", help="keep the beginning of each finding as a short clip")
    recorded = watch.add_argument_group("recorded exams")
    recorded.add_argument(
        "--second-offset",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="how much later the second recording started than the first; below 0 if earlier (default: 0)",
    )
    recorded.add_argument(
        "--pictures-rate",
        type=float,
        metavar="HZ",
        help="pictures a second of a folder; without it their names end with their times, as 000012500ms.jpg",
    )
    live = watch.add_argument_group("live exams", "until Ctrl-C or SIGTERM; as --first 0 --second rtsp://HOST/PATH")
    live.add_argument("--for", dest="for_s", type=seconds, metavar="SECONDS", help="stop after so long")
    live.add_argument("--cpu", type=float, metavar="SHARE", help="of one core, for the whole process, as 0.5")
    live.add_argument("--resume", action="store_true", help="go on with the exam in --out, which was cut short")


def _add_predict(verbs: Verbs[argparse.ArgumentParser]) -> None:
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
