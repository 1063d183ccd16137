"""What the verbs share: how one is declared, and how a recipe is found by name."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proctor_models.config import Recipe

Verb = Callable[[argparse.Namespace], None]
Verbs = argparse._SubParsersAction


def recipe_named(name: str) -> Recipe:
    """The recipe in configs/ of that name, or in the YAML file of that path."""
    from proctor_models.config import load_recipe

    path = Path(name)
    return load_recipe(path if path.suffix == ".yaml" else Path("configs") / f"{name}.yaml")


def add_verb(
    verbs: Verbs[argparse.ArgumentParser], name: str, run: Verb, text: str, example: str
) -> argparse.ArgumentParser:
    """Declare a verb: what runs, one line of help, and an example."""
    parser: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=text,
        description=text,
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def add_family(verbs: Verbs[argparse.ArgumentParser], name: str, text: str) -> Verbs[argparse.ArgumentParser]:
    """Declare a verb that has verbs of its own, as in `proctor curate replay`."""
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    return parser.add_subparsers(dest="deed", required=True, metavar="VERB")


def add_stage(
    verbs: Verbs[argparse.ArgumentParser], name: str, run: Verb, text: str, example: str
) -> argparse.ArgumentParser:
    """Declare a verb that is a stage of the pipeline: it has a recipe and a folder to write."""
    parser = add_verb(verbs, name, run, text, example)
    parser.add_argument("--recipe", required=True, help="a recipe in configs/ by name, or the path of a YAML file")
    parser.add_argument("--out", required=True, type=Path, help="folder to write; complete or absent, never half")
    return parser


def count(text: str) -> int:
    """An option's value: a whole number from 0.

    >>> count("7")
    7

    Raises:
        ArgumentTypeError: it is something else.
    """
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0, got {text!r}")
    return int(text)
