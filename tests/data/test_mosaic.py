from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from drawn import recipe as drawn_recipe
from drawn import write_coco
from proctor_models.config import Recipe
from proctor_models.data.frames import SceneFrames, collate_scene
from proctor_models.data.ingest import ingest
from proctor_models.data.manifest import Manifest
from proctor_models.data.mosaic import CELL_PX, Mosaics, mosaic
from proctor_models.training.prepare import spec_of

WIDTH, HEIGHT = 192, 128


def sample(number: int) -> dict[str, Tensor]:
    """A canvas of one grey, tiled with boxes of a quarter of a cell; it knows the class of its own number alone."""
    step = CELL_PX // 2
    corners = torch.cartesian_prod(torch.arange(0, WIDTH, step), torch.arange(0, HEIGHT, step))
    return {
        "image": torch.full((3, HEIGHT, WIDTH), number / 10),
        "xyxy": torch.cat([corners, corners + step], 1).float(),
        "class_ids": torch.full((len(corners),), number),
        "known": torch.arange(5) == number,
    }


def drawn(seed: int) -> dict[str, Tensor]:
    return mosaic([sample(number) for number in range(4)], np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(8))
def test_mosaic__every_part_has_its_pixels_its_boxes_and_what_is_known_of_it(seed: int) -> None:
    made = drawn(seed)
    assert set(made["class_ids"].tolist()) == {0, 1, 2, 3}
    for number, box in zip(made["class_ids"].tolist(), made["xyxy"].tolist(), strict=True):
        x0, y0, x1, y1 = np.ceil(box[:2]).astype(int).tolist() + np.floor(box[2:]).astype(int).tolist()
        assert torch.allclose(made["image"][:, y0:y1, x0:x1], torch.tensor(number / 10))
        cells = made["known"][:, y0 // CELL_PX : -(-y1 // CELL_PX), x0 // CELL_PX : -(-x1 // CELL_PX)]
        # A box at the edge of the part may be cut so far that its class is not known there any more.
        assert not cells[torch.arange(5) != number].any()
    assert int(made["known"].sum(0).max()) <= 1


def test_mosaic__the_same_seed_gives_the_same_picture() -> None:
    first, second = drawn(3), drawn(3)
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_mosaic__boxes_are_where_their_things_are() -> None:
    """A white square on black in every sample: what is white in the mosaic is what the boxes hold."""
    one = {
        "image": torch.zeros(3, HEIGHT, WIDTH),
        "xyxy": torch.tensor([[60.0, 40.0, 120.0, 80.0]]),
        "class_ids": torch.tensor([0]),
        "known": torch.tensor([True]),
    }
    one["image"][:, 40:80, 60:120] = 1
    seen = 0
    for seed in range(20):
        made = mosaic([one] * 4, np.random.default_rng(seed))
        for x0, y0, x1, y1 in made["xyxy"].tolist():
            inside = made["image"][0, int(np.ceil(y0)) : int(y1), int(np.ceil(x0)) : int(x1)]
            assert float(inside.mean()) > 0.9
            seen += 1
    assert seen > 20


def test_mosaic__a_box_cut_to_little_is_neither_there_nor_absent() -> None:
    whole = {
        "image": torch.zeros(3, HEIGHT, WIDTH),
        "xyxy": torch.tensor([[0.0, 0.0, WIDTH, HEIGHT]]),
        "class_ids": torch.tensor([1]),
        "known": torch.tensor([True, True]),
    }
    kept = [mosaic([whole] * 4, np.random.default_rng(seed)) for seed in range(8)]
    assert {len(made["xyxy"]) for made in kept} > {4}
    for made in kept:
        assert made["known"][0].all()
        cells = sum(float((x1 - x0) * (y1 - y0)) / CELL_PX**2 for x0, y0, x1, y1 in made["xyxy"])
        assert int(made["known"][1].sum()) == round(cells)


def test_mosaic__a_box_outside_of_its_window_says_nothing() -> None:
    away = {**sample(0), "xyxy": torch.tensor([[-9.0, -9.0, -1.0, -1.0]]), "class_ids": torch.tensor([0])}
    made = mosaic([away] * 4, np.random.default_rng(0))
    assert not len(made["xyxy"])
    assert made["known"][0].all()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_mosaics__frames_and_mosaics_make_one_batch(tmp_path: Path, share: float) -> None:
    raw = drawn_recipe(tmp_path / "coco")
    recipe = Recipe.model_validate(raw).model_copy(update={"sha256": "0" * 64})
    write_coco(tmp_path / "coco")
    ingest(recipe, tmp_path / "raw")
    spec = spec_of(recipe, "scene", "v")
    frames = SceneFrames(Manifest.load(tmp_path / "raw"), spec)
    shown = Mosaics(frames, share)
    assert len(shown) == len(frames)
    torch.manual_seed(0)
    samples = [shown[0], shown[1]]
    width, height = spec.resolution_wh
    batch = collate_scene(samples)
    assert batch["images"].shape == (2, 3, height, width)
    assert batch["known"].shape == (2, len(spec.names), height // CELL_PX, width // CELL_PX)
    assert torch.equal(samples[0]["image"], frames[0]["image"]) == (share == 0)
    assert float(batch["bboxes"].min()) >= 0
    assert float(batch["bboxes"].max()) <= 1
