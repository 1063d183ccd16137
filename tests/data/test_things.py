"""Crops of things: what is one, what is known of it, and how often it is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from drawn import recipe as drawn_recipe
from drawn import write_coco
from packed import SPECS
from proctor_models.config import Recipe
from proctor_models.data.ingest import ingest
from proctor_models.data.manifest import BoxLabel, FrameRecord, Manifest
from proctor_models.data.things import ThingCrops, ThingLabel, thing_labels, thing_weights
from proctor_models.runtime.image import crop_square, normalise
from proctor_models.runtime.pixels import read_image

NAMES = ("phone",)
PHONE = BoxLabel(label="phone", xyxy=(100, 100, 140, 180))
BOOK = BoxLabel(label="book_paper", xyxy=(10, 10, 80, 60))


def frame(*boxes: BoxLabel, labelled: tuple[str, ...] = ("phone",), source: str = "a") -> FrameRecord:
    return FrameRecord(
        id="a/1", file="a/1.png", sha256="", phash="0" * 16, width=200, height=200, source=source, licence="CC0-1.0",
        view="first", group="g", labelled=labelled, boxes=boxes,
    )  # fmt: skip


def said(labels: list[ThingLabel]) -> list[tuple[str, bool]]:
    return [(one.kind, one.is_of["phone"]) for one in labels]


def test_thing_labels__boxes_of_other_things_are_no_phones() -> None:
    face, small = BoxLabel(label="face", xyxy=(0, 0, 90, 90)), BoxLabel(label="cup", xyxy=(0, 0, 10, 11))
    labels = thing_labels(frame(PHONE, BOOK, face, small), NAMES, 12)
    assert said(labels) == [("phone", True), ("book_paper", False)]


def test_thing_labels__a_proposal_is_what_it_overlaps_or_nothing_known() -> None:
    on_it, beside, partly = (102.0, 100.0, 140.0, 180.0), (10.0, 100.0, 60.0, 180.0), (100.0, 150.0, 140.0, 180.0)
    labels = thing_labels(frame(PHONE), NAMES, 12, [on_it, beside, partly])
    assert said(labels) == [("phone", True), ("proposal", True), ("proposal", False)]
    assert labels[2].xyxy == beside


def test_thing_labels__proposals_say_nothing_where_phones_are_not_labelled() -> None:
    assert said(thing_labels(frame(BOOK, labelled=("book_paper",)), NAMES, 12, [(0, 0, 50, 50)])) == [
        ("book_paper", False)
    ]


def test_thing_weights__halves_are_even_and_rare_kinds_are_drawn_more() -> None:
    labels = thing_labels(frame(PHONE, *[BOOK] * 9), NAMES, 12, [(10, 100, 60, 180)])
    weights = thing_weights(labels, {})
    phones = sum(w for w, one in zip(weights, labels, strict=True) if one.is_of["phone"])
    assert phones == pytest.approx(1)
    assert sum(weights) == pytest.approx(2)
    books = sum(w for w, one in zip(weights, labels, strict=True) if one.kind == "book_paper")
    assert books == pytest.approx(3 / 4)  # nine of them weigh three times as much as one proposal
    assert thing_weights(labels, {"a": 2}) == pytest.approx([2 * w for w in weights])


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    write_coco(tmp_path / "coco", frames_a_person=2)
    ingest(Recipe.model_validate(drawn_recipe(tmp_path / "coco")), tmp_path / "raw")
    return Manifest.load(tmp_path / "raw")


def things(manifest: Manifest) -> list[ThingLabel]:
    return [thing for one in manifest for thing in thing_labels(one, NAMES, 12)]


def test_thing_crops__are_what_the_runtime_cuts(manifest: Manifest) -> None:
    (label, *_), spec = things(manifest), SPECS["thing"]
    picture, target, known = ThingCrops(manifest, [label], spec)[0]
    image = read_image(manifest.image_path(label.frame))
    crop = crop_square(image, torch.tensor(label.xyxy).numpy(), spec.crop_scale, spec.resolution_wh[0])
    assert torch.equal(picture, torch.from_numpy(normalise(crop, spec.mean, spec.std)))
    assert (target.tolist(), known.tolist()) == ([1.0], [1.0])


def test_thing_crops__augmented_ones_differ_and_keep_their_size(manifest: Manifest) -> None:
    crops = ThingCrops(manifest, things(manifest), SPECS["thing"], augment_seed=0)
    assert len(crops) == 4
    torch.manual_seed(0)
    first, again = crops[0][0], crops[0][0]
    assert first.shape == again.shape == (3, 32, 32)
    assert not torch.equal(first, again)
