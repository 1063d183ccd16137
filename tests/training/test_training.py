from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from drawn import recipe as drawn_recipe
from drawn import write_coco
from proctor_models.config import Recipe
from proctor_models.data.ingest import ingest
from proctor_models.data.manifest import BoxLabel, Manifest
from proctor_models.data.split import split
from proctor_models.errors import DataError
from proctor_models.nets.checkpoint import load_net, save_net
from proctor_models.nets.head import HeadNet
from proctor_models.nets.scene import SceneNet
from proctor_models.training.fit import train
from proctor_models.training.head import spot_loss
from proctor_models.training.prepare import _start, spec_of
from proctor_models.training.record import Recorder, read_history
from proctor_models.training.scene import PartialLabelLoss
from proctor_models.training.teacher import decode, load_taught, save_taught, teach
from proctor_models.types import SCENE_CLASSES

pytestmark = pytest.mark.slow


def plan(tmp_path: Path, **head: object) -> Recipe:
    raw = drawn_recipe(tmp_path / "coco")
    raw["head"] = {**raw["head"], **head}  # type: ignore[dict-item]
    recipe = Recipe.model_validate(raw)
    return recipe.model_copy(update={"sha256": "0" * 64})


def dataset(tmp_path: Path, recipe: Recipe) -> Path:
    write_coco(tmp_path / "coco")
    ingest(recipe, tmp_path / "raw")
    split(recipe, tmp_path / "raw", tmp_path / "split")
    return tmp_path / "split"


def test_partial_label_loss__an_unlabelled_class_gets_no_gradient() -> None:
    torch.manual_seed(0)
    net = SceneNet().train()
    known = torch.ones(1, len(SCENE_CLASSES), dtype=torch.bool)
    known[0, SCENE_CLASSES.index("phone")] = False
    batch = {
        "batch_idx": torch.zeros(1),
        "cls": torch.zeros(1),
        "bboxes": torch.tensor([[0.5, 0.5, 0.4, 0.4]]),
        "known": known,
    }
    raw = net(torch.rand(1, 3, 64, 64))
    raw["scores"].retain_grad()
    PartialLabelLoss(net)(raw, batch)[0].sum().backward()
    by_class = raw["scores"].grad.abs().sum((0, 2))
    assert float(by_class[SCENE_CLASSES.index("phone")]) == 0
    assert float(by_class[SCENE_CLASSES.index("person")]) > 0
    assert float(by_class[SCENE_CLASSES.index("cup")]) > 0


def test_partial_label_loss__a_map_says_which_part_of_the_picture_labels_what() -> None:
    torch.manual_seed(0)
    net = SceneNet().train()
    phone = SCENE_CLASSES.index("phone")
    known = torch.ones(1, len(SCENE_CLASSES), 2, 3, dtype=torch.bool)
    known[0, phone, :, 2] = False  # the last third of the width
    batch = {"batch_idx": torch.zeros(0), "cls": torch.zeros(0), "bboxes": torch.zeros(0, 4), "known": known}
    raw = net(torch.rand(1, 3, 64, 96))
    raw["scores"].retain_grad()
    PartialLabelLoss(net)(raw, batch)[0].sum().backward()
    done = 0
    for feature in raw["feats"]:
        height, width = feature.shape[2:]
        learnt = raw["scores"].grad[0, phone, done : done + height * width].reshape(height, width)
        done += height * width
        assert float(learnt[:, : width * 2 // 3].abs().min()) > 0
        assert float(learnt[:, width * 2 // 3 :].abs().max()) == 0
    assert done == raw["scores"].shape[2]


def test_partial_label_loss__a_box_of_an_unlabelled_class_still_counts() -> None:
    torch.manual_seed(0)
    net = SceneNet().train()
    batch = {
        "batch_idx": torch.zeros(1),
        "cls": torch.tensor([float(SCENE_CLASSES.index("phone"))]),
        "bboxes": torch.tensor([[0.5, 0.5, 0.4, 0.4]]),
        "known": torch.zeros(1, len(SCENE_CLASSES), dtype=torch.bool),
    }
    raw = net(torch.rand(1, 3, 64, 64))
    raw["scores"].retain_grad()
    PartialLabelLoss(net)(raw, batch)[0].sum().backward()
    by_class = raw["scores"].grad.abs().sum((0, 2))
    assert torch.nonzero(by_class).flatten().tolist() == [SCENE_CLASSES.index("phone")]


def test_decode__one_class_suppresses_only_itself() -> None:
    xyxy = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 11], [0, 0, 10, 10]])
    scores = torch.tensor([[0.9, 0.0], [0.8, 0.0], [0.0, 0.7]])
    boxes, found, label = decode(xyxy, scores, 0.1, 0.6)
    assert found.tolist() == pytest.approx([0.9, 0.7])
    assert label.tolist() == [0, 1]
    assert boxes.shape == (2, 4)


def test_teach__asks_only_for_classes_a_frame_does_not_label(tmp_path: Path) -> None:
    recipe = plan(tmp_path)
    frames = Manifest.load(dataset(tmp_path, recipe))
    all_but_phone = tuple(c for c in SCENE_CLASSES if c != "phone")
    partly = frames.with_frames(f.model_copy(update={"labelled": all_but_phone}) for f in frames.frames[:3])
    teacher = SceneNet().eval()
    taught = teach(teacher, partly, spec_of(recipe, "scene", "v"), frozenset(SCENE_CLASSES), sure=0.9, doubt=0.5)
    assert {t.known for t in taught.values()} == {frozenset({"phone"})}
    save_taught(tmp_path / "taught.json", taught)
    assert load_taught(tmp_path / "taught.json") == taught


class Says(torch.nn.Module):
    """A teacher that boxes the same on every frame: class, xyxy on the canvas, score."""

    def __init__(self, *found: tuple[str, tuple[float, ...], float]) -> None:
        super().__init__()
        self.found = found

    def fuse(self) -> None:
        """Nothing to fold."""

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        xyxy = torch.tensor([box for _, box, _ in self.found])
        scores = torch.zeros(len(self.found), len(SCENE_CLASSES))
        for row, (name, _, score) in enumerate(self.found):
            scores[row, SCENE_CLASSES.index(name)] = score
        return xyxy.expand(len(images), -1, -1), scores.expand(len(images), -1, -1)


def test_teach__another_name_for_what_a_person_has_named_is_not_taught(tmp_path: Path) -> None:
    recipe = plan(tmp_path)
    whole = Manifest.load(dataset(tmp_path, recipe))
    one = whole.frames[0]
    spec = replace(spec_of(recipe, "scene", "v"), resolution_wh=(one.width, one.height))
    book, elsewhere, near = (10.0, 10.0, 50.0, 40.0), (5.0, 50.0, 40.0, 60.0), (12.0, 11.0, 50.0, 42.0)
    frame = one.model_copy(
        update={"labelled": ("book_paper",), "boxes": (BoxLabel(label="book_paper", xyxy=book),)},
    )
    frames = whole.with_frames([frame])
    knows = frozenset({"laptop", "remote", "person", "screen"})
    teacher = Says(
        ("laptop", near, 0.9), ("laptop", elsewhere, 0.95), ("remote", near, 0.6), ("screen", elsewhere, 0.6),
        ("person", near, 0.9),
    )  # fmt: skip
    taught = teach(teacher, frames, spec, knows, sure=0.8, doubt=0.5)[frame.id]  # type: ignore[arg-type]
    assert [(box.label, box.xyxy) for box in taught.boxes] == [("laptop", elsewhere), ("person", near)]
    # A doubtful remote where a person says book is no doubt; a doubtful screen elsewhere is.
    assert taught.known == {"laptop", "remote", "person"}


def test_train__a_killed_run_goes_on_from_its_last_whole_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = plan(tmp_path, epochs=3, early_stop_epochs=3)
    data, out = dataset(tmp_path, recipe), tmp_path / "head"
    whole = Recorder.on_validation_end
    seen: list[int] = []

    def dies_in_the_second(self: Recorder, trainer: object, module: object) -> None:
        seen.append(trainer.current_epoch)  # type: ignore[attr-defined]
        if len(seen) == 2:
            raise ConnectionError("the machine went away")
        whole(self, trainer, module)  # type: ignore[arg-type]

    monkeypatch.setattr(Recorder, "on_validation_end", dies_in_the_second)
    with pytest.raises(ConnectionError):
        train(recipe, "head", data, out)
    assert not out.exists()
    assert [row["epoch"] for row in read_history(tmp_path / "head.resume")] == [0]

    train(recipe, "head", data, out)
    assert seen == [0, 1, 1, 2], "the second epoch is run again, the first is not"
    assert [row["epoch"] for row in read_history(out)] == [0, 1, 2]
    assert load_net(out)[1].data_version == json.loads((out / "metrics.json").read_text())["data_version"]
    assert not (tmp_path / "head.resume").exists()


def test_train__an_empty_side_is_refused(tmp_path: Path) -> None:
    recipe = plan(tmp_path)
    data = dataset(tmp_path, recipe)
    frames = Manifest.load(data)
    frames.with_frames(f for f in frames if f.split == "train").save(data)
    with pytest.raises(DataError, match="no frame on side 'val'"):
        train(recipe, "head", data, tmp_path / "head")


def test_spot_loss__teaches_where_a_small_thing_is() -> None:
    torch.manual_seed(0)
    net = HeadNet().train()
    images, centres = torch.zeros(4, 3, 64, 64), torch.zeros(4, 1, 8, 8)
    for i, (row, column) in enumerate([(1, 2), (6, 3), (3, 6)]):  # and nothing in the last
        images[i, :, 8 * row + 2 : 8 * row + 6, 8 * column + 2 : 8 * column + 6] = 4.0
        centres[i, 0, row, column] = 1
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3)
    for _ in range(40):
        _, spots = net.look(images)
        assert spots is not None
        optimiser.zero_grad()
        spot_loss(spots, centres, torch.ones(4, 1)).backward()
        optimiser.step()
    assert spots is not None
    assert [int(each.argmax()) for each in spots[:3]] == [8 + 2, 6 * 8 + 3, 3 * 8 + 6]
    peaks = spots.detach().amax((1, 2, 3))
    assert float(peaks[:3].min()) > float(peaks[3])


def test_start__a_head_net_from_before_the_map_gives_all_it_has(tmp_path: Path) -> None:
    recipe = plan(tmp_path, init=str(tmp_path / "old"))
    spec, old, net = spec_of(recipe, "head", "v"), HeadNet(mapped=False), HeadNet()
    assert net.map is not None
    save_net(tmp_path / "old", old, spec)
    own = net.map.read.weight.clone()
    assert _start(recipe, recipe.head, net, spec) == frozenset(spec.names)
    assert torch.allclose(net.classifier.weight, old.classifier.weight, atol=1e-3)
    assert torch.equal(net.map.read.weight, own)
