"""One table over the held-out people of all folds, beside what the project wants."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from proctor_models.cli.parts import Verbs, add_out, add_verb, recipe_named
from proctor_models.errors import ConfigError

if TYPE_CHECKING:
    from proctor_models.evaluation.folds import Fold


def _targets(args: argparse.Namespace) -> None:
    from proctor_models.evaluation.measures import Draws
    from proctor_models.evaluation.targets import write_targets

    first = recipe_named(args.fold[0].partition(":")[0])
    draws = Draws(first.evaluate.bootstrap, first.seed)
    write_targets([_fold(text) for text in args.fold], args.out, draws, args.events)


def _fold(text: str) -> Fold:
    """A recipe, by name or path, with the folders of its pipeline or with those named after it."""
    from proctor_models.evaluation.folds import Fold

    named, *folders = text.split(":")
    recipe = recipe_named(named)
    if not folders:
        folders = [f"data/{recipe.name}/split", f"export/{recipe.name}/evaluation"]
    if len(folders) != 2 or not all(folders):
        raise ConfigError(f"--fold: expected RECIPE or RECIPE:DATA:EVALUATION, got {text!r}")
    data, evaluation = map(Path, folders)
    return Fold(recipe.name, data, evaluation, recipe.split.same_person, frozenset(recipe.evaluate.look_alikes))


def add(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Declare it."""
    verb = add_verb(
        verbs,
        "targets",
        _targets,
        "one table over the held-out people of several recipes, each figure beside its target",
        "proctor targets --fold evaluation --fold evaluation-swapped --out export/targets",
    )
    verb.add_argument(
        "--fold",
        required=True,
        action="append",
        metavar="RECIPE[:DATA:EVALUATION]",
        help="a recipe that holds out some of the people; without folders those of its pipeline, data/RECIPE/split and "
        "export/RECIPE/evaluation; repeat for each recipe, resamples and seed are the first one's",
    )
    verb.add_argument(
        "--events",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help="events.json that `evaluate-events` wrote with a fold's pack; may be repeated",
    )
    add_out(verb, "folder", "folder to write; complete or absent, never half")
