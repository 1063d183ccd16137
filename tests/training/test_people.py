"""Whose frames a net learnt from goes on its record, its starting net's people with them."""

from __future__ import annotations

import json
from pathlib import Path

from labelled import record
from proctor_models.data.manifest import Manifest
from proctor_models.export.onnx import people_of
from proctor_models.training.record import people_trained_on

FRAMES = Manifest(
    (
        record("a", person="S1", split="train"),
        record("b", person="S2", split="val"),
        record("c", person="S3", split="test"),
        record("d", group="person:S4", split="train"),
        record("e", split="train"),
    ),
    Path(),
)


def start(folder: Path, **said: object) -> Path:
    folder.mkdir()
    (folder / "metrics.json").write_text(json.dumps({"epochs": 1, **said}))
    return folder


def test_people_trained_on__are_those_of_train_and_val_and_their_rooms() -> None:
    assert people_trained_on(FRAMES, {}) == {"persons": ["S1", "S2", "S4"], "persons_not_stated_by": []}


def test_people_trained_on__includes_the_starting_nets(tmp_path: Path) -> None:
    known = start(tmp_path / "known", persons=["S7"], persons_not_stated_by=["older"])
    assert people_trained_on(FRAMES, {"known": known}) == {
        "persons": ["S1", "S2", "S4", "S7"],
        "persons_not_stated_by": ["older"],
    }


def test_people_trained_on__says_which_starting_net_does_not_say(tmp_path: Path) -> None:
    for name, folder in (("old", start(tmp_path / "old")), ("bare", tmp_path / "bare")):
        assert people_trained_on(FRAMES, {name: folder})["persons_not_stated_by"] == [name]


def test_people_of__is_empty_for_a_checkpoint_that_says_nothing(tmp_path: Path) -> None:
    said = {"persons": ["S1"], "persons_not_stated_by": []}
    assert people_of(start(tmp_path / "new", **said)) == said
    assert people_of(start(tmp_path / "old")) == {}
    assert people_of(tmp_path / "absent") == {}
