"""What the verbs share: how one is declared, the options many have, and how a recipe is found by name."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Literal

from proctor_models.errors import DataError

if TYPE_CHECKING:
    from proctor_models.config import Recipe

Verb = Callable[[argparse.Namespace], None]
Verbs = argparse._SubParsersAction
Written = Literal["file", "folder", "into"]
"""What an option names: a file to write, a folder that is written whole, or one that files are put into."""

_COMMON: dict[str, dict[str, Any]] = {
    "--pack": {"required": True, "type": Path, "help": "pack folder"},
    "--models": {"required": True, "type": Path, "help": "folder with scene/, head/ and others that `export` wrote"},
    "--data": {"required": True, "type": Path, "help": "split dataset folder"},
    "--net": {"required": True, "choices": ("scene", "head", "thing", "outline")},
    "--threads": {"type": int, "default": 2, "help": "threads one inference may use (default: 2)"},
}


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
    add_out(parser, "folder", "folder to write; complete or absent, never half")
    return parser


def add_common(parser: argparse.ArgumentParser, *options: str) -> None:
    """Declare options that mean the same in several verbs."""
    for option in options:
        parser.add_argument(option, **_COMMON[option])


def add_out(
    parser: argparse.ArgumentParser, kind: Written, text: str, option: str = "--out", *, required: bool = True
) -> None:
    """Declare an option that names what is written; where it cannot be, the verb is refused before it does any work."""
    name = parser.add_argument(option, required=required, type=Path, help=text).dest
    run: Verb = parser.get_default("run")

    def checked(args: argparse.Namespace) -> None:
        out = getattr(args, name)
        if out is not None:
            check_out(out, kind, option)
        run(args)

    parser.set_defaults(run=checked)


def check_out(out: Path, kind: Written, option: str = "--out") -> None:
    """Refuse a place where nothing can be written; nothing is made there.

    Raises:
        DataError: a folder lies where a file is to be, or a file where a folder is; or no file can be made there.
    """
    try:
        if kind == "file" and out.is_dir():
            raise DataError(f"{option}: expected a file, got {out}, which is a folder; name a file in it")
        if kind != "file" and out.exists() and not out.is_dir():
            raise DataError(f"{option}: expected a folder, got {out}, which is a file; name another")
        if kind == "folder" and os.path.ismount(out):  # it is replaced by a rename, which a mount point refuses
            raise DataError(
                f"{option}: expected a folder that can be replaced, got {out}, a mount point; name one in it"
            )
        first = out.absolute() if kind == "into" else out.absolute().parent
        top = next(path for path in (first, *first.parents) if os.path.lexists(path))
        if not top.is_dir():
            raise DataError(f"{option}: {out} cannot be made: {top} is no folder; name another place")
        with TemporaryFile(dir=top):  # permissions alone do not say it: disks are full or read-only
            pass
    except OSError as error:
        raise DataError(f"{option}: {out} cannot be written ({error.strerror}); name another place") from None


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


def seconds(text: str) -> float:
    """An option's value: a time in seconds.

    >>> seconds("0.5")
    0.5

    Raises:
        ArgumentTypeError: it is no number above 0.
    """
    return _number(text, float("inf"), "a number of seconds above 0")


def share(text: str) -> float:
    """An option's value: a share of a whole.

    >>> share("0.02")
    0.02

    Raises:
        ArgumentTypeError: it is no number above 0 and up to 1.
    """
    return _number(text, 1.0, "a share above 0 and up to 1, as 0.02")


def _number(text: str, most: float, expected: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= most or value == float("inf"):
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
    return value


def bits(text: str) -> int:
    """An option's value: bits of a perceptual hash, of which there are 64.

    >>> bits("8")
    8

    Raises:
        ArgumentTypeError: it is no whole number from 1 to 64.
    """
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to 64, got {text!r}")
    return int(text)
