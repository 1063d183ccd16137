"""Look at a dataset, decide, and replay what was decided."""

from __future__ import annotations

import argparse
from pathlib import Path

from proctor_models.cli.parts import Verbs, add_family, add_stage, recipe_named


def _replay(args: argparse.Namespace) -> None:
    from proctor_models.curation.replay import curate

    curate(recipe_named(args.recipe), args.data, args.out)


def add(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Declare them."""
    family = add_family(verbs, "curate", "look at a dataset, decide, and replay what was decided")
    stage = add_stage(
        family,
        "replay",
        _replay,
        "apply the decisions people made; a stage of the pipeline",
        "proctor curate replay --recipe demo --data data/demo/raw --out data/demo/curated",
    )
    stage.add_argument("--data", required=True, type=Path, help="dataset folder to start from")
