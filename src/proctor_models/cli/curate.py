"""Look at a dataset, decide, and replay what was decided."""

from __future__ import annotations

import argparse
from pathlib import Path

from proctor_models.cli.parts import Verbs, add_common, add_family, add_out, add_stage, add_verb, recipe_named

_TAGS = """how to decide, in the app, by tags:
  on a frame       drop | split:train|val|test | view:first|second|other | person:CODE | tag:NAME=VALUE
                   labelled:CLASS | unlabelled:CLASS | why:TEXT
  on a label       wrong | relabel:CLASS | set:NAME=VALUE | why:TEXT
  on a prediction  add | add:CLASS | set:NAME=VALUE | why:TEXT
or edit labels in the app's Annotate tab; what differs from the dataset becomes a decision.
"""


def _replay(args: argparse.Namespace) -> None:
    from proctor_models.curation.replay import curate

    curate(recipe_named(args.recipe), args.data, args.out)


def _open(args: argparse.Namespace) -> None:
    from proctor_models.curation.app import open_dataset
    from proctor_models.curation.looks import Nets

    nets = None
    if args.pack:
        nets = Nets.from_pack(args.pack, args.threads)
    elif args.models:
        nets = Nets.from_models(args.models, args.threads)
    open_dataset(args.data, nets, args.name, None if args.no_app else args.port, args.fresh)


def _save(args: argparse.Namespace) -> None:
    from proctor_models.curation.app import default_name
    from proctor_models.curation.save import save_decisions

    save_decisions(args.data, args.name or default_name(args.data), args.out, args.who)


def add(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Declare them."""
    family = add_family(verbs, "curate", "look at a dataset, decide, and replay what was decided")
    _add_open(family)
    _add_save(family)
    stage = add_stage(
        family,
        "replay",
        _replay,
        "apply the decisions people made; a stage of the pipeline",
        "proctor curate replay --recipe demo --data data/demo/raw --out data/demo/curated",
    )
    stage.add_argument("--data", required=True, type=Path, help="dataset folder to start from")


def _add_open(family: Verbs[argparse.ArgumentParser]) -> None:
    verb = add_verb(
        family,
        "open",
        _open,
        "look at a dataset version in FiftyOne, on this machine only",
        "proctor curate open --data data/demo/split --pack export/proctor-pack-demo",
    )
    verb.epilog = f"{_TAGS}\n{verb.epilog}"
    verb.add_argument("--data", required=True, type=Path, help="dataset folder: one that holds manifest.jsonl")
    nets = verb.add_mutually_exclusive_group()
    nets.add_argument("--pack", type=Path, help="pack whose nets look at every frame")
    nets.add_argument("--models", type=Path, help="folder of exported nets, instead of a pack")
    verb.add_argument("--name", default="", help="name in FiftyOne (default: of the folder and its parent)")
    verb.add_argument("--port", type=int, default=5151, help="of the app on 127.0.0.1 (default 5151)")
    add_common(verb, "--threads")
    verb.add_argument("--no-app", action="store_true", help="load it and stop")
    verb.add_argument("--fresh", action="store_true", help="load it anew; unsaved decisions are thrown away")


def _add_save(family: Verbs[argparse.ArgumentParser]) -> None:
    verb = add_verb(
        family,
        "save",
        _save,
        "write what was decided in FiftyOne as lines of a decisions file",
        "proctor curate save --data data/demo/split --out configs/decisions/demo.jsonl --who R1",
    )
    verb.epilog = f"{_TAGS}\n{verb.epilog}"
    verb.add_argument("--data", required=True, type=Path, help="dataset folder that was opened")
    verb.add_argument("--name", default="", help="its name in FiftyOne, if `open` was given one")
    add_out(verb, "file", "decisions file to append to")
    verb.add_argument("--who", help="code of who decided, never a name")
