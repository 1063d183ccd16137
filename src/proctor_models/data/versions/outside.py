"""What a deletion cannot reach: sources outside, DVC's and git's memory, databases; said, so that a person goes on."""

from __future__ import annotations

from collections import defaultdict
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
    """Sources that cannot be looked into, those of one reason and recipe in one line."""
    others: tuple[str, ...]
    """DVC, the app's database, pictures outside."""


def remains(
    codes: Collection[str], root: Path, recipes: Mapping[str, Recipe], folders: Sequence[DatasetFolder]
) -> Remains:
    """What would be left of the person after everything below `root` is gone."""
    holding: list[str] = []
    unknown: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for recipe in recipes.values():
        missing = sorted(set(codes) - set(recipe.ingest.exclude_persons))
        todo = f"ingest.exclude_persons: {', '.join(missing)}"
        until = f"add to its {todo}" if missing else "the recipe excludes them"
        for source in recipe.ingest.sources:
            count, problem = _held(source, codes, root)
            if problem and missing:
                unknown[problem, todo][recipe.name].append(source.name)
            elif count:
                holding.append(
                    f"recipe {recipe.name}, source {source.name}: still holds {count} of theirs; delete them there; "
                    f"until then: {until}"
                )
    named = [line for recipe in recipes.values() for line in _named(recipe, codes)]
    lines = [_not_known(*key, recipes_of) for key, recipes_of in unknown.items()]
    return Remains(tuple(holding), tuple(named), tuple(lines), tuple(_others(codes, root, folders)))


def _not_known(problem: str, todo: str, sources: Mapping[str, Sequence[str]]) -> str:
    """One line for all sources of one problem, by recipe.

    >>> _not_known("no x here", "ingest.exclude_persons: S2", {"demo": ["a", "b"]}).partition("(")[2]
    'no x here): recipe demo: a, b; there, add to ingest.exclude_persons: S2'
    """
    told = "; ".join(f"recipe {recipe}: {', '.join(names)}" for recipe, names in sources.items())
    return f"not known whether these sources hold frames of theirs ({problem}): {told}; there, add to {todo}"


def _held(source: Source, codes: Collection[str], root: Path) -> tuple[str, str]:
    """How many frames of a source name the person, and why it cannot be said; no image is opened."""
    try:
        folder = expand(source.path, f"ingest.sources.{source.name}.path")
    except ConfigError as error:
        return "", str(error).partition(";")[0].partition(": ")[2]  # without the key, which names the source
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
