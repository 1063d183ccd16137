from __future__ import annotations

import io
import pickle
from pathlib import Path

import pytest
import torch

from proctor_models.errors import CheckpointError
from proctor_models.nets.checkpoint import CHECKPOINT_FILE, blend, check_blend, load_net, save_net
from proctor_models.nets.head import HeadNet
from proctor_models.nets.scene import COCO_ROWS, SceneNet
from proctor_models.runtime.spec import NetSpec
from proctor_models.types import HEAD_ATTRIBUTES, SCENE_CLASSES


def spec(net: str, names: tuple[str, ...], side: int) -> NetSpec:
    return NetSpec(
        net=net,  # type: ignore[arg-type]
        version="0",
        resolution_wh=(side, side),
        names=names,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        pad_value=114,
        crop_scale=1.8 if net == "head" else 0.0,
        min_face_px=24 if net == "head" else 0,
        nms_iou=0.6,
        min_score=0.02,
        thresholds={},
        data_version="d",
        recipe="r",
    )


@pytest.fixture(scope="module")
def scene() -> SceneNet:
    torch.manual_seed(0)
    return SceneNet().eval()


def test_scene__gives_boxes_in_input_pixels_and_a_score_for_every_class(scene: SceneNet) -> None:
    with torch.inference_mode():
        boxes, scores = scene(torch.rand(2, 3, 64, 96))
    anchors = 64 * 96 // 8**2 + 64 * 96 // 16**2 + 64 * 96 // 32**2
    assert boxes.shape == (2, anchors, 4)
    assert scores.shape == (2, anchors, len(SCENE_CLASSES))
    assert 0 <= float(scores.min()) <= float(scores.max()) <= 1
    assert bool((boxes[..., 2:] >= boxes[..., :2]).all())


def test_scene__untaught_classes_start_near_never(scene: SceneNet) -> None:
    with torch.inference_mode():
        _, scores = scene(torch.rand(1, 3, 64, 64))
    assert float(scores.median()) < 0.05


def test_scene__rows_of_coco_are_copied_and_ours_alone_are_not(scene: SceneNet) -> None:
    ours, stock = torch.zeros(len(SCENE_CLASSES), 8, 1, 1), torch.rand(80, 8, 1, 1)
    rows = scene._rows(ours, stock, COCO_ROWS)
    assert torch.equal(rows[SCENE_CLASSES.index("phone")], stock[COCO_ROWS["phone"]])
    assert not torch.equal(rows[SCENE_CLASSES.index("face")], stock[COCO_ROWS["person"]])


def test_scene__freeze_keeps_weights_and_batch_statistics_of_the_first_layers() -> None:
    net = SceneNet().train()
    net.freeze(11)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    net(torch.rand(2, 3, 64, 64))
    changed = {k for k, v in net.state_dict().items() if not torch.equal(v, before[k])}
    assert changed
    assert all(int(k.split(".")[2]) >= 11 for k in changed)
    assert not any(p.requires_grad for p in list(net.yolo.model)[10].parameters())


def test_load_fewer__keeps_what_was_taught_by_name_and_starts_the_new_near_never() -> None:
    old, new = SceneNet(("phone", "person")), SceneNet(("person", "phone", "cup"))
    new.load_fewer(old)
    for ours, theirs in zip(new.yolo.model[-1].cv3, old.yolo.model[-1].cv3, strict=True):
        assert torch.equal(ours[-1].weight[:2], theirs[-1].weight[[1, 0]])
        assert torch.equal(ours[-1].bias[:2], theirs[-1].bias[[1, 0]])
        assert torch.sigmoid(ours[-1].bias[2]).item() == pytest.approx(0.001)
    assert torch.equal(new.yolo.model[0].conv.weight, old.yolo.model[0].conv.weight)


def test_load_coco__names_the_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"yolo26n\.pt: no such base weights"):
        SceneNet().load_coco(tmp_path / "yolo26n.pt")


def test_load_imagenet__refuses_another_net(tmp_path: Path) -> None:
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match="not a MobileNetV2"):
        HeadNet().load_imagenet(tmp_path / "other.pth")


def test_load_net__gives_back_what_was_saved_to_half_precision(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = HeadNet().eval()
    save_net(tmp_path, net, spec("head", HEAD_ATTRIBUTES, 64))
    loaded, known = load_net(tmp_path)
    images = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(loaded(images), net(images), atol=2e-3)
    assert known.names == HEAD_ATTRIBUTES
    assert not loaded.training


def test_head__an_earbud_is_read_off_the_highest_place_of_the_map() -> None:
    torch.manual_seed(0)
    net = HeadNet().eval()
    with torch.inference_mode():
        scores, spots = net.look(torch.rand(2, 3, 64, 64))
    assert spots is not None
    assert spots.shape == (2, 1, 8, 8)
    assert torch.equal(scores[:, HEAD_ATTRIBUTES.index("earphone_in_ear")], spots.amax((1, 2, 3)))
    assert float(spots.detach().sigmoid().mean()) == pytest.approx(0.1, abs=0.03)  # before any training


def test_load_net__nets_from_before_the_map_read_everything_off_the_whole_crop(tmp_path: Path) -> None:
    net = HeadNet(mapped=False).eval()
    save_net(tmp_path, net, spec("head", HEAD_ATTRIBUTES, 64))
    loaded, _ = load_net(tmp_path)
    assert isinstance(loaded, HeadNet)
    assert (loaded.map, loaded.spots) == (None, ())
    images = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(loaded(images), net(images), atol=2e-3)


def test_load_net__refuses_a_pickle_that_runs_code(tmp_path: Path) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "ran",))

    (tmp_path / CHECKPOINT_FILE).write_bytes(pickle.dumps(Harmful()))
    with pytest.raises(CheckpointError, match="not a checkpoint of ours"):
        load_net(tmp_path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("content", "match"), [({"schema": "x"}, "expected 'proctor-checkpoint/1'"), (None, "no such")]
)
def test_load_net__refuses_what_is_not_ours(tmp_path: Path, content: object, match: str) -> None:
    if content is not None:
        stream = io.BytesIO()
        torch.save(content, stream)
        (tmp_path / CHECKPOINT_FILE).write_bytes(stream.getvalue())
    with pytest.raises(CheckpointError, match=match):
        load_net(tmp_path)


def test_load_net__refuses_weights_of_another_net(tmp_path: Path) -> None:
    save_net(tmp_path, HeadNet(("mask",)), spec("head", HEAD_ATTRIBUTES, 64))
    with pytest.raises(CheckpointError, match="weights do not fit"):
        load_net(tmp_path)


def test_blend__is_the_mean_by_share_and_leaves_counters_alone(tmp_path: Path) -> None:
    old, net = HeadNet(("mask",)), HeadNet(("mask",))
    save_net(tmp_path, old, spec("head", ("mask",), 64))
    stored, before = load_net(tmp_path)[0].state_dict(), {k: v.clone() for k, v in net.state_dict().items()}
    blend(net, {tmp_path: 0.25})
    for key, value in net.state_dict().items():
        if value.is_floating_point():
            assert torch.allclose(value, 0.75 * before[key] + 0.25 * stored[key], atol=1e-6)
        else:
            assert torch.equal(value, before[key])


def test_check_blend__refuses_nets_that_cannot_be_averaged(tmp_path: Path) -> None:
    save_net(tmp_path, HeadNet(("mask",)), spec("head", ("mask",), 64))
    check_blend(spec("head", ("mask",), 64), {tmp_path: 0.5})
    with pytest.raises(CheckpointError, match=r"names: expected \('hat',\), got \('mask',\)"):
        check_blend(spec("head", ("hat",), 64), {tmp_path: 0.5})
    save_net(tmp_path / "old", HeadNet(mapped=False), spec("head", HEAD_ATTRIBUTES, 64))
    with pytest.raises(CheckpointError, match=r"weights: expected those of a net of today, map\..* only in one"):
        check_blend(spec("head", HEAD_ATTRIBUTES, 64), {tmp_path / "old": 0.5})
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        check_blend(spec("head", ("mask",), 64), {tmp_path / "absent": 0.5})
