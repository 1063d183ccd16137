"""What a deletion cannot reach: sources outside, DVC's and git's memory, databases; said, so that a person goes on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from proctor_models.config import Recipe, Source, expand
from proctor_models.data.coco import read_coco
from proctor_models.data.drafts import Problems
from proctor_models.data.versions.folders import DatasetFolder
from proctor_models.data.versions.persons import ROOM_TAG
from proctor_models.errors import ConfigError

APP_DATABASE = Path(".fiftyone") / "db"


@dataclass(frozen=True)
class Remains:
    """Lines that say what is left, and what to do."""

    sources: tuple[str, ...]
    """Source folders of recipes, outside the root, that still hold frames of the person."""
    recipes: tuple[str, ...]
    """Keys of recipes that name the person."""
    unknown: tuple[str, ...]
    """Sources that cannot be looked into."""
    others: tuple[str, ...]
    """DVC, the app's database, pictures outside."""


def remains(
    codes: Collection[str], root: Path, recipes: Mapping[str, Recipe], folders: Sequence[DatasetFolder]
) -> Remains:
    """What would be left of the person after everything below `root` is gone."""
    holding: list[str] = []
    unknown: list[str] = []
    for recipe in recipes.values():
        missing = sorted(set(codes) - set(recipe.ingest.exclude_persons))
        todo = f"add to its ingest.exclude_persons: {', '.join(missing)}" if missing else "the recipe excludes them"
        for source in recipe.ingest.sources:
            where = f"recipe {recipe.name}, source {source.name}"
            count, problem = _held(source, codes, root)
            if problem and missing:
                unknown.append(f"{where}: not known whether it holds frames of theirs ({problem}); {todo}")
            elif count:
                holding.append(f"{where}: still holds {count} of theirs; delete them there; until then: {todo}")
    named = [line for recipe in recipes.values() for line in _named(recipe, codes)]
    return Remains(tuple(holding), tuple(named), tuple(unknown), tuple(_others(codes, root, folders)))


def _held(source: Source, codes: Collection[str], root: Path) -> tuple[str, str]:
    """How many frames of a source name the person, and why it cannot be said; no image is opened."""
    try:
        folder = expand(source.path, f"ingest.sources.{source.name}.path")
    except ConfigError as error:
        return "", str(error).partition(";")[0]
    if folder.resolve().is_relative_to(root.resolve()):
        return "", ""  # a dataset folder of ours
    if not folder.exists():
        return "", f"no {folder} here"
    if source.format == "coco":
        drafts = list(read_coco(source, Problems(source.name)))
        groups = {f"person:{code}" for code in codes}
        mine = [d for d in drafts if d.person in codes or d.group in groups or d.tags.get(ROOM_TAG) in codes]
        return f"{len(mine)} frames" * bool(mine), "" if drafts else f"{folder} cannot be read"
    said = {source.person, *source.persons.values()}
    return "frames, as the recipe says," if said & set(codes) else "", ""


def _named(recipe: Recipe, codes: Collection[str]) -> list[str]:
    """Keys of the recipe that name the person, and would be refused once nobody has the code."""
    rules = recipe.split
    said = {
        "split.val_persons": rules.val_persons,
        "split.test_persons": rules.test_persons,
        "split.same_person": (*rules.same_person, *rules.same_person.values()),
    }
    return [
        f"recipe {recipe.name}: {key} names {', '.join(sorted(set(names) & set(codes)))}; take it out, or the split "
        "stage will not find them"
        for key, names in said.items()
        if set(names) & set(codes)
    ]


def _others(codes: Collection[str], root: Path, folders: Sequence[DatasetFolder]) -> list[str]:
    found = []
    for one in folders:
        if not one.sides(codes):
            continue
        tracked = one.folder.with_name(f"{one.folder.name}.dvc")
        if tracked.is_file():
            found.append(
                f"{tracked}: DVC keeps the folder as it was in its cache and remote, and git their history; "
                f"`dvc add {one.folder}`, then `dvc gc --workspace --cloud`, then rewrite git's history of a remote "
                "that lies in the repository"
            )
        if not one.images_root.resolve().is_relative_to(root.resolve()):
            found.append(f"{one.images_root}: pictures of {one.folder} lie outside {root}; delete them there")
    if APP_DATABASE.is_dir():
        found.append(
            f"{APP_DATABASE.parent}: the curation app's database may hold their frames' labels and predictions; save "
            "decisions, delete the folder, and open the dataset again"
        )
    return found
