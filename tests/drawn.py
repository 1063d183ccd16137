"""Drawn pictures, a recipe with tiny nets, and the pipeline's commands: what the miniature is made of."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import yaml

from proctor_models.config import DETECTOR_NAMES
from proctor_models.types import Image

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 320, 240
SHIRTS = {"P1": (150, 60, 40), "P2": (50, 130, 60), "P3": (70, 60, 160), "P4": (140, 140, 40)}
SKINS = {"P1": (150, 180, 220), "P2": (90, 120, 170), "P3": (60, 85, 130), "P4": (120, 150, 200)}
UNTAUGHT_AT = "data/checkpoints/outline"
"""Where `write_untaught` saves a net, below the miniature's root."""
CLASSES = ("person", "face", "face_masked", "phone", "earphone", "book_paper")


@dataclass(frozen=True)
class Scene:
    """What one drawn picture shows, and its labels: class, box as x0 y0 x1 y1, attributes."""

    image: Image
    labels: list[tuple[str, tuple[int, int, int, int], dict[str, str | bool]]]


def draw(rng: np.random.Generator, person: str | None, holds: str = "", wears: str = "", persons: int = 1) -> Scene:
    """A room with a person like a paper doll: enough for every stage, nobody's picture."""
    coarse = rng.integers(60, 220, (5, 6, 3)).astype(np.uint8)
    image = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    labels: list[tuple[str, tuple[int, int, int, int], dict[str, str | bool]]] = []
    if person is None:
        return Scene(image, labels)
    for i in range(persons):
        x = int(rng.integers(100, 140)) if i == 0 else 240
        y, side = int(rng.integers(60, 80)), 56 - 16 * i
        cv2.rectangle(image, (x - side, y + side), (x + side, HEIGHT - 1), SHIRTS[person], -1)
        cv2.ellipse(image, (x, y + side // 2), (side // 2, int(side * 0.62)), 0, 0, 360, SKINS[person], -1)
        for eye in (-1, 1):
            cv2.circle(image, (x + eye * side // 5, y + side // 3), 3, (30, 30, 30), -1)
        face = (x - side // 2, y + side // 2 - int(side * 0.62), x + side // 2, y + side // 2 + int(side * 0.62))
        masked = wears == "mask" and i == 0
        if masked:
            cv2.rectangle(image, (x - side // 2, y + side // 2), (face[2], face[3]), (230, 230, 200), -1)
        labels += [("person", (x - side, face[1], x + side, HEIGHT), {})]
        labels += [("face_masked" if masked else "face", face, {"mask_incorrect": False} if masked else {})]
        if wears == "headphone" and i == 0:
            ear = (face[2] - 6, y + 10, face[2] + 12, y + 40)
            cv2.rectangle(image, ear[:2], ear[2:], (20, 20, 20), -1)
            labels += [("earphone", ear, {"kind": "headphone", "worn": True})]
    if holds:
        x, y = int(rng.integers(20, 60)), int(rng.integers(120, 160))
        box = (x, y, x + 30, y + 56) if holds == "phone" else (x, y, x + 70, y + 44)
        cv2.rectangle(image, box[:2], box[2:], (15, 15, 15) if holds == "phone" else (245, 245, 245), -1)
        labels += [("phone" if holds == "phone" else "book_paper", box, {})]
    return Scene(image, labels)


def write_coco(folder: Path, frames_a_person: int = 7, seed: int = 0) -> None:
    """A COCO folder of drawn frames: four people, both views, every class, and empty seats."""
    rng = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True)
    images, annotations = [], []
    cases = [{}, {"holds": "phone"}, {"wears": "mask"}, {"wears": "headphone"}, {"persons": 2}, {"holds": "book"}, None]
    for person in SHIRTS:
        for number in range(frames_a_person):
            case = cases[number % len(cases)]
            scene = draw(rng, None) if case is None else draw(rng, person, **case)
            name = f"{person}-{number}.png"
            cv2.imwrite(str(folder / "images" / name), scene.image)
            image_id = len(images) + 1
            images.append(
                {
                    "id": image_id,
                    "file_name": name,
                    "width": WIDTH,
                    "height": HEIGHT,
                    "view": "second" if number % 2 else "first",
                    "subject": person,
                    "clip": f"{person}-{'b' if number % 2 else 'a'}",
                    "time_s": float(number),
                    "licence": "CC0-1.0",
                    "labelled_categories": list(CLASSES),
                }
            )
            for label, (x0, y0, x1, y1), attributes in scene.labels:
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": image_id,
                        "category_id": CLASSES.index(label) + 1,
                        "bbox": [x0, y0, x1 - x0, y1 - y0],
                        "area": (x1 - x0) * (y1 - y0),
                        "iscrowd": 0,
                        "attributes": attributes,
                    }
                )
    categories = [{"id": i + 1, "name": name} for i, name in enumerate(CLASSES)]
    coco = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(coco))


def write_video(path: Path, seconds: int, rate_hz: int = 4, seed: int = 1) -> None:
    """A recording of one drawn person, then of the empty room from half time on."""
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    scenes = [draw(rng, "P3").image, draw(rng, None).image]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), rate_hz, (WIDTH, HEIGHT))
    for number in range(seconds * rate_hz):
        writer.write(scenes[2 * number // (seconds * rate_hz)])
    writer.release()


def recipe(frames: Path) -> dict[str, object]:
    """A recipe named as the real one, with nets as small as they go and next to nothing to start from."""
    thresholds = dict.fromkeys(DETECTOR_NAMES, 0.5)
    return {
        "name": "demo",
        "ingest": {"sources": [{"name": "drawn", "format": "coco", "path": str(frames)}]},
        "curate": {"decisions": "", "near_duplicate_bits": None},
        "split": {"val_persons": ["P3"], "test_persons": ["P4"], "near_duplicate_bits": 0},
        "scene": {"resolution_wh": [96, 64], "epochs": 1, "batch": 4, "learning_rate": 0.001, "init": ""},
        "head": {"resolution_px": 64, "epochs": 1, "batch": 4, "learning_rate": 0.001, "init": ""},
        "thing": {"resolution_px": 64, "epochs": 1, "batch": 4, "learning_rate": 0.001, "init": ""},
        "outline": {"resolution_px": 64, "init": UNTAUGHT_AT},
        "thresholds": thresholds,
        "evaluate": {"splits": ["val", "test"], "bootstrap": 100},
        "pack": {"version": "0.0.0-miniature"},
    }


def write_untaught(folder: Path) -> None:
    """Weights for the net that is not trained: random ones, as COCO's are not here."""
    from proctor_models.config import Recipe
    from proctor_models.nets.checkpoint import save_net
    from proctor_models.nets.scene import SceneNet
    from proctor_models.training.prepare import spec_of
    from proctor_models.types import OUTLINE_CLASSES

    save_net(folder, SceneNet(OUTLINE_CLASSES), spec_of(Recipe.model_validate(recipe(folder)), "outline", ""))


def demo_commands() -> list[tuple[str, list[str]]]:
    """The commands of dvc.yaml for the recipe `demo`, in an order that runs: (stage, words)."""
    from dvc.repo import Repo

    with Repo(str(ROOT)) as repo:
        commands = {stage.name: str(stage.cmd) for stage in repo.index.stages if getattr(stage, "name", None)}
    verbs = list(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"])
    ours = [name for name in commands if name.partition("@")[2].startswith("demo")]
    ours.sort(key=lambda name: verbs.index(name.partition("@")[0]))
    return [(name, shlex.split(commands[name])) for name in ours]


@dataclass(frozen=True)
class Miniature:
    """A folder laid out as the project's root, in which the whole pipeline has run."""

    root: Path

    @property
    def pack(self) -> Path:
        return self.root / "export" / "proctor-pack-demo"

    @property
    def export(self) -> Path:
        return self.root / "export" / "demo"

    @property
    def review(self) -> Path:
        return self.export / "review"
