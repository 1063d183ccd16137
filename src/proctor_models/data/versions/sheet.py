"""The datasheet of a dataset version, from its frames and from what the recipe states of its sources.

After Gebru et al., "Datasheets for Datasets" (Communications of the ACM 64(12), 2021): the same seven headings. What
nobody stated is said to be not stated; nothing is left empty and nothing is guessed.

Where it lies, so that it stays true: the `split` stage writes ``datasheet.md`` beside the manifest, made from the same
frames in the same run, so every version has its own and none can be older than its data. The embedded dataset is no
output of a stage but comes by DVC, and `data/` is not in git; its sheet is ``docs/datasheets/embedded.md``, and a test
makes it again and compares. Nothing in a sheet depends on the day or the machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proctor_models.config import Recipe, Source
from proctor_models.data.manifest import FrameRecord
from proctor_models.data.versions import sheet_tables as tables
from proctor_models.data.versions.gaps import gaps, is_synthetic
from proctor_models.data.versions.persons import NEAR_BITS
from proctor_models.data.versions.read import NOT_STATED, opened
from proctor_models.files import write_text

SHEET_FILE = "datasheet.md"
CURATION_FILE = "curation.json"
_PURPOSE = (
    "To train and to measure nets that mark moments of a recorded remote exam for a person to review: phone, earphone, "
    "mask, several people, empty seat. Never to decide anything about a candidate."
)
_NOT_FOR = (
    "recognising who somebody is, or comparing faces",
    "reading emotions, attention or character",
    "claims about groups of people (skin tone, age, sex, glasses, head coverings) that are not labelled in it",
    "figures about frames it was trained on",
)


@dataclass(frozen=True)
class Subject:
    """What a sheet is about."""

    name: str
    """For the title: the recipe's name, or the folder's."""
    frames: Sequence[FrameRecord]
    data_version: str
    sources: Sequence[Source] = ()
    """Of the recipe, with what it states of licence, rights and consent."""
    curation: Mapping[str, Any] = field(default_factory=dict)
    """What `curation.json` says, if the frames were curated."""
    described: str = ""
    """What a COCO file says of itself."""


def subject_of(recipe: Recipe, frames: Sequence[FrameRecord], data_version: str, curated: Path) -> Subject:
    """The subject of a split dataset; `curated` is the folder it was divided from."""
    return Subject(recipe.name, frames, data_version, recipe.ingest.sources, read_curation(curated))


def read_curation(folder: Path) -> dict[str, Any]:
    """What the `curate` stage reported in `folder`; empty where it did not run."""
    try:
        raw = json.loads((folder / CURATION_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return raw if isinstance(raw, dict) else {}


def write_sheet(data: Path, out: Path, recipe: Recipe | None = None) -> None:
    """Write the datasheet of the dataset folder `data` to the file `out`; the recipe states rights and consent.

    Raises:
        DataError: `data` is no dataset, or something is wrong with its frames.
    """
    sources = recipe.ingest.sources if recipe else ()
    with opened(str(data), sources=sources) as (version,):
        curation = read_curation(data) or read_curation(data.with_name("curated"))
        name = recipe.name if recipe and version.kind == "manifest" else data.name
        frames = version.manifest.frames
        subject = Subject(name, frames, version.data_version, sources, curation, version.described)
        out.parent.mkdir(parents=True, exist_ok=True)
        write_text(out, datasheet(subject))


def datasheet(subject: Subject) -> str:
    """The whole sheet, Markdown."""
    parts = [
        f"# Datasheet: {subject.name}\n",
        f"Dataset version `{subject.data_version}`, {len(subject.frames)} frames.\n",
        "Made from the frames by `proctor data sheet`; not written by hand.\n",
        "## Motivation\n",
        _lines(
            ("For what purpose", _PURPOSE),
            ("Who made it, who paid for it", NOT_STATED),
            ("What it says of itself", subject.described or NOT_STATED),
        ),
        "## Composition\n",
        _composition(subject.frames),
        "## Collection\n",
        _collection(subject),
        "## Preprocessing, cleaning, labelling\n",
        _preprocessing(subject),
        "## Uses\n",
        _uses(subject.frames),
        "## Distribution\n",
        _distribution(subject.frames),
        "## Maintenance\n",
        _maintenance(),
    ]
    return "\n".join(parts)


def _lines(*facts: tuple[str, str]) -> str:
    return "\n".join(f"- **{name}**: {value}" for name, value in facts) + "\n"


def _composition(frames: Sequence[FrameRecord]) -> str:
    near, mirrored = tables.near_duplicates(frames)
    parts = [
        _lines(
            ("What one instance is", "one frame: an image file with its labels and what is known of it"),
            ("How many", f"{len(frames)} frames, {sum(len(frame.boxes) for frame in frames)} boxes"),
            ("Synthetic", _synthetic(frames)),
            ("Known people", tables.people_words(frames)),
            (
                "Near-duplicates",
                f"{near} pairs by perceptual hash ({NEAR_BITS} of 64 bits), {mirrored} more with one of them mirrored",
            ),
        ),
        "### Classes\n",
        "A frame that does not label a class exhaustively says nothing of its absence.\n",
        tables.classes(frames),
        "### Sides of the split\n",
        tables.sides(frames),
        "### Views\n",
        tables.by(frames, "view"),
        "### Resolutions\n",
        tables.resolutions(frames),
        "### People\n",
        "Codes, never names; frames of their rooms count as theirs.\n",
        tables.people(frames),
        "### Other slices\n",
        tables.tags(frames),
        "### Known gaps\n",
        "\n".join(f"- {line}" for line in gaps(frames)) + "\n",
    ]
    return "\n".join(parts)


def _synthetic(frames: Sequence[FrameRecord]) -> str:
    count = sum(is_synthetic(frame) for frame in frames)
    share = f"{count} of {len(frames)} frames ({count / max(1, len(frames)):.0%})"
    if not count:
        return f"{share} are tagged so"
    makers = sorted({(f.source, f.licence) for f in frames if is_synthetic(f)})
    names = "; ".join(f"{source} ({licence})" for source, licence in makers)
    seeds = sum("seed" in frame.tags for frame in frames if is_synthetic(frame))
    made = f"; {seeds} state the seed that makes them again" if seeds else "; the seed of a frame is not stated"
    return f"{share}, made from: {names}{made}"


def _collection(subject: Subject) -> str:
    return "\n".join(
        (
            "How frames were taken, by whom and over which time: not stated, beyond the table.\n",
            tables.sources(subject.frames, subject.sources),
            "*Consent*: what the people in the frames agreed to, as the recipe states it for the source.\n",
        )
    )


def _preprocessing(subject: Subject) -> str:
    return _lines(
        (
            "Images",
            "kept byte for byte, except that an image stored stretched gets its true shape and is encoded again",
        ),
        (
            "Boxes",
            "corners in pixels; one that leaves its image by at most 2 px is clipped, further out it is refused",
        ),
        ("Decisions people made", _decisions(subject.curation)),
        ("Labels", f"by the sources; who drew them is {NOT_STATED}"),
        ("Is the unprocessed data kept", "where the sources lie; the recipe names them"),
    )


def _decisions(curation: Mapping[str, Any]) -> str:
    if not curation:
        return NOT_STATED
    decided, thinned = curation.get("decisions") or [], curation.get("thinned") or []
    actions: dict[str, int] = {}
    for line in decided:
        actions[str(line.get("action"))] = actions.get(str(line.get("action")), 0) + 1
    counted = ", ".join(f"{count} {name}" for name, count in sorted(actions.items())) or "none"
    before, after = curation.get("frames_before"), curation.get("frames_after")
    return f"{counted}; near-duplicates thinned: {len(thinned)}; frames {before} before, {after} after"


def _uses(frames: Sequence[FrameRecord]) -> str:
    fit_all = bool(frames) and not any(frame.split == "test" for frame in frames) and frames[0].split is not None
    seen = "it has no test frame: nothing measured on it is about unseen frames" if fit_all else "see the sides above"
    return _lines(
        ("For", "training, validating and testing the nets `scene` and `head` of this project"),
        ("Measuring", seen),
        ("Not for", "; ".join(_NOT_FOR)),
    )


def _distribution(frames: Sequence[FrameRecord]) -> str:
    real = sum(not is_synthetic(frame) for frame in frames)
    place = (
        f"{real} frames are not tagged synthetic and are taken for photographs of real people or places: they are "
        "never committed, pushed or cached by this project"
        if real
        else "all frames are synthetic; they may travel under the licences below"
    )
    licences = sorted({frame.licence for frame in frames})
    return _lines(
        ("Who gets it", place),
        ("Licences", "; ".join(licences) or NOT_STATED),
        ("Export controls, other restrictions", NOT_STATED),
    )


def _maintenance() -> str:
    return _lines(
        ("Who maintains it, how to reach them", NOT_STATED),
        ("Corrections", "a line in the recipe's decisions file, replayed by `proctor curate replay`"),
        ("What changed since another version", "`proctor data diff A B`"),
        (
            "A person wants to be deleted",
            "`proctor data forget CODE` removes their frames, labels and copies, and names the packs trained on them",
        ),
        ("Older versions", "known by their hash; outputs of the pipeline are not kept"),
    )
