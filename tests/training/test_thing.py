"""The net that looks again: from what a scene net proposes to a checkpoint that keeps some of its start."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from drawn import recipe as drawn_recipe
from drawn import write_coco
from proctor_models.config import Recipe
from proctor_models.data.ingest import ingest
from proctor_models.data.manifest import Manifest
from proctor_models.data.split import split
from proctor_models.errors import CheckpointError, ConfigError, DataError
from proctor_models.nets.checkpoint import load_net, mix, save_net
from proctor_models.nets.scene import SceneNet
from proctor_models.nets.thing import KNOWN, ThingNet
from proctor_models.training import proposals
from proctor_models.training.fit import plan_sha256, train
from proctor_models.training.prepare import prepare, spec_of
from proctor_models.training.proposals import PROPOSALS_FILE, propose

THING = {"resolution_px": 64, "epochs": 1, "batch": 4, "learning_rate": 0.001, "init": ""}


def plan(folder: Path, **thing: object) -> Recipe:
    raw = drawn_recipe(folder / "coco") | {"thing": {**THING, **thing}, "outline": None}
    return Recipe.model_validate(raw).model_copy(update={"sha256": "0" * 64})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_coco(tmp_path / "coco", frames_a_person=6)
    ingest(plan(tmp_path), tmp_path / "raw")
    split(plan(tmp_path), tmp_path / "raw", tmp_path / "split")
    return tmp_path / "split"


def save_scene(folder: Path) -> Path:
    torch.manual_seed(0)
    save_net(folder, SceneNet(), spec_of(plan(folder), "scene", "v"))
    return folder


@pytest.mark.slow
def test_train__a_thing_net_from_a_scene_nets_proposals(tmp_path: Path, data: Path) -> None:
    scene = save_scene(tmp_path / "scene")
    train(plan(tmp_path, proposals=str(scene), start_share=0.5), "thing", data, tmp_path / "thing")
    net, spec = load_net(tmp_path / "thing")
    assert isinstance(net, ThingNet)
    assert (spec.net, spec.names, spec.resolution_wh, spec.crop_scale) == ("thing", ("phone",), (64, 64), 1.6)
    said = json.loads((tmp_path / "thing" / "metrics.json").read_text())
    assert "best_before_averaging" in said
    assert not (tmp_path / "thing.resume").exists()


@pytest.mark.slow
def test_train__batch_statistics_stay_those_of_the_start(tmp_path: Path, data: Path) -> None:
    train(plan(tmp_path), "thing", data, tmp_path / "thing")
    net, _ = load_net(tmp_path / "thing")
    fresh = ThingNet().state_dict()
    statistics = [key for key in fresh if key.endswith(("running_mean", "running_var"))]
    assert statistics
    assert all(torch.equal(net.state_dict()[key], fresh[key]) for key in statistics)


def test_prepare__without_other_things_is_refused(tmp_path: Path, data: Path) -> None:
    manifest = Manifest.load(data)
    phones = manifest.with_frames(f for f in manifest if any(b.label == "phone" for b in f.boxes))
    with pytest.raises(DataError, match=r"side 'train' of the split: expected things that are \('phone',\) and others"):
        prepare(plan(tmp_path), "thing", phones, "v", tmp_path)


def test_plan__a_recipe_without_a_thing_has_none(tmp_path: Path) -> None:
    without = plan(tmp_path).model_copy(update={"thing": None})
    assert (plan(tmp_path).nets, without.nets) == (("scene", "head", "thing"), ("scene", "head"))
    with pytest.raises(ConfigError, match="thing: expected a section of that name in the recipe, got none"):
        without.plan("thing")


def test_plan_sha256__another_scene_net_is_another_plan(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    scene = save_scene(tmp_path / "scene")
    recipe = plan(tmp_path, proposals=str(scene))
    before = plan_sha256(recipe, "thing")
    torch.manual_seed(1)
    save_net(scene, SceneNet(), spec_of(recipe, "scene", "v"))
    assert plan_sha256(recipe, "thing") != before


def test_propose__boxes_in_frame_pixels_where_phones_are_labelled(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = Manifest.load(data)
    known = manifest.frames[0]
    frames = manifest.with_frames([known, manifest.frames[1].model_copy(update={"labelled": ("person",)})])
    names = spec_of(plan(tmp_path), "scene", "v").names
    found = (
        torch.tensor([[0.0, 0.0, 48.0, 36.0], [0.0, 0.0, 48.0, 36.0]]),
        torch.tensor([0.5, 0.9]),
        torch.tensor([names.index("phone"), names.index("person")]),
    )
    monkeypatch.setattr(proposals, "look", lambda _net, asked, _spec, _least: ((frame, found) for frame in asked))
    scene = save_scene(tmp_path / "scene")
    # 320 x 240 on a canvas of 96 x 64: scaled by 4/15, and 5 px further right.
    expected = {known.id: [pytest.approx((0.0, 0.0, (48 - 5) * 15 / 4, 36 * 15 / 4), abs=1)]}
    assert propose(scene, frames, ("phone",), tmp_path) == expected
    assert (tmp_path / PROPOSALS_FILE).is_file()
    monkeypatch.delattr(proposals, "look")
    assert propose(scene, frames, ("phone",), tmp_path) == expected  # kept for a resumed run


def test_propose__refuses_another_net(tmp_path: Path, data: Path) -> None:
    save_net(tmp_path / "thing", ThingNet(), spec_of(plan(tmp_path), "thing", "v"))
    with pytest.raises(CheckpointError, match="expected a scene net that draws phone, got thing"):
        propose(tmp_path / "thing", Manifest.load(data), ("phone",), tmp_path)


def test_load_imagenet__says_of_a_phone_what_three_classes_say(tmp_path: Path) -> None:
    from torchvision.models import mobilenet_v2

    torch.manual_seed(0)
    stock = mobilenet_v2().eval()
    torch.save(stock.state_dict(), tmp_path / "stock.pth")
    net = ThingNet().eval()
    net.load_imagenet(tmp_path / "stock.pth")
    images = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        bias = stock.classifier[1].bias[list(KNOWN["phone"])].mean()
        wanted = 0.5 * (stock(images)[:, list(KNOWN["phone"])].mean(1) - bias) - 1
        np.testing.assert_allclose(net.logits(images)[:, 0], wanted, rtol=1e-4, atol=1e-5)


def test_mix__is_the_mean_by_share() -> None:
    net, other = ThingNet(), ThingNet()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    mix(net, other.state_dict(), 0.25)
    for key, value in net.state_dict().items():
        if value.is_floating_point():
            assert torch.allclose(value, 0.75 * before[key] + 0.25 * other.state_dict()[key], atol=1e-6)
        else:
            assert torch.equal(value, before[key])
