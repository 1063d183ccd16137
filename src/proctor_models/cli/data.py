"""Dataset versions: what changed, what one holds, how a person is deleted."""

from __future__ import annotations

import argparse
from pathlib import Path

from proctor_models.cli.parts import Verbs, add_family, add_out, add_verb, count, recipe_named
from proctor_models.errors import DataError


def _diff(args: argparse.Namespace) -> None:
    from proctor_models.data.versions.changes import compare
    from proctor_models.data.versions.page import write_page
    from proctor_models.data.versions.read import opened
    from proctor_models.data.versions.words import words

    with opened(args.a, args.b) as (a, b):
        changes = compare(a, b)
        print(words(changes), end="")
        if args.out is not None:
            print(f"page: {write_page(changes, args.out, args.pictures)}")


def _sheet(args: argparse.Namespace) -> None:
    from proctor_models.data.versions.sheet import write_sheet

    write_sheet(args.data, args.out, recipe_named(args.recipe) if args.recipe else None)


def _forget(args: argparse.Namespace) -> None:
    from datetime import UTC, datetime

    from proctor_models.data.versions.forget import RECORDS, Places, carry_out, plan
    from proctor_models.data.versions.forget_words import account

    beside = args.root.parent  # a rehearsal on a copy touches what lies beside the copy
    packs, configs = args.packs or beside / "export", args.configs or beside / "configs"
    for option, folder in (("--packs", args.packs), ("--configs", args.configs), *(("--also", f) for f in args.also)):
        if folder is not None and not folder.is_dir():
            raise DataError(f"{option}: expected a folder, got {folder}, which is none; mend the path")
    places = Places(args.root, packs, configs, (*(beside / record for record in RECORDS), *args.also))
    made = plan(args.person, places, datetime.now(UTC).date().isoformat())
    if not args.dry_run:
        carry_out(made, places)
    print(account(made, places, dry_run=args.dry_run), end="")


def add(verbs: Verbs[argparse.ArgumentParser]) -> None:
    """Declare them."""
    family = add_family(verbs, "data", "dataset versions: what changed, what one holds, delete a person")
    diff = add_verb(
        family,
        "diff",
        _diff,
        "what changed between two dataset versions, in words and pictures",
        "proctor data diff data/embedded@HEAD~1 data/embedded --out diff",
    )
    version = "dataset folder (manifest.jsonl, or COCO), or FOLDER@REVISION of one under DVC or git"
    diff.add_argument("a", metavar="A", help=f"before: {version}")
    diff.add_argument("b", metavar="B", help=f"after: {version}")
    text = "folder for diff.html; it shows frames, so keep it where they may lie"
    add_out(diff, "into", text, required=False)
    diff.add_argument(
        "--pictures", type=count, default=12, help="most frames shown of each kind of change (default 12)"
    )

    sheet = add_verb(
        family,
        "sheet",
        _sheet,
        "the datasheet of a dataset version",
        "proctor data sheet --data data/embedded --recipe demo --out docs/datasheets/embedded.md",
    )
    sheet.add_argument("--data", required=True, type=Path, help="dataset folder (manifest.jsonl, or COCO)")
    add_out(sheet, "file", "Markdown file to write")
    sheet.add_argument("--recipe", help="recipe that reads it, for what it states of rights and consent")

    _add_forget(family)


def _add_forget(family: Verbs[argparse.ArgumentParser]) -> None:
    forget = add_verb(
        family,
        "forget",
        _forget,
        "delete a person from every dataset, and say which packs were trained on them",
        "proctor data forget S1 --dry-run",
    )
    forget.add_argument("person", metavar="PERSON", help="code of the person; other codes of theirs go with it")
    forget.add_argument(
        "--in",
        dest="root",
        type=Path,
        default=Path("data"),
        help="folder of datasets (default: data); mlflow/artifacts and .fiftyone/looks beside it lose the person too",
    )
    forget.add_argument("--packs", type=Path, help="packs and figures (default: export, beside --in)")
    forget.add_argument("--configs", type=Path, help="recipes (default: configs, beside --in)")
    forget.add_argument("--also", type=Path, action="append", default=[], help="another folder of derived files")
    forget.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
