"""Recipes: everything a pipeline run can be told, read from configs/ and checked in full.

Unknown keys are errors. `$NAME` and `${NAME}` in paths are environment variables, so that a recipe
can name a folder without knowing the machine.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator

from proctor_models import strict_yaml
from proctor_models.config_nets import HeadNet, OutlineNet, SceneNet, Section, ThingNet
from proctor_models.errors import ConfigError
from proctor_models.types import NETS, OPTIONAL_NETS, SCENE_CLASSES, NetName

DETECTOR_NAMES = (
    *("phone", "earphone", "mask", "multiple_faces", "seat_absence"),
    *("book_paper", "hat", "ears_covered", "face_occluded"),
)


class Source(Section):
    """One place frames come from."""

    name: str
    """Short name; image ids start with it."""
    format: Literal["coco", "yolo", "cvat", "label-studio", "images", "video", "events"]
    """`coco`: a folder with a COCO file; `yolo`: images/, labels/ and data.yaml; `cvat`: CVAT 1.1 for images or for
    video; `label-studio`: its JSON or JSON_MIN export; `images`, `video`: no labels; `events`: recordings and what
    happens in them when, no boxes (`data.event_clips`)."""
    path: str
    """Folder or file; may hold environment variables."""
    annotations: str = ""
    """File of labels, relative to `path`; empty for annotations.xml of `cvat`, annotations.json of the others."""
    images: str = "images"
    """Folder of images, relative to `path`."""
    view: Literal["first", "second", "other"] | None = None
    """View of every frame; None takes what each frame states."""
    person: str | None = None
    """Code of the only person in it."""
    persons: dict[str, str] = Field(default_factory=dict)
    """Clip (a video's path without suffix) or collection (the frame's `source_repo`) to the code of the only person
    in it; the clip goes first."""
    clips: dict[str, str] = Field(default_factory=dict)
    """Collection (the frame's `source_repo`) to the recording that all its frames were taken from."""
    licence: str | None = None
    """Licence of every frame; None takes what each frame states, and a frame that states none is refused."""
    rights: str | None = None
    """What may be done with the frames beyond the licence, in words, for the datasheet; None: not stated."""
    consent: str | None = None
    """What the people in them agreed to, when and how, in words, for the datasheet; None: not stated."""
    labelled: tuple[str, ...] | Literal["all"] = ()
    """Classes labelled exhaustively, where frames do not say it themselves; `all`: every class the labels' file
    lists. `cvat` and `label-studio` must say it, `[]` for none."""
    confirmed: bool = False
    """A person has gone through every label that a model or another file brought in; without it they are refused."""
    classes: dict[str, str] = Field(default_factory=dict)
    """The source's class names to ours, where they differ; an empty value drops the class."""
    every_s: float = Field(default=1.0, gt=0)
    """Videos: seconds between two frames looked at; each is taken, unless one of the next two asks for change."""
    change_bits: int | None = Field(default=None, ge=1, le=64)
    """Videos: take a frame whose perceptual hash differs in so many of 64 bits from all taken of its clip."""
    min_change: float | None = Field(default=None, gt=0, le=1)
    """Videos: take a frame that differs from all taken of its clip on so large a share of the picture (0.02)."""
    max_gap_s: float | None = Field(default=None, gt=0)
    """Videos: seconds after which a frame is taken even of a still scene; None for never."""
    damaged: Literal["refuse", "keep"] = "refuse"
    """Videos: refuse a damaged or cut-off file, or keep the frames of it that are whole."""


class Ingest(Section):
    """What is read into the raw dataset."""

    sources: tuple[Source, ...] = Field(min_length=1)
    exclude_persons: tuple[str, ...] = ()
    """Codes of people whose frames, rooms and copies are left out (`proctor data forget`); every code of theirs."""


class Curate(Section):
    """What is taken out of the raw dataset, and what a person corrected."""

    decisions: tuple[str, ...] = ()
    """Decisions files (JSON lines), replayed one after the other; one may be written without a list."""
    near_duplicate_bits: int | None = Field(default=None, ge=0, le=16)
    """Frames of one group with the same labels whose perceptual hashes differ in at most this many of 64
    bits are thinned to the first; None keeps all."""

    @field_validator("decisions", mode="before")
    @classmethod
    def _decisions(cls, value: object) -> object:
        return ((value,) if value else ()) if isinstance(value, str) else value


class Split(Section):
    """Who goes where; by person, clip and original picture, never by frame."""

    seed: int = 0
    same_person: dict[str, str] = Field(default_factory=dict)
    """Code to code: two codes that are one person (S9 is S2)."""
    val_persons: tuple[str, ...] = ()
    test_persons: tuple[str, ...] = ()
    val_sources: tuple[str, ...] = ()
    test_sources: tuple[str, ...] = ()
    val_share: float = Field(default=0.1, ge=0, lt=1)
    """Share of the groups with no known person that goes to validation."""
    test_share: float = Field(default=0.1, ge=0, lt=1)
    near_duplicate_bits: int = Field(default=4, ge=0, le=16)
    """Frames this close by perceptual hash count as one group: they may not lie on two sides."""
    train_sources: tuple[str, ...] = ()
    """Only frames of these sources stay on the training side, the others are left out; empty keeps all."""
    measure_sources: tuple[str, ...] = ()
    """The same for validation and test: name the real sources, and no figure is about synthetic frames."""
    fit_all: bool = False
    """Train on every frame (a release); validation and test frames then are seen, and every figure says so."""


class Export(Section):
    """How ONNX files are made, and what they must match."""

    opset: int = 17
    box_iou: float = 0.99
    """Smallest overlap of a box by ONNX with the same box by PyTorch."""
    score_difference: float = 1e-3
    """Largest difference of any score."""


class Evaluate(Section):
    """How figures are made."""

    splits: tuple[Literal["train", "val", "test"], ...] = ("val", "test")
    bootstrap: int = Field(default=1000, ge=100)
    """Resamples by group for the 95 % interval."""
    look_alikes: tuple[str, ...] = ()
    """Codes of people who hold up a wallet or a case as often as a phone: false alarms on them are a figure apart."""


OPEN_LICENCES = (
    *("AGPL-3.0-or-later", "AGPL-3.0-only", "LGPL-2.1-or-later", "Apache-2.0", "MIT", "ISC", "0BSD", "Zlib"),
    *("BSD-2-Clause", "BSD-3-Clause", "Unlicense", "CC0-1.0", "CC-BY-4.0"),
)


class Pack(Section):
    """What is packed."""

    version: str
    """The pack is export/proctor-pack-<version>."""
    rules: tuple[str, ...] = ("remote-exam", "online-interview")
    """Rule sets in configs/rules/."""
    allowed_licences: tuple[str, ...] = Field(default=OPEN_LICENCES, min_length=1)
    """SPDX identifiers, and words of sources that name no licence ("none stated"). A list replaces the default."""
    provider: str = ""
    """Who puts the pack into service, with an address, for the instructions for use; empty: nobody is named."""


class Recipe(Section):
    """One pipeline run."""

    name: str
    seed: int = 0
    weights: str = ""
    """Folder of base weights; may hold environment variables."""
    ingest: Ingest
    curate: Curate = Curate()
    split: Split = Split()
    scene: SceneNet
    head: HeadNet
    thing: ThingNet | None = None
    """None: the pack has no net that looks again, and phones are what the scene net says."""
    outline: OutlineNet | None = None
    """None: a phone's box is the scene net's."""
    thresholds: dict[str, float]
    """Shipped threshold by detector, chosen on validation frames."""
    export: Export = Export()
    evaluate: Evaluate = Evaluate()
    pack: Pack
    sha256: str = ""
    """Set when read: hash of the recipe's meaning, whatever its layout."""

    @property
    def nets(self) -> tuple[NetName, ...]:
        """The nets that the recipe makes."""
        return tuple(net for net in NETS if net not in OPTIONAL_NETS or getattr(self, net) is not None)

    def plan(self, net: NetName) -> SceneNet | HeadNet | ThingNet | OutlineNet:
        """How a net is made and trained.

        Raises:
            ConfigError: the recipe does not make it.
        """
        plan: SceneNet | HeadNet | ThingNet | OutlineNet | None = getattr(self, net)
        if plan is None:
            raise ConfigError(f"{self.name}: {net}: expected a section of that name in the recipe, got none; add one")
        return plan

    @field_validator("thresholds")
    @classmethod
    def _thresholds(cls, value: dict[str, float]) -> dict[str, float]:
        if set(value) != set(DETECTOR_NAMES):
            raise ValueError(f"expected exactly {', '.join(DETECTOR_NAMES)}, got {', '.join(value)}")
        if not all(0 < t < 1 for t in value.values()):
            raise ValueError("expected every threshold between 0 and 1")
        return value


def expand(text: str, field: str) -> Path:
    """A path with its environment variables filled in.

    Raises:
        ConfigError: a variable is not set; the message names it and the field.
    """
    filled = os.path.expandvars(text)
    missing = re.findall(r"\$\{?(\w+)", filled)
    if missing:
        raise ConfigError(
            f"{field}: environment variable {missing[0]} is not set; `export {missing[0]}=FOLDER` and run again"
        )
    return Path(filled)


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        ConfigError: no such file, not YAML, or a wrong key; the message names file, key, and what was
            expected.
    """
    if not path.is_file():
        known = ", ".join(sorted(p.name for p in path.parent.glob("*.yaml"))) or "none"
        raise ConfigError(f"{path}: no such recipe; recipes beside it: {known}")
    try:
        raw = strict_yaml.load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from None
    try:
        recipe = Recipe.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{path}: {key}: {first['msg']}, got {str(first['input'])[:80]!r}") from None
    for source in recipe.ingest.sources:
        labelled = () if source.labelled == "all" else source.labelled
        unknown = (set(labelled) | set(filter(None, source.classes.values()))) - set(SCENE_CLASSES)
        if unknown:
            where = f"{path}: ingest.sources.{source.name}"
            raise ConfigError(f"{where}: unknown class {min(unknown)!r}; known: {', '.join(SCENE_CLASSES)}")
    # Nets carry this hash: what only judges, allows or describes them must not make other nets of the same training.
    without: dict[str, Any] = {
        "sha256": True, "pack": {"allowed_licences", "provider"}, "evaluate": {"look_alikes"},
    }  # fmt: skip
    # Nets that a recipe does without say nothing of it.
    without |= {net: True for net in OPTIONAL_NETS if getattr(recipe, net) is None}
    meaning = json.dumps(recipe.model_dump(mode="json", exclude=without), sort_keys=True)
    return recipe.model_copy(update={"sha256": hashlib.sha256(meaning.encode()).hexdigest()})
