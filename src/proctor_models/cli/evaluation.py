"""What lies behind the figures: the worst frames, and whole clips with their events."""

from __future__ import annotations

import argparse
from pathlib import Path

from proctor_models.cli.parts import Verbs, add_common, add_out, add_verb, count


def _errors(args: argparse.Namespace) -> None:
    from proctor_models.evaluation.mistakes import evaluate_errors

    evaluate_errors(args.evaluation, args.data, args.out, args.most, args.split)


def _events(args: argparse.Namespace) -> None:
    from proctor_models.evaluation.events import Watching, evaluate_events

    persons = tuple(filter(None, args.persons.split(",")))
    watching = Watching(args.rate, args.pace, args.threads)
    evaluate_events(args.pack, args.rules, args.clips, args.out, persons, watching)


def add(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Declare them."""
    errors = add_verb(
        verbs,
        "evaluate-errors",
        _errors,
        "list and draw the frames each detector got most wrong",
        "proctor evaluate-errors --evaluation export/demo/evaluation --data data/demo/split --out review/errors",
    )
    errors.add_argument("--evaluation", required=True, type=Path, help="folder that `evaluate` wrote")
    errors.add_argument("--data", required=True, type=Path, help="split dataset folder it was measured on")
    add_out(errors, "folder", "folder to write, ignored by git or outside the repository: it shows people")
    errors.add_argument("--most", type=count, default=12, help="most frames of a kind and detector (default: 12)")
    errors.add_argument("--split", choices=("train", "val", "test"), help="only frames of this side (default: all)")

    events = add_verb(
        verbs,
        "evaluate-events",
        _events,
        "watch recorded clips with a pack and hold its findings against their events",
        "proctor evaluate-events --pack export/proctor-pack-0.9.0 --rules remote-exam --clips CLIPS --persons S2,S9"
        " --out review/events",
    )
    add_common(events, "--pack", "--threads")
    events.add_argument("--rules", required=True, help="rule set in the pack, by name")
    events.add_argument("--clips", required=True, type=Path, help="folder of NAME.mp4 with NAME.events.json beside it")
    add_out(events, "folder", "folder to write; complete or absent, never half")
    events.add_argument("--persons", default="", help="only clips of these people, divided by commas (default: all)")
    events.add_argument("--rate", type=float, default=2.0, help="frames analysed a second (default: 2)")
    events.add_argument(
        "--pace", choices=("fixed", "adaptive"), default="fixed", help="fixed (default), or as `proctor watch` does it"
    )
