"""Tiny made-up pictures and labels; nothing here is a photograph."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from proctor_models.config import DETECTOR_NAMES, Recipe

CATEGORIES = [{"id": 1, "name": "person"}, {"id": 2, "name": "phone"}, {"id": 3, "name": "hat"}]


def draw(seed: int, resolution_wh: tuple[int, int] = (64, 48)) -> np.ndarray:
    """A picture of coarse random patches: two seeds differ in about half the bits of their hashes."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, resolution_wh, interpolation=cv2.INTER_NEAREST)


def write_picture(path: Path, seed: int, resolution_wh: tuple[int, int] = (64, 48)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), draw(seed, resolution_wh))
    return path


@pytest.fixture
def picture() -> Callable[..., Path]:
    return write_picture


class CocoFolder:
    """A COCO folder in the making: change `content`, then `save`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.content: dict[str, Any] = {"categories": list(CATEGORIES), "images": [], "annotations": []}

    def add(self, file_name: str, boxes: tuple[tuple[int, list[float]], ...] = (), **extra: Any) -> dict[str, Any]:
        number = len(self.content["images"]) + 1
        wh = extra.pop("resolution_wh", (64, 48))
        write_picture(self.path / "images" / file_name, extra.pop("seed", number), wh)
        image = {"id": number, "file_name": file_name, "width": wh[0], "height": wh[1]}
        image |= {"licence": "CC0", "labelled_categories": ["person", "phone"]} | extra
        self.content["images"].append(image)
        for category, bbox in boxes:
            annotations = self.content["annotations"]
            annotations.append(
                {"id": len(annotations) + 1, "image_id": number, "category_id": category, "bbox": bbox, "iscrowd": 0}
            )
        return image

    def save(self) -> Path:
        (self.path / "annotations.json").write_text(json.dumps(self.content))
        return self.path


@pytest.fixture
def coco(tmp_path: Path) -> CocoFolder:
    """One sound image, `a.png`, with a person and a phone."""
    folder = CocoFolder(tmp_path / "source")
    folder.add("a.png", ((1, [4, 4, 40, 40]), (2, [10, 20, 8, 6])), source_path="shots/a.png", view="webcam")
    return folder


@pytest.fixture
def recipe() -> Callable[..., Recipe]:
    """Build a recipe of the given sources; other sections by name."""

    def build(*sources: dict[str, Any], **sections: Any) -> Recipe:
        net = {"epochs": 1, "batch": 1, "learning_rate": 1e-3}
        return Recipe.model_validate(
            {
                "name": "test",
                "ingest": {"sources": sources or ({"name": "none", "format": "images", "path": "."},)},
                "scene": net,
                "head": net,
                "thresholds": dict.fromkeys(DETECTOR_NAMES, 0.5),
                "pack": {"version": "0"},
            }
            | sections
        )

    return build


@pytest.fixture
def coco_recipe(coco: CocoFolder, recipe: Callable[..., Recipe]) -> Callable[..., Recipe]:
    """A recipe that reads the `coco` folder, saved first; keys of the source by name."""

    def build(**keys: Any) -> Recipe:
        source = {"name": "s", "format": "coco", "path": str(coco.save()), "classes": {"hat": ""}}
        return recipe(source | keys)

    return build
