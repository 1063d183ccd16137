"""The net that draws phones anew: taken over, not trained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from drawn import recipe as drawn_recipe
from proctor_models.config import Recipe
from proctor_models.errors import CheckpointError, ConfigError
from proctor_models.nets.checkpoint import load_net, save_net
from proctor_models.nets.scene import COCO_ROWS, SceneNet
from proctor_models.training.fit import train
from proctor_models.training.prepare import spec_of
from proctor_models.types import OUTLINE_CLASSES


def plan(folder: Path, init: str) -> Recipe:
    raw = drawn_recipe(folder) | {"outline": {"init": init, "resolution_px": 64}, "weights": str(folder)}
    return Recipe.model_validate(raw).model_copy(update={"sha256": "0" * 64})


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """An outline net of ours."""
    torch.manual_seed(0)
    spec = spec_of(plan(tmp_path, "start"), "outline", "")
    save_net(tmp_path / "start", SceneNet(OUTLINE_CLASSES), spec)
    return tmp_path / "start"


@pytest.mark.slow
def test_train__takes_over_the_weights(tmp_path: Path, start: Path) -> None:
    train(plan(tmp_path, str(start)), "outline", tmp_path / "no data", tmp_path / "outline")
    net, spec = load_net(tmp_path / "outline")
    began, _ = load_net(start)
    assert all(torch.equal(value, began.state_dict()[key]) for key, value in net.state_dict().items())
    assert (spec.net, spec.names, spec.resolution_wh, spec.crop_scale) == ("outline", ("phone",), (64, 64), 2.5)
    assert (spec.mean, spec.std, spec.min_face_px, spec.min_score) == ((0.0,) * 3, (1.0,) * 3, 12, 0.02)
    assert spec.data_version == ""
    said = json.loads((tmp_path / "outline" / "metrics.json").read_text())
    assert (said["persons"], said["persons_not_stated_by"]) == ([], [])
    assert not (tmp_path / "outline.resume").exists()


@pytest.mark.slow
def test_train__refuses_weights_of_another_net(tmp_path: Path) -> None:
    recipe = plan(tmp_path, "start")
    save_net(tmp_path / "start", SceneNet(), spec_of(recipe, "scene", "v"))
    with pytest.raises(CheckpointError, match=r"expected an outline net of \('phone',\), got scene of"):
        train(plan(tmp_path, str(tmp_path / "start")), "outline", tmp_path, tmp_path / "outline")
    assert not (tmp_path / "outline").exists()


@pytest.mark.slow
def test_train__refuses_weights_that_learnt_from_frames(tmp_path: Path) -> None:
    save_net(tmp_path / "start", SceneNet(OUTLINE_CLASSES), spec_of(plan(tmp_path, "start"), "outline", "d" * 64))
    with pytest.raises(CheckpointError, match="expected a net that learnt from no dataset of ours, got dddddddddddd"):
        train(plan(tmp_path, str(tmp_path / "start")), "outline", tmp_path, tmp_path / "outline")


@pytest.mark.slow
def test_train__coco_cut_to_phones(tmp_path: Path) -> None:
    from ultralytics.nn.tasks import DetectionModel

    coco = DetectionModel(cfg="yolo26n.yaml", ch=3, nc=80, verbose=False)
    torch.save({"model": coco}, tmp_path / "yolo26n.pt")
    train(plan(tmp_path, "yolo26n.pt"), "outline", tmp_path, tmp_path / "outline")
    net, _ = load_net(tmp_path / "outline")
    assert isinstance(net, SceneNet)
    kept, stock = net.yolo.state_dict(), coco.state_dict()
    last = "model.23.cv3.0.2.weight"
    assert torch.equal(kept[last], stock[last][[COCO_ROWS["phone"]]].half().float())
    assert torch.equal(kept["model.0.conv.weight"], stock["model.0.conv.weight"].half().float())


def test_train__names_the_missing_weights(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"yolo26n.pt: no such file to start from"):
        train(plan(tmp_path, "yolo26n.pt"), "outline", tmp_path, tmp_path / "outline")


def test_plan__a_recipe_without_an_outline_has_none(tmp_path: Path) -> None:
    with_it = plan(tmp_path, "yolo26n.pt")
    without = with_it.model_copy(update={"outline": None})
    assert with_it.nets == (*without.nets, "outline")
    with pytest.raises(ConfigError, match="outline: expected a section of that name in the recipe, got none"):
        train(without, "outline", tmp_path, tmp_path / "outline")
