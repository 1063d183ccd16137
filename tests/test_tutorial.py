"""docs/tutorial-new-detector.md, followed step by step in a copy of the tree, on a small scale."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from drawn import ROOT, recipe, write_coco, write_video

PAGE = ROOT / "docs" / "tutorial-new-detector.md"
TREE = ("src", "configs", "tests", "pyproject.toml", "LICENSE", "README.md")
RECIPE = Path("configs") / "watch.yaml"
BOOTSTRAP = 100
FOLLOW = f"""
import json, pathlib, subprocess, sys
for line in sys.stdin:
    kind, words = json.loads(line)
    if kind == "proctor":
        from proctor_models.cli import main
        assert main(words) == 0, f"refused: {{words}}"
        continue
    done = subprocess.run(["sh", "-ec", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, f"{{words}}: {{done.stdout}} {{done.stderr}}"
    if pathlib.Path({str(RECIPE)!r}).is_file():
        sys.path.insert(0, "tests")
        from test_tutorial import small
        small()
"""


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, the file it is (or ""), and its text."""

    language: str
    path: str
    text: str


def blocks() -> list[Block]:
    found = re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [Block(*each) for each in found]


def run(words: list[str], root: Path, text: str = "") -> None:
    told = {"PYTHONPATH": str(root / "src"), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    told |= {"MLFLOW_TRACKING_URI": f"sqlite:///{root}/mlflow.db", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        words, cwd=root, env={**os.environ, **told}, input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


def steps(text: str) -> list[tuple[str, list[str]]]:
    """The lines of a block in their order, as `FOLLOW` takes them."""
    found: list[tuple[str, list[str]]] = []
    for line in re.sub(r"\\\n *", "", text).splitlines():
        is_verb = line.startswith("proctor ")
        found.append(("proctor", line.split()[1:]) if is_verb else ("sh", [line]))
    return found


def follow(waiting: list[tuple[str, list[str]]], root: Path) -> None:
    """One process for all of them: loading PyTorch and MLflow takes longer than most verbs do on this scale."""
    if waiting:
        run([sys.executable, "-c", FOLLOW], root, "".join(f"{json.dumps(step)}\n" for step in waiting))
    waiting.clear()


def small() -> None:
    """The recipe that the page made, with nets as small as they go and people who were drawn.

    In the current folder, which is the copy. The head net that the page exports, `make data` would have brought.
    """
    made, drawn = yaml.safe_load(RECIPE.read_text()), recipe(Path())
    assert made["name"] == made["pack"]["version"] == "watch"
    names = ("split", "scene", "head")
    less = {**{name: drawn[name] for name in names}, "evaluate": {"splits": ["val", "test"], "bootstrap": BOOTSTRAP}}
    RECIPE.write_text(yaml.safe_dump({**made, **less}))
    head = Path("data") / "checkpoints" / "head"
    if not head.exists():
        from proctor_models.config import load_recipe
        from proctor_models.nets.checkpoint import build_net, save_net
        from proctor_models.training.prepare import spec_of

        spec = spec_of(load_recipe(RECIPE), "head", "0" * 64)
        save_net(head, build_net(spec), spec)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tutorial")
    for name in TREE:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, root / name)
    write_coco(root / "data" / "embedded", frames_a_person=4)
    write_video(root / "data" / "sample-exam" / "first.mp4", seconds=24)
    waiting: list[tuple[str, list[str]]] = []
    for block in blocks():
        if block.language == "sh":
            waiting += steps(block.text)
            continue
        follow(waiting, root)  # with the code as it stands here
        if block.language == "diff":
            run(["git", "apply", "--recount", "-"], root, block.text)
        else:
            assert block.language == "python", "a language that this test cannot follow"
            (root / block.path).write_text(block.text, encoding="utf-8")
    follow(waiting, root)
    return root


def read(path: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.slow
@pytest.mark.xdist_group("tutorial")
def test_tutorial__the_new_class_is_labelled_measured_and_packed(followed: Path) -> None:
    coco = read(followed / "data" / "watches" / "annotations.json")
    ours = next(c["id"] for c in coco["categories"] if c["name"] == "smart_watch")
    labelled = [a for a in coco["annotations"] if a["category_id"] == ours]
    assert 0 < len(labelled) < len(coco["images"])
    assert all(min(a["bbox"][2:]) >= 8 for a in labelled)
    metrics = read(followed / "export" / "watch" / "evaluation" / "metrics.json")
    assert metrics["test"]["smart_watch"]["positives"] > 0
    assert read(followed / "export" / "watch" / "pack" / "card.json")["thresholds"]["smart_watch"] == 0.1


@pytest.mark.slow
@pytest.mark.xdist_group("tutorial")
def test_tutorial__the_runtime_scores_it_and_the_page_names_it(followed: Path) -> None:
    review = followed / "export" / "watch" / "review"
    scores = [json.loads(line)["scores"] for line in (review / "scores.jsonl").read_text().splitlines()]
    assert all(0 <= line["smart_watch"] <= 1 for line in scores)
    page = (review / "review.html").read_text(encoding="utf-8")
    assert "智能手表" in page
    assert "Smart watch" in page


def test_tutorial__leaves_the_tree_it_stands_in_as_it_is() -> None:
    assert not (ROOT / "src" / "proctor_models" / "detectors" / "smart_watch.py").exists()
    assert {block.language for block in blocks()} == {"python", "diff", "sh"}
