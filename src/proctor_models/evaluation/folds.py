"""Several recipes as folds of one measurement: every held-out frame once, with what nets that never saw it say of it.

Each fold holds out other people. Scores of different nets come together here: a threshold and an average precision over
all folds stand for the recipe, not for one net.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from proctor_models.config import DETECTOR_NAMES
from proctor_models.data.manifest import Manifest
from proctor_models.data.split import canonical
from proctor_models.errors import DataError
from proctor_models.evaluation.matching import Bools
from proctor_models.evaluation.seen import Seen
from proctor_models.evaluation.slices import measured_lights
from proctor_models.evaluation.stored import AGAIN, read_about, read_object, read_seen

SPLITS = ("val", "test")
"""Sides that count as held out."""


@dataclass(frozen=True)
class Fold:
    """Where one recipe's dataset and figures are."""

    name: str
    data: Path
    """Split dataset folder."""
    evaluation: Path
    """Folder that `evaluate` wrote."""
    same_person: Mapping[str, str] = field(default_factory=dict)
    """Code to code: two codes that are one person, as the recipe's `split.same_person`."""
    look_alikes: frozenset[str] = frozenset()
    """Codes of people who hold up other things like a phone, as the recipe's `evaluate.look_alikes`."""


@dataclass(frozen=True)
class HeldOut:
    """The held-out frames of all folds, each once."""

    seen: tuple[Seen, ...]
    lights: Mapping[str, str]
    """Light by frame id, where no tag says it."""
    thresholds: Mapping[str, float]
    """Shipped threshold by detector, the same in all folds."""
    stating: frozenset[str]
    """Sources that state of any masked face whether the mask is worn wrongly."""
    folds: tuple[dict[str, Any], ...]
    """For the record: recipe, data version, nets and frames of each fold."""
    look_alikes: frozenset[str] = frozenset()
    """People of any fold who hold up other things like a phone."""

    def of(self, split: str) -> tuple[Seen, ...]:
        """Only the frames of one side."""
        return tuple(one for one in self.seen if one.frame.split == split)

    def mask(self, among: Callable[[Seen], bool]) -> Bools:
        """Which frames (frames,) a question takes."""
        return np.array([among(one) for one in self.seen], bool)

    @cached_property
    def persons(self) -> dict[str, str]:
        """Known people to the side they are on, by code."""
        return dict(sorted((one.frame.person, one.frame.split or "") for one in self.seen if one.frame.person))


def hold_out(folds: Sequence[Fold]) -> HeldOut:
    """Bring the folds together; a frame that two folds measured counts as the first one's.

    Raises:
        DataError: a fold's evaluation is not whole, is of other data than the fold's, was measured on frames that its
            nets were trained on, or has other thresholds than the first fold; or no frame is held out.
    """
    by_id: dict[str, Seen] = {}
    lights: dict[str, str] = {}
    records, stating = [], set()
    thresholds: dict[str, float] = {}
    for fold in folds:
        manifest, about = _checked(fold)
        thresholds = _thresholds(fold, thresholds)
        new = [
            one
            for one in read_seen(fold.evaluation, manifest, fold.same_person)
            if one.frame.split in SPLITS and one.frame.id not in by_id
        ]
        lights |= measured_lights(manifest.with_frames(one.frame for one in new))
        by_id |= {one.frame.id: one for one in new}
        stating |= {f.source for f in manifest if any("mask_incorrect" in box.attributes for box in f.boxes)}
        counted = {split: sum(one.frame.split == split for one in new) for split in SPLITS}
        kept = {key: about.get(key) for key in ("recipe", "data_version", "models", "frames")}
        records.append({"fold": fold.name, **kept, "counted": counted, "people_trained_on": _taught(fold, manifest)})
    if not by_id:
        names = ", ".join(str(fold.evaluation) for fold in folds) or "no fold"
        raise DataError(f"{names}: expected frames of {' or '.join(SPLITS)}, got none; {AGAIN} with these splits")
    alike = frozenset[str]().union(*(fold.look_alikes for fold in folds))
    return HeldOut(tuple(by_id.values()), lights, thresholds, frozenset(stating), tuple(records), alike)


def _taught(fold: Fold, manifest: Manifest) -> list[str]:
    """Every code of the people on the fold's training side."""
    same = dict(fold.same_person)
    taught = {canonical(frame.person, same) for frame in manifest if frame.split == "train" and frame.person}
    return sorted(taught | {code for code in same if canonical(code, same) in taught})


def _checked(fold: Fold) -> tuple[Manifest, dict[str, Any]]:
    """The fold's manifest and about.json, which must be of one dataset, held out."""
    about = read_about(fold.evaluation, fold.data)
    trained_on = sorted(set(about.get("seen_in_training") or ()) & set(SPLITS))
    if trained_on:
        raise DataError(
            f"{fold.evaluation / 'about.json'}: seen_in_training: expected neither {' nor '.join(SPLITS)}, got "
            f"{', '.join(trained_on)}; name a fold whose nets have not seen these frames"
        )
    return Manifest.load(fold.data), about


def _thresholds(fold: Fold, before: dict[str, float]) -> dict[str, float]:
    path = fold.evaluation / "metrics.json"
    try:
        rows = [row for split in read_object(path).values() for row in split.items()]
        found = {detector: float(row["threshold"]) for detector, row in rows}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: expected what `evaluate` writes, got another form ({error!r}); {AGAIN}") from None
    missing = sorted(set(DETECTOR_NAMES) - set(found))
    if missing:
        raise DataError(f"{path}: expected a threshold of every detector, got none of {', '.join(missing)}; {AGAIN}")
    found = {name: found[name] for name in DETECTOR_NAMES}  # one that is no more says nothing here
    if before and found != before:
        name = next(name for name in DETECTOR_NAMES if found[name] != before[name])
        raise DataError(
            f"{path}: {name}.threshold: expected that of the first fold ({before[name]}), got {found[name]}; ship one "
            "threshold in the recipes of all folds, export and evaluate again"
        )
    return found
