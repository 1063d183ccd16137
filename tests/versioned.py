"""Datasets of drawn pictures with persons, clips and sides, as the stages make them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from drawn import recipe as drawn_recipe
from drawn import write_coco
from proctor_models.config import Recipe, load_recipe
from proctor_models.curation.replay import curate
from proctor_models.data.ingest import ingest
from proctor_models.data.manifest import Manifest
from proctor_models.data.split import split


def recipe_file(top: Path, **sections: Any) -> Path:
    """configs/demo.yaml of a project in `top` whose source is ``outside/coco``; sections by name are merged in."""
    raw = drawn_recipe(top / "outside" / "coco")
    for name, section in sections.items():
        raw[name] = {**raw[name], **section}
    path = top / "configs" / "demo.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(raw))
    return path


def project(top: Path, **sections: Any) -> Recipe:
    """A project in `top`: drawn frames outside, and data/demo/{raw,curated,split} made of them."""
    if not (top / "outside").exists():
        write_coco(top / "outside" / "coco", frames_a_person=4)
    recipe = load_recipe(recipe_file(top, **sections))
    stages(recipe, top / "data" / "demo")
    return recipe


def stages(recipe: Recipe, folder: Path) -> Manifest:
    shutil.rmtree(folder, ignore_errors=True)
    ingest(recipe, folder / "raw")
    curate(recipe, folder / "raw", folder / "curated")
    return split(recipe, folder / "curated", folder / "split")
