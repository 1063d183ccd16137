"""`proctor data forget`: a person leaves every dataset, and what was made of their frames.

What goes: their frames (image files, labels, lines of manifests), frames of their room, anonymous frames of their
recordings and anonymous copies of their frames (`persons.theirs`), in every dataset folder under one root; lines of
decisions files that name those frames; entries, rows, pages and crops that name them below the export folder, the
training store and the curation app's looks (`traces`). Packs and nets are not changed: a net cannot unlearn. Which of
them were trained on the person is said, as far as their records tell.

What cannot go is said too: sources outside the root, DVC's cache and git's history, the curation app's database.

Every folder and file is replaced whole. The plan is written to ``.forgetting.json`` before anything is touched and
removed last, so a killed run leaves each folder as it was or as it shall be, and the same command finishes the job.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from proctor_models.config import Recipe, expand, load_recipe
from proctor_models.data.manifest import data_version
from proctor_models.data.versions.folders import (
    DatasetFolder,
    clean,
    dataset_folders,
    known_codes,
    marks_of,
    persons_by_version,
    settle,
)
from proctor_models.data.versions.outside import Remains, remains
from proctor_models.data.versions.persons import alias_codes
from proctor_models.data.versions.record import append, entry, names, read_forgotten
from proctor_models.data.versions.traces import Marks, Trace, take_out, traces
from proctor_models.data.versions.trained import TrainedNet, nets_under, verdict
from proctor_models.errors import ConfigError, DataError
from proctor_models.files import write_json, write_text

JOURNAL_FILE = ".forgetting.json"
RECORDS = (Path("mlflow") / "artifacts", Path(".fiftyone") / "looks")


@dataclass(frozen=True)
class Places:
    """Where to look."""

    root: Path = Path("data")
    """Dataset folders."""
    packs: Path = Path("export")
    """Packs, checkpoints, evaluations."""
    configs: Path = Path("configs")
    """Recipes: aliases, decisions files, sources."""
    records: Sequence[Path] = RECORDS
    """Further folders of derived files."""


@dataclass(frozen=True)
class Plan:
    """All that shall go, and all that is known of the rest."""

    person: str
    codes: tuple[str, ...]
    marks: Marks
    why: Mapping[str, str]
    """Frame id to why it is theirs."""
    folders: tuple[DatasetFolder, ...]
    """Those that hold frames of theirs."""
    loose: tuple[Path, ...]
    """Image files below the root, in no dataset folder."""
    files: tuple[Trace, ...]
    decisions: tuple[tuple[Path, int], ...]
    """Decisions file and how many lines go."""
    nets: tuple[tuple[TrainedNet, str], ...]
    """Every net found, and what its record says of the person."""
    remains: Remains
    entry: Mapping[str, Any]
    """Its line in the record, complete but for the versions after."""

    @property
    def empty(self) -> bool:
        """Whether nothing of theirs is left to delete."""
        return not (self.folders or self.loose or self.files or self.decisions)


def plan(person: str, places: Places, date: str) -> Plan:
    """What deleting the person would do; nothing is touched, except that a killed run's folders are brought back.

    Args:
        person: one of their codes.
        places: where to look.
        date: for the record, ``YYYY-MM-DD``.

    Raises:
        ConfigError: a recipe is wrong, so that aliases and sources are not known.
        DataError: nobody has this code (known codes are listed), the deletion of somebody else was killed and has to
            be finished first, or a dataset is damaged.
    """
    if not places.root.is_dir():
        raise DataError(f"{places.root}: no such folder; name the folder of datasets with --in")
    recipes = _recipes(places.configs)
    codes = alias_codes(person, [recipe.split.same_person for recipe in recipes.values()])
    begun = _journal(places.root, person, codes)
    for name in begun.get("folders", ()):
        settle(places.root / name)
    sources = [source for recipe in recipes.values() for source in recipe.ingest.sources]
    every = dataset_folders(places.root, sources)
    records = [*read_forgotten(places.root), *([begun["entry"]] if begun else [])]
    marks, why = marks_of(every, codes)
    marks |= Marks.from_json(begun["marks"]) if begun else Marks(*[frozenset()] * 4)
    left = remains(codes, places.root, recipes, every)
    known = known_codes(every)
    if not codes & set(known) and not left.sources and not begun and not any(names(line, codes) for line in records):
        raise DataError(f"{places.root}: nobody with code {person!r}; known codes: {', '.join(known) or 'none'}")
    held = persons_by_version(every, codes)
    nets = nets_under(places.packs)
    judged = tuple((net, verdict(net, codes, held, records)) for net in nets)
    left = replace(left, others=(*left.others, *_named_in_packs(nets, marks)))
    holding = tuple(one for one in every if one.marked(marks))
    made = Plan(
        person,
        tuple(sorted(codes)),
        marks,
        why,
        holding,
        _loose(places.root, every, marks),
        tuple(trace for top in (places.packs, *places.records) for trace in traces(top, marks)),
        _decision_files(recipes, marks),
        judged,
        left,
        begun.get("entry", {}),
    )
    return made if begun else _with_entry(made, places, held, date)


def carry_out(made: Plan, places: Places) -> None:
    """Delete what the plan names and record it; what an earlier, killed run did already is left as it is."""
    if made.empty and not (places.root / JOURNAL_FILE).is_file():
        return
    folders = [one.folder.relative_to(places.root).as_posix() for one in made.folders]
    journal = {"person": made.person, "codes": list(made.codes), "folders": folders}
    write_json(places.root / JOURNAL_FILE, {**journal, "marks": made.marks.to_json(), "entry": made.entry})
    recipes = _recipes(places.configs)
    for trace in made.files:
        take_out(trace, made.marks)
    for path, _ in made.decisions:
        write_text(path, _without_lines(path, made.marks)[1])
    for path in made.loose:
        path.unlink(missing_ok=True)
    for one in sorted(made.folders, key=lambda one: str(one.folder)):
        clean(one, made.marks, recipes)
    append(places.root, _finished(made, places))
    (places.root / JOURNAL_FILE).unlink()


def _with_entry(made: Plan, places: Places, held: Mapping[str, Mapping[str, int]], date: str) -> Plan:
    """The plan with its line for the record."""
    folders = [
        {
            "folder": one.folder.relative_to(places.root).as_posix(),
            "frames": len(one.marked(made.marks)),
            "boxes": sum(len(frame.boxes) for frame in one.marked(made.marks)),
            "before": one.version,
            "sides": held.get(one.version or "", {}),
        }
        for one in made.folders
    ]
    facts = {
        "frames": len(made.why),
        "folders": folders,
        "files": len(made.files),
        "decisions": sum(lines for _, lines in made.decisions),
        "nets": [
            {"folder": net.folder.as_posix(), "net": net.net, "kind": net.kind, "said": said} for net, said in made.nets
        ],
    }
    return replace(made, entry=entry(made.codes, date, facts))


def _finished(made: Plan, places: Places) -> dict[str, Any]:
    """The line for the record, with the versions the folders have now."""
    folders = []
    for folder in made.entry["folders"]:
        now = places.root / folder["folder"]
        folders.append({**folder, "after": data_version(now) if folder["before"] else None})
    return {**made.entry, "folders": folders}


def _recipes(configs: Path) -> dict[str, Recipe]:
    return {path.stem: load_recipe(path) for path in sorted(configs.glob("*.yaml"))}


def _journal(root: Path, person: str, codes: set[str]) -> dict[str, Any]:
    """The plan of a killed run of the same person; empty where there is none."""
    path = root / JOURNAL_FILE
    if not path.is_file():
        return {}
    raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if not codes & set(raw["codes"]):
        raise DataError(
            f"{path}: the deletion of {raw['person']} was not finished; run `proctor data forget {raw['person']}` "
            f"before that of {person}"
        )
    return raw


def _named_in_packs(nets: Sequence[TrainedNet], marks: Marks) -> list[str]:
    """Packs whose card names a frame of theirs; a pack is hashed file by file and left as it is."""
    cards = sorted({net.folder / "card.json" for net in nets if net.kind == "pack"})
    return [
        f"{card} names a frame of theirs by its id (no picture); pack again, or withdraw the pack"
        for card in cards
        if marks.stand_in(card.read_text(encoding="utf-8"))
    ]


def _loose(root: Path, folders: Sequence[DatasetFolder], marks: Marks) -> tuple[Path, ...]:
    """Image files of theirs below the root that lie in no dataset folder."""
    owned = [one.folder.resolve() for one in folders]
    found = set()
    for one in folders:
        images = one.images_root.resolve()
        if images.is_relative_to(root.resolve()) and not any(images.is_relative_to(folder) for folder in owned):
            found |= {images / frame.file for frame in one.marked(marks)}
    return tuple(sorted(path for path in found if path.is_file()))


def _decision_files(recipes: Mapping[str, Recipe], marks: Marks) -> tuple[tuple[Path, int], ...]:
    found = {}
    for text in (text for recipe in recipes.values() for text in recipe.curate.decisions):
        try:
            path = expand(text, "curate.decisions")
        except ConfigError:
            continue  # the variable that names it is not set here; `remains` says so of the sources
        if path.is_file() and (count := _without_lines(path, marks)[0]):
            found[path] = count
    return tuple(found.items())


def _without_lines(path: Path, marks: Marks) -> tuple[int, str]:
    """How many lines of a decisions file are about the frames or the person, and its text without them."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not _about(line, marks)]
    return len(lines) - len(kept), "".join(kept)


def _about(line: str, marks: Marks) -> bool:
    try:
        raw = json.loads(line)
    except ValueError:
        return marks.stand_in(line)  # a comment
    if not isinstance(raw, dict):
        return False
    return raw.get("id") in marks.ids or (raw.get("action") == "person" and raw.get("to") in marks.codes)
